"""What an option is: a name, how its text is read, and for how much it holds."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Scope(StrEnum):
    """For how much an option holds."""

    SESSION = "session"
    """The whole pytest session: a target is opened once."""
    RUN = "run"
    """A load run: a test's marker may set it too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One option.

    Args:
        name: with ``_``, as in ini keys and profiles, without ``perf_``.
        scope: for how much it holds.
        parse: text → value; raises ValueError or ConfigError with what would be right.
        default: as text; None: no value.
        metavar: what the help calls its value.
        meaning: one line of help.
        is_repeatable: whether it may be given several times; its value is a tuple then.
    """

    name: str
    scope: Scope
    parse: Callable[[str], Any]
    default: str | None
    metavar: str
    meaning: str
    is_repeatable: bool = False

    @property
    def flag(self) -> str:
        """The command line option."""
        return "--perf-" + self.name.replace("_", "-")


def ini_key(flag: str) -> str:
    """Return the ini key of a command line option: ``--perf-run-time`` → ``perf_run_time``."""
    return flag.removeprefix("--").replace("-", "_")
