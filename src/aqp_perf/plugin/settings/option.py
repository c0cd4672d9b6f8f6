"""What an option is: its names, how its text is read, and how long its value holds.

Every pytest session reads the table of options, and most of them have no load test. So an option
only names its parser, which is imported when a value is read.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from importlib import import_module
from typing import Any, Final

_PARSERS: Final = "aqp_perf.plugin.settings.option_values"


class Scope(StrEnum):
    """What a value holds for."""

    SESSION = "session"
    """The whole pytest session: a target is opened once."""
    RUN = "run"
    """One load run: a test's marker and a call of ``perf_load`` may set it too."""


class Kind(StrEnum):
    """How an option is given."""

    VALUE = "value"
    """``--perf-users=20``."""
    LIST = "list"
    """Several times on the command line, one a line in the ini file, a list in a profile."""
    SWITCH = "switch"
    """``--perf-keep-table``; true or false in the ini file and in a profile."""


@dataclass(frozen=True, slots=True)
class Option:
    """One option.

    Args:
        name: with ``_`` and without ``perf_``.
        parser: its function in `option_values`.
        form: the texts that it takes: ``auto|N``; words in capitals stand for others.
        meaning: what the option does, without a full stop.
        default: the text that holds when no other is given; None: no value.
        otherwise: what happens without a value, where there is no default.
        scope: what a value holds for.
        kind: how it is given.
        combiner: of a list: the function in `option_values` that returns which values hold of
            those of two layers.
        key: its name in profiles and markers, where that is not ``name``.
        field: its attribute of the settings, where that is not ``name``.
        is_reported: whether reports show it as part of the load.
        is_argument: whether it is an argument of the same name of the locust command, too.
        takes_text: of a list: whether a marker may give one text for a list of it.
        has_flag: whether there is a command line option; else ini key and profile alone have it.
    """

    name: str
    parser: str
    form: str
    meaning: str
    default: str | None = None
    otherwise: str = ""
    scope: Scope = Scope.SESSION
    kind: Kind = Kind.VALUE
    combiner: str = "higher"
    key: str = ""
    field: str = ""
    is_reported: bool = False
    is_argument: bool = False
    takes_text: bool = False
    has_flag: bool = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "key", self.key or self.name)
        object.__setattr__(self, "field", self.field or self.name)

    @property
    def parse(self) -> Callable[[str], Any]:
        """Text → value; raises ValueError or ConfigError that says what would be right."""
        return getattr(import_module(_PARSERS), self.parser)  # type: ignore[no-any-return]

    @property
    def combine(self) -> Callable[[tuple[Any, ...], tuple[Any, ...]], tuple[Any, ...]]:
        """(Values of the lower layer, of the higher one) → the values that hold."""
        return getattr(import_module(_PARSERS), self.combiner)  # type: ignore[no-any-return]

    @property
    def flag(self) -> str:
        """The command line option: ``--perf-run-time``."""
        return flag_of(self.name)

    @property
    def ini_key(self) -> str:
        """The key in the ini file: ``perf_run_time``."""
        return f"perf_{self.name}"


def flag_of(name: str) -> str:
    """Return the command line option of that name: ``run_time`` → ``--perf-run-time``."""
    return "--perf-" + name.replace("_", "-")
