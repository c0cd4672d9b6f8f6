"""Records Locust's request events."""

import time
from typing import Final

from aqp_perf.loadgen.clients.failures import encodable, failure_class_of, text_of
from aqp_perf.loadgen.clients.request_context import RequestContext
from aqp_perf.loadgen.record.freezes import SLOW_NS, Freezes
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
        response_time: float,
        response_length: int | None = 0,
        exception: BaseException | None = None,
        context: RequestContext | None = None,
        response: object = None,
        **_: object,
    ) -> None:
        """Record one request."""
        operation = self._recorder.operation(encodable(request_type), encodable(name))
        # First, so that nothing is counted when this raises.
        failure = (
            None
            if exception is None
            else (failure_class_of(exception, response), text_of(exception))
        )
        window = self._window
        if failure is None and window.is_open():
            operation.answered += 1
        service_time_ns = round(response_time * _NS_PER_MS)
        context = context or {}
        due_ns = context.get("due_ns")
        if due_ns is None:
            due_ns = time.perf_counter_ns() - service_time_ns
            latency_ns = service_time_ns
        else:
            waited_ns = context["start_ns"] - due_ns
            # A request that was sent before it was due has no valid latency.
            latency_ns = service_time_ns + waited_ns if waited_ns >= 0 else _NO_LATENCY_NS
        operation.user_classes.add(context.get("user_class"))
        operation.meter(context, None if failure is None else failure[0])
        if due_ns < window.from_ns:
            operation.warmup_requests += 1
            return
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
            since_start_ns=due_ns - window.from_ns,
            failed=failure is not None,
        )
        if failure is not None:
            operation.record_failure(*failure)
        elif isinstance(response_length, int):  # a locustfile may say anything
            operation.record_answer(response_length, context.get("items"))
        operation.record_details(context, latency_ns, service_time_ns)


def _extend_freeze(freezes: Freezes, end_ns: int) -> None:
    """Note that a request ended after the beat was due, unless that time has not passed yet.

    A locustfile may report a response time that it did not wait for.
    """
    now_ns = time.perf_counter_ns()
    if now_ns > freezes.late_ns:
        freezes.extend(min(end_ns, now_ns))
