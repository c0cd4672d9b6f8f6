"""Select operations by full name or glob, and name some of them in a sentence."""

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from typing import Final

from aqp_perf.errors import ResultError

ALL: Final = "all"
"""What rules call all requests of a run together; no operation has this label."""

_MOST_NAMED: Final = 20
_MOST_NAME_CHARACTERS: Final = 200


def name_in_text(label: str) -> str:
    """Return the label of an operation, cut in its middle to what a sentence can hold."""
    if len(label) <= _MOST_NAME_CHARACTERS:
        return label
    half = _MOST_NAME_CHARACTERS // 2
    return f"{label[:half]}…{label[-half:]}"


def names_in_text(labels: Sequence[str], most: int = _MOST_NAMED) -> str:
    """Return the first few labels, and how many more there are."""
    named = ", ".join(map(name_in_text, labels[:most]))
    more = len(labels) - most
    return f"{named} and {more:,} more" if more > 0 else named


def matching_operations(selector: str | None, names: Iterable[str]) -> tuple[str, ...]:
    """Return the one name that equals ``selector``, else all that it matches as a glob.

    Equality goes first because names may hold ``?`` and brackets. None selects all names.
    """
    known = tuple(names)
    if selector is None:
        return known
    if selector in known:
        return (selector,)
    return tuple(name for name in known if fnmatchcase(name, selector))


def select_operations(selector: str | None, names: Iterable[str]) -> tuple[str, ...]:
    """Return the names that a rule is about: all without a selector, else exactly one.

    Raises:
        ResultError: no name matches, or several match a selector; it lists some of them.
    """
    known = tuple(dict.fromkeys(names))
    matches = matching_operations(selector, known)
    if not matches:
        only = f"no such operation ran, only {names_in_text(known)}"
        raise ResultError(only if known else "no operation ran")
    if selector is not None and len(matches) > 1:
        raise ResultError(f"several operations match: {names_in_text(matches)}")
    return matches
