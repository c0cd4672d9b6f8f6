"""One result of the parts that several processes, or several runs, measured of an operation."""

from collections import Counter
from collections.abc import Iterable
from typing import TypeVar

from aqp_perf.core.measured.answer_checks import AnswerChecks
from aqp_perf.core.measured.answer_sizes import AnswerSizes
from aqp_perf.core.measured.attempt_counts import AttemptCounts
from aqp_perf.core.measured.failure_class import FailureClass
from aqp_perf.core.measured.operation import OperationResult
from aqp_perf.core.measured.time_shares import TimeShares
from aqp_perf.core.samples.histogram import LatencyHistogram, SizeHistogram
from aqp_perf.core.samples.timeline import merged

Number = TypeVar("Number", int, float)


def merge_operations(parts: Iterable[OperationResult]) -> tuple[OperationResult, ...]:
    """Return one result per request type and name, of the parts that several workers measured.

    The workers share one measurement window: the longest of theirs counts.
    """
    groups: dict[tuple[str, str], list[OperationResult]] = {}
    for part in parts:
        groups.setdefault((part.request_type, part.name), []).append(part)
    return tuple(_merge(group) for group in groups.values())


def _merge(parts: list[OperationResult]) -> OperationResult:
    latency, service_time, payload = LatencyHistogram(), LatencyHistogram(), SizeHistogram()
    server_times: dict[str, LatencyHistogram] = {}
    classes = Counter[FailureClass]()
    messages = Counter[str]()
    for part in parts:
        latency.merge(part.latency)
        service_time.merge(part.service_time)
        payload.merge(part.payload)
        for name, histogram in part.server_times.items():
            server_times.setdefault(name, LatencyHistogram()).merge(histogram)
        classes.update(part.failure_classes)
        messages.update(part.failure_messages)
    return OperationResult(
        request_type=parts[0].request_type,
        name=parts[0].name,
        duration_s=max(part.duration_s for part in parts),
        requests=sum(part.requests for part in parts),
        failures=sum(part.failures for part in parts),
        warmup_requests=sum(part.warmup_requests for part in parts),
        answered=_sum_known(part.answered for part in parts),
        failure_classes=dict(classes),
        failure_messages=dict(messages),
        consumed_read_units=_sum_known(part.consumed_read_units for part in parts),
        consumed_write_units=_sum_known(part.consumed_write_units for part in parts),
        latency=latency,
        service_time=service_time,
        server_times=server_times,
        payload=payload,
        time_shares=TimeShares.merged(part.time_shares for part in parts),
        attempts=AttemptCounts.merged(part.attempts for part in parts),
        answers=AnswerChecks.merged(part.answers for part in parts),
        answer_sizes=AnswerSizes.merged(part.answer_sizes for part in parts),
        timeline=merged(part.timeline for part in parts),
    )


def _sum_known(numbers: Iterable[Number | None]) -> Number | None:
    known = [each for each in numbers if each is not None]
    return sum(known) if known else None
