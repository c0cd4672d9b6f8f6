"""What a locust process measured of one operation: written by request events."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from math import isfinite
from typing import TYPE_CHECKING, Any

from aqp_perf.core.aws.capacity_units import read_units
from aqp_perf.core.json_reader import JsonReader
from aqp_perf.core.measured.answer_checks import MOST_EVIDENCE, AnswerChecks
from aqp_perf.core.measured.answer_sizes import AnswerSizes
from aqp_perf.core.measured.attempt_counts import AttemptCounts
from aqp_perf.core.measured.failure_class import FailureClass
from aqp_perf.core.measured.operation import OperationResult
from aqp_perf.core.samples.histogram import LatencyHistogram, SizeHistogram
from aqp_perf.core.samples.timeline import Timeline
from aqp_perf.loadgen.clients.request_context import RequestContext
from aqp_perf.loadgen.record.histogram_wire import histogram_wire
from aqp_perf.loadgen.record.server_times import ServerTimeRecorder

if TYPE_CHECKING:
    from aqp_perf.core.proof import WrongAnswer, WrongAnswerKind

_NS = 1_000_000_000
_MESSAGE_LENGTH = 200
_MESSAGE_KINDS = 100


class OperationRecorder:
    """Counts of one operation; requests of the warm-up are counted, but not measured."""

    def __init__(self) -> None:
        self.warmup_requests = 0
        self.answered = 0
        """Right answers that came within the window, whenever they were due."""
        self.requests = 0
        self.failure_classes: Counter[FailureClass] = Counter()
        self.failure_messages: Counter[str] = Counter()
        self.read_units = 0.0
        self.write_units = 0.0
        self.has_read_units = False
        self.has_write_units = False
        self.metered: defaultdict[str, float] = defaultdict(float)
        """By the names of the fields of `MeteredUnits`: what is paid for, in the warm-up too."""
        self.latency = LatencyHistogram()
        self.service_time = LatencyHistogram()
        self.timeline = Timeline()
        self.server_times = ServerTimeRecorder()
        self.payload: SizeHistogram | None = None
        self.attempts: Counter[str] = Counter()
        """``total``, ``throttled`` and ``backoff_ns``."""
        self.is_verified = False
        """Whether answers are checked, if only some of them."""
        self.checked = 0
        self.wrong: Counter[WrongAnswerKind] = Counter()
        self.evidence: list[WrongAnswer] = []
        self.answers = self.answer_bytes = self.answer_items = 0
        self.has_items = False

    def record(
        self, latency_ns: int, service_time_ns: int, *, since_start_ns: int, failed: bool
    ) -> None:
        """Count one request of the measurement window, due so long after its start."""
        self.requests += 1
        self.timeline.record(since_start_ns, latency_ns, failed=failed)
        self.latency.record_ns(latency_ns)
        self.service_time.record_ns(service_time_ns)

    def record_failure(self, failure_class: FailureClass, message: str) -> None:
        """Count the failure of a request that was recorded."""
        self.failure_classes[failure_class] += 1
        self._add_message(message[:_MESSAGE_LENGTH], 1)

    def meter(self, context: RequestContext, failure_class: FailureClass | None) -> None:
        """Count what a request took from the table, whenever it was due."""
        read, write = context.get("consumed_read_units"), context.get("consumed_write_units")
        if read is not None and isfinite(read):
            self.metered["read"] += read
        if write is not None and isfinite(write):
            self.metered["write"] += write
        if failure_class is FailureClass.AMBIGUOUS:  # it may have landed: then it is paid for
            self.metered["write"] += 1
        payload_bytes = context.get("payload_bytes")
        if payload_bytes is not None:
            self.metered["estimated_read"] += read_units(payload_bytes)

    def record_answer(self, length_bytes: int, items: int | None) -> None:
        """Count the size of an answer without a failure."""
        self.answers += 1
        self.answer_bytes += length_bytes
        if items is not None:
            self.answer_items += items
            self.has_items = True

    def record_details(
        self, context: RequestContext, latency_ns: int, service_time_ns: int
    ) -> None:
        """Count what the context of a request says of it."""
        self._add_units(context.get("consumed_read_units"), context.get("consumed_write_units"))
        payload_bytes = context.get("payload_bytes")
        if payload_bytes is not None:
            self._payload().record_bytes(payload_bytes)
        server_times = context.get("server_times")
        if server_times:
            self.server_times.record(server_times, latency_ns, service_time_ns)
        backoff_ns = context.get("backoff_ns")
        if backoff_ns is not None:
            self.attempts["total"] += context["attempts"]
            self.attempts["throttled"] += context["throttled_attempts"]
            self.attempts["backoff_ns"] += backoff_ns
        is_checked = context.get("is_checked")
        if is_checked is not None:
            self.is_verified = True
        if is_checked:
            self.checked += 1
            wrong = context.get("wrong_answer")
            if wrong is not None:
                self.wrong[wrong.kind] += 1
                if len(self.evidence) < MOST_EVIDENCE:
                    self.evidence.append(wrong)

    def to_wire(self) -> dict[str, Any]:
        """Return everything as numbers, texts, lists and dicts that msgpack carries."""
        return {
            "warmup_requests": self.warmup_requests,
            "answered": self.answered,
            "requests": self.requests,
            "failure_classes": {str(each): count for each, count in self.failure_classes.items()},
            "failure_messages": dict(self.failure_messages),
            "read_units": self.read_units if self.has_read_units else None,
            "write_units": self.write_units if self.has_write_units else None,
            "metered": dict(self.metered),
            "latency": histogram_wire(self.latency),
            "service_time": histogram_wire(self.service_time),
            "server_times": self.server_times.to_wire(),
            "payload": None if self.payload is None else histogram_wire(self.payload),
            "attempts": dict(self.attempts),
            "timeline": self.timeline.encode(),
            "answers": self._answers().to_json() if self.is_verified else None,
            "answer_sizes": self._answer_sizes().to_json(),
        }

    def add_wire(self, wire: Mapping[str, Any]) -> None:
        """Add what another process sent with `to_wire`."""
        self.warmup_requests += wire["warmup_requests"]
        self.answered += wire["answered"]
        self.requests += wire["requests"]
        for name, count in wire["failure_classes"].items():
            self.failure_classes[FailureClass(name)] += count
        for message, count in wire["failure_messages"].items():
            self._add_message(message, count)
        self._add_units(wire["read_units"], wire["write_units"])
        for kind, units in wire["metered"].items():
            self.metered[kind] += units
        self.latency.merge(LatencyHistogram.decode(**wire["latency"]))
        self.service_time.merge(LatencyHistogram.decode(**wire["service_time"]))
        self.timeline.merge(Timeline.decode(wire["timeline"]))
        self.server_times.add_wire(wire["server_times"])
        if wire["payload"] is not None:
            self._payload().merge(SizeHistogram.decode(**wire["payload"]))
        self.attempts.update(wire["attempts"])
        if wire["answers"] is not None:
            answers = AnswerChecks.from_json(JsonReader.of(wire["answers"], "answers"))
            self.is_verified = True
            self.checked += answers.checked
            self.wrong.update(answers.wrong)
            self.evidence = [*self.evidence, *answers.evidence][:MOST_EVIDENCE]
        sizes = AnswerSizes.from_json(JsonReader.of(wire["answer_sizes"], "answer_sizes"))
        self.answers += sizes.answers
        self.answer_bytes += sizes.bytes
        if sizes.items is not None:
            self.answer_items += sizes.items
            self.has_items = True

    def result(self, request_type: str, name: str, duration_s: float) -> OperationResult:
        """Return what was recorded, of an operation with this type and name."""
        attempts = self.attempts
        return OperationResult(
            request_type=request_type,
            name=name,
            duration_s=duration_s,
            requests=self.requests,
            warmup_requests=self.warmup_requests,
            answered=self.answered,
            failures=self.failure_classes.total(),
            failure_classes=dict(self.failure_classes),
            failure_messages=dict(self.failure_messages),
            consumed_read_units=self.read_units if self.has_read_units else None,
            consumed_write_units=self.write_units if self.has_write_units else None,
            latency=self.latency,
            service_time=self.service_time,
            timeline=self.timeline,
            server_times=self.server_times.histograms(),
            payload=SizeHistogram() if self.payload is None else self.payload,
            time_shares=self.server_times.shares(),
            attempts=AttemptCounts(
                total=attempts["total"],
                throttled=attempts["throttled"],
                backoff_s=attempts["backoff_ns"] / _NS,
            )
            if attempts
            else None,
            answers=self._answers() if self.is_verified else None,
            answer_sizes=self._answer_sizes() if self.answers else None,
        )

    def _answers(self) -> AnswerChecks:
        return AnswerChecks(
            checked=self.checked, wrong=dict(self.wrong), evidence=tuple(self.evidence)
        )

    def _answer_sizes(self) -> AnswerSizes:
        return AnswerSizes(
            answers=self.answers,
            bytes=self.answer_bytes,
            items=self.answer_items if self.has_items else None,
        )

    def _add_message(self, message: str, count: int) -> None:
        if message in self.failure_messages or len(self.failure_messages) < _MESSAGE_KINDS:
            self.failure_messages[message] += count

    def _add_units(self, read: float | None, write: float | None) -> None:
        if read is not None and isfinite(read):
            self.read_units += read
            self.has_read_units = True
        if write is not None and isfinite(write):
            self.write_units += write
            self.has_write_units = True

    def _payload(self) -> SizeHistogram:
        if self.payload is None:
            self.payload = SizeHistogram()
        return self.payload
