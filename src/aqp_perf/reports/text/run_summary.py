"""The runs of a session: the verdict on each, and what was decisive."""

from collections import Counter
from collections.abc import Iterator, Sequence
from os.path import commonprefix
from typing import Final

from aqp_perf.core.results.judged_run import JudgedRun
from aqp_perf.core.verdict.verdicts import Verdict
from aqp_perf.reports.lines import Line, cut_middle, printable, wrapped
from aqp_perf.reports.text.decisive import decisive_text
from aqp_perf.reports.text.verdict_block import STYLE_OF

WORST_FIRST: Final = (Verdict.FAIL, Verdict.INVALID, Verdict.NO_DATA, Verdict.PASS)

_VERDICT_WIDTH: Final = len("NO DATA")
_GAP: Final = "  "
_NARROWEST: Final = 40
_ROOM: Final = 60
"""With less beside the tests, what was decisive stands on lines of its own."""


def run_summary(runs: Sequence[JudgedRun], width: int = 100) -> Iterator[list[Line]]:
    """Yield lines of at most ``width`` that name the columns, and then those of every run.

    Nothing decisive is cut. The folder that all tests are in is named once.
    """
    width = max(width, _NARROWEST)
    folder = _common_folder([printable(each.test) for each in runs])
    names = [each.removeprefix(folder) for each in run_names(runs)]
    texts = [decisive_text(each) for each in runs]
    front = f"{'verdict':{_VERDICT_WIDTH}}{_GAP}"
    title = f"test in {folder.removesuffix('/')}" if folder else "test"
    title = cut_middle(title, width - len(front))
    indent = " " * (len(front) + max(map(len, (*names, title))) + len(_GAP))
    is_beside = width - len(indent) >= min(_ROOM, max(map(len, texts), default=0))
    yield [Line(f"{front + title:{len(indent)}}what was decisive" if is_beside else front + title)]
    for name, text, judged in zip(names, texts, runs, strict=True):
        verdict = judged.verdict.verdict
        start = f"{verdict.upper():{_VERDICT_WIDTH}}{_GAP}{cut_middle(name, width - len(front))}"
        if is_beside:
            first, *rest = wrapped(text, width, indent)
            lines = [f"{start:{len(indent)}}{first.lstrip()}", *rest]
        else:
            lines = [start, *wrapped(text, width, " " * len(front))]
        yield [Line(each, STYLE_OF[verdict]) for each in lines]


def run_names(runs: Sequence[JudgedRun]) -> list[str]:
    """Return what tells the runs apart: the test's name, with a number from its second run on."""
    seen: Counter[str] = Counter()
    names = []
    for judged in runs:
        seen[judged.test] += 1
        number = seen[judged.test]
        names.append(printable(judged.test) + (f" (run {number})" if number > 1 else ""))
    return names


def worst_first(runs: Sequence[JudgedRun]) -> list[tuple[str, JudgedRun]]:
    """Return the runs with their names in the order of `WORST_FIRST`, else in their own."""
    named = zip(run_names(runs), runs, strict=True)
    return sorted(named, key=lambda each: WORST_FIRST.index(each[1].verdict.verdict))


def verdict_counts(runs: Sequence[JudgedRun]) -> dict[Verdict, int]:
    """Return how many runs have each verdict; only those that occur, the worst first."""
    counts = Counter(each.verdict.verdict for each in runs)
    return {each: counts[each] for each in WORST_FIRST if counts[each]}


def outcome_text(runs: Sequence[JudgedRun]) -> str:
    """Return how many runs passed, in a few words."""
    passed, total = verdict_counts(runs).get(Verdict.PASS, 0), len(runs)
    if not total:
        return "No load run"
    return f"{passed} of {total} run{'' if total == 1 else 's'} passed"


def _common_folder(tests: Sequence[str]) -> str:
    """Return the folder that holds all test files, with its slash; empty when none does."""
    folders = [test.partition("::")[0].split("/")[:-1] for test in tests]
    return "".join(f"{each}/" for each in commonprefix(folders))  # noqa: RUF071 - of lists
