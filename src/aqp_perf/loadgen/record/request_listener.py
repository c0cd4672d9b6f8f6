"""Records Locust's request events."""

import time
from typing import Final

from aqp_perf.core.measured.failure_class import FailureClass
from aqp_perf.loadgen.clients.failures import failure_class_of, label_of, text_of
from aqp_perf.loadgen.clients.request_context import RequestContext
from aqp_perf.loadgen.record.freezes import SLOW_NS, Freezes
from aqp_perf.loadgen.record.operation_recorder import OperationRecorder
from aqp_perf.loadgen.record.recorder import Recorder
from aqp_perf.loadgen.record.window import Window

_NS: Final = 1_000_000_000
_NS_PER_MS: Final = 1_000_000
_NO_LATENCY_NS: Final = -_NS
"""Out of every histogram's range."""


class RequestListener:
    """Records every request of the measurement window; those of the warm-up are only counted.

    Latency counts from ``due_ns`` in the `RequestContext`; without it, from when the request was
    sent.
    """

    def __init__(self, recorder: Recorder, window: Window, freezes: Freezes) -> None:
        self._recorder = recorder
        self._freezes = freezes
        self._window = window

    def on_request(  # noqa: PLR0913 - locust names them, and gives them by keyword
        self,
        *,
        request_type: str,
        name: str,
        response_time: float | None,
        response_length: int | None = 0,
        exception: BaseException | str | None = None,
        context: RequestContext | None = None,
        response: object = None,
        **_: object,
    ) -> None:
        """Record one request.

        A locustfile may give anything: what Locust takes is counted as Locust counts it.
        """
        operation = self._recorder.operation(label_of(request_type), label_of(name))
        failure = (failure_class_of(exception, response), text_of(exception)) if exception else None
        window = self._window
        if failure is None and window.is_open():
            operation.answered += 1
        service_time_ns = 0 if response_time is None else _ns_of(response_time)
        if context and _is_ours(context):
            due_ns = context["due_ns"]
            waited_ns = context["start_ns"] - due_ns
            # A request that was sent before it was due has no valid latency.
            latency_ns = service_time_ns + waited_ns if waited_ns >= 0 else _NO_LATENCY_NS
        else:
            context = {}
            due_ns = time.perf_counter_ns() - max(service_time_ns, 0)
            latency_ns = service_time_ns
        operation.user_classes.add(context.get("user_class"))
        operation.meter(context, None if failure is None else failure[0])
        if due_ns < window.from_ns:
            operation.warmup_requests += 1
            return
        if response_time is None:
            operation.record_untimed()
        else:
            self._record_times(operation, due_ns, latency_ns, service_time_ns, failure)
        if failure is not None:
            operation.record_failure(*failure)
        elif isinstance(response_length, int):
            operation.record_answer(response_length, context.get("items"))
        operation.record_details(context, latency_ns, service_time_ns)

    def _record_times(
        self,
        operation: OperationRecorder,
        due_ns: int,
        latency_ns: int,
        service_time_ns: int,
        failure: tuple[FailureClass, str] | None,
    ) -> None:
        end_ns = due_ns + latency_ns
        freezes = self._freezes
        if end_ns > freezes.late_ns:
            _extend_freeze(freezes, end_ns)
        if freezes.has_servers and latency_ns > SLOW_NS:
            freezes.look_at_servers(end_ns)
        if due_ns < freezes.touched_until_ns:
            credit_ns = freezes.credit_ns(due_ns, end_ns)
            if credit_ns:
                failure_class = None if failure is None else failure[0]
                operation.touched.record(latency_ns, service_time_ns, credit_ns, failure_class)
        operation.record(
            latency_ns,
            service_time_ns,
            since_start_ns=due_ns - self._window.from_ns,
            failed=failure is not None,
        )


def _is_ours(context: object) -> bool:
    """Whether a context is a `RequestContext`; other dictionaries may hold anything by any key."""
    return (
        isinstance(context, dict)
        and isinstance(context.get("due_ns"), int)
        and isinstance(context.get("start_ns"), int)
    )


def _ns_of(response_time: float) -> int:
    """Return a response time in ns; one that is no number has no valid latency."""
    try:
        return round(response_time * _NS_PER_MS)
    except (TypeError, ValueError, ArithmeticError):
        return _NO_LATENCY_NS


def _extend_freeze(freezes: Freezes, end_ns: int) -> None:
    """Note that a request ended after the beat was due, unless that time has not passed yet.

    A locustfile may report a response time that it did not wait for.
    """
    now_ns = time.perf_counter_ns()
    if now_ns > freezes.late_ns:
        freezes.extend(min(end_ns, now_ns))
