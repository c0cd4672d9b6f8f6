"""What a locust process measured, of all operations."""

from collections import defaultdict
from dataclasses import replace
from typing import Final

from aqp_perf.core.measured.merging import merge
from aqp_perf.core.measured.operation import (
    MOST_FURTHER_NAMES,
    MOST_OPERATIONS,
    OTHER_NAMES,
    OperationResult,
    merge_operations,
)
from aqp_perf.core.measured.run_result import MeteredUnits
from aqp_perf.loadgen.clients.failures import label_of
from aqp_perf.loadgen.record.operation_recorder import OperationRecorder

_Key = tuple[str, str]
"""Request type and name."""
_OTHERS: Final[_Key] = ("", OTHER_NAMES)


class Recorder:
    """All operations of this process or, on the master, of all workers.

    The first `MOST_OPERATIONS` of a test are recorded one by one, the requests of all others as
    one operation. So memory, reports and the end of a run stay small, whatever names requests have.
    """

    def __init__(self) -> None:
        self._operations: dict[_Key, OperationRecorder] = {}
        """Since the last report."""
        self._received: dict[_Key, OperationResult] = {}
        self._received_units = MeteredUnits()
        self._first: set[_Key] = set()
        """Operations of this test that are recorded one by one."""
        self._further: set[_Key] = set()
        self._further_elsewhere = 0
        """Further names of the worker that has most of them."""

    def operation(self, request_type: str, name: str) -> OperationRecorder:
        """Return the recorder of an operation, a new one the first time.

        Locust takes any object as type and name; the text of one is its key.
        """
        try:
            return self._operations[request_type, name]
        except (KeyError, TypeError):
            key = self._recorded_as((label_of(request_type), label_of(name)))
            recorder = self._operations.get(key)
            if recorder is None:
                recorder = self._operations[key] = OperationRecorder()
            return recorder

    def _recorded_as(self, key: _Key) -> _Key:
        if key in self._first or key == _OTHERS:
            return key
        if len(self._first) < MOST_OPERATIONS:
            self._first.add(key)
            return key
        if len(self._further) < MOST_FURTHER_NAMES:
            self._further.add(key)
        return _OTHERS

    def clear(self) -> None:
        """Forget everything."""
        self.begin_report()
        self._received, self._received_units = {}, MeteredUnits()
        self._first.clear()
        self._further.clear()
        self._further_elsewhere = 0

    def begin_report(self) -> None:
        """Forget what this process counted, which was reported, and not which names it knows."""
        self._operations.clear()

    def add(
        self,
        operations: tuple[OperationResult, ...],
        metered: MeteredUnits,
        further_names: int = 0,
    ) -> None:
        """Add what a worker recorded since its last report."""
        parts: defaultdict[_Key, list[OperationResult]] = defaultdict(list)
        for part in operations:
            key = self._recorded_as((part.request_type, part.name))
            parts[key].append(replace(part, request_type=key[0], name=key[1]))
        for key, reported in parts.items():
            known = self._received.get(key)
            (self._received[key],) = merge_operations(
                reported if known is None else (known, *reported)
            )
        self._received_units = merge([self._received_units, metered])
        self._further_elsewhere = max(self._further_elsewhere, further_names)

    @property
    def further_names(self) -> int:
        """Operations beyond those that are recorded one by one, at least."""
        return max(len(self._further), self._further_elsewhere)

    @property
    def total_requests(self) -> int:
        """All requests, the warm-up included, as Locust counts them."""
        received = sum(each.requests + each.warmup_requests for each in self._received.values())
        own = (each.requests + each.warmup_requests for each in self._operations.values())
        return received + sum(own)

    @property
    def metered(self) -> MeteredUnits:
        """Capacity units of all requests, those of the warm-up included."""
        own: defaultdict[str, float] = defaultdict(float)
        for operation in self._operations.values():
            for kind, units in operation.metered.items():
                own[kind] += units
        return merge([self._received_units, MeteredUnits(**own)])

    def results(self, duration_s: float) -> tuple[OperationResult, ...]:
        """Return the operations in order of type and name, those of the warm-up alone included."""
        own = (
            recorder.result(request_type, name, duration_s)
            for (request_type, name), recorder in self._operations.items()
            if recorder.requests or recorder.warmup_requests
        )
        received = (replace(each, duration_s=duration_s) for each in self._received.values())
        return tuple(
            sorted(
                merge_operations((*received, *own)),
                key=lambda operation: (operation.request_type, operation.name),
            )
        )
