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
from aqp_perf.core.measured.stalls import ClassCounts, FreezeCause, TouchedRequests
from aqp_perf.core.proof import WrongAnswerKind
from aqp_perf.core.proof.write_audit import WriteAudit
from aqp_perf.core.samples.histogram import LatencyHistogram
from aqp_perf.core.samples.timeline import Timeline
from aqp_perf.core.verdict.thresholds import parse_threshold
from aqp_perf.core.verdict.validity import untrusted_reasons
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
    """Return an operation whose requests all took the same time, which microseconds keep exact.

    They are evenly spread over ten seconds, and so are the failures among them.
    """
    latency = LatencyHistogram.of([latency_us * 1000] * requests)
    timeline = Timeline()
    for number in range(requests):
        failed = (number + 1) * failures // requests > number * failures // requests
        timeline.record(number * 10**10 // requests, latency_us * 1000, failed=failed)
    return OperationResult(
        request_type="partiQL",
        name=name,
        duration_s=10.0,
        requests=requests,
        failures=failures,
        failure_classes={failure_class: failures} if failures else {},
        latency=latency,
        service_time=latency,
        timeline=timeline,
    )


HEALTHY = GeneratorHealth(
    processes=1,
    cpu_ratio_max=0.9,
    loop_lag_p99_ms=0.1,
    arrivals_due=1000,
    arrivals_sent=1000,
    user_classes={"Writer": ClassCounts(due=1000, sent=1000)},
    peak_per_s=100,
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
        # Wilson's score interval of 50 in 1000, with some more for the estimated dependence.
        ("failure_ratio <= 5%", (0.0366, 0.0682)),
        ("median <= 1 ms", (1.0, 1.0)),
        ("mean <= 1 ms", (1.0, 1.0)),
        ("throughput >= 95", None),
        ("max <= 1 ms", None),
    ],
)
def test_what_has_an_interval_shows_it(text: str, ci95: tuple[float, float] | None) -> None:
    only = judgement(run_of(operation(failures=50)), text)

    assert only.ci95 == (ci95 if ci95 is None else pytest.approx(ci95, abs=0.003))


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


def untimed(operation: OperationResult, count: int) -> OperationResult:
    """Return an operation with this many more requests, which have no response time."""
    return replace(operation, requests=operation.requests + count, untimed=count)


def test_requests_without_a_response_time_are_noted_and_in_no_latency() -> None:
    run = run_of(untimed(operation(), 500))

    verdict = judged(run, "p99 < 2 ms", "failure_ratio <= 1%")

    assert verdict.verdict is Verdict.PASS
    assert [it.samples for it in verdict.judgements] == [1000, 1500]
    assert verdict.notes == (
        "write: 500 of 1500 requests have no response time: they are in no latency",
    )


def test_a_latency_of_no_request_has_no_data() -> None:
    found = judgement(run_of(untimed(operation(requests=0), 10)), "median < 2 ms")

    assert found.verdict is Verdict.NO_DATA
    assert found.reason == "no request has a response time"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (
            "throttled_ratio <= 0",
            "3 failures are of no known class, and not counted: KeyError: 'token'",
        ),
        ("other_ratio <= 1%", ""),
        ("failure_ratio <= 1%", ""),
    ],
)
def test_failures_of_no_known_class_are_named_where_a_class_is_limited(
    text: str, reason: str
) -> None:
    failed = operation(failures=3, failure_class=FailureClass.OTHER)
    run = run_of(replace(failed, failure_messages={"Late: x": 1, "KeyError:\n'token'": 2}))

    found = judgement(run, text)

    assert (found.verdict, found.reason) == (Verdict.PASS, reason)


def test_failures_of_no_known_class_are_named_beside_a_close_limit() -> None:
    classes = {FailureClass.OTHER: 3, FailureClass.TIMEOUT: 3}
    failed = replace(operation(failures=6), failure_classes=classes)

    found = judgement(run_of(failed), "timeout_ratio <= 0.4%")

    assert found.reason == (
        "close: the limit lies inside the 95 % interval; "
        "3 failures are of no known class, and not counted"
    )


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


def test_a_saturated_generator_is_noted_beside_a_verdict_that_it_cannot_have_made() -> None:
    run = run_of(WRITE, generator=replace(HEALTHY, cpu_ratio_max=0.91))

    for text, verdict in (("max < 5 ms", Verdict.PASS), ("max < 0.5 ms", Verdict.FAIL)):
        found = judged(run, text)
        assert (found.verdict, found.invalid_reasons) == (verdict, ())
        assert found.notes == (
            "the load generator used 91% of a core (more than 90%): add processes or send less",
        )


@pytest.mark.parametrize(
    ("cpu_ratio", "lag_ms", "verdict"),
    [
        (0.5, 0.4, Verdict.FAIL),
        (0.5, 0.6, Verdict.INVALID),
        (0.95, 0.2, Verdict.FAIL),
        (0.95, 0.3, Verdict.INVALID),
    ],
)
def test_a_limit_is_broken_only_by_more_than_the_lag_of_the_generator(
    cpu_ratio: float, lag_ms: float, verdict: Verdict
) -> None:
    """1 ms measured, limit 0.5 ms; a saturated generator may be late at both ends."""
    health = replace(HEALTHY, cpu_ratio_max=cpu_ratio, loop_lag_p99_ms=lag_ms)

    assert judgement(run_of(WRITE, generator=health), "max < 0.5 ms").verdict is verdict


def with_sent(run: RunResult, sent: int, unrecorded: int = 0) -> RunResult:
    counts = ClassCounts(due=1000, sent=sent, unrecorded=unrecorded)
    health = replace(run.generator, user_classes={"Writer": counts}, arrivals_sent=sent)
    return replace(run, generator=health)


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
    """By hand: 100/s of 40 ms keep 4 users busy, 100/s of 200 ms keep 20."""
    run = with_sent(run_of(operation(latency_us=service_us)), 640)

    assert judged(run).invalid_reasons == (f"Writer: requests due 1000, sent 640: {remedy}",)


def test_idle_users_of_an_idle_process_are_held_by_something_else() -> None:
    run = with_sent(run_of(operation(latency_us=40_000)), 640)
    idle = replace(run, generator=replace(run.generator, cpu_ratio_max=0.03))

    (reason,) = judged(idle).invalid_reasons

    assert reason.endswith(
        "the target kept 4.0 of 10 users busy, and they used 3% of a core: see what else holds "
        "them, as waiting in the locustfile"
    )


def test_an_exit_code_of_the_locustfile_is_no_pass_and_hides_no_broken_limit() -> None:
    run = replace(run_of(WRITE), exit_code=1)
    reason = "the locustfile set exit code 1: see what it found wanting"
    good, bad = judged(run, "max < 2 ms"), judged(run, "max < 0.5 ms")

    assert (good.verdict, good.invalid_reasons) == (Verdict.INVALID, (reason,))
    assert (bad.verdict, bad.invalid_reasons, bad.notes) == (Verdict.FAIL, (), (reason,))


def test_requests_that_could_only_be_sent_after_the_end_are_too_little_load() -> None:
    """Users who carry 95 % of a rate catch up with nearly all of it, and pass loose limits."""
    run = with_sent(run_of(operation(latency_us=200_000)), 1000)
    late = replace(run, generator=replace(run.generator, arrivals_sent=950))

    assert judged(run).invalid_reasons == ()
    (reason,) = judged(late, "max < 1 s").invalid_reasons
    assert reason.startswith("requests due 1000, sent in time 950: add users (100/s of 200 ms")


def test_the_remedy_is_for_the_stage_of_the_highest_rate() -> None:
    """100/s@5s,1/s@38s,100/s@5s has 22/s on average; 292 ms at 100/s keep 29 users busy."""
    slow = run_of(operation(latency_us=292_000))

    (reason,) = judged(with_sent(replace(slow, users=20), 900)).invalid_reasons

    assert "there were 20: try 59" in reason


def test_unsent_requests_of_an_aborted_run_are_not_a_reason() -> None:
    run = with_sent(run_of(WRITE), 10)

    assert judged(replace(run, aborted="hopeless")).invalid_reasons == ()


def test_users_who_wait_for_a_dead_target_are_not_too_few() -> None:
    dead = operation(failures=501, latency_us=10_000_000)

    assert judged(with_sent(run_of(dead), 640)).invalid_reasons == (
        (
            "Writer: requests due 1000, sent 640: 501 of 1000 got no answer: see whether the "
            "target is up"
        ),
    )


def test_without_any_answer_users_or_processes_may_help() -> None:
    run = with_sent(run_of(operation(requests=0)), 0)

    assert judged(run).invalid_reasons == (
        "Writer: requests due 1000, sent 0: add users or processes",
    )


def test_a_proven_failure_is_not_hidden_by_requests_that_were_not_sent() -> None:
    found = judged(with_sent(run_of(operation(failures=500)), 640), "failure_ratio <= 1%")

    assert found.verdict is Verdict.FAIL
    assert "requests due 1000, sent 640" in found.notes[0]


def test_requests_without_a_report_are_no_sound_count() -> None:
    (reason,) = judged(with_sent(run_of(WRITE), 1000, unrecorded=3), "max < 5").invalid_reasons

    assert reason.startswith("Writer: 3 of 1000 requests were sent and not reported: call")


def frozen(seconds: float, *, is_open: bool) -> RunResult:
    health = replace(
        HEALTHY,
        frozen_s=seconds,
        freezes=((2.0, seconds),),
        freeze_causes={FreezeCause.HYPERVISOR: seconds},
    )
    if not is_open:
        health = replace(health, arrivals_due=None, arrivals_sent=None, user_classes={})
    return run_of(WRITE, generator=health)


@pytest.mark.parametrize(
    ("seconds", "is_open", "verdict"),
    [
        (0.5, False, Verdict.PASS),
        (0.6, False, Verdict.INVALID),
        (1.0, True, Verdict.PASS),
        (1.1, True, Verdict.INVALID),
    ],
)
def test_a_run_that_stood_still_for_long_does_not_pass(
    seconds: float, verdict: Verdict, *, is_open: bool
) -> None:
    """Of 10 s: at most 5 % in a closed model, whose load freezes lower, and 10 % in an open one."""
    run = frozen(seconds, is_open=is_open)

    assert judged(run, "max < 5 ms").verdict is verdict
    assert judged(run, "max < 0.5 ms").verdict is Verdict.FAIL
    if verdict is Verdict.INVALID:
        (reason,) = judged(run, "max < 5 ms").invalid_reasons
        assert "(the hypervisor took its core)" in reason
        assert reason.endswith("use a machine with cores of its own")


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
    again = replace(run, invalid_reasons=untrusted_reasons(run))

    assert untrusted_reasons(again) == untrusted_reasons(run)


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
SPOILED = replace(HEALTHY, user_classes={"Writer": ClassCounts(due=1000, sent=1000, unrecorded=1)})


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


@pytest.mark.parametrize("changes", [{"invalid_reasons": ("a worker was lost",)}, {}])
def test_a_wrong_answer_fails_any_run(changes: dict[str, Any]) -> None:
    read = replace(
        operation(failures=9),
        failure_classes={FailureClass.WRONG_ANSWER: 9},
        answers=AnswerChecks(checked=1000, wrong={WrongAnswerKind.TRUNCATED: 9}),
        touched=TouchedRequests(requests=1000, failures={FailureClass.WRONG_ANSWER: 9}),
    )
    run = replace(run_of(read, generator=SPOILED), **changes)

    found = judged(run, "wrong_answer_ratio <= 0", "max < 0.5 ms")

    assert found.verdict is Verdict.FAIL
    assert [one.verdict for one in found.judgements] == [Verdict.FAIL, Verdict.INVALID]
    assert found.invalid_reasons


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


def test_all_requests_are_judged_together_and_each_operation_on_its_own() -> None:
    run = run_of(operation("write", requests=990), operation("read", requests=10, latency_us=9_000))

    found = judged(run, "all: p95 < 5 ms", "p50 < 5 ms")

    assert [(each.operation, each.verdict) for each in found.judgements] == [
        ("all", Verdict.PASS),
        ("write", Verdict.PASS),
        ("read", Verdict.FAIL),
    ]
    assert (found.judgements[0].samples, found.judgements[0].observed) == (1000, 1.0)


def test_a_threshold_on_all_of_nothing_has_no_data() -> None:
    only = judgement(run_of(), "all: max < 5 ms")

    assert (only.operation, only.reason) == ("all", "no operation ran")


def test_an_undecided_limit_on_all_names_them_together() -> None:
    health = replace(HEALTHY, loop_lag_p99_ms=0.6)
    run = run_of(operation("write"), operation("read"), generator=health)

    (reason,) = judged(run, "all: max < 0.5 ms").invalid_reasons

    assert reason.startswith("all: max < 0.5 ms: target alone 0.4 ms to 1 ms: ")


RARE = tuple(operation(f"rare {number}", requests=number) for number in range(1, 8))


def test_an_operation_with_fewer_requests_than_min_samples_is_left_out() -> None:
    found = judged(run_of(WRITE, RARE[2], RARE[3]), "p90 < 5 ms min_samples 50")

    assert found.verdict is Verdict.PASS
    assert [each.operation for each in found.judgements] == ["write"]
    assert found.left_out == (
        "left out of p90 < 5 ms: 2 operations with fewer than 50 requests: rare 3, rare 4",
    )
    assert found.remarks == found.left_out


@pytest.mark.parametrize(
    ("min_samples", "verdict", "left_out"),
    [
        ("", Verdict.NO_DATA, 0),
        (" min_samples 4", Verdict.NO_DATA, 0),
        (" min_samples 5", "pass", 1),
    ],
)
def test_between_min_samples_and_what_a_rule_needs_there_is_no_data(
    min_samples: str, verdict: str, left_out: int
) -> None:
    found = judged(run_of(WRITE, RARE[3]), f"p90 < 5 ms{min_samples}")

    assert (found.verdict, len(found.left_out)) == (verdict, left_out)
    if not left_out:
        assert found.judgements[1].reason == "p90 needs 50 samples: 46 missing"


@pytest.mark.parametrize(
    ("text", "label", "samples", "reason"),
    [
        (
            "p90 < 5 ms min_samples 50",
            None,
            7,
            "no operation has more than 7 requests: min_samples is 50",
        ),
        (
            "rare 3: max < 5 ms min_samples 4",
            "rare 3",
            3,
            "it has 3 requests, fewer than min_samples 4",
        ),
        (
            "*7: max < 5 ms min_samples 50",
            "rare 7",
            7,
            "it has 7 requests, fewer than min_samples 50",
        ),
        (
            "all: max < 5 ms min_samples 29",
            "all",
            28,
            "it has 28 requests, fewer than min_samples 29",
        ),
        ("wri*: max < 5 ms min_samples 50", "wri*", 0, "no such operation ran, only rare 1, "),
    ],
)
def test_a_rule_that_leaves_out_all_that_it_would_judge_has_no_data(
    text: str, label: str | None, samples: int, reason: str
) -> None:
    found = judged(run_of(*RARE), text)

    (only,) = found.judgements
    assert (only.operation, only.samples, only.verdict) == (label, samples, Verdict.NO_DATA)
    assert only.reason.startswith(reason)
    assert found.verdict is Verdict.NO_DATA
    assert found.left_out == ()


def test_all_requests_are_enough_where_each_operation_has_too_few() -> None:
    found = judged(run_of(*RARE), "all: max < 5 ms min_samples 28")

    assert (found.verdict, found.judgements[0].samples) == (Verdict.PASS, 28)


def test_names_of_operations_that_are_left_out_are_few_and_short() -> None:
    long = replace(RARE[0], name="x" * 500)

    (text,) = judged(run_of(WRITE, long, *RARE), "max < 5 ms min_samples 50").left_out

    cut = f"{'x' * 100}…{'x' * 100}"
    assert text == (
        f"left out of max < 5 ms: 8 operations with fewer than 50 requests: {cut}, "
        "rare 1, rare 2, rare 3, rare 4 and 3 more"
    )


UNTIMED = LatencyHistogram.of([1_000_000] * 999)
MANY = run_of(
    *(
        replace(WRITE, name=f"/orders/{number}", untimed=1, latency=UNTIMED, service_time=UNTIMED)
        for number in range(30)
    )
)
FURTHER = replace(MANY, further_names=9_500)


def test_a_run_with_too_many_names_says_what_to_do() -> None:
    text = (
        "10,000 operations: give requests with dynamic URLs a name=…; the 9,500 after the first "
        "500 are recorded as one, 'all other names'"
    )
    by_many = replace(FURTHER, generator=replace(HEALTHY, processes=2))

    assert judged(MANY).notes[0].startswith("/orders/0")
    for rule in ("p50 < 2 s", "p50 < 0.1 ms", "p99.9 < 2 s"):
        assert judged(FURTHER, rule).notes[0] == text
    assert judged(by_many).notes[0] == f"at least {text}"


def test_a_rule_on_an_operation_that_was_recorded_among_others_says_so() -> None:
    hint = (
        "; its requests may be among the 'all other names', which are recorded as one: give "
        "requests with dynamic URLs a name=…"
    )

    for run, expected in ((MANY, ""), (FURTHER, hint)):
        one = judgement(run, "checkout: p50 < 2 s")
        assert one.verdict is Verdict.NO_DATA
        assert one.reason == (
            f"no such operation ran, only {', '.join(f'/orders/{it}' for it in range(20))} and "
            f"10 more{expected}"
        )


def test_reasons_of_many_operations_are_few() -> None:
    failed = run_of(*(replace(it, failure_classes={}, failures=1) for it in MANY.operations))
    late = replace(MANY, generator=replace(HEALTHY, loop_lag_p99_ms=2.0))

    untimed, lost = judged(MANY).notes, judged(failed).invalid_reasons
    undecided = judged(late, "max < 0.5 ms").invalid_reasons

    for texts in (untimed, lost):
        assert len(texts) == 21
        assert texts[-1] == "and the like of 10 more operations"
    assert len(undecided) == 21
    assert undecided[-1] == "10 more thresholds are undecided"


@pytest.mark.parametrize("changes", [{"interrupted": True}, {"aborted": "hopeless"}, {}])
def test_what_was_left_out_is_told_with_every_verdict(changes: dict[str, Any]) -> None:
    run = replace(run_of(WRITE, RARE[0]), **changes)

    for text in ("p90 < 5 ms min_samples 50", "p90 < 0.5 ms min_samples 50"):
        rule = text.removesuffix(" min_samples 50")
        assert judged(run, text).left_out == (
            f"left out of {rule}: 1 operation with fewer than 50 requests: rare 1",
        )


@law
@given(
    counts=st.lists(st.integers(0, 60), max_size=4),
    text=st.sampled_from(["max < 5 ms", "p90 < 5 ms", "failure_ratio <= 2%"]),
    min_samples=st.integers(1, 60),
)
def test_nothing_is_green_because_it_was_left_out(
    counts: list[int], text: str, min_samples: int
) -> None:
    """What remains is judged as without the suffix, and something remains or there is no data."""
    run = run_of(*(operation(f"{number}", requests=it) for number, it in enumerate(counts)))

    without, found = judged(run, text), judged(run, f"{text} min_samples {min_samples}")

    kept = [
        each
        for each in without.judgements
        if each.operation is not None and counts[int(each.operation)] >= min_samples
    ]
    if kept:
        strict = [replace(each, threshold=found.judgements[0].threshold) for each in kept]
        assert list(found.judgements) == strict
    else:
        assert [each.verdict for each in found.judgements] == [Verdict.NO_DATA]
    assert bool(found.left_out) is (0 < len(kept) < len(counts))


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("all: wrong_answer_ratio <= 50%", ["read", "scan"]),
        ("wrong_answer_ratio <= 50% min_samples 1000", ["scan"]),
    ],
)
def test_no_answer_may_be_wrong_where_a_threshold_judges_no_operation_of_its_own(
    text: str, labels: list[str]
) -> None:
    checks = AnswerChecks(checked=9)
    run = run_of(
        WRITE,
        replace(operation("read"), answers=checks),
        replace(operation("scan", requests=999), answers=checks),
    )

    rules = without_wrong_answers(run, [parse_threshold(text)])

    assert [str(each) for each in rules] == [f"{each}: wrong_answer_ratio <= 0%" for each in labels]
