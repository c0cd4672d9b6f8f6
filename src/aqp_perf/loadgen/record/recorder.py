"""What a locust process measured, of all operations."""

from collections import defaultdict
from dataclasses import replace

from aqp_perf.core.measured.merging import merge
from aqp_perf.core.measured.operation import OperationResult, merge_operations
from aqp_perf.core.measured.run_result import MeteredUnits
from aqp_perf.loadgen.record.operation_recorder import OperationRecorder


class Recorder:
    """All operations of this process or, on the master, of all workers."""

    def __init__(self) -> None:
        self._operations: dict[tuple[str, str], OperationRecorder] = {}
        self._received: tuple[OperationResult, ...] = ()
        self._received_units = MeteredUnits()

    def operation(self, request_type: str, name: str) -> OperationRecorder:
        """Return the recorder of an operation, a new one the first time."""
        key = (request_type, name)
        recorder = self._operations.get(key)
        if recorder is None:
            recorder = self._operations[key] = OperationRecorder()
        return recorder

    def clear(self) -> None:
        """Forget everything."""
        self._operations.clear()
        self._received, self._received_units = (), MeteredUnits()

    def add(self, operations: tuple[OperationResult, ...], metered: MeteredUnits) -> None:
        """Add what a worker recorded since its last report."""
        self._received = merge_operations((*self._received, *operations))
        self._received_units = merge([self._received_units, metered])

    @property
    def total_requests(self) -> int:
        """All requests, the warm-up included, as Locust counts them."""
        received = sum(each.requests + each.warmup_requests for each in self._received)
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
        received = (replace(each, duration_s=duration_s) for each in self._received)
        return tuple(
            sorted(
                merge_operations((*received, *own)),
                key=lambda operation: (operation.request_type, operation.name),
            )
        )
