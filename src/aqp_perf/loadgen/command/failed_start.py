"""Why locust ended without a result, from what it printed."""

from pathlib import Path
from typing import Final

from aqp_perf.errors import GeneratorCrashed, InvalidOption, LocustfileFailed, PerfError
from aqp_perf.loadgen.command.unknown_class import UnknownClass

LOADED: Final = "Starting Locust"
"""What locust logs once the locustfiles are imported and its arguments are read."""


def no_result(exit_code: int, output: str, locustfile: Path, *, has_loaded: bool) -> PerfError:
    """Return the error of a locust process that ended without a result.

    Args:
        exit_code: of the process.
        output: the last lines that it printed.
        locustfile: the user's, whose fault it may be.
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
