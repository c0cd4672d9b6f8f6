"""How an answer with status 200 can be wrong, and the evidence that reports show."""

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
    """What is wrong with an answer: the first kind that fits, in this order.

    A "group" of a SELECT is an item.
    """

    MALFORMED = "malformed"
    """Not rows of this data: not a list of objects, other columns, or a value of another type."""

    CROSS_TALK = "cross_talk"
    """The answer to another question: a row of another partition, or with the columns of the other
    query; a SELECT's item with another status; or the group or the added attribute is null in every
    row, because the items were read with the columns of another query."""

    COLLAPSED_DUPLICATES = "collapsed_duplicates"
    """Exactly the answer when equal rows of (group, key, amount) count once. Counts of sort keys
    cannot collapse: the keys differ."""

    TRUNCATED = "truncated"
    """Exactly the answer from only the first or the last items in sort key order, with equal rows
    counted once or not: pages are missing, or as much as that, such as the last group. Not an
    answer without rows, which can have any cause, nor a page lost in the middle, which looks like
    one wrong group."""

    EXTRA_GROUP = "extra_group"
    """A group that is not in the data, or occurs twice; others may be missing."""

    MISSING_GROUP = "missing_group"
    """A group of the data is absent; the values of others may differ."""

    WRONG_VALUE = "wrong_value"
    """The right groups, with a wrong value in at least one."""

    @property
    def meaning(self) -> str:
        """What it means, in a few words for reports."""
        return _MEANINGS[self]


_MEANINGS: Final = {
    WrongAnswerKind.MALFORMED: "no rows of this data",
    WrongAnswerKind.CROSS_TALK: "the answer to another question",
    WrongAnswerKind.COLLAPSED_DUPLICATES: "equal rows counted once",
    WrongAnswerKind.TRUNCATED: "only the first or the last items",
    WrongAnswerKind.EXTRA_GROUP: "a group that is not in the data",
    WrongAnswerKind.MISSING_GROUP: "a group left out",
    WrongAnswerKind.WRONG_VALUE: "a wrong value",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class WrongAnswer:
    """A wrong answer, with the evidence.

    Args:
        kind: what is wrong.
        query: the query, with its parameters.
        expected: the first parts that differ, as in the data; at most 300 characters.
        got: the same parts, as in the answer; at most 300 characters.
    """

    kind: WrongAnswerKind
    query: str
    expected: str
    got: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.query}: expected {self.expected}; got {self.got}"


def wrong_answer(
    kind: WrongAnswerKind, query: str, differences: Sequence[tuple[str, str]]
) -> WrongAnswer:
    """Return a wrong answer with the first differences, each as expected and as answered."""
    more = len(differences) - _SHOWN_PARTS
    texts = (cut(", ".join(parts)) for parts in zip(*differences[:_SHOWN_PARTS], strict=True))
    expected, got = (f"{text} and {more} more" if more > 0 else text for text in texts)
    return WrongAnswer(kind=kind, query=query, expected=expected, got=got)


def shown(value: object) -> str:
    """Return a short text of a value that may be huge or deeply nested."""
    return cut(_BOUNDED.repr(value))


def cut(text: str) -> str:
    """Return the beginning of ``text``."""
    limit = _SHOWN_CHARACTERS - len(" and 1000000 more")
    return text if len(text) <= limit else f"{text[: limit - 1]}…"
