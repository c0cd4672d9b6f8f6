"""Why locust ended without a result, from what it printed."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Final, NamedTuple, Self

from aqp_perf.errors import GeneratorCrashed, InvalidOption, LocustfileFailed, PerfError
from aqp_perf.loadgen.command.file_arguments import canonical
from aqp_perf.loadgen.command.run_spec import RunSpec

LOADED: Final = "Starting Locust"
"""What locust logs once the locustfiles are imported and its arguments are read."""

_UNKNOWN_NAME: Final = re.compile(
    r"no (user class|tag|argument) (\S+): there is (\S.*)$", re.MULTILINE
)
_NONE: Final = "none at all"
_DUPLICATE: Final = re.compile(r"Duplicate (user class|shape class)(?: nam)?es: (\w+)")
_BAD_ARGUMENT: Final = re.compile(r"error: argument (\S+): (.+)$", re.MULTILINE)
"""As argparse words it: names of the argument with ``/`` between them, what is wrong with it."""
_MISSING_ARGUMENTS: Final = re.compile(
    r"error: the following arguments are required: (.+)$", re.MULTILINE
)
_FAILED_INIT: Final = re.compile(r"no load can be sent: (.+)$", re.MULTILINE)
_CAUGHT: Final = "Uncaught exception in event handler"
"""What locust logs of an exception in a listener."""


class UnknownName(NamedTuple):
    """A name that the locustfiles do not have: the child prints it, the parent reads it.

    Args:
        kind: ``user class``, ``tag`` or ``argument``.
        name: the one that was given.
        known: those that there are.
    """

    kind: str
    name: str
    known: tuple[str, ...]

    def __str__(self) -> str:
        """Return the message that `find_in` finds."""
        return f"no {self.kind} {self.name}: there is {', '.join(self.known) or _NONE}"

    @classmethod
    def find_in(cls, output: str) -> Self | None:
        """Return the first such message in the output of a process; None: it has none."""
        found = _UNKNOWN_NAME.search(output)
        if found is None:
            return None
        kind, name, known = found.groups()
        return cls(kind, name, () if known == _NONE else tuple(known.split(", ")))


class FailedInit(NamedTuple):
    """Why a listener ends locust before the load: the child prints it, the parent reads it."""

    reason: str

    def __str__(self) -> str:
        """Return the message that `find_in` finds."""
        return f"no load can be sent: {self.reason}"

    @classmethod
    def find_in(cls, output: str) -> Self | None:
        """Return the first such message in the output of a process; None: it has none."""
        found = _FAILED_INIT.search(output)
        return None if found is None else cls(found[1])


def no_result(exit_code: int, output: str, spec: RunSpec, *, has_loaded: bool) -> PerfError:
    """Return the error of a locust process that ended without a result.

    Args:
        exit_code: of the process.
        output: the last lines that it printed.
        spec: the run, whose locustfiles may have caused it.
        has_loaded: whether it ever printed `LOADED`; from then on, its output is the locustfiles'.
    """
    failed = FailedInit.find_in(output)
    if failed is not None:
        return LocustfileFailed(_names(spec), failed.reason)
    if not has_loaded:
        refused = _refused(output, spec)
        if refused is not None:
            return refused
        if "Traceback" in output:
            return LocustfileFailed(_names(spec), _own_traceback(output, spec.locustfiles))
    before, loaded, _ = output.partition(LOADED)
    if loaded and _CAUGHT in before:  # of the locustfile's own arguments
        traceback = _own_traceback(before.rpartition("\n")[0], spec.locustfiles)
        return LocustfileFailed(_names(spec), traceback)
    return GeneratorCrashed(exit_code, output)


def _refused(output: str, spec: RunSpec) -> InvalidOption | None:
    """Return what locust refused of what the run asks for; None: nothing that is known here."""
    files = _names(spec)
    unknown = UnknownName.find_in(output)
    if unknown is not None:
        return _unknown(unknown, spec)
    if found := _DUPLICATE.search(output):
        hint = f"two of its files have a {found[1]} {found[2]}: rename one"
        return InvalidOption("locustfile", files, hint)
    if found := _BAD_ARGUMENT.search(output):
        names = {canonical(name) for name in found[1].split("/")}
        for argument in spec.arguments:
            if canonical(argument.name) in names:
                hint = f"{files} refuses it: {found[2]}"
                return InvalidOption(f"arguments: {argument.name}", argument.given, hint)
    if found := _MISSING_ARGUMENTS.search(output):
        return InvalidOption(f"arguments: {found[1]}", None, f"{files} requires it")
    return None


def _unknown(unknown: UnknownName, spec: RunSpec) -> InvalidOption:
    files, name, known = _names(spec), unknown.name, ", ".join(unknown.known)
    for argument in spec.arguments:
        # Of a list, argparse leaves what it does not take, or takes it for a user class.
        is_left = name in argument.values[1:] and name not in spec.user_classes
        if is_left and unknown.kind != "tag":
            hint = f"{files} does not take so many values"
            return InvalidOption(f"arguments: {argument.name}", argument.given, hint)
    if unknown.kind == "argument":
        given = {canonical(argument.name): argument.name for argument in spec.arguments}
        hint = f"{files} has no such argument; it has {known or 'none'}"
        return InvalidOption("arguments", given.get(canonical(name), name), hint)
    if unknown.kind == "tag":
        return InvalidOption("tags", name, f"{files} has {known or 'no task with a tag'}")
    return InvalidOption(unknown.kind, name, f"{files} has {known}")


def _names(spec: RunSpec) -> str:
    return ", ".join(map(str, spec.locustfiles))


def _own_traceback(output: str, locustfiles: Iterable[Path]) -> str:
    """Return the traceback without the frames that lead to the locustfiles."""
    lines = output[output.index("Traceback") :].splitlines()
    own = [f'File "{path.resolve()}' + ('", line' if path.suffix else "/") for path in locustfiles]
    first = next((n for n, line in enumerate(lines) if any(it in line for it in own)), 1)
    return "\n".join([lines[0], *lines[first:]])
