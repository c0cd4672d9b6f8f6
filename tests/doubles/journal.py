"""What a double did with every request, one line each."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from aqp_perf.core.measured.failure_class import FailureClass
from aqp_perf.core.proof import WrongAnswerKind
from tests.doubles.fault_plan import Fault, Kind, Report, report_of

_NONE = "-"


class Entry(NamedTuple):
    """One request and its fault."""

    kind: Kind
    request_id: str
    """The sort key of a write, else its ``X-Request-Id``; ``-`` when it has none."""
    fault: Fault | None
    report: Report
    """What the client must report."""


class Journal:
    """Writes entries to a file; call `flush` before the file is read."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("w", encoding="utf-8")
        self.count = 0

    def note(self, kind: Kind, request_id: str, fault: Fault | None) -> None:
        """Add an entry."""
        report = report_of(kind, fault)
        words = kind, request_id, fault, report.failure_class, report.wrong_kind
        self._file.write(" ".join([word or _NONE for word in words]) + "\n")
        self.count += 1

    def flush(self) -> None:
        """Write buffered entries to the file."""
        self._file.flush()

    def close(self) -> None:
        """Write buffered entries and close the file."""
        self._file.close()


def read_journal(path: Path) -> Iterator[Entry]:
    """Yield the entries of a journal, in order.

    Raises:
        ValueError: a line is malformed.
    """
    with path.open(encoding="utf-8") as file:
        for line in file:
            kind, request_id, fault, failure_class, wrong_kind = line.split()
            yield Entry(
                Kind(kind),
                request_id,
                None if fault == _NONE else Fault(fault),
                Report(
                    None if failure_class == _NONE else FailureClass(failure_class),
                    None if wrong_kind == _NONE else WrongAnswerKind(wrong_kind),
                ),
            )
