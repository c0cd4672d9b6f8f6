from aqp_perf.core.comparison.outcome import Comparison, ComparisonJudgement
from aqp_perf.core.comparison.rules import ComparisonRule
from aqp_perf.core.verdict.verdicts import Verdict
from aqp_perf.plugin.runs.judging import with_comparisons
from tests.unit.plugin.results.test_baselines import run


def compared(verdict: Verdict, *, is_anchor: bool = False) -> Comparison:
    rule = ComparisonRule.parse("p99 > 10%")
    judgement = ComparisonJudgement(operation="read", rule=rule, verdict=verdict, reason="why")
    return Comparison(baseline="main", is_anchor=is_anchor, judgements=(judgement,))


PASSING = run()


def test_a_run_fails_if_either_comparison_does() -> None:
    kept, broken = compared(Verdict.PASS), compared(Verdict.FAIL, is_anchor=True)

    judged = with_comparisons(PASSING, [kept, broken])

    assert judged.verdict.verdict is Verdict.FAIL
    assert (judged.comparison, judged.anchor_comparison) == (kept, broken)


def test_a_change_that_the_generator_may_have_caused_is_the_reason_of_the_run() -> None:
    judged = with_comparisons(PASSING, [compared(Verdict.INVALID)])

    assert judged.verdict.verdict is Verdict.INVALID
    assert judged.verdict.invalid_reasons == ("read: p99 > 10% since baseline main: why",)


def test_without_a_comparison_a_run_stays_as_it_is() -> None:
    assert with_comparisons(PASSING, []) == PASSING
