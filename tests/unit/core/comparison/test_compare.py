from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aqp_perf.core.comparison.compare import compare
from aqp_perf.core.comparison.figures import Figures, figures_of
from aqp_perf.core.comparison.outcome import Comparison, not_compared
from aqp_perf.core.comparison.rules import COMPARED_METRICS, ComparisonRule
from aqp_perf.core.measured.failure_class import FailureClass
from aqp_perf.core.measured.operation import OperationResult
from aqp_perf.core.measured.run_result import GeneratorHealth, RunResult
from aqp_perf.core.measured.stalls import TouchedRequests
from aqp_perf.core.records import MOST_FIGURE, from_json, to_json
from aqp_perf.core.samples.histogram import LatencyHistogram
from aqp_perf.core.samples.timeline import Timeline
from aqp_perf.core.verdict.slices import SlicedOperation
from aqp_perf.core.verdict.verdicts import Verdict

RATE_PER_S = 100
NS_PER_MS = 1_000_000
P99 = ComparisonRule.parse("p99 > 10%")


def operation_of(
    latencies_ms: Iterable[float], failed: frozenset[int] = frozenset(), name: str = "write"
) -> OperationResult:
    """Return an operation whose requests were due one after the other, 100 a second."""
    histogram, timeline, count = LatencyHistogram(), Timeline(), 0
    for count, latency_ms in enumerate(latencies_ms, start=1):
        latency_ns = round(latency_ms * NS_PER_MS)
        histogram.record_ns(latency_ns)
        due_ns = (count - 1) * 1_000_000_000 // RATE_PER_S
        timeline.record(due_ns, latency_ns, failed=count in failed)
    return OperationResult(
        request_type="partiQL",
        name=name,
        duration_s=count / RATE_PER_S,
        requests=count,
        failures=len(failed),
        latency=histogram,
        service_time=histogram,
        timeline=timeline,
    )


def figures(metric: str, before: OperationResult, after: OperationResult) -> Figures:
    found = figures_of(metric, SlicedOperation(before), SlicedOperation(after))
    assert isinstance(found, Figures)
    return found


def run_of(*operations: OperationResult) -> RunResult:
    return RunResult(
        command=("locust",),
        started_at=datetime(2026, 1, 1, tzinfo=UTC),
        duration_s=max(each.duration_s for each in operations),
        users=1,
        generator=GeneratorHealth(processes=1),
        operations=operations,
    )


def latencies_ms(count: int, seed: int, scale: float = 20.0) -> list[float]:
    random = Random(seed)  # noqa: S311 - data, no secrets
    return [scale * random.lognormvariate(0, 0.3) for _ in range(count)]


def compared(before: Iterable[float], after: Iterable[float], *rules: ComparisonRule) -> Comparison:
    return compare(run_of(operation_of(before)), run_of(operation_of(after)), rules or (P99,))


STEADY = latencies_ms(6_000, 1)
SLOWER = latencies_ms(6_000, 2, scale=26.0)


def test_a_slower_run_fails() -> None:
    (judgement,) = compared(STEADY, SLOWER).judgements
    assert judgement.verdict is Verdict.FAIL
    assert judgement.change is not None
    assert judgement.change.change_ratio == pytest.approx(0.3, abs=0.1)
    assert judgement.chance is not None
    assert judgement.chance < 1e-4


def test_a_faster_run_passes() -> None:
    (judgement,) = compared(SLOWER, STEADY).judgements
    assert (judgement.verdict, judgement.chance) == (Verdict.PASS, None)


@pytest.mark.parametrize("metric", COMPARED_METRICS)
def test_a_run_is_no_worse_than_itself(metric: str) -> None:
    one = operation_of(STEADY, failed=frozenset(range(0, 6_000, 37)))
    found = figures(metric, one, one)
    assert (found.after - found.before, found.change_ratio) == (0, 0)
    assert not found.is_worse(0.0)


@pytest.mark.parametrize("metric", COMPARED_METRICS)
def test_both_directions_are_alike(metric: str) -> None:
    one = operation_of(STEADY, failed=frozenset(range(0, 6_000, 37)))
    other = operation_of(SLOWER, failed=frozenset(range(0, 6_000, 11)))
    there, back = figures(metric, one, other), figures(metric, other, one)
    assert (there.before, there.after) == (back.after, back.before)
    assert (there.freedom, there.worth) == (back.freedom, back.worth)
    assert there.is_worse(2.0) is not back.is_worse(2.0)


@pytest.mark.parametrize("metric", COMPARED_METRICS)
def test_a_change_significant_at_one_level_is_significant_at_higher_ones(metric: str) -> None:
    found = figures(
        metric,
        operation_of(STEADY),
        operation_of(SLOWER, failed=frozenset(range(0, 6_000, 20))),
    )
    worse = [found.is_worse(z) for z in (0.0, 0.5, 1.0, 2.0, 4.0, 8.0, 12.0, 200.0)]
    assert worse == sorted(worse, reverse=True)
    assert worse[0]
    assert not worse[-1]


@given(st.integers(1, 10_000), st.floats(1.2, 50))
@settings(max_examples=20)
def test_constant_latencies_that_differ_are_significant(start_us: int, factor: float) -> None:
    before, after = [start_us / 100] * 1_000, [start_us / 100 * factor + 2] * 1_000
    (judgement,) = compared(before, after).judgements
    assert judgement.verdict is Verdict.FAIL


def test_the_interval_encloses_the_change() -> None:
    for change in compared(STEADY, SLOWER).changes:
        if change.change_ratio is not None:
            assert change.ci95 is not None
            assert change.ci95[0] <= change.change_ratio <= change.ci95[1]


def test_the_interval_widens_with_confidence() -> None:
    found = figures("p99", operation_of(STEADY), operation_of(SLOWER))
    one, two = found.interval(1.0), found.interval(2.0)
    assert one is not None
    assert two is not None
    assert two[0] < one[0] < one[1] < two[1]


def test_a_significant_change_below_the_floor_passes() -> None:
    before, after = [each / 100 for each in STEADY], [each / 100 for each in SLOWER]
    (by_default,) = compared(before, after).judgements
    (by_rule,) = compared(before, after, ComparisonRule.parse("p99 > 10%, 10us")).judgements
    assert (by_default.verdict, by_rule.verdict) == (Verdict.PASS, Verdict.FAIL)


def test_a_significant_change_within_the_rule_passes() -> None:
    (judgement,) = compared(STEADY, SLOWER, ComparisonRule.parse("p99 > 60%")).judgements
    assert judgement.verdict is Verdict.PASS


def test_a_change_that_is_not_significant_passes_and_says_what_would_settle_it() -> None:
    few = latencies_ms(600, 5)
    slow = sorted(range(600), key=few.__getitem__)[-8:]
    after = [each * 1.3 if index in slow else each for index, each in enumerate(few)]
    (judgement,) = compared(few, after, ComparisonRule.parse("p99 > 1%, 0ms")).judgements
    assert judgement.is_unproven
    assert judgement.chance is not None
    assert judgement.reason == (
        "worse than the rule allows, but not significant "
        f"(p = {judgement.chance * 100:.2g}%, needs ≤ 0.5%); "
        "about 30 times the requests would settle it"
    )


def test_holms_method_stops_at_the_first_change_that_is_not_significant() -> None:
    """Holm asks the later ones for less, but only once those before them are proven."""
    few = latencies_ms(600, 5)
    after = [each * 1.02 for each in few]
    rules = [ComparisonRule.parse(f"{metric} > 0.1%, 0ms") for metric in ("median", "mean")]
    unproven = [each for each in compared(few, after, *rules).judgements if each.is_unproven]
    assert len(unproven) == 2
    assert all("needs ≤ 0.25%" in each.reason for each in unproven)


def test_one_stall_is_not_significant() -> None:
    """Two hundred slow requests of one second know little more than one."""
    stalled = [*STEADY[:2_000], *(1_000.0 for _ in range(200)), *STEADY[2_200:]]
    (judgement,) = compared(STEADY, stalled).judgements
    assert judgement.verdict is Verdict.NO_DATA
    assert "requests depend on one another" in judgement.reason
    assert judgement.change is not None


def test_as_many_slow_requests_spread_over_the_run_are_significant() -> None:
    spread = [1_000.0 if index % 20 == 0 else each for index, each in enumerate(STEADY)]
    (judgement,) = compared(STEADY, spread).judgements
    assert judgement.verdict is Verdict.FAIL


def test_too_few_requests_are_no_data() -> None:
    (judgement,) = compared(STEADY[:400], SLOWER).judgements
    assert judgement.verdict is Verdict.NO_DATA
    assert judgement.reason == "the baseline has 400 requests: p99 needs 500"


@pytest.mark.parametrize("timed", [0, 10])
def test_latencies_of_requests_without_a_response_time_are_no_data(timed: int) -> None:
    some = operation_of(STEADY[:timed])
    messages = run_of(replace(some, requests=6_000, untimed=6_000 - timed, duration_s=60.0))

    judged = compare(messages, messages, (P99, ComparisonRule.parse("throughput > 10%")))

    assert [it.verdict for it in judged.judgements] == [Verdict.NO_DATA] * 2
    assert judged.judgements[0].reason == f"the baseline has {timed} requests: p99 needs 500"


def test_too_short_a_run_is_no_data() -> None:
    short = replace(operation_of(STEADY), timeline=operation_of(STEADY[:200]).timeline)
    (judgement,) = compare(run_of(short), run_of(operation_of(STEADY)), [P99]).judgements
    assert judgement.verdict is Verdict.NO_DATA
    assert "16 slices of time: 20 are needed" in judgement.reason


def test_an_operation_of_only_one_run_is_no_data() -> None:
    before = run_of(operation_of(STEADY), operation_of(STEADY, name="gone"))
    after = run_of(operation_of(STEADY), operation_of(STEADY, name="new"))
    verdicts = {
        each.operation: (each.verdict, each.reason)
        for each in compare(before, after, [P99]).judgements
    }
    assert verdicts["write"][0] is Verdict.PASS
    assert verdicts["new"] == (Verdict.NO_DATA, "the baseline has no such operation")
    assert verdicts["gone"] == (Verdict.NO_DATA, "the run has no such operation")


def test_an_operation_missing_in_the_baseline_may_pass_with_a_reason() -> None:
    """What only the baseline has may have been lost, and a typo finds nothing anywhere."""
    before = run_of(operation_of(STEADY), operation_of(STEADY, name="gone"))
    after = run_of(operation_of(SLOWER), operation_of(STEADY, name="new"))
    rules = [P99, ComparisonRule.parse("typo: p99 > 10%")]

    judged = compare(before, after, rules, unmatched=Verdict.PASS).judgements

    verdicts = {each.operation: (each.verdict, each.is_unmatched) for each in judged}
    assert verdicts == {
        "write": (Verdict.FAIL, False),
        "new": (Verdict.PASS, True),
        "gone": (Verdict.NO_DATA, False),
        "typo": (Verdict.NO_DATA, False),
    }


def test_rules_without_a_baseline_do_not_count_in_holms_method() -> None:
    """It cannot raise a false alarm, so that it has no part in them."""
    before, after = run_of(operation_of(STEADY)), run_of(operation_of(SLOWER))
    (alone,) = compare(before, after, [P99]).judgements
    assert alone.chance is not None
    level = alone.chance * 1.01
    more = run_of(operation_of(SLOWER), operation_of(STEADY, name="new"))

    judged, new = compare(
        before, more, [P99], false_alarm_ratio=level, unmatched=Verdict.PASS
    ).judgements

    assert (judged.verdict, new.is_unmatched) == (Verdict.FAIL, True)


@pytest.mark.parametrize(
    ("selector", "reason"),
    [("typo", "no such operation"), ("w*", "several operations match")],
)
def test_a_selector_that_does_not_match_exactly_one_operation_is_no_data(
    selector: str, reason: str
) -> None:
    run = run_of(operation_of(STEADY[:100]), operation_of(STEADY[:100], name="wait"))
    rule = ComparisonRule.parse(f"{selector}: p99 > 10%")
    (judgement,) = compare(run, run, [rule]).judgements
    assert judgement.verdict is Verdict.NO_DATA
    assert judgement.operation == selector
    assert reason in judgement.reason


def test_failures_where_there_were_none_are_found() -> None:
    before, after = operation_of(STEADY), operation_of(STEADY, frozenset(range(0, 6_000, 40)))
    rule = ComparisonRule.parse("failure_ratio > 10%")
    (judgement,) = compare(run_of(before), run_of(after), [rule]).judgements
    assert judgement.verdict is Verdict.FAIL
    assert judgement.change is not None
    assert (judgement.change.change_ratio, judgement.change.ci95) == (None, None)


def test_less_throughput_is_worse() -> None:
    after = operation_of(STEADY, frozenset(range(0, 6_000, 4)))
    rule = ComparisonRule.parse("throughput > 10%")
    (judgement,) = compare(run_of(operation_of(STEADY)), run_of(after), [rule]).judgements
    assert judgement.verdict is Verdict.FAIL
    assert judgement.change is not None
    assert judgement.change.change_ratio == pytest.approx(-0.25)


def test_more_rules_need_smaller_p_values() -> None:
    """What is just certain enough alone is not when many others were asked too."""
    before, after = latencies_ms(2_000, 3), latencies_ms(2_000, 4, scale=22.2)
    loose = ComparisonRule.parse("p99 > 1%")
    (alone,) = compared(before, after, loose).judgements
    assert alone.chance is not None
    level = alone.chance * 1.01
    others = [ComparisonRule.parse(f"p{number} > 1000%") for number in range(60, 70)]
    runs = run_of(operation_of(before)), run_of(operation_of(after))
    (judged_alone,) = compare(*runs, [loose], false_alarm_ratio=level).judgements
    first, *_ = compare(*runs, [loose, *others], false_alarm_ratio=level).judgements
    assert (judged_alone.verdict, first.verdict) == (Verdict.FAIL, Verdict.PASS)


def test_a_comparison_survives_json() -> None:
    for comparison in (
        compared(STEADY, SLOWER, P99, ComparisonRule.parse("typo: p99 > 10%, 3ms")),
        not_compared("main", [P99], "the baseline has no run of this test"),
    ):
        assert from_json(to_json(comparison), Comparison, "comparison") == comparison


def test_a_run_that_is_not_compared_is_no_data() -> None:
    (judgement,) = not_compared("main", [P99], "why").judgements
    assert (judgement.verdict, judgement.reason) == (Verdict.NO_DATA, "why")
    (let_pass,) = not_compared("main", [P99], "why", Verdict.PASS).judgements
    assert (let_pass.is_unmatched, let_pass.reason) == (True, "why")


def in_rows(rows: int, seed: int) -> list[float]:
    """Return 6,000 fast latencies, with rows of 20 slow ones in a slow mode."""
    latencies = latencies_ms(6_000, seed, scale=10.0)
    for start in range(0, 6_000, 6_000 // rows) if rows else ():
        latencies[start : start + 20] = latencies_ms(20, seed, scale=100.0)
    return latencies


def test_few_rows_of_slow_requests_are_too_few_clusters_to_judge() -> None:
    """The p99 of the first run lies among its fast requests, each of which stands for itself."""
    (judgement,) = compared(in_rows(0, 1), in_rows(5, 2)).judgements

    assert judgement.verdict is Verdict.NO_DATA
    assert judgement.reason.startswith("worse than the rule allows, but requests depend on")


def with_touched(
    operation: OperationResult, slow: Iterable[float], credit_ms: float
) -> OperationResult:
    """Return an operation whose slow requests the generator may have made longer."""
    latencies_ns = [round(each * NS_PER_MS) for each in slow]
    measured = LatencyHistogram.of(latencies_ns)
    least = LatencyHistogram.of(each - round(credit_ms * NS_PER_MS) for each in latencies_ns)
    touched = TouchedRequests(
        requests=len(latencies_ns),
        latency=measured,
        least_latency=least,
        service_time=measured,
        least_service_time=least,
    )
    return replace(operation, touched=touched)


@pytest.mark.parametrize(
    ("credit_ms", "verdict"), [(980.0, Verdict.INVALID), (100.0, Verdict.FAIL)]
)
def test_a_change_that_the_generator_explains_is_invalid(
    credit_ms: float, verdict: Verdict
) -> None:
    spread = [1_000.0 if index % 20 == 0 else each for index, each in enumerate(STEADY)]
    after = with_touched(operation_of(spread), [1_000.0] * 300, credit_ms)

    (judgement,) = compare(run_of(operation_of(STEADY)), run_of(after), [P99]).judgements

    assert judgement.verdict is verdict
    assert judgement.chance is not None
    assert ("added to 300 requests p99 is" in judgement.reason) == (verdict is Verdict.INVALID)


def test_failures_of_requests_that_the_generator_delayed_are_no_change() -> None:
    failed = frozenset(range(0, 6_000, 40))
    touched = TouchedRequests(requests=200, failures={FailureClass.TIMEOUT: 149})
    after = replace(operation_of(STEADY, failed), touched=touched)
    rule = ComparisonRule.parse("failure_ratio > 10%")

    (judgement,) = compare(run_of(operation_of(STEADY)), run_of(after), [rule]).judgements

    assert judgement.verdict is Verdict.INVALID


def test_of_several_runs_the_best_counts_for_each_metric() -> None:
    quick_but_failing = operation_of([each / 2 for each in STEADY], frozenset(range(0, 6_000, 7)))
    several = [run_of(operation_of(STEADY)), run_of(quick_but_failing)]

    changes = compare(several, run_of(operation_of(SLOWER))).changes

    before = {change.metric: change.before for change in changes}
    assert before["failure_ratio"] == 0
    assert before["throughput"] == 100
    assert before["p99"] == figures("p99", quick_but_failing, quick_but_failing).before


def test_the_best_of_several_needs_a_smaller_p_value() -> None:
    """The best of N was lucky: each may raise the N-th part of the false alarms."""
    loose = ComparisonRule.parse("p99 > 1%")
    before = run_of(operation_of(latencies_ms(2_000, 3)))
    after = run_of(operation_of(latencies_ms(2_000, 4, scale=22.2)))
    (alone,) = compare(before, after, [loose]).judgements
    assert alone.chance is not None
    level = alone.chance * 1.5

    verdicts = [
        compare(several, after, [loose], false_alarm_ratio=level).verdicts
        for several in ([before], [before, before])
    ]

    assert verdicts == [(Verdict.FAIL,), (Verdict.PASS,)]


def test_a_run_with_too_few_requests_is_not_the_best() -> None:
    few = operation_of([each / 2 for each in STEADY[:300]])
    several = [run_of(few), run_of(operation_of(STEADY))]
    (judgement,) = compare(several, run_of(operation_of(STEADY)), [P99]).judgements
    assert judgement.verdict is Verdict.PASS
    assert judgement.change is not None
    assert judgement.change.change_ratio == 0


def staged(scale: float, seed: int) -> RunResult:
    """Return a run of 10 s at 100/s and 10 s at 500/s, where latencies are three times as long."""
    random, histogram, timeline = Random(seed), LatencyHistogram(), Timeline()  # noqa: S311 - data
    for number in range(6_000):
        is_busy = number >= 1_000
        due_s = 10 + (number - 1_000) / 500 if is_busy else number / 100
        latency_ns = round(20e6 * scale * (3 if is_busy else 1) * random.lognormvariate(0, 0.3))
        histogram.record_ns(latency_ns)
        timeline.record(round(due_s * 1e9), latency_ns, failed=False)
    return run_of(
        replace(
            operation_of(STEADY),
            duration_s=20.0,
            latency=histogram,
            service_time=histogram,
            timeline=timeline,
        )
    )


def test_stages_are_no_dependence_when_slices_are_compared() -> None:
    """One run alone cannot tell a higher rate from a cluster of slow requests."""
    before, after = staged(1.0, 1), staged(1.3, 2)
    rules = [ComparisonRule.parse(f"{metric} > 10%") for metric in ("median", "p99", "mean")]

    alone, together = (
        compare(before, after, rules, is_staged=is_staged).verdicts for is_staged in (False, True)
    )

    assert alone != together
    assert together == (Verdict.FAIL,) * 3


def test_equal_runs_in_stages_pass() -> None:
    rules = [ComparisonRule.parse(f"{metric} > 1%, 0ms") for metric in ("median", "p99", "mean")]
    (*verdicts,) = compare(staged(1.0, 1), staged(1.0, 2), rules, is_staged=True).verdicts
    assert Verdict.FAIL not in verdicts


def test_slices_of_different_width_are_compared_in_the_wider_one() -> None:
    before, after = staged(1.0, 1), staged(1.0, 1)
    wide = Timeline(slice_ns=after.operations[0].timeline.slice_ns * 2)
    wide.merge(after.operations[0].timeline)
    after = run_of(replace(after.operations[0], timeline=wide))
    (judgement,) = compare(before, after, [P99], is_staged=True).judgements
    assert judgement.verdict is Verdict.PASS


def test_a_change_too_large_for_a_record_is_no_data() -> None:
    """A baseline that was edited by hand may say that it took longer than the universe."""
    one_answer = operation_of(STEADY, frozenset(range(1, len(STEADY))))
    before = run_of(replace(one_answer, duration_s=1e24))
    rule = ComparisonRule.parse("throughput > 10%")

    comparison = compare(before, run_of(operation_of(STEADY)), [rule])

    (judgement,) = comparison.judgements
    assert judgement.verdict is Verdict.NO_DATA
    assert judgement.reason == "throughput of the baseline is too small to compare with: 1e-24"
    assert from_json(to_json(comparison), Comparison, "comparison") == comparison


def test_an_interval_without_an_upper_end_fits_into_a_record() -> None:
    """One request of 1,000 s leaves the mean so uncertain that it may have been 0."""
    comparison = compared([1.0] * 1_999 + [1e6], [1.0] * 2_000)
    (change,) = (each for each in comparison.changes if each.metric == "mean")
    assert change.ci95 is not None
    assert change.ci95[1] == MOST_FIGURE
    assert from_json(to_json(comparison), Comparison, "comparison") == comparison
