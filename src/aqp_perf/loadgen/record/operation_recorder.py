"""What a locust process measured of one operation, request by request."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from math import isfinite
from typing import TYPE_CHECKING

from aqp_perf.core.aws.capacity_units import read_units
from aqp_perf.core.measured.failure_class import FailureClass
from aqp_perf.core.measured.operation import MOST_MESSAGES, SHORTEST_S, OperationResult
from aqp_perf.core.measured.operation_parts import (
    AGGREGATE,
    RETRIEVE,
    AnswerChecks,
    AnswerSizes,
    AttemptCounts,
    TimeShares,
    adds_evidence,
)
from aqp_perf.core.measured.stalls import TouchedRequests
from aqp_perf.core.samples.histogram import LatencyHistogram, SizeHistogram
from aqp_perf.core.samples.timeline import Timeline
from aqp_perf.loadgen.clients.request_context import RequestContext

if TYPE_CHECKING:
    from aqp_perf.core.proof import WrongAnswer, WrongAnswerKind

_NS = 1_000_000_000
_MESSAGE_LENGTH = 200


class TouchedRecorder:
    """Requests of one operation that freezes can have made longer."""

    def __init__(self) -> None:
        self._requests = 0
        self._failures: Counter[FailureClass] = Counter()
        self._latency, self._least_latency = LatencyHistogram(), LatencyHistogram()
        self._service_time, self._least_service_time = LatencyHistogram(), LatencyHistogram()

    def record(
        self,
        latency_ns: int,
        service_time_ns: int,
        credit_ns: int,
        failure_class: FailureClass | None,
    ) -> None:
        """Count a request that freezes can have made longer by ``credit_ns``."""
        self._requests += 1
        # A time-out of 10 s is not made by a freeze of 60 ms.
        if failure_class is not None and 2 * credit_ns >= latency_ns:
            self._failures[failure_class] += 1
        self._latency.record_ns(latency_ns)
        self._least_latency.record_ns(latency_ns - credit_ns)
        self._service_time.record_ns(service_time_ns)
        self._least_service_time.record_ns(max(0, service_time_ns - credit_ns))

    def result(self) -> TouchedRequests | None:
        """Return what was recorded; None: no request was touched."""
        if not self._requests:
            return None
        return TouchedRequests(
            requests=self._requests,
            failures=self._failures,
            latency=self._latency,
            least_latency=self._least_latency,
            service_time=self._service_time,
            least_service_time=self._least_service_time,
        )


class OperationRecorder:
    """Counts of one operation; requests of the warm-up are counted, not measured."""

    def __init__(self) -> None:
        self.warmup_requests = 0
        self.answered = 0
        """Right answers that came within the window, whenever they were due."""
        self.requests = self.untimed = 0
        self.failure_classes: Counter[FailureClass] = Counter()
        self.failure_messages: Counter[str] = Counter()
        self.read_units: float | None = None
        self.write_units: float | None = None
        self.writes = 0
        self.metered: defaultdict[str, float] = defaultdict(float)
        """Billed units by the names of the fields of `MeteredUnits`, the warm-up included."""
        self.latency = LatencyHistogram()
        self.service_time = LatencyHistogram()
        self.touched = TouchedRecorder()
        self.timeline = Timeline()
        self.server_times: defaultdict[str, LatencyHistogram] = defaultdict(LatencyHistogram)
        self.time_shares: Counter[str] = Counter()
        """By the names of the fields of `TimeShares`."""
        self.payload = SizeHistogram()
        self.attempts: Counter[str] = Counter()
        """``total``, ``throttled`` and ``backoff_ns``."""
        self.is_verified = False
        """Whether answers are checked, or a sample of them."""
        self.checked = 0
        self.wrong: Counter[WrongAnswerKind] = Counter()
        self.evidence: list[WrongAnswer] = []
        self.answers = self.answer_bytes = 0
        self.answer_items: int | None = None
        self.user_classes: set[str | None] = set()
        """The paced classes of its users, in the warm-up too; None: users without one."""

    def record(
        self, latency_ns: int, service_time_ns: int, *, since_start_ns: int, failed: bool
    ) -> None:
        """Count a request of the measurement window, due ``since_start_ns`` after its start."""
        self.requests += 1
        self.timeline.record(since_start_ns, latency_ns, failed=failed)
        self.latency.record_ns(latency_ns)
        self.service_time.record_ns(service_time_ns)

    def record_untimed(self) -> None:
        """Count a request of the measurement window whose sender knows no response time."""
        self.requests += 1
        self.untimed += 1

    def record_failure(self, failure_class: FailureClass, message: str) -> None:
        """Count the failure of a request that was recorded."""
        self.failure_classes[failure_class] += 1
        message = message[:_MESSAGE_LENGTH]
        if message in self.failure_messages or len(self.failure_messages) < MOST_MESSAGES:
            self.failure_messages[message] += 1

    def meter(self, context: RequestContext, failure_class: FailureClass | None) -> None:
        """Count the capacity units of a request, in the warm-up too."""
        read, write = context.get("consumed_read_units"), context.get("consumed_write_units")
        if read is not None and isfinite(read):
            self.metered["read"] += read
        if write is not None and isfinite(write):
            self.metered["write"] += write
        if failure_class is FailureClass.AMBIGUOUS:  # it may have landed, and then it is billed
            self.metered["write"] += 1
        payload_bytes = context.get("payload_bytes")
        if payload_bytes is not None:
            self.metered["estimated_read"] += read_units(payload_bytes)
        elif read is None and "planned_read_units" in context:
            self.metered["estimated_read"] += context["planned_read_units"]

    def record_answer(self, length_bytes: int, items: int | None) -> None:
        """Count the size of an answer without a failure."""
        self.answers += 1
        self.answer_bytes += length_bytes
        if items is not None:
            self.answer_items = (self.answer_items or 0) + items

    def record_details(
        self, context: RequestContext, latency_ns: int, service_time_ns: int
    ) -> None:
        """Count what the context of a request holds."""
        read, write = context.get("consumed_read_units"), context.get("consumed_write_units")
        if read is not None and isfinite(read):
            self.read_units = (self.read_units or 0.0) + read
        if write is not None and isfinite(write):
            self.write_units = (self.write_units or 0.0) + write
        self.writes += context.get("is_write", False)
        payload_bytes = context.get("payload_bytes")
        if payload_bytes is not None:
            self.payload.record_bytes(payload_bytes)
        server_times = context.get("server_times")
        if server_times:
            self._record_server_times(server_times, latency_ns, service_time_ns)
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
                if adds_evidence(wrong, self.evidence):
                    self.evidence.append(wrong)

    def _record_server_times(
        self, times_ns: Mapping[str, int], latency_ns: int, service_time_ns: int
    ) -> None:
        for name, time_ns in times_ns.items():
            self.server_times[name].record_ns(time_ns)
        if RETRIEVE in times_ns and AGGREGATE in times_ns:
            retrieve_ns, aggregate_ns = times_ns[RETRIEVE], times_ns[AGGREGATE]
            shares = self.time_shares
            shares["answers"] += 1
            shares["waiting_ns"] += latency_ns - service_time_ns
            shares["client_and_network_ns"] += service_time_ns - aggregate_ns - retrieve_ns
            shares["aggregate_ns"] += aggregate_ns
            shares["retrieve_ns"] += retrieve_ns

    def result(self, request_type: str, name: str, duration_s: float) -> OperationResult:
        """Return what was recorded in a measurement window of this length."""
        attempts = self.attempts
        return OperationResult(
            request_type=request_type,
            name=name,
            duration_s=max(duration_s, SHORTEST_S),
            requests=self.requests,
            untimed=self.untimed,
            warmup_requests=self.warmup_requests,
            answered=self.answered,
            failures=self.failure_classes.total(),
            failure_classes=self.failure_classes,
            failure_messages=self.failure_messages,
            consumed_read_units=self.read_units,
            consumed_write_units=self.write_units,
            writes=self.writes,
            latency=self.latency,
            service_time=self.service_time,
            touched=self.touched.result(),
            timeline=self.timeline,
            server_times=self.server_times,
            payload=self.payload,
            time_shares=TimeShares(**self.time_shares) if self.time_shares else None,
            attempts=AttemptCounts(
                total=attempts["total"],
                throttled=attempts["throttled"],
                backoff_s=attempts["backoff_ns"] / _NS,
            )
            if attempts
            else None,
            answers=AnswerChecks(
                checked=self.checked, wrong=self.wrong, evidence=tuple(self.evidence)
            )
            if self.is_verified
            else None,
            answer_sizes=AnswerSizes(
                answers=self.answers, bytes=self.answer_bytes, items=self.answer_items
            )
            if self.answers
            else None,
            user_classes=tuple(sorted(name for name in self.user_classes if name is not None)),
        )
