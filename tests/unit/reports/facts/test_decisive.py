"""The one line about a run names what failed, where, and by how much."""

from dataclasses import replace

import pytest

from aqp_perf.core.comparison.outcome import Change, Comparison, ComparisonJudgement, not_compared
from aqp_perf.core.comparison.rules import ComparisonRule
from aqp_perf.core.proof.write_audit import WriteAudit
from aqp_perf.core.results.judged_run import JudgedRun
from aqp_perf.core.verdict.thresholds import parse_threshold
from aqp_perf.core.verdict.verdicts import RunVerdict, Verdict, judge, worst
from aqp_perf.reports.facts.decisive import decisive_text

AUDIT = WriteAudit(
    acknowledged=998, checked=998, found=998, lost=0, ambiguous=0, ambiguous_landed=0, unexpected=0
)


def judged_by(judged: JudgedRun, *texts: str, **changes: object) -> JudgedRun:
    """Return the run of the write alone, judged again."""
    run = replace(judged.run, operations=judged.run.operations[:1], **changes)  # type: ignore[arg-type]
    verdict = judge(run, [parse_threshold(text) for text in texts])
    return replace(judged, run=run, verdict=verdict)


def rule_judged(
    rule: str, verdict: Verdict, before: float, after: float, reason: str = ""
) -> ComparisonJudgement:
    parsed = ComparisonRule.parse(rule)
    change = Change(
        operation="write_to_ddb",
        metric=parsed.metric,
        before=before,
        after=after,
        change_ratio=after / before - 1 if before else None,
        ci95=None,
    )
    return ComparisonJudgement(
        operation="write_to_ddb", rule=parsed, change=change, verdict=verdict, reason=reason
    )


def beside(judged: JudgedRun, *rules: ComparisonJudgement) -> JudgedRun:
    comparison = Comparison(baseline="main", judgements=rules)
    verdict = worst((judged.verdict.verdict, *comparison.verdicts))
    return replace(judged, verdict=replace(judged.verdict, verdict=verdict), comparison=comparison)


@pytest.mark.parametrize(
    ("texts", "decisive"),
    [
        (
            ("p99 < 4 ms", "max < 100 ms", "max < 150 ms"),
            "write_to_ddb max 200 ms (limit 100 ms); 1 more broken",
        ),
        (
            ("max < 100 ms", "failure_ratio <= 0%", "p99.9 < 1 s"),
            "write_to_ddb failure_ratio 0.2% (limit 0%); 1 more broken, 1 not judged",
        ),
        (("throughput >= 1000",), "write_to_ddb throughput 99.8/s (at least 1000/s)"),
        (("throttled_ratio > 0.1%",), "write_to_ddb throttled_ratio 0.1% (more than 0.1%)"),
        (
            ("max < 1 s", "p99.9 < 300 ms", "p99.99 < 300 ms"),
            (
                "write_to_ddb p99.9 < 300 ms: p99.9 needs 5000 samples: 4000 missing; "
                "1 more not judged"
            ),
        ),
        (("nope: max < 1 s",), "nope max < 1 s: no such operation ran, only write_to_ddb"),
        (("max < 1 s", "p99 < 4 ms"), "write_to_ddb p99 1 ms (limit 4 ms)"),
        (("timeout_ratio < 1",), "write_to_ddb timeout_ratio 0.1% (limit 100%)"),
        ((), "no threshold was set"),
    ],
)
def test_the_limit_broken_most_or_else_the_nearest_is_decisive(
    judged: JudgedRun, texts: tuple[str, ...], decisive: str
) -> None:
    assert decisive_text(judged_by(judged, *texts)) == decisive


def test_reasons_of_the_run_precede_its_thresholds(judged: JudgedRun) -> None:
    spoiled = judged_by(judged, "max < 1 s", invalid_reasons=("worker w2 was lost",))
    twice = judged_by(
        judged, "max < 1 s", interrupted=True, invalid_reasons=("worker w2 was lost",)
    )
    aborted = judged_by(judged, aborted="failure_ratio > 50%")
    lost = replace(judged, write_audit=replace(AUDIT, found=997, lost=1))
    lost = replace(lost, verdict=judge(lost.run, (), lost.write_audit))

    assert decisive_text(spoiled) == "worker w2 was lost"
    assert decisive_text(twice) == "worker w2 was lost; 1 more reason"
    assert decisive_text(aborted) == "aborted: failure_ratio > 50%"
    assert decisive_text(lost).startswith("1 of 998 acknowledged writes")


@pytest.mark.parametrize(
    ("rules", "decisive"),
    [
        (
            [
                rule_judged("p99 > 10%", Verdict.FAIL, 20, 26),
                rule_judged("median > 10%", Verdict.FAIL, 9.8, 24.5),
                rule_judged("mean > 10%", Verdict.PASS, 9.8, 24.5),
            ],
            "write_to_ddb median 9.8 ms -> 24.5 ms, +150% (allowed: 10%); 1 more broken",
        ),
        (
            [rule_judged("throughput > 5%, 2/s", Verdict.FAIL, 100, 92.5)],
            "write_to_ddb throughput 100/s -> 92.5/s, -7.5% (allowed: 5%, 2/s)",
        ),
        (
            [
                rule_judged("p99 > 10%", Verdict.FAIL, 20, 26),
                rule_judged("failure_ratio > 10%", Verdict.FAIL, 0, 0.02),
            ],
            "write_to_ddb failure_ratio 0% -> 2% (allowed: 10%); 1 more broken",
        ),
        (
            [rule_judged("p99 > 10%", Verdict.NO_DATA, 20, 26, "requests come in clusters")],
            "write_to_ddb p99 > 10% against main: requests come in clusters",
        ),
    ],
    ids=["worst", "throughput", "from 0", "no data"],
)
def test_a_decisive_comparison_shows_both_values(
    judged: JudgedRun, rules: list[ComparisonJudgement], decisive: str
) -> None:
    assert decisive_text(beside(judged_by(judged, "max < 1 s"), *rules)) == decisive


def test_a_broken_threshold_goes_before_a_broken_rule(judged: JudgedRun) -> None:
    run = beside(judged_by(judged, "max < 1 ms"), rule_judged("p99 > 1%", Verdict.FAIL, 1, 9))

    assert decisive_text(run) == "write_to_ddb max 200 ms (limit 1 ms); 1 more broken"


def test_without_thresholds_a_comparison_decides(judged: JudgedRun) -> None:
    rules = [rule_judged(f"{metric} > 10%", Verdict.PASS, 20, 21) for metric in ("p99", "mean")]

    assert decisive_text(beside(judged_by(judged), *rules)) == (
        "write_to_ddb p99 20 ms -> 21 ms, +5.0% (allowed: 10%)"
    )


def test_a_missing_baseline_is_named_once(judged: JudgedRun) -> None:
    rules = [ComparisonRule.parse(f"{metric} > 10%") for metric in ("p99", "mean")]
    nothing = not_compared("main", rules, "baseline main has no such run of this test")
    run = replace(judged, verdict=RunVerdict(verdict=Verdict.NO_DATA), comparison=nothing)

    assert decisive_text(run) == (
        "nothing to compare with: baseline main has no such run of this test"
    )


def test_a_baseline_that_may_be_missing_decides_nothing(judged: JudgedRun) -> None:
    nothing = not_compared("main", [ComparisonRule.parse("p99 > 10%")], "why", Verdict.PASS)
    run = judged_by(replace(judged, comparison=nothing), "max < 1 s")

    assert decisive_text(run) == "write_to_ddb max 200 ms (limit 1 s)"


def test_a_long_name_is_cut_in_its_middle(judged: JudgedRun) -> None:
    name = "select zipcode,pk,sum(amount) as total from orders where pk=? group by zipcode"
    operation = replace(judged.run.operations[0], name=name)
    run = judged_by(replace(judged, run=replace(judged.run, operations=(operation,))), "max < 1 ms")

    assert decisive_text(run) == (
        "select zipcode,pk,su…=? group by zipcode max 200 ms (limit 1 ms)"
    )
