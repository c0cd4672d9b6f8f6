from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aqp_perf.core.measured.failure_class import FailureClass
from aqp_perf.core.measured.operation import OperationResult
from aqp_perf.core.measured.operation_parts import AnswerChecks, AnswerSizes
from aqp_perf.core.measured.run_result import GeneratorHealth, RunResult
from aqp_perf.core.proof import WrongAnswerKind
from aqp_perf.core.proof.write_audit import WriteAudit
from aqp_perf.core.samples.histogram import LatencyHistogram
from aqp_perf.core.verdict.thresholds import parse_threshold
from aqp_perf.core.verdict.validity import invalid_reasons
from aqp_perf.core.verdict.verdicts import (
    Judgement,
    RunVerdict,
    Verdict,
    judge,
    without_wrong_answers,
)

law = settings(max_examples=40)
LOST_PART = "a worker or a part of its report was lost"


def operation(
    name: str = "write",
    *,
    requests: int = 1000,
    failures: int = 0,
    latency_us: int = 1_000,
    failure_class: FailureClass = FailureClass.TIMEOUT,
) -> OperationResult:
    """Return an operation whose requests all took the same time, which microseconds keep exact."""
    latency = LatencyHistogram.of([latency_us * 1000] * requests)
    return OperationResult(
        request_type="partiQL",
        name=name,
        duration_s=10.0,
        requests=requests,
        failures=failures,
        failure_classes={failure_class: failures} if failures else {},
        latency=latency,
        service_time=latency,
    )


HEALTHY = GeneratorHealth(
    processes=1, cpu_ratio_max=0.9, loop_lag_p99_ms=1.0, arrivals_due=1000, arrivals_sent=990
)
WRITE = operation()


def run_of(*operations: OperationResult, generator: GeneratorHealth = HEALTHY) -> RunResult:
    return RunResult(
        command=("locust",),
        started_at=datetime(2025, 1, 1, tzinfo=UTC),
        duration_s=10.0,
        users=10,
        generator=generator,
        operations=operations,
    )


def judged(run: RunResult, *texts: str) -> RunVerdict:
    return judge(run, [parse_threshold(text) for text in texts])


def judgement(run: RunResult, text: str) -> Judgement:
    (only,) = judged(run, text).judgements
    return only


def test_every_threshold_is_judged_independently() -> None:
    verdict = judged(run_of(WRITE), "p99 < 0.5 ms", "median < 2 ms", "max < 0.9 ms")

    assert [each.verdict for each in verdict.judgements] == ["fail", "pass", "fail"]
    assert verdict.verdict is Verdict.FAIL


def test_a_threshold_without_operation_judges_all_of_them() -> None:
    run = run_of(operation("write"), operation("read", latency_us=2_000))

    verdict = judged(run, "max < 1.5 ms", "read: max < 3 ms")

    assert [(each.operation, each.verdict) for each in verdict.judgements] == [
        ("write", "pass"),
        ("read", "fail"),
        ("read", "pass"),
    ]


@pytest.mark.parametrize(
    ("text", "observed"),
    [
        ("failure_ratio <= 5%", 0.05),
        ("timeout_ratio <= 5%", 0.05),
        ("throttled_ratio <= 0", 0.0),
        ("throughput >= 95", 95.0),
        ("median <= 1 ms", 1.0),
        ("p99 <= 1 ms", 1.0),
        ("mean <= 1 ms", 1.0),
        ("max <= 1 ms", 1.0),
    ],
)
def test_each_metric_is_observed_in_the_unit_of_its_limit(text: str, observed: float) -> None:
    only = judgement(run_of(operation(failures=50)), text)

    assert (only.observed, only.samples, only.verdict) == (observed, 1000, Verdict.PASS)


@pytest.mark.parametrize(
    ("text", "ci95"),
    [
        # Wilson's score interval of 50 in 1000, worked out with z = 1.959964.
        ("failure_ratio <= 5%", (0.03813, 0.06531)),
        ("median <= 1 ms", (1.0, 1.0)),
        ("mean <= 1 ms", (1.0, 1.0)),
        ("throughput >= 95", None),
        ("max <= 1 ms", None),
    ],
)
def test_what_has_an_interval_shows_it(text: str, ci95: tuple[float, float] | None) -> None:
    only = judgement(run_of(operation(failures=50)), text)

    assert only.ci95 == (ci95 if ci95 is None else pytest.approx(ci95, abs=0.00001))


@pytest.mark.parametrize(
    ("text", "margin"),
    [
        ("max < 4 ms", 0.75),
        ("max < 0.5 ms", -1.0),
        ("throughput > 50", 1.0),
        ("throughput > 400", -0.75),
        ("failure_ratio <= 0", None),
        ("nowhere: max < 4 ms", None),
    ],
)
def test_a_margin_is_a_share_of_the_limit_and_negative_when_it_is_broken(
    text: str, margin: float | None
) -> None:
    assert judgement(run_of(WRITE), text).margin_ratio == margin


@pytest.mark.parametrize(
    ("text", "latency_us", "reason"),
    [
        ("failure_ratio < 10%", 1_000, ""),
        ("failure_ratio < 6%", 1_000, "close: the limit lies inside the 95 % interval"),
        ("failure_ratio < 4%", 1_000, "close: the limit lies inside the 95 % interval"),
        ("failure_ratio < 3%", 1_000, ""),
    ],
)
def test_a_limit_inside_the_interval_is_called_close(
    text: str, latency_us: int, reason: str
) -> None:
    run = run_of(operation(failures=50, latency_us=latency_us))

    assert judgement(run, text).reason == reason


@pytest.mark.parametrize(
    ("metric", "needed"), [("median", 10), ("p99", 500), ("mean", 1), ("max", 1)]
)
def test_one_sample_too_few_is_no_data_and_says_how_many_are_missing(
    metric: str, needed: int
) -> None:
    enough = judgement(run_of(operation(requests=needed)), f"{metric} < 5 ms")
    too_few = judgement(run_of(operation(requests=needed - 1)), f"{metric} < 5 ms")

    assert enough.verdict is Verdict.PASS
    assert too_few.verdict is Verdict.NO_DATA
    assert too_few.reason == (
        f"{metric} needs {needed} samples: 1 missing" if needed > 1 else "no request was completed"
    )


@pytest.mark.parametrize("texts", [(), ("failure_ratio <= 1%",), ("throughput >= 1", "max < 5")])
@pytest.mark.parametrize("operations", [(), (operation(requests=0),)])
def test_a_run_without_requests_has_no_data(
    operations: tuple[OperationResult, ...], texts: tuple[str, ...]
) -> None:
    verdict = judged(run_of(*operations), *texts)

    assert verdict.verdict is Verdict.NO_DATA
    assert [each.verdict for each in verdict.judgements] == [Verdict.NO_DATA] * len(texts)


def test_a_run_with_requests_and_no_thresholds_passes() -> None:
    assert judged(run_of(WRITE)) == RunVerdict(verdict=Verdict.PASS)


@pytest.mark.parametrize(
    ("selector", "reason"),
    [
        ("delete", "no such operation ran, only write, wrote"),
        ("wr*", "several operations match: write, wrote"),
    ],
)
def test_a_selector_of_none_or_several_has_no_data(selector: str, reason: str) -> None:
    run = run_of(operation("write"), operation("wrote"))

    only = judgement(run, f"{selector}: max < 5 ms")

    assert (only.operation, only.verdict, only.reason) == (selector, Verdict.NO_DATA, reason)


def test_a_threshold_on_all_operations_of_none_has_no_data() -> None:
    only = judgement(run_of(), "max < 5 ms")

    assert (only.operation, only.reason) == (None, "no operation ran")


@pytest.mark.parametrize(
    ("texts", "verdict"),
    [
        (("max < 5 ms",), Verdict.PASS),
        (("max < 5 ms", "p99.9 < 5 ms"), Verdict.NO_DATA),
        (("max < 5 ms", "p99.9 < 5 ms", "max < 0.5 ms"), Verdict.FAIL),
    ],
)
def test_fail_outranks_no_data_and_no_data_outranks_pass(
    texts: tuple[str, ...], verdict: Verdict
) -> None:
    assert judged(run_of(WRITE), *texts).verdict is verdict


def test_an_invalid_run_keeps_its_figures_and_passes_nothing() -> None:
    run = replace(run_of(WRITE), invalid_reasons=("worker w2 was lost",))

    verdict = judged(run, "max < 5 ms", "max < 0.5 ms", "p99.9 < 5 ms")

    assert (verdict.verdict, verdict.invalid_reasons) == (Verdict.INVALID, run.invalid_reasons)
    assert {each.verdict for each in verdict.judgements} == {Verdict.INVALID}
    assert [each.observed for each in verdict.judgements] == [1.0, 1.0, 1.0]


def test_an_interrupted_run_is_invalid() -> None:
    run = replace(run_of(WRITE), interrupted=True)

    assert judged(run).invalid_reasons == ("interrupted after 10.0 s: run it to its end",)


@pytest.mark.parametrize(
    ("items", "checked", "is_valid"),
    [(0, 0, False), (1, 0, True), (None, 0, True), (0, 10, True)],
    ids=["none found anything", "one found an item", "nobody counted", "checked: they were right"],
)
def test_unchecked_reads_that_found_nothing_are_invalid(
    items: int | None, checked: int, *, is_valid: bool
) -> None:
    sizes = AnswerSizes(answers=10, bytes=20, items=items)
    run = run_of(replace(operation(), answer_sizes=sizes, answers=AnswerChecks(checked=checked)))

    assert (judged(run).invalid_reasons == ()) is is_valid


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        (
            {"cpu_ratio_max": 0.91},
            "the load generator used 91% of a core (more than 90%): add processes or send less",
        ),
        (
            {"loop_lag_p99_ms": 5.1},
            (
                "the load generator woke up 5.1 ms late (p99 of its event loop), more than 10% of "
                "the tightest latency limit of 50 ms: add processes, send less, or keep other "
                "work off its machine"
            ),
        ),
        ({"arrivals_sent": 989}, "requests due 1000, sent 989: add processes"),
    ],
)
def test_a_struggling_generator_makes_the_run_invalid(
    changes: dict[str, float], reason: str
) -> None:
    run = run_of(WRITE, generator=replace(HEALTHY, **changes))  # type: ignore[arg-type] # ints too

    assert judged(run, "median < 50 ms", "p99 < 300 ms").invalid_reasons == (reason,)


@pytest.mark.parametrize(
    ("service_us", "remedy"),
    [
        (40_000, "add processes"),
        (
            200_000,
            (
                "add users (100/s of 200 ms each keep 20.0 busy, there were 10: try 40) or "
                "processes; if neither helps, the target does not carry this rate"
            ),
        ),
    ],
)
def test_requests_that_were_not_sent_come_with_what_would_help(
    service_us: int, remedy: str
) -> None:
    """1000 due in 10 s, by hand: 100/s of 40 ms keep 4 users busy, 100/s of 200 ms keep 20."""
    slow = operation(latency_us=service_us)
    run = run_of(slow, generator=replace(HEALTHY, arrivals_sent=640))

    assert judged(run).invalid_reasons == (f"requests due 1000, sent 640: {remedy}",)


@pytest.mark.parametrize(
    ("caught_up", "service_us", "is_valid"),
    [(10, 200_000, True), (11, 200_000, False), (11, 99_000, True), (None, 200_000, True)],
)
def test_a_burst_at_the_end_does_not_hide_too_few_users(
    caught_up: int | None, service_us: int, *, is_valid: bool
) -> None:
    """1000 due in 10 s from 10 users: 100/s of 99 ms keep 9.9 of them busy, of 200 ms 20."""
    run = run_of(
        operation(latency_us=service_us), generator=replace(HEALTHY, arrivals_caught_up=caught_up)
    )

    assert (judged(run).invalid_reasons == ()) is is_valid


def test_unsent_requests_of_an_aborted_run_are_not_a_reason() -> None:
    run = run_of(WRITE, generator=replace(HEALTHY, arrivals_sent=10))

    assert judged(replace(run, aborted="hopeless")).invalid_reasons == ()


def test_users_who_wait_for_a_dead_target_are_not_too_few() -> None:
    dead = operation(failures=501, latency_us=10_000_000)
    run = run_of(dead, generator=replace(HEALTHY, arrivals_sent=640))

    assert judged(run).invalid_reasons == (
        "requests due 1000, sent 640: 501 of 1000 got no answer: see whether the target is up",
    )


def test_without_any_answer_users_or_processes_may_help() -> None:
    run = run_of(operation(requests=0), generator=replace(HEALTHY, arrivals_sent=0))

    assert judged(run).invalid_reasons == ("requests due 1000, sent 0: add users or processes",)


@pytest.mark.parametrize(
    ("lag_ms", "text", "is_valid"),
    [
        (1.0, "max < 1.1 ms", True),
        (1.1, "max < 1.1 ms", False),
        (5.0, "max < 50 ms", True),
        (400.0, "max > 0.5 ms", True),
        (400.0, "abort: p99 > 1 s", False),
        (400.0, "failure_ratio < 50%", True),
    ],
)
def test_lag_matters_only_beside_an_upper_limit_and_above_a_millisecond(
    lag_ms: float, text: str, *, is_valid: bool
) -> None:
    run = run_of(WRITE, generator=replace(HEALTHY, loop_lag_p99_ms=lag_ms))

    assert (judged(run, text).invalid_reasons == ()) is is_valid


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({}, Verdict.FAIL),
        ({"operations": ()}, Verdict.FAIL),
        ({"invalid_reasons": ("worker w2 was lost",)}, Verdict.INVALID),
    ],
)
def test_an_aborted_run_has_failed_unless_it_is_invalid(
    changes: dict[str, Any], verdict: Verdict
) -> None:
    run = replace(run_of(WRITE), aborted="write: failure_ratio > 50%: …", **changes)

    assert judged(run, "max < 5 ms").verdict is verdict


def test_an_abort_rule_does_not_judge_a_finished_run() -> None:
    verdict = judged(run_of(operation(failures=900)), "abort: failure_ratio > 50%")

    assert verdict.judgements == ()


def test_unknown_health_is_no_reason() -> None:
    assert (
        judged(run_of(WRITE, generator=GeneratorHealth(processes=1)), "max < 5").verdict == "pass"
    )
    due_only = replace(HEALTHY, arrivals_sent=None)
    assert judged(run_of(WRITE, generator=due_only)).invalid_reasons == ()


@pytest.mark.parametrize(
    ("changes", "reasons"),
    [
        (
            {"latency": LatencyHistogram.of([1_000] * 999)},
            (f"write: 1000 requests, but 999 latencies: {LOST_PART}",),
        ),
        (
            {"service_time": LatencyHistogram.of([1_000] * 1001)},
            (f"write: 1000 requests, but 1001 service times: {LOST_PART}",),
        ),
        (
            {"latency": LatencyHistogram.of([1_000] * 999 + [-1_000])},
            ("write: 1 latencies outside 0 to 10 minutes: check the clock and the time-outs",),
        ),
        ({"failures": 3}, (f"write: 3 failures, but 0 with a class: {LOST_PART}",)),
    ],
)
def test_counts_that_differ_make_the_run_invalid(
    changes: dict[str, object], reasons: tuple[str, ...]
) -> None:
    run = run_of(replace(WRITE, **changes))  # type: ignore[arg-type] # one field at a time

    assert judged(run).invalid_reasons == reasons


def test_a_run_whose_latencies_were_lost_still_shows_its_thresholds() -> None:
    run = run_of(replace(WRITE, latency=LatencyHistogram()))

    assert judgement(run, "p99 < 5 ms").reason == "no request was completed"


def test_reasons_are_not_repeated_when_a_reported_run_is_judged_again() -> None:
    run = replace(run_of(WRITE), interrupted=True)
    again = replace(run, invalid_reasons=invalid_reasons(run, ()))

    assert invalid_reasons(again, ()) == invalid_reasons(run, ())


@law
@given(
    requests=st.integers(0, 600),
    texts=st.lists(
        st.sampled_from(["p99 < 2", "p99 < 0.5", "median < 2", "throughput > 1", "nope: max<1"])
    ),
    interrupted=st.booleans(),
)
def test_only_a_run_whose_every_threshold_passed_passes(
    requests: int, texts: list[str], *, interrupted: bool
) -> None:
    run = replace(run_of(operation(requests=requests)), interrupted=interrupted)

    verdict = judged(run, *texts)

    is_all_pass = all(each.verdict is Verdict.PASS for each in verdict.judgements)
    assert (verdict.verdict is Verdict.PASS) is (requests > 0 and not interrupted and is_all_pass)
    assert len(verdict.judgements) == len(texts)


AUDIT = WriteAudit(
    acknowledged=10,
    checked=10,
    found=10,
    lost=0,
    ambiguous=2,
    ambiguous_landed=1,
    unexpected=0,
)
LOST = replace(AUDIT, found=9, lost=1)
UNEXPECTED = replace(AUDIT, unexpected=1)
SPOILED = replace(HEALTHY, cpu_ratio_max=0.99)


@pytest.mark.parametrize(
    ("audit", "generator", "verdict"),
    [
        (AUDIT, HEALTHY, Verdict.PASS),
        (LOST, HEALTHY, Verdict.FAIL),
        (UNEXPECTED, HEALTHY, Verdict.FAIL),
        (AUDIT, SPOILED, Verdict.INVALID),
        (UNEXPECTED, SPOILED, Verdict.INVALID),
        (LOST, SPOILED, Verdict.FAIL),
    ],
)
def test_a_lost_write_fails_any_run(
    audit: WriteAudit, generator: GeneratorHealth, verdict: Verdict
) -> None:
    found = judge(run_of(WRITE, generator=generator), [], audit)

    assert found.verdict is verdict
    assert bool(found.invalid_reasons) is (generator is SPOILED)


def test_set_up_problems_make_a_run_invalid() -> None:
    found = judge(run_of(WRITE), [], set_up_problems=["the writes could not be audited"])

    assert found.verdict is Verdict.INVALID
    assert found.invalid_reasons == ("the writes could not be audited",)


@pytest.mark.parametrize(
    ("checked", "wrong", "failures", "observed", "samples"),
    [
        (900, 9, 109, 0.009, 1000),  # all that were no other failure
        (100, 9, 109, 0.09, 100),  # a sample
        (100, 4, 109, 9 / 105, 105),  # five more were wrong at first sight
        (895, 4, 109, 0.009, 1000),
        (None, 0, 109, 0.009, 1000),  # wrong at first sight
    ],
)
def test_wrong_answers_are_counted_among_those_that_were_checked(
    checked: int | None, wrong: int, failures: int, observed: float, samples: int
) -> None:
    read = replace(
        operation(failures=failures),
        failure_classes={
            FailureClass.WRONG_ANSWER: 9,
            **({FailureClass.SERVER_ERROR: failures - 9} if failures > 9 else {}),
        },
        answers=None
        if checked is None
        else AnswerChecks(checked=checked, wrong={WrongAnswerKind.TRUNCATED: wrong}),
    )
    (judgement,) = judge(run_of(read), [parse_threshold("wrong_answer_ratio <= 0.5%")]).judgements

    assert (judgement.observed, judgement.samples) == (observed, samples)
    assert judgement.verdict is Verdict.FAIL


def test_unchecked_answers_are_no_data() -> None:
    read = replace(operation(), answers=AnswerChecks(checked=0))

    found = judge(run_of(read), [parse_threshold("wrong_answer_ratio <= 0")])

    assert found.verdict is Verdict.NO_DATA
    assert found.judgements[0].reason == "no answer was checked"


def test_wrong_answers_are_judged_where_answers_are_checked() -> None:
    """Of a write, or where nobody knows what is right, a ratio of 0 would prove nothing."""
    read = replace(operation("read"), answers=AnswerChecks(checked=1000))
    rule = parse_threshold("wrong_answer_ratio <= 0")

    found = judge(run_of(WRITE, read), [rule])

    assert [(each.operation, each.verdict) for each in found.judgements] == [("read", Verdict.PASS)]


@pytest.mark.parametrize("text", ["wrong_answer_ratio <= 0", "write: wrong_answer_ratio <= 0"])
def test_wrong_answers_without_checks_are_no_data(text: str) -> None:
    found = judge(run_of(WRITE), [parse_threshold(text)])

    assert found.verdict is Verdict.NO_DATA
    assert [each.reason for each in found.judgements] == ["no answer was checked"]


@pytest.mark.parametrize(
    ("texts", "labels"),
    [
        ([], ["read", "scan"]),
        (["failure_ratio <= 1%", "abort: wrong_answer_ratio > 1%"], ["read", "scan"]),
        (["wrong_answer_ratio <= 1%"], []),
        (["re*: wrong_answer_ratio <= 1%"], ["scan"]),
    ],
)
def test_without_a_threshold_no_answer_may_be_wrong(texts: list[str], labels: list[str]) -> None:
    reads = [
        replace(operation(name), answers=AnswerChecks(checked=1000)) for name in ("read", "scan")
    ]

    rules = without_wrong_answers(run_of(WRITE, *reads), [parse_threshold(each) for each in texts])

    assert [str(each) for each in rules] == [f"{each}: wrong_answer_ratio <= 0%" for each in labels]
