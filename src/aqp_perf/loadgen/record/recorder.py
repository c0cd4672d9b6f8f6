"""What a locust process measured, of all operations: read once at the end, or as deltas."""

from collections import defaultdict
from typing import Any

from aqp_perf.core.measured.metered_units import MeteredUnits
from aqp_perf.core.measured.operation import OperationResult
from aqp_perf.loadgen.record.operation_recorder import OperationRecorder


class Recorder:
    """All operations of this process, or, on the master, of all workers."""

    def __init__(self) -> None:
        self._operations: dict[tuple[str, str], OperationRecorder] = {}

    def operation(self, request_type: str, name: str) -> OperationRecorder:
        """Return the recorder of an operation, a new one the first time."""
        key = (request_type, name)
        recorder = self._operations.get(key)
        if recorder is None:
            recorder = self._operations[key] = OperationRecorder()
        return recorder

    def clear(self) -> None:
        """Forget what was recorded."""
        self._operations.clear()

    @property
    def total_requests(self) -> int:
        """All requests, the warm-up included, as Locust counts them."""
        return sum(each.requests + each.warmup_requests for each in self._operations.values())

    @property
    def metered(self) -> MeteredUnits:
        """What all requests took from the table, those of the warm-up included."""
        total: defaultdict[str, float] = defaultdict(float)
        for operation in self._operations.values():
            for kind, units in operation.metered.items():
                total[kind] += units
        return MeteredUnits(**total)

    def take(self) -> list[dict[str, Any]]:
        """Return what was recorded since the last call, for `add`, and begin anew."""
        taken = [
            {"type": kind, "name": name, **recorder.to_wire()}
            for (kind, name), recorder in self._operations.items()
        ]
        self.clear()
        return taken

    def add(self, taken: list[dict[str, Any]]) -> None:
        """Add what another process took."""
        for wire in taken:
            self.operation(wire["type"], wire["name"]).add_wire(wire)

    def results(self, duration_s: float) -> tuple[OperationResult, ...]:
        """Return the operations, those that only the warm-up saw included, with no request.

        Args:
            duration_s: length of the measurement window.
        """
        return tuple(
            recorder.result(kind, name, duration_s)
            for (kind, name), recorder in sorted(self._operations.items())
            if recorder.requests or recorder.warmup_requests
        )
