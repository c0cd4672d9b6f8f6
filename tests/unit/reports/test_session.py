from collections.abc import Sequence
from dataclasses import replace

import pytest

from perf.core.cost import RunCost
from perf.core.report import JudgedRun
from perf.core.thresholds import parse_threshold
from perf.core.verdicts import judge
from perf.core.write_audit import WriteAudit
from perf.reports.lines import Style
from perf.reports.run_summary import decisive_text
from perf.reports.session import session_lines

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


def test_a_session_without_runs_shows_nothing() -> None:
    assert shown([]) == []


def test_every_run_has_a_line_with_what_is_nearest_to_its_limit(judged: JudgedRun) -> None:
    passed = replace(
        judged_by(judged, "p99 < 4 ms", "max < 1 s", "failure_ratio <= 1%"), test="t.py::test"
    )

    assert shown([passed, passed]) == [
        "verdict  test                worst margin",
        "PASS     t.py::test          +75% p99 < 4 ms: 1 ms, write_to_ddb",
        "PASS     t.py::test (run 2)  +75% p99 < 4 ms: 1 ms, write_to_ddb",
    ]


@pytest.mark.parametrize(
    ("texts", "decisive"),
    [
        (
            ("p99 < 4 ms", "max < 100 ms", "max < 150 ms"),
            "-100% max < 100 ms: 200.06 ms, write_to_ddb",
        ),
        (("max < 100 ms", "failure_ratio <= 0%"), "failure_ratio <= 0%: 0.2%, write_to_ddb"),
        (
            ("max < 1 s", "p99.9 < 300 ms"),
            "p99.9 < 300 ms: p99.9 needs 5000 samples: 4000 missing, write_to_ddb",
        ),
        (
            ("nope: max < 1 s",),
            "max < 1000 ms: no such operation ran; the run has write_to_ddb, nope",
        ),
    ],
    ids=["broken most", "limit of 0", "unjudged", "nowhere"],
)
def test_what_is_broken_most_is_decisive(
    judged: JudgedRun, texts: tuple[str, ...], decisive: str
) -> None:
    assert decisive_text(judged_by(judged, *texts)) == decisive


def test_without_a_threshold_or_a_measurement_the_reason_is_decisive(judged: JudgedRun) -> None:
    interrupted = judged_by(judged, "max < 1 s", interrupted=True)
    aborted = judged_by(judged, aborted="failure_ratio > 50%")
    lost = replace(judged, write_audit=replace(AUDIT, found=997, lost=1))
    lost = replace(lost, verdict=judge(lost.run, (), lost.write_audit))

    assert decisive_text(judged_by(judged)) == "no threshold was set"
    assert decisive_text(interrupted) == "interrupted after 10.0 s: run it to its end"
    assert decisive_text(aborted) == "ended early: failure_ratio > 50%"
    assert decisive_text(lost).startswith("1 ")


def test_a_line_per_run_is_no_wider_than_the_screen(judged: JudgedRun) -> None:
    run = replace(judged, test=f"tests/{'long_' * 30}.py::test_it")

    lines = list(session_lines([run], (), 80))

    assert all(len(line.text) <= 80 for line in lines[:2])
    assert lines[1].style is Style.BAD


def test_only_some_runs_are_whole(judged: JudgedRun) -> None:
    passed = judged_by(judged, "max < 1 s")

    texts = shown([passed, judged], 1)

    assert "FAIL: 1 of 5 thresholds met, 2 broken, 2 not judged" in texts
    assert "tests/scenarios/test_mix.py::test_mix (run 2)" in texts
    assert sum(text.startswith("command ") for text in texts) == 1


def test_a_green_run_says_what_it_leaves_open_and_what_it_cost(
    judged: JudgedRun, cost: RunCost
) -> None:
    passed = replace(judged_by(judged, "max < 1 s"), write_audit=None, cost=cost)

    texts = shown([passed])

    assert texts[2] == "  writes not audited"
    assert texts[3].startswith("  cost: 0.35 USD")
    assert not [text for text in shown([passed], 0) if text.startswith("  cost")]


def test_how_pytest_counts_is_said_where_it_surprises(judged: JudgedRun) -> None:
    passed, invalid = judged_by(judged, "max < 1 s"), judged_by(judged, interrupted=True)

    assert "1 passed, 1 error" in " ".join(shown([passed, invalid]))
    assert "1 passed, 1 error" not in " ".join(shown([passed]))
