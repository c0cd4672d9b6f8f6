"""Why locust ended without a result, from what it printed."""

import re
from pathlib import Path
from typing import Final, NamedTuple, Self

from aqp_perf.errors import GeneratorCrashed, InvalidOption, LocustfileFailed, PerfError

LOADED: Final = "Starting Locust"
"""What locust logs once the locustfiles are imported and its arguments are read."""

_UNKNOWN_CLASS: Final = re.compile(r"no user class (\S+): there is (.+)$", re.MULTILINE)


class UnknownClass(NamedTuple):
    """An unknown user class and the known ones: the child prints it, the parent reads it."""

    name: str
    known: tuple[str, ...]

    def __str__(self) -> str:
        """Return the message that `find_in` finds."""
        return f"no user class {self.name}: there is {', '.join(self.known)}"

    @classmethod
    def find_in(cls, output: str) -> Self | None:
        """Return the first such message in the output of a process; None: it has none."""
        found = _UNKNOWN_CLASS.search(output)
        return None if found is None else cls(found[1], tuple(found[2].split(", ")))


def no_result(exit_code: int, output: str, locustfile: Path, *, has_loaded: bool) -> PerfError:
    """Return the error of a locust process that ended without a result.

    Args:
        exit_code: of the process.
        output: the last lines that it printed.
        locustfile: the user's, which may have caused it.
        has_loaded: whether it ever printed `LOADED`; from then on, its output is the locustfile's.
    """
    if not has_loaded:
        unknown = UnknownClass.find_in(output)
        if unknown is not None:
            hint = f"{locustfile} has {', '.join(unknown.known)}"
            return InvalidOption("user class", unknown.name, hint)
        if "Traceback" in output:
            return LocustfileFailed(str(locustfile), _own_traceback(output, locustfile))
    return GeneratorCrashed(exit_code, output)


def _own_traceback(output: str, locustfile: Path) -> str:
    """Return the traceback without the frames that lead to the locustfile."""
    lines = output[output.index("Traceback") :].splitlines()
    own = f'File "{locustfile.resolve()}", line'
    first = next((n for n, line in enumerate(lines) if own in line), 1)
    return "\n".join([lines[0], *lines[first:]])
