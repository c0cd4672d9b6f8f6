"""The runs of a session: their names, their order, and how many have which verdict."""

from collections import Counter
from collections.abc import Iterator, Sequence

from aqp_perf.core.results.judged_run import JudgedRun
from aqp_perf.core.verdict.verdicts import WORST_FIRST, Verdict
from aqp_perf.reports.figures import counted
from aqp_perf.reports.lines import printable


def run_names(runs: Sequence[JudgedRun]) -> list[str]:
    """Return a name for every run: its test, with a number from the second run of a test on.

    Superseded runs are counted by themselves, and named as such.
    """
    seen: Counter[tuple[str, bool]] = Counter()
    names = []
    for judged in runs:
        seen[judged.test, judged.superseded] += 1
        name = run_name(judged.test, seen[judged.test, judged.superseded])
        names.append(f"{name} (superseded)" if judged.superseded else name)
    return names


def run_name(test: str, number: int) -> str:
    """Return the name of the run of a test with this number, from 1."""
    return printable(test) + (f" (run {number})" if number > 1 else "")


def worst_first(runs: Sequence[JudgedRun]) -> list[tuple[str, JudgedRun]]:
    """Return the runs with their names: FAIL, INVALID, NO DATA, PASS, each in their own order.

    Superseded runs come last.
    """

    def rank(named: tuple[str, JudgedRun]) -> tuple[bool, int]:
        return named[1].superseded, WORST_FIRST.index(named[1].verdict.verdict)

    return sorted(zip(run_names(runs), runs, strict=True), key=rank)


def verdict_counts(runs: Sequence[JudgedRun]) -> dict[Verdict, int]:
    """Return how many runs have each verdict that occurs, the worst first; no superseded ones."""
    counts = Counter(judged.verdict.verdict for judged in runs if not judged.superseded)
    return {verdict: counts[verdict] for verdict in WORST_FIRST if counts[verdict]}


def outcome_text(runs: Sequence[JudgedRun]) -> str:
    """Return how many runs passed, in a few words."""
    if not runs:
        return "No load run"
    counts = verdict_counts(runs)
    passed = f"{counts.get(Verdict.PASS, 0)} of {counted(sum(counts.values()), 'run')} passed"
    return ", ".join((passed, *superseded_text(runs)))


def superseded_text(runs: Sequence[JudgedRun]) -> Iterator[str]:
    """Yield how many runs were superseded, if there are any."""
    count = sum(judged.superseded for judged in runs)
    if count:
        yield f"{counted(count, 'run')} superseded by a rerun"
