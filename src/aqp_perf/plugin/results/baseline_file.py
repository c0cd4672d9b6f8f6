"""Read the file of a baseline."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from aqp_perf.core.json_reader import parse_json
from aqp_perf.core.results.results_file import ResultsFile
from aqp_perf.errors import BaselineUnusable, ResultError
from aqp_perf.stores.file_store import STORE_ERRORS

MOST_BYTES: Final = 200_000_000
"""No session has results that large."""


@contextmanager
def baseline_errors(name: str) -> Iterator[None]:
    """Raise what reading or writing raises as BaselineUnusable, with the name."""
    try:
        yield
    except STORE_ERRORS as error:
        raise BaselineUnusable(name, str(error)) from error


def parse_baseline_file(name: str, held: bytes) -> ResultsFile:
    """Return the report in a file.

    Raises:
        BaselineUnusable: it is too large, no JSON, or of another schema; with the name.
    """
    if len(held) > MOST_BYTES:
        raise BaselineUnusable(name, f"it is larger than {MOST_BYTES:,} bytes: no result file is")
    try:
        return ResultsFile.from_json(parse_json(held))
    except ResultError as error:
        raise BaselineUnusable(name, str(error)) from error
    except (ValueError, RecursionError) as error:
        raise BaselineUnusable(name, f"it is no JSON, or cut short: {error}") from error
