"""What a closed model hides stands in every report that shows a run in full."""

from dataclasses import replace

import pytest

from aqp_perf.core.measured.run_result import GeneratorHealth
from aqp_perf.core.results.judged_run import JudgedRun
from aqp_perf.core.verdict.thresholds import parse_threshold
from aqp_perf.core.verdict.verdicts import judge
from aqp_perf.reports.facts.hidden_waits import hidden_wait_text
from aqp_perf.reports.html.views import run_views
from aqp_perf.reports.junit import properties
from aqp_perf.reports.text.terminal import failure_text

SENTENCE = (
    "closed model: an arrival at a random instant would have met a wait above 150 ms in 0.5% of "
    "the time"
)
"""10 users for 10 s: 10 writes took 200 ms, 50 ms more than the limit."""


@pytest.fixture
def closed(judged: JudgedRun) -> JudgedRun:
    return judged_by(judged, "write_to_ddb: p99 < 150 ms")


def judged_by(judged: JudgedRun, *thresholds: str) -> JudgedRun:
    run = replace(judged.run, generator=GeneratorHealth(processes=1))
    rules = [parse_threshold(text) for text in thresholds]
    return replace(judged, run=run, verdict=judge(run, rules))


def test_a_closed_model_says_how_often_a_wait_would_have_been_too_long(closed: JudgedRun) -> None:
    assert hidden_wait_text(closed) == SENTENCE


def test_limits_that_differ_are_those_of_the_operations(judged: JudgedRun) -> None:
    found = judged_by(judged, "write_to_ddb: p99 < 150 ms", "select*: p95 < 10 ms")

    text = hidden_wait_text(found)
    assert text is not None
    assert "a wait above the limit of its operation in 1.3% of" in text


def test_an_open_model_has_no_such_sentence(judged: JudgedRun) -> None:
    assert hidden_wait_text(judged) is None
    assert "closed model" not in failure_text(judged)
    assert "perf.hidden_wait_ratio" not in dict(properties(judged))


def test_terminal_html_and_junit_show_it(closed: JudgedRun) -> None:
    assert SENTENCE in failure_text(closed).replace("\n", " ")
    (view,) = run_views([("test", closed)], [])
    notes = view["time_notes"]
    assert isinstance(notes, list)
    assert SENTENCE in notes
    ratio = float(dict(properties(closed))["perf.hidden_wait_ratio"])
    assert ratio == pytest.approx(0.005, rel=0.001)
