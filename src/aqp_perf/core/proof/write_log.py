"""Logs the outcome of every write.

Items are not stored: `Dataset.written_item` makes any item again from its stream and index. A
`WriteLog` keeps the outcomes of one stream in runs, so it grows only when the outcome changes.
"""

import re
from collections.abc import Iterator
from enum import StrEnum
from typing import Final, NamedTuple

from aqp_perf.core.data.dataset import Dataset
from aqp_perf.core.data.keys import Key

_RUN: Final = re.compile(r"([1-9][0-9]*)([aru])")


class Outcome(StrEnum):
    """The outcome of a write."""

    ACKNOWLEDGED = "a"
    """The target accepted it: the item must be in the table."""
    REFUSED = "r"
    """The target refused it, or it was not sent: the item must not be in the table."""
    UNKNOWN = "u"
    """No answer: the write is ambiguous, and the item may be in the table or not."""


class Run(NamedTuple):
    """Writes ``start`` … ``stop`` - 1 of a stream, which have the same outcome."""

    outcome: Outcome
    start: int
    stop: int


class WriteLog:
    """The outcome of every write of one stream, in 2 to 8 bytes for each change of outcome.

    Args:
        stream: the stream, as `Dataset.written_item` takes it.
    """

    __slots__ = ("_closed", "_outcome", "_start", "count", "stream")

    def __init__(self, stream: str) -> None:
        self.stream = stream
        self.count = 0
        """Number of writes that have an outcome."""
        self._outcome = Outcome.ACKNOWLEDGED
        self._start = 0
        self._closed = bytearray()

    def note(self, index: int, outcome: Outcome) -> None:
        """Record the outcome of write ``index``; indexes that were skipped were not sent.

        Raises:
            ValueError: this or a later write has an outcome already.
        """
        if index < self.count:
            raise ValueError(f"write {index} of {self.stream} has an outcome already")
        if index > self.count:
            self._extend(Outcome.REFUSED, index - self.count)
        self._extend(outcome, 1)

    def runs(self) -> Iterator[Run]:
        """Yield the runs in order; together they cover 0 … ``count`` - 1."""
        start = 0
        for length, outcome in _RUN.findall(self.to_text()):
            yield Run(Outcome(outcome), start, start + int(length))
            start += int(length)

    def count_of(self, outcome: Outcome) -> int:
        """Return how many writes have this outcome."""
        return sum(run.stop - run.start for run in self.runs() if run.outcome is outcome)

    def to_text(self) -> str:
        """Return the outcomes as text, such as ``1000a3u12a``."""
        return self._closed.decode() + self._open_run()

    @classmethod
    def from_text(cls, stream: str, text: str) -> "WriteLog":
        """Return the log of ``stream`` from `to_text`.

        Raises:
            ValueError: the text is not of a log.
        """
        log = cls(stream)
        for length, outcome in _RUN.findall(text):
            log._extend(Outcome(outcome), int(length))
        if log.to_text() != text:
            raise ValueError(f"{text[:40]!r} is not a log of writes")
        return log

    def _extend(self, outcome: Outcome, length: int) -> None:
        if outcome is not self._outcome:
            self._closed += self._open_run().encode()
            self._outcome, self._start = outcome, self.count
        self.count += length

    def _open_run(self) -> str:
        length = self.count - self._start
        return f"{length}{self._outcome}" if length else ""


def written_keys(dataset: Dataset, log: WriteLog, outcome: Outcome) -> Iterator[Key]:
    """Yield the keys of a stream's writes with this outcome."""
    for run in log.runs():
        if run.outcome is outcome:
            for index in range(run.start, run.stop):
                yield dataset.key_of(dataset.written_item(log.stream, index))
