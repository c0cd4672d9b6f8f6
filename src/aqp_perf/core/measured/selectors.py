"""Select operations by full name or glob."""

from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import Final

from aqp_perf.errors import ResultError

ALL: Final = "all"
"""What rules call all requests of a run together; no operation has this label."""


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
        ResultError: no name matches, or several match a selector; it lists them.
    """
    known = tuple(dict.fromkeys(names))
    matches = matching_operations(selector, known)
    if not matches:
        only = f"no such operation ran, only {', '.join(known)}"
        raise ResultError(only if known else "no operation ran")
    if selector is not None and len(matches) > 1:
        raise ResultError(f"several operations match: {', '.join(matches)}")
    return matches
