"""What is said of a run that stalls of the load generator touched."""

from dataclasses import replace

import pytest

from aqp_perf.core.comparison.outcome import Comparison, ComparisonJudgement
from aqp_perf.core.comparison.rules import ComparisonRule
from aqp_perf.core.measured.failure_class import FailureClass
from aqp_perf.core.measured.operation_parts import AnswerChecks
from aqp_perf.core.measured.stalls import ClassCounts, TouchedRequests
from aqp_perf.core.proof.wrong_answer import WrongAnswerKind
from aqp_perf.core.results.judged_run import JudgedRun
from aqp_perf.core.samples.histogram import LatencyHistogram
from aqp_perf.core.verdict.thresholds import parse_threshold
from aqp_perf.core.verdict.verdicts import Verdict, judge
from aqp_perf.reports.facts.decisive import decisive_text
from aqp_perf.reports.facts.verdicts import headline, threshold_rows, verdict_reasons

MS = 1_000_000


def judged_by(judged: JudgedRun, *texts: str, **changes: object) -> JudgedRun:
    """Return a run of 990 requests of 1 ms and 10 of 200 ms, of which a freeze may be 160 ms."""
    slow, least = (LatencyHistogram.of([ms * MS] * 10) for ms in (200, 40))
    operation = replace(
        judged.run.operations[0],
        touched=TouchedRequests(
            requests=10,
            latency=slow,
            least_latency=least,
            service_time=slow,
            least_service_time=least,
        ),
    )
    run = replace(
        judged.run,
        operations=(operation,),
        generator=replace(judged.run.generator, loop_lag_p99_ms=None),
    )
    run = replace(run, **changes)  # type: ignore[arg-type]
    verdict = judge(run, [parse_threshold(text) for text in texts])
    return replace(judged, run=run, verdict=verdict)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("p99 < 300 ms", "p99 1 ms (limit 300 ms)"),
        (
            "max < 300 ms",
            "max 200 ms (limit 300 ms)",  # they decided nothing
        ),
        (
            "max < 20 ms",
            "max 200 ms (limit 20 ms), target alone 40 to 200 ms (10 requests touched)",
        ),
        (
            "max < 100 ms",
            ": max < 100 ms: target alone 40 ms to 200 ms: stalls touched 10 of 1000 requests",
        ),
    ],
)
def test_bounds_are_shown_where_stalls_may_have_changed_a_figure(
    judged: JudgedRun, text: str, shown: str
) -> None:
    decisive = decisive_text(judged_by(judged, text))

    assert (
        decisive.removesuffix("; 1 more reason")
        == f"write_to_ddb{shown if shown[0] == ':' else f' {shown}'}"
    )


def test_a_limit_that_misses_requests_has_no_upper_bound(judged: JudgedRun) -> None:
    classes = {"Writer": ClassCounts(due=1003, sent=1000)}
    run = judged_by(judged, generator=replace(judged.run.generator, user_classes=classes)).run
    run = replace(run, operations=(replace(run.operations[0], user_classes=("Writer",)),))
    found = replace(judged, run=run, verdict=judge(run, [parse_threshold("max < 300 ms")]))

    ((title, (row,)),) = threshold_rows(found).of.items()

    assert title == "write_to_ddb (13 requests touched)"
    assert (row.verdict, row.bounds) == (Verdict.INVALID, "at least 39.2 ms")


@pytest.mark.parametrize(
    ("texts", "line"),
    [
        (
            ("max < 100 ms", "p99 < 1 s"),
            (
                "INVALID: 1 of 2 thresholds met, 1 undecided: "
                "the load generator or its machine may have decided"
            ),
        ),
        (("max < 100 ms", "p99 < 0.5 ms"), "FAIL: 0 of 2 thresholds met, 1 broken, 1 undecided"),
        (("max < 300 ms", "p99 < 1 s"), "PASS: 2 of 2 thresholds met"),
    ],
)
def test_a_headline_counts_what_is_undecided(
    judged: JudgedRun, texts: tuple[str, ...], line: str
) -> None:
    assert headline(judged_by(judged, *texts)) == line


def test_a_check_of_the_locustfile_says_nothing_of_the_measurement(judged: JudgedRun) -> None:
    checked = judged_by(judged, "max < 300 ms", exit_code=1)

    assert headline(checked) == (
        "INVALID: 1 of 1 thresholds met: a check of the locustfile's own was not"
    )


def test_counts_that_cannot_be_trusted_measure_nothing(judged: JudgedRun) -> None:
    lost = judged_by(judged, "max < 100 ms", invalid_reasons=("worker w2 was lost",))

    assert headline(lost) == "INVALID: the run did not measure the target"
    assert verdict_reasons(lost) == ("worker w2 was lost",)


def test_a_broken_limit_goes_before_an_undecided_one(judged: JudgedRun) -> None:
    both = judged_by(judged, "max < 100 ms", "p99 < 0.5 ms")

    assert decisive_text(both) == "write_to_ddb p99 1 ms (limit 0.5 ms); 1 undecided"
    (rows,) = threshold_rows(both).of.values()
    assert [row.reason for row in rows] == [
        "target alone 40 ms to 200 ms: stalls touched 10 of 1000 requests",
        "",
    ]


def test_a_reason_of_the_run_is_not_repeated_below_its_threshold(judged: JudgedRun) -> None:
    (rows,) = threshold_rows(judged_by(judged, "max < 100 ms")).of.values()

    assert [row.reason for row in rows] == [""]


def test_wrong_answers_precede_the_reasons_not_to_trust_the_counts(judged: JudgedRun) -> None:
    operation = replace(
        judged.run.operations[0],
        failures=4,
        failure_classes={FailureClass.WRONG_ANSWER: 4},
        answers=AnswerChecks(checked=1000, wrong={WrongAnswerKind.WRONG_VALUE: 4}),
    )
    run = replace(judged.run, operations=(operation,), invalid_reasons=("worker w2 was lost",))
    thresholds = [parse_threshold(text) for text in ("p99 < 1 s", "wrong_answer_ratio <= 0")]
    wrong = replace(judged, run=run, verdict=judge(run, thresholds))

    assert headline(wrong) == "FAIL: 0 of 2 thresholds met, 1 broken, 1 undecided"
    assert verdict_reasons(wrong) == (
        "write_to_ddb: 4 of 1,000 answers were wrong (4 wrong_value: a wrong value)",
        "counts cannot be trusted: worker w2 was lost",
    )
    assert decisive_text(wrong) == (
        "write_to_ddb: 4 of 1,000 answers were wrong (4 wrong_value: a wrong value); 1 more reason"
    )


def test_a_change_that_stalls_may_have_made_is_undecided(judged: JudgedRun) -> None:
    rule = ComparisonRule.parse("p99 > 10%")
    undecided = ComparisonJudgement(
        operation="write_to_ddb", rule=rule, verdict=Verdict.INVALID, reason="stalls"
    )
    comparison = Comparison(baseline="main", judgements=(undecided,))
    met = judged_by(judged, "p99 < 1 s")
    verdict = replace(
        met.verdict, verdict=Verdict.INVALID, invalid_reasons=("write_to_ddb p99 > 10%: stalls",)
    )

    line = headline(replace(met, verdict=verdict, comparison=comparison))

    assert line == "INVALID: compared with baseline main: 0 of 1 rules kept, 1 undecided"
