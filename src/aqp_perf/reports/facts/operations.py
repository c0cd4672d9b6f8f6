"""Figures of the operations of a run: their failures, their time."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import chain
from typing import Final, NamedTuple

from aqp_perf.core.measured.operation import OperationResult
from aqp_perf.core.measured.operation_parts import AGGREGATE, RETRIEVE
from aqp_perf.core.proof.wrong_answer import WrongAnswer
from aqp_perf.core.results.judged_run import JudgedRun
from aqp_perf.reports.facts.shown import Shown, shown
from aqp_perf.reports.figures import Fact, figure, table_ms
from aqp_perf.reports.lines import short_name

SHARES: Final = {
    "waiting": "waiting to be sent",
    "client_and_network": "client and network",
    AGGREGATE: "AQP",
    RETRIEVE: "DynamoDB",
}
"""Key of a share → its name, in the order in which they are shown."""

_LEAST_GAP: Final = 1.5
"""Ratio of latency to service time up to which their difference is not worth a sentence."""


class FailureGroup(NamedTuple):
    """The failures of one operation."""

    failures: int
    text: str
    """How many, of which classes."""
    messages: tuple[Fact, ...]
    """Count and message, the most frequent first."""
    evidence: tuple[WrongAnswer, ...]


def failure_groups(judged: JudgedRun) -> Shown[FailureGroup]:
    """Return the operations with failures or wrong answers that are shown."""
    groups = {}
    for label, operation in judged.run.labelled.items():
        evidence = () if operation.answers is None else operation.answers.evidence
        if not operation.failures and not evidence:
            continue
        classes = {str(name): count for name, count in operation.failure_classes.items()}
        kinds = ", ".join(f"{fact.value} {fact.name}" for fact in _by_count(classes))
        counts = f"{operation.failures:,} of {operation.requests:,} requests failed"
        groups[label] = FailureGroup(
            failures=operation.failures,
            text=f"{counts} ({operation.failure_ratio:.2%}){f': {kinds}' if kinds else ''}",
            messages=tuple(_by_count(operation.failure_messages)),
            evidence=evidence,
        )
    return shown(judged, groups)


def run_time_notes(judged: JudgedRun) -> Iterator[str]:
    """Yield the `time_notes` of the operations that are shown."""
    notes = {label: [*time_notes(label, it)] for label, it in judged.run.labelled.items()}
    kept = shown(judged, {label: texts for label, texts in notes.items() if texts})
    yield from chain.from_iterable(kept.of.values())
    if kept.more:
        yield f"the same of {kept.more}"


def time_notes(label: str, operation: OperationResult) -> Iterator[str]:
    """Yield the effect of waiting requests, the shares of the time, and the retries."""
    name = short_name(label)
    gap = _surest_gap(operation)
    due, sent = (
        table_ms(times["p99"]) for times in (operation.latency_ms, operation.service_time_ms)
    )
    if gap is not None and gap > _LEAST_GAP and due != sent:  # not by microseconds
        yield (
            f"p99 of {name}: {due} ms from the time requests were due, {sent} ms from the time "
            "they were sent: requests waited, which a closed-model tool does not see"
        )
    shares = operation.time_shares
    if shares is not None:
        means_ms = shares.means_ms
        sums = " + ".join(f"{table_ms(means_ms[key])} {words}" for key, words in SHARES.items())
        answers = operation.requests - operation.failures
        part = "" if shares.answers == answers else f", for {shares.answers} of {answers} answers"
        yield (
            f"mean latency of {name}: {table_ms(means_ms['latency'])} ms = {sums} "
            f"(AQP and DynamoDB as the AQP reports them, in whole milliseconds{part})"
        )
    attempts = operation.attempts
    if attempts is not None:
        yield (
            f"{name}: {operation.requests} requests took {attempts.total} attempts, "
            f"{attempts.throttled} of them throttled; {figure(attempts.backoff_s, 2)} s in back-off"
        )


def _surest_gap(operation: OperationResult) -> float | None:
    """Return the coordinated-omission gap without what stalls of the generator can have added."""
    if operation.touched is None:
        return operation.omission_gap
    latency, service_time = operation.least_latency, operation.least_service_time
    return replace(operation, latency=latency, service_time=service_time, touched=None).omission_gap


def _by_count(counts: Mapping[str, int]) -> Iterator[Fact]:
    for name, count in sorted(counts.items(), key=lambda item: -item[1]):
        if count:
            yield Fact(name, f"{count:,}")
