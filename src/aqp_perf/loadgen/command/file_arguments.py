"""Arguments that a locustfile adds to Locust's command, and those of Locust that a run may have."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

_NAME: Final = re.compile(r"[^\s=-][^\s=]*")
_NO_RUN: Final = "it ends locust before any load"
_NO_UI: Final = "a run has no web UI"
_OPTIONS: Final = "the command of a run says everything in options of its own"
_ARRANGED: Final[Mapping[str, str]] = {
    name: reason
    for names, reason in {
        ("f", "locustfile"): "use locustfile=",
        ("H", "host"): "use the option host",
        ("u", "users"): "use the option users",
        ("r", "spawn-rate"): "use the option spawn_rate",
        ("t", "run-time"): "use the option run_time",
        ("s", "stop-timeout"): "use the option stop_timeout",
        ("T", "tags"): "use the option tags",
        ("config-users",): "give perf_load the user classes with weights",
        ("processes", "worker", "master-host", "master-port"): "use the option processes",
        ("master", "expect-workers", "expect-workers-max-wait"): "use the option expect_workers",
        ("master-bind-host", "master-bind-port"): "use the option master_bind",
        ("headless", "headful", "autostart", "autoquit"): _NO_UI,
        ("config", "only-summary"): _OPTIONS,
        ("h", "help", "V", "version", "l", "list"): _NO_RUN,
        ("show-task-ratio", "show-task-ratio-json"): _NO_RUN,
    }.items()
    for name in names
}
"""Argument that each run gives Locust itself, or must not give → what to do instead."""


@dataclass(frozen=True, slots=True)
class FileArgument:
    """An argument for the locustfiles of a run, or for Locust.

    Args:
        name: without the dashes before it.
        values: as texts; empty: it is a flag.
    """

    name: str
    values: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Return the argument as reports show it."""
        return f"{self.name}={','.join(self.values)}" if self.values else self.name

    @property
    def given(self) -> object:
        """The value as a test gives it: ``True`` for a flag."""
        match self.values:
            case ():
                return True
            case (value,):
                return value
        return list(self.values)

    @property
    def words(self) -> list[str]:
        """The words of the command."""
        option = f"-{self.name}" if len(self.name) == 1 else f"--{self.name}"
        match self.values:
            case (value,):
                return [f"{option}={value}"]  # which may begin with a dash
        return [option, *self.values]


def parse_argument(text: str) -> FileArgument:
    """Return the argument in ``NAME=VALUE``, or in ``NAME``, which is a flag.

    Raises:
        ValueError: it has no name, or one that the run itself gives Locust.
    """
    before, equals, value = text.partition("=")
    name = before.strip().lstrip("-")
    if not _NAME.fullmatch(name) or "\0" in text:
        raise ValueError("write NAME=VALUE, or NAME for a flag")
    is_ours = canonical(name).startswith("perf-")
    reason = _OPTIONS if is_ours else _ARRANGED.get(canonical(name))
    if reason is not None:
        raise ValueError(f"this is no argument for a locustfile: {reason}")
    return FileArgument(name, (value,) if equals else ())


def canonical(name: str) -> str:
    """Return a name of an argument in the spelling in which equal ones are the same."""
    return name.lstrip("-").replace("_", "-")


def by_name(
    lower: Iterable[FileArgument], higher: Iterable[FileArgument]
) -> tuple[FileArgument, ...]:
    """Return the arguments of two layers; the higher one's replace those of the same name.

    Within the higher one, those of a name are one argument with several values.
    """
    own: dict[str, FileArgument] = {}
    for argument in higher:
        key = canonical(argument.name)
        held = own.get(key, FileArgument(argument.name))
        own[key] = replace(held, values=held.values + argument.values)
    return (*(it for it in lower if canonical(it.name) not in own), *own.values())
