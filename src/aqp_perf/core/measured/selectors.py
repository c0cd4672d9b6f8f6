"""Select operations by full name or glob."""

from collections.abc import Iterable
from fnmatch import fnmatchcase


def matching_operations(selector: str, names: Iterable[str]) -> tuple[str, ...]:
    """Return the one name that equals ``selector``, else all that it matches as a glob.

    A selector is good when it finds exactly one; what two or none mean is for the caller to say.
    Equality goes first because names hold ``?`` and brackets of their own.
    """
    known = tuple(names)
    if selector in known:
        return (selector,)
    return tuple(name for name in known if fnmatchcase(name, selector))
