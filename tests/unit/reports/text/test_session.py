from collections.abc import Sequence
from dataclasses import replace

from aqp_perf.core.comparison.outcome import Change, Comparison, ComparisonJudgement, not_compared
from aqp_perf.core.comparison.rules import ComparisonRule
from aqp_perf.core.load.cost import RunCost
from aqp_perf.core.proof.write_audit import WriteAudit
from aqp_perf.core.results.judged_run import JudgedRun, TargetInfo
from aqp_perf.core.verdict.thresholds import parse_threshold
from aqp_perf.core.verdict.verdicts import Verdict, judge
from aqp_perf.reports.lines import Style
from aqp_perf.reports.text.session import session_lines

SLOWER = Change(
    operation="write_to_ddb",
    metric="p99",
    before=20.0,
    after=26.0,
    change_ratio=0.3,
    ci95=(0.02, 0.6),
)
COMPARISON = Comparison(
    baseline="main",
    judgements=(
        ComparisonJudgement(
            operation="write_to_ddb",
            rule=ComparisonRule.parse("mean > 10%"),
            change=replace(SLOWER, metric="mean", after=20.0, change_ratio=0.0),
            verdict=Verdict.PASS,
        ),
        ComparisonJudgement(
            operation="write_to_ddb",
            rule=ComparisonRule.parse("p99 > 10%"),
            change=SLOWER,
            chance=0.01,
            verdict=Verdict.PASS,
            reason="above the rule, not proven",
        ),
    ),
)
AUDIT = WriteAudit(
    acknowledged=998, checked=998, found=998, lost=0, ambiguous=0, ambiguous_landed=0, unexpected=0
)


def judged_by(
    judged: JudgedRun, *texts: str, interrupted: bool = False, aborted: str | None = None
) -> JudgedRun:
    """Return the run of the write alone, judged again."""
    run = replace(
        judged.run,
        operations=judged.run.operations[:1],
        interrupted=interrupted,
        aborted=aborted,
    )
    verdict = judge(run, [parse_threshold(text) for text in texts])
    return replace(judged, run=run, verdict=verdict, write_audit=AUDIT)


def shown(runs: Sequence[JudgedRun], *whole: int, width: int = 100) -> list[str]:
    return [line.text for line in session_lines(runs, whole, width)]


FAILED = "  write_to_ddb: 2 of 1,000 requests failed (0.20%): 1 throttled, 1 timeout"


def test_a_session_without_runs_shows_nothing() -> None:
    assert shown([]) == []


def test_every_run_has_a_line_with_what_is_nearest_to_its_limit(judged: JudgedRun) -> None:
    passed = replace(
        judged_by(judged, "p99 < 4 ms", "max < 1 s", "failure_ratio <= 1%"), test="t.py::test"
    )

    assert shown([passed, passed]) == [
        "verdict  test                decided by",
        "PASS     t.py::test          write_to_ddb p99 1 ms (limit 4 ms)",
        FAILED,
        "PASS     t.py::test (run 2)  write_to_ddb p99 1 ms (limit 4 ms)",
        FAILED,
    ]


def test_a_line_fits_the_screen_and_nothing_decisive_is_cut(judged: JudgedRun) -> None:
    run = replace(judged, test=f"tests/unit/{'long_' * 30}.py::test_it")
    other = judged_by(replace(judged, test="tests/test_other.py::test[a/b]"), interrupted=True)

    lines = list(session_lines([run, other], (), 60))[:7]

    assert [line.text for line in lines] == [
        "verdict  test in tests",
        "FAIL     unit/long_long_long_long_…ng_long_long_.py::test_it",
        "         write_to_ddb failure_ratio 0.2% (limit 0.1%); 1",
        "         more broken, 2 not judged",
        "INVALID  test_other.py::test[a/b]",
        "         interrupted after 10.0 s: run it to its end",
        *[line.text for line in lines[6:]],
    ]
    assert [line.style for line in lines[1:6]] == [Style.BAD] * 3 + [Style.WARNING] * 2


def test_a_wide_screen_has_what_was_decisive_beside_the_test(judged: JudgedRun) -> None:
    reason = "the load generator " + "was busy with other things " * 5
    spoiled = replace(judged.run, invalid_reasons=(reason,))
    run = replace(judged, run=spoiled, verdict=judge(spoiled, ()), test="a/b.py::test_it")

    assert shown([run], width=90)[:4] == [
        "verdict  test in a      decided by",
        "INVALID  b.py::test_it  the load generator was busy with other things was busy with other",
        "                        things was busy with other things was busy with other things was",
        "                        busy with other things",
    ]


def test_only_some_runs_are_whole(judged: JudgedRun) -> None:
    passed = judged_by(judged, "max < 1 s")

    texts = shown([passed, judged], 1)

    assert "FAIL: 1 of 5 thresholds met, 2 broken, 2 not judged" in texts
    assert "perf/test_mix.py::test_mix (run 2)" in texts
    assert sum(text.startswith("command ") for text in texts) == 1


def test_a_green_run_shows_its_failures_and_what_is_unproven_and_what_it_cost(
    judged: JudgedRun, cost: RunCost
) -> None:
    passed = replace(judged_by(judged, "max < 1 s"), write_audit=None, cost=cost)

    texts = shown([passed])

    assert texts[2:4] == [FAILED, "  writes not audited"]
    assert texts[4].startswith("  cost: 0.35 USD")
    assert not [text for text in shown([passed], 0) if text.startswith("  cost")]


def test_how_pytest_counts_is_explained_for_invalid_runs(judged: JudgedRun) -> None:
    passed, invalid = judged_by(judged, "max < 1 s"), judged_by(judged, interrupted=True)

    assert "1 passed, 1 error" in " ".join(shown([passed, invalid]))
    assert "1 passed, 1 error" not in " ".join(shown([passed]))


def test_a_green_run_shows_its_comparison(judged: JudgedRun) -> None:
    passed = replace(judged_by(judged, "max < 1 s"), comparison=COMPARISON)

    lines = list(session_lines([passed], (), 100))

    assert [line.text for line in lines[-2:]] == [
        "  compared with baseline main: 2 of 2 rules kept; 1 worse than allowed, not significant",
        "  ! write_to_ddb p99 20 ms -> 26 ms, +30% (allowed: 10%): above the rule, not proven",
    ]
    assert {line.style for line in lines[-2:]} == {Style.WARNING}


def test_a_comparison_that_is_kept_is_no_warning(judged: JudgedRun) -> None:
    kept = replace(COMPARISON, judgements=COMPARISON.judgements[:1])
    passed = replace(judged_by(judged, "max < 1 s"), comparison=kept)

    *_, line = session_lines([passed], (), 80)

    assert line == ("  compared with baseline main: 1 of 1 rules kept", Style.PLAIN)


def test_a_green_run_names_a_missing_baseline_once(judged: JudgedRun) -> None:
    rules = [judgement.rule for judgement in COMPARISON.judgements]
    nothing = not_compared("main", rules, "there is no baseline main", Verdict.PASS)
    passed = replace(judged_by(judged, "max < 1 s"), comparison=nothing)

    *_, before, line = session_lines([passed], (), 80)

    assert line == ("  nothing to compare with: there is no baseline main", Style.WARNING)
    assert "baseline" not in before.text


def test_an_own_system_is_named_once_as_not_verified(judged: JudgedRun) -> None:
    own = TargetInfo(kind="none", endpoint="", label="the locustfile's own")
    passed = replace(judged_by(judged, "max < 1 s"), write_audit=None, target=own)

    *_, line = session_lines([passed, passed], (), 100)

    own_text = (
        "Target none: the tests bring their own system, so answers and writes are not verified."
    )
    assert line == (own_text, Style.PLAIN)


def test_a_run_that_passed_says_which_operations_it_did_not_judge(judged: JudgedRun) -> None:
    text = "left out of p99 < 1 s: 1 operation with fewer than 9 requests: read"
    green = judged_by(judged, "p99 < 1 s")
    green = replace(green, verdict=replace(green.verdict, left_out=(text,)))

    assert f"  {text}" in shown([green])
