from dataclasses import replace

import pytest

from aqp_perf.core.load.cost import RunCost
from aqp_perf.core.measured.run_result import RunResult
from aqp_perf.core.results.judged_run import JudgedRun
from aqp_perf.core.verdict.thresholds import parse_threshold
from aqp_perf.core.verdict.verdicts import judge
from aqp_perf.reports.lines import Style
from aqp_perf.reports.text.terminal import origin_lines
from aqp_perf.reports.text.verdict_block import verdict_block


def judged_by(judged: JudgedRun, run: RunResult, *texts: str) -> JudgedRun:
    return replace(judged, run=run, verdict=judge(run, [parse_threshold(text) for text in texts]))


def test_a_run_that_costs_money_says_how_much(judged: JudgedRun, cost: RunCost) -> None:
    assert [line.text for line in origin_lines(replace(judged, cost=cost))][3] == (
        "cost       0.35 USD (load 0.35 metered); estimate 0.38 USD (seeding 0.00063, load 0.38; "
        "on-demand, us-east-1 prices of 2024-11-01); limit 5.00 USD for the session"
    )


def test_an_invalid_run_says_why_before_its_figures(judged: JudgedRun) -> None:
    run = replace(
        judged.run,
        operations=judged.run.operations[:1],
        interrupted=True,
        invalid_reasons=("worker w2 was lost: " + "its machine said nothing for ten seconds " * 2,),
        log_errors=("no such host", "2 more errors in the log"),
    )

    lines = list(verdict_block(judged_by(judged, run, "max < 1 s"), width=60))

    assert [line.text for line in lines] == [
        "INVALID: the run did not measure the target",
        "- worker w2 was lost: its machine said nothing for ten",
        "  seconds its machine said nothing for ten seconds",
        "- interrupted after 10.0 s: run it to its end",
        "log: no such host",
        "log: 2 more errors in the log",
        "           threshold  observed [95 % interval]  margin  samples",
        "write_to_ddb",
        "  INVALID  max < 1 s  200 ms                      +80%    1,000",
    ]


def test_an_aborted_run_says_why(judged: JudgedRun) -> None:
    reason = "write_to_ddb: failure_ratio > 50%: it was 98% after 100 requests"
    run = replace(judged.run, aborted=reason)

    headline, ended, *_ = verdict_block(judged_by(judged, run, "max < 1 s"))

    assert headline.text == "FAIL: the run was aborted"
    assert ended.text == f"- aborted: {reason}"


@pytest.mark.parametrize(
    ("texts", "headline"),
    [
        ((), "PASS: no threshold was set"),
        (("max < 1 s",), "PASS: 2 of 2 thresholds met"),
        (("max < 1 s", "nope: max < 1 s"), "NO DATA: 2 of 3 thresholds met, 1 not judged"),
        (("max < 100 ms",), "FAIL: 1 of 2 thresholds met, 1 broken"),
    ],
)
def test_the_headline_counts_what_was_met(
    judged: JudgedRun, texts: tuple[str, ...], headline: str
) -> None:
    assert next(verdict_block(judged_by(judged, judged.run, *texts))).text == headline


def test_a_run_without_operations_shows_its_thresholds(judged: JudgedRun) -> None:
    nothing = replace(judged.run, operations=())

    lines = list(verdict_block(judged_by(judged, nothing, "max < 1 s")))

    assert [line.text for line in lines] == [
        "NO DATA: no request was completed",
        "           threshold  observed [95 % interval]  margin  samples",
        "every operation",
        "  NO DATA  max < 1 s  -                              -        0",
        "    no operation ran",
    ]


def test_an_empty_profile_is_shown_as_none(judged: JudgedRun) -> None:
    lines = list(origin_lines(replace(judged, profile={})))

    assert lines[1].text == "profile    none"


def test_bounds_have_a_column_where_stalls_may_have_changed_a_figure(judged: JudgedRun) -> None:
    run = replace(judged.run, operations=judged.run.operations[:1])
    found = judged_by(judged, run, "max < 300 ms", "throughput > 50").verdict
    slowest, rate = (replace(one, touched=10) for one in found.judgements)
    judgements = (replace(slowest, bounds=(40.0, 200.063)), replace(rate, bounds=(99.8, 99.8)))
    touched = replace(found, judgements=judgements, notes=("stalls touched 10 requests",))

    lines = list(verdict_block(replace(judged, verdict=touched), width=60))

    assert [line.text for line in lines] == [
        "PASS: 2 of 2 thresholds met",
        "note: stalls touched 10 requests",
        "        threshold          observed [95 % interval]  target alone  margin  samples",
        "write_to_ddb (10 requests touched)",
        "  PASS  max < 300 ms       200 ms                    40 to 200 ms    +33%    1,000",
        "  PASS  throughput > 50/s  99.8/s                    as observed    +100%    1,000",
    ]
    assert lines[1].style is Style.PLAIN
