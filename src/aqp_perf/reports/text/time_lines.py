"""Where the time of an operation went, in words for people who see it the first time."""

from collections.abc import Iterator
from typing import Final

from aqp_perf.core.measured.operation import OperationResult
from aqp_perf.core.measured.time_shares import AGGREGATE, RETRIEVE
from aqp_perf.reports.figures import figure, table_ms
from aqp_perf.reports.lines import Line, cut_middle, wrapped

_LONGEST_NAME: Final = 40
_TELLING_GAP: Final = 1.5
"""Up to this ratio, when a clock starts hardly changes what a reader learns."""
_SHARES: Final = {
    "waiting": "waiting to be sent",
    "client_and_network": "client, network and queues",
    AGGREGATE: "AQP",
    RETRIEVE: "DynamoDB",
}


def time_lines(label: str, operation: OperationResult, width: int) -> Iterator[Line]:
    """Yield what there is to say of an operation's time beyond its latency."""
    name = cut_middle(label, _LONGEST_NAME)
    for text in (
        _omission_text(name, operation),
        _shares_text(name, operation),
        _attempts_text(name, operation),
    ):
        if text is not None:
            for line in wrapped(text, width):
                yield Line(line)


def _omission_text(name: str, operation: OperationResult) -> str | None:
    gap = operation.omission_gap
    if gap is None or gap <= _TELLING_GAP:
        return None
    due, sent = (
        table_ms(times["p99"]) for times in (operation.latency_ms, operation.service_time_ms)
    )
    if due == sent:  # microseconds, which nobody sees
        return None
    return (
        f"p99 of {name}: {due} ms counted from when requests were due; a closed-model tool, "
        f"which counts from when it sends, would have reported p99 = {sent} ms"
    )


def _shares_text(name: str, operation: OperationResult) -> str | None:
    shares = operation.time_shares
    if shares is None:
        return None
    means_ms = shares.means_ms
    sums = " + ".join(f"{table_ms(means_ms[key])} {words}" for key, words in _SHARES.items())
    answers = operation.requests - operation.failures
    known = "" if shares.answers == answers else f", stats of {shares.answers} of {answers} answers"
    return (
        f"time of {name}: {table_ms(means_ms['latency'])} ms mean = {sums} "
        f"(AQP and DynamoDB in the AQP's own whole milliseconds{known})"
    )


def _attempts_text(name: str, operation: OperationResult) -> str | None:
    attempts = operation.attempts
    if attempts is None:
        return None
    return (
        f"{name}: {operation.requests} requests took {attempts.total} attempts, "
        f"{attempts.throttled} of them throttled; {figure(attempts.backoff_s, 2)} s in back-off"
    )
