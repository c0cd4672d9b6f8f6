from dataclasses import replace

import pytest

from aqp_perf.core.comparison.outcome import Change, Comparison, ComparisonJudgement, not_compared
from aqp_perf.core.comparison.rules import ComparisonRule
from aqp_perf.core.results.judged_run import JudgedRun
from aqp_perf.core.verdict.verdicts import RunVerdict, Verdict
from aqp_perf.reports.facts.comparisons import change_figure, comparison_text, ratio_figure
from aqp_perf.reports.facts.decisive import decisive_text, rule_text
from aqp_perf.reports.facts.verdicts import headline
from aqp_perf.reports.junit import properties
from aqp_perf.reports.lines import Style
from aqp_perf.reports.text.verdict_block import comparison_block

P99 = ComparisonRule.parse("p99 > 10%")
SLOWER = Change(
    operation="write_to_ddb",
    metric="p99",
    before=20.0,
    after=26.0,
    change_ratio=0.3,
    ci95=(0.2, 0.41),
)
FASTER = Change(
    operation="write_to_ddb",
    metric="median",
    before=10.0,
    after=9.0,
    change_ratio=-0.1,
    ci95=(-0.12, -0.08),
)
BROKEN = ComparisonJudgement(
    operation="write_to_ddb", rule=P99, change=SLOWER, chance=1e-9, verdict=Verdict.FAIL
)
COMPARISON = Comparison(baseline="main", changes=(FASTER, SLOWER), judgements=(BROKEN,))


def beside(judged: JudgedRun, comparison: Comparison, verdict: Verdict) -> JudgedRun:
    """Return a run that every threshold passes, beside its baseline."""
    passing = RunVerdict(verdict=verdict, judgements=())
    return replace(judged, verdict=passing, comparison=comparison)


def test_rules_stand_before_the_other_figures(judged: JudgedRun) -> None:
    lines = [line.text for line in comparison_block(beside(judged, COMPARISON, Verdict.FAIL))]
    assert lines == [
        "baseline main",
        "        rule or metric  baseline    now  change [95 % interval]",
        "write_to_ddb",
        "  FAIL  p99 > 10%          20 ms  26 ms  +30.0% [+20.0%, +41.0%]",
        "        median             10 ms   9 ms  -10.0% [-12.0%, -8.0%]",
    ]


def test_a_change_that_is_not_proven_is_a_warning(judged: JudgedRun) -> None:
    """It would read as a plain PASS, or as a mistake: its 95 % interval may exclude the rule."""
    unproven = replace(BROKEN, verdict=Verdict.PASS, chance=0.01, reason="not proven")
    comparison = Comparison(baseline="main", changes=(SLOWER,), judgements=(unproven,))

    opening, *lines = comparison_block(beside(judged, comparison, Verdict.PASS))

    assert opening.text == (
        "compared with baseline main: 1 of 1 rules kept; 1 worse than allowed, not significant"
    )
    assert [line.text for line in lines[1:]] == [
        "write_to_ddb",
        "  PASS !  p99 > 10%          20 ms  26 ms  +30.0% [+20.0%, +41.0%]",
        "    not proven",
    ]
    assert {line.style for line in lines[2:]} == {Style.WARNING}
    named = dict(properties(beside(judged, comparison, Verdict.PASS)))
    assert named["perf.compare.write_to_ddb.p99.reason"] == "not proven"


def test_a_rule_that_has_nothing_to_compare_with_is_not_among_those_kept(
    judged: JudgedRun,
) -> None:
    kept = replace(BROKEN, verdict=Verdict.PASS, chance=None)
    reason = "the baseline has no such operation"
    new = ComparisonJudgement.unjudged("new", P99, reason, Verdict.PASS)
    comparison = Comparison(baseline="main", judgements=(kept, new))

    opening, *lines = comparison_block(beside(judged, comparison, Verdict.PASS))

    assert opening.text == (
        "compared with baseline main: 1 of 2 rules kept, 1 with nothing to compare with"
    )
    assert [line.text for line in lines[-3:]] == [
        "new",
        "  PASS !  p99 > 10%              -      -  -",
        "    the baseline has no such operation",
    ]
    assert {line.style for line in lines[-2:]} == {Style.WARNING}


def test_an_anchor_stands_beside_the_baseline_with_its_name(judged: JudgedRun) -> None:
    kept = Comparison(baseline="main", judgements=(replace(BROKEN, verdict=Verdict.PASS),))
    anchor = replace(COMPARISON, baseline="release", is_anchor=True)
    both = replace(beside(judged, kept, Verdict.FAIL), anchor_comparison=anchor)

    lines = [line.text for line in comparison_block(both)]

    assert lines[0].startswith("compared with baseline main: 1 of 1 rules kept")
    assert lines[lines.index("anchor release") + 1].split()[:4] == [
        "rule",
        "or",
        "metric",
        "anchor",
    ]
    assert headline(both) == "FAIL: compared with anchor release: 0 of 1 rules kept, 1 broken"
    assert decisive_text(both) == (
        "write_to_ddb p99 20 ms -> 26 ms, +30% since anchor release (allowed: 10%)"
    )
    named = dict(properties(both))
    assert named["perf.anchor.anchor"] == "release"
    assert named["perf.anchor.write_to_ddb.p99.verdict"] == "fail"
    assert named["perf.compare.write_to_ddb.p99.verdict"] == "pass"


def test_a_change_that_the_generator_may_have_caused_is_undecided() -> None:
    spoiled = replace(BROKEN, verdict=Verdict.INVALID, reason="its own doing")
    comparison = replace(COMPARISON, judgements=(spoiled,))
    assert (
        comparison_text(comparison) == "compared with baseline main: 0 of 1 rules kept, 1 undecided"
    )
    assert rule_text(spoiled, comparison).endswith("against main: its own doing")


def test_a_run_without_a_baseline_has_no_comparison(judged: JudgedRun) -> None:
    assert list(comparison_block(judged)) == []


def test_what_was_not_compared_says_why(judged: JudgedRun) -> None:
    comparison = not_compared("main", [P99], "baseline main has no such run of this test")
    run = beside(judged, comparison, Verdict.NO_DATA)
    lines = [line.text for line in comparison_block(run)]
    assert headline(run) == "NO DATA: " + comparison_text(comparison)
    assert comparison_text(comparison) == (
        "nothing to compare with: baseline main has no such run of this test"
    )
    assert lines[2:4] == [
        "every operation",
        "  NO DATA  p99 > 10%              -    -  -",
    ]


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (SLOWER, "+30.0% [+20.0%, +41.0%]"),
        (replace(SLOWER, ci95=None), "+30.0%"),
        (replace(SLOWER, change_ratio=-0.0004, ci95=(-0.0003, 0.01)), "+0.0% [+0.0%, +1.0%]"),
        (replace(SLOWER, change_ratio=None, ci95=None), "from 0"),
        (replace(SLOWER, after=0.0, change_ratio=None, ci95=None), "none"),
    ],
)
def test_a_change_is_shown_with_its_interval(change: Change, text: str) -> None:
    assert change_figure(change) == text


@pytest.mark.parametrize(("ratio", "text"), [(1.5, "+150%"), (-0.025, "-2.5%"), (-0.0004, "+0.0%")])
def test_a_relative_change_has_a_tenth_of_a_percent_where_that_counts(
    ratio: float, text: str
) -> None:
    assert ratio_figure(ratio) == text


def test_the_headline_is_the_comparison_s_where_that_decides(judged: JudgedRun) -> None:
    run = beside(judged, COMPARISON, Verdict.FAIL)
    assert headline(run) == "FAIL: compared with baseline main: 0 of 1 rules kept, 1 broken"


def test_the_headline_is_the_thresholds_where_they_decide(judged: JudgedRun) -> None:
    assert "baseline" not in headline(replace(judged, comparison=COMPARISON))


def test_junit_has_every_change_and_what_the_rules_say(judged: JudgedRun) -> None:
    named = dict(properties(beside(judged, COMPARISON, Verdict.FAIL)))
    assert named["perf.compare.baseline"] == "main"
    assert named["perf.compare.write_to_ddb.p99.change"] == "0.3"
    assert named["perf.compare.write_to_ddb.median.change"] == "-0.1"
    assert named["perf.compare.write_to_ddb.p99.rule"] == "p99 > 10%"
    assert named["perf.compare.write_to_ddb.p99.verdict"] == "fail"
