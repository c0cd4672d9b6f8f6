"""The ways in which an answer with status 200 can be wrong, and the evidence that is kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from reprlib import Repr
from typing import Final

_SHOWN_PARTS: Final = 3
_SHOWN_CHARACTERS: Final = 300

_BOUNDED: Final = Repr()
_BOUNDED.maxlevel = 3
_BOUNDED.maxlist = _BOUNDED.maxtuple = _BOUNDED.maxset = 2
_BOUNDED.maxdict = 7
_BOUNDED.maxstring = _BOUNDED.maxother = 80
_BOUNDED.maxlong = 40


class WrongAnswerKind(StrEnum):
    """What is wrong with an answer; every wrong answer has exactly one kind.

    Several may fit. The first that does, in the order of their definition, is the one: first what
    makes an answer no answer to this question, then the causes that explain all of it, then what
    differs. A "group" of a SELECT is an item.
    """

    MALFORMED = "malformed"
    """Not rows of this data: no list of objects, other columns, or a value of another type."""

    CROSS_TALK = "cross_talk"
    """It answers another question: a row is of another partition of the data, or has the columns
    of the other query; or the group, or what is added up, is in no row though every item has it,
    so that the items were read with the columns of another query; or a SELECT returned an item of
    its partition with another status."""

    COLLAPSED_DUPLICATES = "collapsed_duplicates"
    """Exactly what comes out when equal rows of (group, key, amount) count once.

    A count of sort keys cannot collapse: they differ."""

    TRUNCATED = "truncated"
    """Exactly what comes out of a part of the items that begins with the first, or ends with the
    last, in sort key order, equal rows counted once or not: pages were left out.

    An answer shows how much was added up, not what: whatever has the same effect as a lost page
    is called so, such as a missing last group. An answer without any row is not, because it may be
    anything; a page lost in the middle is not, because one wrong group would look the same."""

    EXTRA_GROUP = "extra_group"
    """A group that is not in the data, or one that is there twice; others may be missing."""

    MISSING_GROUP = "missing_group"
    """A group of the data is absent; the values of others may differ."""

    WRONG_VALUE = "wrong_value"
    """The right groups, and another value in at least one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WrongAnswer:
    """A wrong answer, with what a person needs to believe it.

    Args:
        kind: what is wrong.
        query: what was asked.
        expected: the first parts that differ, as the data has them; at most 300 characters.
        got: the same parts as they were answered; at most 300 characters.
    """

    kind: WrongAnswerKind
    query: str
    expected: str
    got: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.query}: expected {self.expected}; got {self.got}"


def shown(value: object) -> str:
    """Return a value that may be huge or deep as a text that is neither."""
    return cut(_BOUNDED.repr(value))


def shown_parts(parts: Sequence[str]) -> str:
    """Return the first of these parts and how many more there are."""
    more = len(parts) - _SHOWN_PARTS
    text = cut(", ".join(parts[:_SHOWN_PARTS]))
    return f"{text} and {more} more" if more > 0 else text


def cut(text: str) -> str:
    """Return the beginning of ``text``."""
    limit = _SHOWN_CHARACTERS - len(" and 1000000 more")
    return text if len(text) <= limit else f"{text[: limit - 1]}…"
