"""The runs of a session as a table: verdict, test, and what decided the verdict."""

from collections.abc import Iterator, Sequence
from os.path import commonprefix
from typing import Final

from aqp_perf.core.results.judged_run import JudgedRun
from aqp_perf.reports.facts.decisive import decisive_text
from aqp_perf.reports.facts.runs import run_names
from aqp_perf.reports.lines import STYLE_OF, Line, cut_middle, printable, wrapped

_VERDICT_WIDTH: Final = len("NO DATA")
_GAP: Final = "  "
_NARROWEST: Final = 40
_ROOM: Final = 60
"""With less beside the tests, what decided a verdict stands on lines of its own."""


def run_summary(runs: Sequence[JudgedRun], width: int = 100) -> Iterator[list[Line]]:
    """Yield the lines of the heading, then those of every run, at most ``width`` wide.

    What decided a verdict is never cut. The folder of all tests stands in the heading.
    """
    width = max(width, _NARROWEST)
    folder = _common_folder([printable(judged.test) for judged in runs])
    names = [name.removeprefix(folder) for name in run_names(runs)]
    texts = [decisive_text(judged) for judged in runs]
    front = f"{'verdict':{_VERDICT_WIDTH}}{_GAP}"
    title = f"test in {folder.removesuffix('/')}" if folder else "test"
    title = cut_middle(title, width - len(front))
    indent = " " * (len(front) + max(map(len, (*names, title))) + len(_GAP))
    is_beside = width - len(indent) >= min(_ROOM, max(map(len, texts), default=0))
    yield [Line(f"{front + title:{len(indent)}}decided by" if is_beside else front + title)]
    for name, text, judged in zip(names, texts, runs, strict=True):
        verdict = judged.verdict.verdict
        start = f"{verdict.upper():{_VERDICT_WIDTH}}{_GAP}{cut_middle(name, width - len(front))}"
        if is_beside:
            first, *rest = wrapped(text, width, indent)
            lines = [f"{start:{len(indent)}}{first.lstrip()}", *rest]
        else:
            lines = [start, *wrapped(text, width, " " * len(front))]
        yield [Line(line, STYLE_OF[verdict]) for line in lines]


def _common_folder(tests: Sequence[str]) -> str:
    """Return the folder that holds all test files, with its slash; empty when none does."""
    folders = [test.partition("::")[0].split("/")[:-1] for test in tests]
    return "".join(f"{folder}/" for folder in commonprefix(folders))  # noqa: RUF071 - of lists
