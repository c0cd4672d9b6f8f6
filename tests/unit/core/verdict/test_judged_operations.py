"""All requests of a run together are judged as those of one operation are."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aqp_perf.core.measured.failure_class import FailureClass
from aqp_perf.core.measured.operation import OperationResult
from aqp_perf.core.measured.operation_parts import AnswerChecks
from aqp_perf.core.measured.run_result import GeneratorHealth, RunResult
from aqp_perf.core.measured.stalls import ClassCounts, TouchedRequests
from aqp_perf.core.proof.wrong_answer import WrongAnswerKind
from aqp_perf.core.samples.histogram import LatencyHistogram
from aqp_perf.core.samples.timeline import Timeline
from aqp_perf.core.verdict.judged_operations import JudgedOperations, Selection
from aqp_perf.core.verdict.thresholds import Threshold, parse_threshold
from aqp_perf.core.verdict.verdicts import Judgement, Verdict, judge

law = settings(max_examples=60)
MS: Final = 1_000_000
WINDOW_NS: Final = 10 * 10**9
RULES: Final = (
    *("median < 20 ms", "p90 < 60 ms", "p99 < 100 ms", "p95 > 5 ms", "mean < 20 ms", "max < 1 s"),
    *("failure_ratio <= 1%", "failure_ratio <= 0", "timeout_ratio < 5%", "throttled_ratio > 0"),
    *("throughput > 20", "throughput < 50", "p90 < 60 ms min_samples 30"),
)
Request = tuple[int, FailureClass | None]
"""Its latency in ms, and how it failed."""

requests_of_an_operation = st.lists(
    st.tuples(
        st.sampled_from([1, 7, 19, 20, 55, 60, 250, 2_000]),
        st.sampled_from([None] * 12 + [FailureClass.TIMEOUT, FailureClass.THROTTLED]),
    ),
    min_size=1,
    max_size=300,
)


def operation(
    *parts: Sequence[Request],
    name: str = "read",
    touched: int = 0,
    classes: tuple[str, ...] = ("Reader",),
) -> OperationResult:
    """Return the requests of some parts, each evenly spread over the window.

    A stall can have made the first few requests of each part twice as long.
    """
    timeline, failures = Timeline(), Counter[FailureClass]()
    for part in parts:
        for number, (ms, failure) in enumerate(part):
            due_ns = number * WINDOW_NS // len(part)
            timeline.record(due_ns, ms * MS, failed=failure is not None)
            if failure is not None:
                failures[failure] += 1
    latency = LatencyHistogram.of(ms * MS for part in parts for ms, _ in part)
    longer = [ms * MS for part in parts for ms, _ in part[:touched]]
    measured, least = LatencyHistogram.of(longer), LatencyHistogram.of(ns // 2 for ns in longer)
    return OperationResult(
        request_type="GET",
        name=name,
        duration_s=10.0,
        requests=latency.count,
        failures=failures.total(),
        failure_classes=failures,
        latency=latency,
        service_time=latency,
        timeline=timeline,
        user_classes=classes,
        touched=TouchedRequests(
            requests=len(longer),
            latency=measured,
            least_latency=least,
            service_time=measured,
            least_service_time=least,
        )
        if longer
        else None,
    )


def run_of(
    *operations: OperationResult, missing: Mapping[str, int] = MappingProxyType({})
) -> RunResult:
    sent = sum(each.requests for each in operations)
    return RunResult(
        command=("locust",),
        started_at=datetime(2025, 1, 1, tzinfo=UTC),
        duration_s=10.0,
        users=100,
        generator=GeneratorHealth(
            processes=1,
            loop_lag_p99_ms=0.1,
            arrivals_due=sent,
            arrivals_sent=sent,
            user_classes={
                name: ClassCounts(due=sent + it, sent=sent) for name, it in missing.items()
            },
            peak_per_s=30,
        ),
        operations=operations,
    )


def judged(run: RunResult, text: str, proof: float | None = None) -> Judgement:
    (only,) = judge(run, [parse_threshold(text)], proof=proof).judgements
    return only


@law
@given(
    requests=requests_of_an_operation,
    touched=st.integers(0, 9),
    missing=st.integers(0, 9),
    text=st.sampled_from(RULES),
    proof=st.sampled_from([None, 0.95]),
)
def test_all_of_one_operation_is_that_operation(
    *, requests: list[Request], touched: int, missing: int, text: str, proof: float | None
) -> None:
    run = run_of(operation(requests, touched=touched), missing={"Reader": missing})

    alone, together = judged(run, text, proof), judged(run, f"all: {text}", proof)

    assert (alone.operation, together.operation) == ("read", "all")
    assert replace(together, operation="read") == alone


@law
@given(
    reads=requests_of_an_operation,
    writes=requests_of_an_operation,
    touched=st.integers(0, 9),
    missing=st.integers(0, 9),
    text=st.sampled_from(RULES),
    proof=st.sampled_from([None, 0.95]),
)
def test_several_operations_together_are_as_one_that_sent_all_their_requests(  # noqa: PLR0913
    *,
    reads: list[Request],
    writes: list[Request],
    touched: int,
    missing: int,
    text: str,
    proof: float | None,
) -> None:
    """The requests that are missing are those of a class, whose operation is not known."""
    several = run_of(
        operation(reads, touched=touched),
        operation(writes, name="write", touched=touched, classes=("Reader", "Writer")),
        missing={"Reader": missing, "Writer": 1},
    )
    as_one = run_of(
        operation(reads, writes, touched=touched, classes=("Reader", "Writer")),
        missing={"Reader": missing, "Writer": 1},
    )

    together = judged(several, f"all: {text}", proof)

    assert together == replace(judged(as_one, text, proof), operation="all")


def test_requests_are_missing_although_their_class_has_no_operation() -> None:
    """1 of the 101 that were due has no answer: it may have failed."""
    run = run_of(operation([(1, None)] * 100), missing={"Reader": 0, "Writer": 1})

    assert judged(run, "read: failure_ratio <= 0").verdict is Verdict.PASS
    together = judged(run, "all: failure_ratio <= 0")
    assert (together.verdict, together.touched) == (Verdict.INVALID, 1)
    assert together.bounds == pytest.approx((0.0, 1 / 101))


def test_operations_are_merged_once_and_only_for_a_rule_on_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    merged: list[list[str]] = []

    def counting(operations: Sequence[OperationResult]) -> OperationResult:
        merged.append([each.name for each in operations])
        return operations[0]

    monkeypatch.setattr(
        "aqp_perf.core.verdict.judged_operations.all_together",
        lambda operations: counting(list(operations)),
    )
    run = run_of(operation([(1, None)]), operation([(1, None)], name="write"))
    operations = JudgedOperations(run)

    operations.of(parse_threshold("p99 < 1 ms"))
    assert merged == []
    for text in ("all: p99 < 1 ms", "all: failure_ratio <= 1%", "abort: all: max > 1 ms"):
        operations.of(parse_threshold(text))
    assert merged == [["read", "write"]]


CHECKED = replace(
    operation([(1, None)] * 90 + [(1, FailureClass.WRONG_ANSWER)] * 10),
    answers=AnswerChecks(checked=100, wrong={WrongAnswerKind.TRUNCATED: 10}),
)
UNCHECKED = operation([(1, FailureClass.TIMEOUT)] * 900, name="write")


def test_wrong_answers_of_all_are_those_of_all_that_are_checked() -> None:
    text = "all: wrong_answer_ratio <= 9%"

    together = judged(run_of(CHECKED, UNCHECKED), text)

    assert (together.observed, together.samples) == (0.1, 100)
    assert together.verdict is Verdict.FAIL
    assert judged(run_of(UNCHECKED), text).reason == "no answer was checked"


def rule(text: str) -> Threshold:
    return parse_threshold(text)


def test_a_threshold_that_names_an_operation_is_about_no_other() -> None:
    operations = JudgedOperations(run_of(CHECKED, UNCHECKED))

    assert list(operations.of(rule("w*: p99 < 1 ms")).judged) == ["write"]
    assert list(operations.of(rule("p99 < 1 ms")).judged) == ["read", "write"]
    assert operations.of(rule("*: p99 < 1 ms")).reason == "several operations match: read, write"
    assert list(operations.watched(rule("abort: *: p99 > 1 ms"))) == ["read", "write"]


def test_all_of_a_run_without_operations_is_none() -> None:
    operations = JudgedOperations(run_of())

    assert operations.of(rule("all: p99 < 1 ms")) == Selection({}, {}, reason="no operation ran")
    assert operations.watched(rule("abort: all: p99 > 1 ms")) == {}


LOG_IN = replace(operation([], name="log in"), warmup_requests=20)


def test_an_operation_of_the_warmup_is_left_out_of_rules_that_do_not_name_it() -> None:
    run = run_of(operation([(1, None)] * 100), LOG_IN)

    verdict = judge(run, [rule("median < 20 ms"), rule("failure_ratio <= 1%")])

    assert (verdict.verdict, len(verdict.judgements)) == (Verdict.PASS, 2)
    cause = "1 operation whose requests were all in the warm-up: log in"
    assert verdict.left_out == (
        f"left out of median < 20 ms: {cause}",
        f"left out of failure_ratio <= 1%: {cause}",
    )


def test_an_operation_that_was_answered_after_the_warmup_is_not_left_out() -> None:
    slow = replace(LOG_IN, name="report", answered=1)

    verdict = judge(run_of(operation([(1, None)] * 100), slow), [rule("median < 20 ms")])

    assert (verdict.verdict, verdict.left_out) == (Verdict.NO_DATA, ())


@pytest.mark.parametrize("text", ["log in: median < 1 s", "all: max < 1 s", "failure_ratio <= 0"])
def test_a_run_or_a_named_operation_all_in_the_warmup_is_no_data(text: str) -> None:
    verdict = judge(run_of(LOG_IN), [rule(text)])

    (only,) = verdict.judgements
    assert (only.verdict, verdict.left_out) == (Verdict.NO_DATA, ())
    assert only.reason == "all of its requests (20) were in the warm-up"


def test_an_operation_whose_name_is_all_is_written_with_its_type() -> None:
    run = run_of(operation([(1, None)] * 10, name="all"), operation([(1, None)] * 30))

    assert judged(run, "all: max < 1 s").samples == 40
    own = judged(run, "GET all: max < 1 s")
    assert (own.operation, own.samples) == ("GET all", 10)
