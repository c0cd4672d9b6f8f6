"""Many operations: which ones reports show, and that all of them are bounded."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from aqp_perf.core.comparison.outcome import Comparison, ComparisonJudgement
from aqp_perf.core.comparison.rules import ComparisonRule
from aqp_perf.core.measured.failure_class import FailureClass
from aqp_perf.core.measured.operation import OperationResult
from aqp_perf.core.results.judged_run import JudgedRun, ResultsFile
from aqp_perf.core.samples.histogram import LatencyHistogram
from aqp_perf.core.verdict.thresholds import parse_threshold
from aqp_perf.core.verdict.verdicts import Verdict, judge
from aqp_perf.reports.facts.decisive import decisive_text
from aqp_perf.reports.facts.shown import shown
from aqp_perf.reports.html import render_html
from aqp_perf.reports.junit import properties
from aqp_perf.reports.markdown import render_markdown
from aqp_perf.reports.text.session import session_lines
from aqp_perf.reports.text.terminal import failure_text

MORE = "480 more operations in the results file (--perf-json)"
THRESHOLDS = ("median < 5 ms", "failure_ratio <= 50%", "all: p90 < 1 s")


def orders(number: int) -> OperationResult:
    """Return one of many operations: the later, the more requests; two are slow, two fail."""
    requests = 40 + number
    milliseconds = 9 if number in {3, 4} else 1
    failures = requests if number in {5, 6} else 1
    return OperationResult(
        request_type="GET",
        name=f"/orders/{number}",
        duration_s=10.0,
        requests=requests,
        failures=failures,
        failure_classes={FailureClass.OTHER: failures},
        failure_messages={"no such order": failures},
        latency=LatencyHistogram.of([milliseconds * 1_000_000] * requests),
        service_time=LatencyHistogram.of([1_000_000] * requests),
    )


def with_operations(judged: JudgedRun, numbers: Sequence[int], further: int = 0) -> JudgedRun:
    operations = tuple(map(orders, numbers))
    run = replace(judged.run, operations=operations, further_names=further)
    rules = [parse_threshold(text) for text in THRESHOLDS]
    rule, kept = ComparisonRule.parse("median > 10%"), Verdict.PASS
    comparison = Comparison(
        baseline="main",
        judgements=tuple(
            ComparisonJudgement.unjudged(label, rule, "", kept) for label in run.labelled
        ),
    )
    return replace(judged, run=run, verdict=judge(run, rules), comparison=comparison)


@pytest.fixture
def many(judged: JudgedRun) -> JudgedRun:
    return with_operations(judged, range(500), further=9_500)


def test_a_few_operations_are_all_shown_as_they_come(judged: JudgedRun) -> None:
    few = with_operations(judged, range(20))

    found = shown(few, few.run.labelled)

    assert list(found.of) == [f"/orders/{number}" for number in range(20)]
    assert found.more == ""


def test_of_many_the_worst_come_first_then_those_with_most_requests(many: JudgedRun) -> None:
    found = shown(many, many.run.labelled | {"all": None})

    worst = [f"/orders/{number}" for number in (6, 5, 4, 3)]
    most = [f"/orders/{number}" for number in range(499, 484, -1)]
    assert list(found.of) == [*worst, "all", *most]
    assert found.left_out == 481
    assert found.more == MORE.replace("480", "481")


def test_what_stands_for_many_operations_is_always_shown(many: JudgedRun) -> None:
    others = replace(many.run.operations[0], request_type="", name="all other names")
    run = replace(many.run, operations=(*many.run.operations, others))
    unjudged = judge(run, [parse_threshold("p99.9 < 2 s"), parse_threshold("all: p90 < 1 s")])
    judged = replace(many, run=run, verdict=unjudged, comparison=None)

    found = shown(judged, run.labelled | {"all": None})

    first, *most, last = found.of
    assert (first, last) == ("all other names", "all")
    assert most == [f"/orders/{number}" for number in range(499, 481, -1)]


def test_a_run_with_many_operations_is_short_on_the_screen(many: JudgedRun) -> None:
    text = failure_text(many)
    lines = text.splitlines()

    assert len(lines) < 250
    assert lines[1].startswith("note: 10,000 operations: give requests with dynamic URLs a name=…")
    assert lines.count(MORE) == 2, "below the table of comparisons and that of operations"
    assert lines.count(MORE.replace("480", "481")) == 1, "'all' is one of the thresholds shown"
    assert f"failures of {MORE}" in lines
    assert "and 480 more)" in text, "not verified"
    assert "/orders/6 " in text
    assert "/orders/100 " not in text


def test_a_run_with_too_many_names_says_so_in_its_line(many: JudgedRun) -> None:
    hint = "10,000 operations: give requests with dynamic URLs a name=…"
    unjudged = judge(many.run, [parse_threshold("p99 < 2 s")])
    passed = judge(many.run, [parse_threshold("all: p90 < 1 s")])

    assert hint in decisive_text(replace(many, verdict=unjudged, comparison=None))
    lines = session_lines([replace(many, verdict=passed, comparison=None)], [], 200)
    assert any(hint in line.text for line in lines)


def test_files_of_a_run_with_many_operations_are_small(many: JudgedRun) -> None:
    results = ResultsFile(started_at=many.run.started_at, environment={}, runs=(many,))

    page, summary = render_html(results), render_markdown(results)
    found = dict(properties(many))

    assert page.count(MORE) == 3, "below comparison, operations and failures"
    assert len(page) < len(render_html(replace(results, runs=()))) + 400_000
    assert "*480 more operations in the results file.*" in summary
    assert found["perf.operations_left_out"] == "480"
    assert {"perf.orders_6.requests", "perf.all.p90.verdict"} <= found.keys()
    assert len(found) < 1_000
