"""Records Locust's request events."""

import time
from decimal import Decimal
from typing import Final

from aqp_perf.loadgen.clients.failures import failure_of
from aqp_perf.loadgen.clients.request_context import RequestContext
from aqp_perf.loadgen.record.freezes import SLOW_NS, Freezes
from aqp_perf.loadgen.record.recorder import Recorder
from aqp_perf.loadgen.record.window import Window

_NS: Final = 1_000_000_000
_NS_PER_MS: Final = 1e6
"""No int: a text times a million is a long text."""
_NO_LATENCY_NS: Final = -_NS
"""Out of every histogram's range."""
_MOST_BYTES: Final = 1 << 40
"""Sums of longer answers would not fit into a result."""


class RequestListener:
    """Records every request of the measurement window; those of the warm-up are only counted.

    Latency counts from ``due_ns`` in the `RequestContext`; without it, from when the request was
    sent.
    """

    def __init__(self, recorder: Recorder, window: Window, freezes: Freezes) -> None:
        self._recorder = recorder
        self._freezes = freezes
        self._window = window

    def on_request(  # noqa: C901, PLR0912, PLR0913 - locust names them; calls cost time here
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
        operation = self._recorder.operation(request_type, name)
        failure = None if exception is None else failure_of(exception, response)
        window = self._window
        if failure is None and window.is_open():
            operation.answered += 1
        try:
            service_time_ns = round(response_time * _NS_PER_MS)  # type: ignore[operator]
        except (TypeError, ValueError, ArithmeticError):
            service_time_ns = _ns_of(response_time)
        known = context if isinstance(context, dict) else RequestContext()
        due_ns, start_ns = known.get("due_ns"), known.get("start_ns")
        if type(due_ns) is int and type(start_ns) is int:
            waited_ns = start_ns - due_ns
            # A request that was sent before it was due has no valid latency.
            latency_ns = service_time_ns + waited_ns if waited_ns >= 0 else _NO_LATENCY_NS
        else:
            known = {}  # no `RequestContext`: it may hold anything by any key
            ended_ns = time.perf_counter_ns()
            due_ns = ended_ns - service_time_ns
            if due_ns < window.started_ns:  # no time that it took in this test: count it by its end
                due_ns = ended_ns
            latency_ns = service_time_ns
        operation.user_classes.add(known.get("user_class"))
        operation.meter(known, None if failure is None else failure[0])
        if due_ns < window.from_ns:
            operation.warmup_requests += 1
            return
        if response_time is None:
            operation.record_untimed()
        else:
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
        elif isinstance(response_length, int) and 0 <= response_length <= _MOST_BYTES:
            operation.record_answer(response_length, known.get("items"))
        operation.record_details(known, latency_ns, service_time_ns)


def _ns_of(response_time: object) -> int:
    """Return an unusual response time in ns: of None 0, of what is no number no valid latency."""
    if response_time is None:
        return 0
    try:
        return (
            round(response_time * 1_000_000)
            if isinstance(response_time, Decimal)
            else _NO_LATENCY_NS
        )
    except (ValueError, ArithmeticError):  # not finite
        return _NO_LATENCY_NS


def _extend_freeze(freezes: Freezes, end_ns: int) -> None:
    """Note that a request ended after the beat was due, unless that time has not passed yet.

    A locustfile may report a response time that it did not wait for.
    """
    now_ns = time.perf_counter_ns()
    if now_ns > freezes.late_ns:
        freezes.extend(min(end_ns, now_ns))
