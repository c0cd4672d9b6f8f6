"""What a locust process measured: written by request events, read once at the end or as deltas."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from perf.core.failures import FailureClass
from perf.core.histogram import LatencyHistogram
from perf.core.operation import OperationResult

_MESSAGE_LENGTH = 200
_MESSAGE_KINDS = 100


class OperationRecorder:
    """Counts of one operation; requests of the warm-up are counted, but not measured."""

    def __init__(self) -> None:
        self.warmup_requests = 0
        self.requests = 0
        self.failure_classes: Counter[FailureClass] = Counter()
        self.failure_messages: Counter[str] = Counter()
        self.read_units = 0.0
        self.write_units = 0.0
        self.has_read_units = False
        self.has_write_units = False
        self.latency = LatencyHistogram()
        self.service_time = LatencyHistogram()

    def record(self, latency_ns: int, service_time_ns: int) -> None:
        """Count one request of the measurement window."""
        self.requests += 1
        self.latency.record_ns(latency_ns)
        self.service_time.record_ns(service_time_ns)

    def record_failure(self, failure_class: FailureClass, message: str) -> None:
        """Count the failure of a request that was recorded."""
        self.failure_classes[failure_class] += 1
        message = message[:_MESSAGE_LENGTH]
        if message in self.failure_messages or len(self.failure_messages) < _MESSAGE_KINDS:
            self.failure_messages[message] += 1

    def record_units(self, *, read: float | None, write: float | None) -> None:
        """Add the capacity that a request consumed, as far as DynamoDB reported it."""
        if read is not None:
            self.read_units += read
            self.has_read_units = True
        if write is not None:
            self.write_units += write
            self.has_write_units = True

    def to_wire(self) -> dict[str, Any]:
        """Return everything as numbers, texts, lists and dicts that msgpack carries."""
        return {
            "warmup_requests": self.warmup_requests,
            "requests": self.requests,
            "failure_classes": {str(each): count for each, count in self.failure_classes.items()},
            "failure_messages": dict(self.failure_messages),
            "read_units": self.read_units if self.has_read_units else None,
            "write_units": self.write_units if self.has_write_units else None,
            "latency": self.latency.encode(),
            "latency_out_of_range": self.latency.out_of_range_count,
            "service_time": self.service_time.encode(),
            "service_time_out_of_range": self.service_time.out_of_range_count,
        }

    def add_wire(self, wire: Mapping[str, Any]) -> None:
        """Add what another process sent with `to_wire`."""
        self.warmup_requests += wire["warmup_requests"]
        self.requests += wire["requests"]
        for name, count in wire["failure_classes"].items():
            self.failure_classes[FailureClass(name)] += count
        self.failure_messages.update(wire["failure_messages"])
        self.record_units(read=wire["read_units"], write=wire["write_units"])
        self.latency.merge(
            LatencyHistogram.decode(
                wire["latency"], out_of_range_count=wire["latency_out_of_range"]
            )
        )
        self.service_time.merge(
            LatencyHistogram.decode(
                wire["service_time"], out_of_range_count=wire["service_time_out_of_range"]
            )
        )


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

    @property
    def total_requests(self) -> int:
        """All requests, the warm-up included, as Locust counts them."""
        return sum(each.requests + each.warmup_requests for each in self._operations.values())

    def take(self) -> list[dict[str, Any]]:
        """Return what was recorded since the last call, for `add`, and begin anew."""
        taken = [
            {"type": kind, "name": name, **recorder.to_wire()}
            for (kind, name), recorder in self._operations.items()
        ]
        self._operations.clear()
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
            OperationResult(
                request_type=kind,
                name=name,
                duration_s=duration_s,
                requests=each.requests,
                failures=each.failure_classes.total(),
                failure_classes=dict(each.failure_classes),
                failure_messages=dict(each.failure_messages),
                consumed_read_units=each.read_units if each.has_read_units else None,
                consumed_write_units=each.write_units if each.has_write_units else None,
                latency=each.latency,
                service_time=each.service_time,
            )
            for (kind, name), each in sorted(self._operations.items())
            if each.requests or each.warmup_requests
        )
