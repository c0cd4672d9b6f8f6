"""Tables as values, and their names."""

import re
from dataclasses import dataclass

from aqp_perf.errors import InvalidOption

NAME_PREFIX = "aqp_perf_"
"""Begins the name of every table that we create."""

_NAME = re.compile(r"[A-Za-z0-9_.-]{3,255}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table that is ready for load.

    Args:
        name: its name.
        is_ours: we created it, and delete it.
        is_seeded: it holds the seed items of the run's data set, so that right answers are known.
    """

    name: str
    is_ours: bool
    is_seeded: bool


def table_name(run_id: str) -> str:
    """Return the name of the table that a run creates.

    Raises:
        InvalidOption: the name is not valid.
    """
    return checked_name("run id", f"{NAME_PREFIX}{run_id}")


def checked_name(option: str, name: str) -> str:
    """Return ``name`` if it is a valid name of a table.

    Raises:
        InvalidOption: it is not; the message names ``option``.
    """
    if not _NAME.fullmatch(name):
        hint = "a table name is 3 to 255 letters, digits, '_', '.' or '-'"
        raise InvalidOption(option, name, hint)
    return name
