"""The runs of a session: their names, their order, and how many have which verdict."""

from collections import Counter
from collections.abc import Sequence

from aqp_perf.core.results.judged_run import JudgedRun
from aqp_perf.core.verdict.verdicts import WORST_FIRST, Verdict
from aqp_perf.reports.figures import counted
from aqp_perf.reports.lines import printable


def run_names(runs: Sequence[JudgedRun]) -> list[str]:
    """Return a name for every run: its test, with a number from the second run of a test on."""
    seen: Counter[str] = Counter()
    names = []
    for judged in runs:
        seen[judged.test] += 1
        names.append(run_name(judged.test, seen[judged.test]))
    return names


def run_name(test: str, number: int) -> str:
    """Return the name of the run of a test with this number, from 1."""
    return printable(test) + (f" (run {number})" if number > 1 else "")


def worst_first(runs: Sequence[JudgedRun]) -> list[tuple[str, JudgedRun]]:
    """Return the runs with their names: FAIL, INVALID, NO DATA, PASS, each in their own order."""
    named = zip(run_names(runs), runs, strict=True)
    return sorted(named, key=lambda pair: WORST_FIRST.index(pair[1].verdict.verdict))


def verdict_counts(runs: Sequence[JudgedRun]) -> dict[Verdict, int]:
    """Return how many runs have each verdict that occurs, the worst first."""
    counts = Counter(judged.verdict.verdict for judged in runs)
    return {verdict: counts[verdict] for verdict in WORST_FIRST if counts[verdict]}


def outcome_text(runs: Sequence[JudgedRun]) -> str:
    """Return how many runs passed, in a few words."""
    if not runs:
        return "No load run"
    passed = verdict_counts(runs).get(Verdict.PASS, 0)
    return f"{passed} of {counted(len(runs), 'run')} passed"
