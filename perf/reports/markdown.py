"""A session as Markdown for a pull request's comment or a CI job's page."""

from collections.abc import Iterator, Sequence
from html import escape
from typing import Final

from perf.core.operation import OperationResult
from perf.core.report import JudgedRun, ReportFile
from perf.core.verdicts import Verdict
from perf.reports.decisive import decisive_text
from perf.reports.figures import figure, table_ms
from perf.reports.lines import cut_end, printable
from perf.reports.run_summary import run_names
from perf.reports.terminal import run_block

MOST_CHARACTERS: Final = 60_000
"""GitHub takes 65,536 in a comment."""

_MOST_ROWS_CHARACTERS: Final = 25_000
_MOST_DETAILS_CHARACTERS: Final = 12_000
_MOST_NAME_CHARACTERS: Final = 120
_SIGNS: Final = {
    Verdict.PASS: "✅",
    Verdict.FAIL: "❌",
    Verdict.INVALID: "⚠️",
    Verdict.NO_DATA: "❔",
}
_WORST_FIRST: Final = (Verdict.FAIL, Verdict.INVALID, Verdict.NO_DATA, Verdict.PASS)
_COLUMNS: Final = (
    *("verdict", "test and operation", "requests/s", "p50", "p99", "failures"),
    *("answers and writes", "worst margin"),
)
_SIDES: Final = ("---", "---", "--:", "--:", "--:", "--:", "---", "---")
_PLAIN: Final = frozenset(" .,;()=+-/%")


def render_markdown(report: ReportFile) -> str:
    """Return the session in at most `MOST_CHARACTERS`: a table, and all of what did not pass.

    What is left out is counted. Nothing that a test, a target or a user named is read as Markdown
    or HTML.
    """
    runs = sorted(
        zip(run_names(report.runs), report.runs, strict=True),
        key=lambda each: _WORST_FIRST.index(each[1].verdict.verdict),
    )
    parts = [f"### Performance: {_counts(report.runs)}\n"]
    if runs:
        parts += _table(runs)
        parts += [f"\n{line}  " for line in _origins(report)]
        parts.append("\n")
    left = MOST_CHARACTERS - sum(map(len, parts))
    return "".join([*parts, *_details(runs, left)])


def _counts(runs: Sequence[JudgedRun]) -> str:
    verdicts = [each.verdict.verdict for each in runs]
    counts = [
        f"{_SIGNS[each]} {verdicts.count(each)} {each.upper()}"
        for each in _WORST_FIRST
        if each in verdicts
    ]
    return ", ".join(counts) or "no load run"


def _table(runs: Sequence[tuple[str, JudgedRun]]) -> Iterator[str]:
    yield f"\n{_row(_COLUMNS)}{_row(_SIDES)}"
    left = _MOST_ROWS_CHARACTERS
    for number, (name, judged) in enumerate(runs):
        rows = "".join(map(_row, _cells(name, judged)))
        if len(rows) > left:
            yield f"\n*{len(runs) - number} more runs are in the report file.*\n"
            return
        left -= len(rows)
        yield rows


def _cells(name: str, judged: JudgedRun) -> Iterator[tuple[str, ...]]:
    verdict = judged.verdict.verdict
    shown = f"{_SIGNS[verdict]} {verdict.upper()}"
    yield (shown, _code(name), *[""] * (len(_COLUMNS) - 3), _code(decisive_text(judged)))
    for label, operation in judged.run.labelled.items():
        times = operation.latency_ms
        yield (
            "",
            _code(label),
            figure(operation.requests / (operation.duration_s or 1.0), 4),
            f"{table_ms(times['p50'])} ms",
            f"{table_ms(times['p99'])} ms",
            f"{operation.failures} ({operation.failure_ratio:.2%})",
            _proof(judged, operation),
            "",
        )


def _proof(judged: JudgedRun, operation: OperationResult) -> str:
    """Return what is known of an operation's answers, or of its run's writes."""
    if operation.is_write:
        audit = judged.write_audit
        if audit is None:
            return "not audited"
        return f"{audit.acknowledged} acknowledged, {audit.lost} lost"
    answers = operation.answers
    if answers is None or not answers.checked:
        return "not verified" if operation.requests else ""
    if answers.wrong_count:
        return f"{answers.wrong_count} of {answers.checked} wrong"
    return f"{answers.checked} right"


def _origins(report: ReportFile) -> Iterator[str]:
    """Yield what the figures stand for, where all runs have it in common or not."""
    for title, values in (
        ("target", [str(each.target) for each in report.runs]),
        ("AQP", [each.aqp for each in report.runs if each.aqp is not None]),
        ("profile", [str(each.profile.get("name", "")) for each in report.runs]),
        ("data seed", [str(each.seed) for each in report.runs]),
        ("commit", [report.environment.get("commit", "")]),
    ):
        distinct = [each for each in dict.fromkeys(values) if each]
        if distinct:
            yield f"{title}: {', '.join(map(_code, distinct[:3]))}"


def _details(runs: Sequence[tuple[str, JudgedRun]], left: int) -> Iterator[str]:
    """Yield the whole of the runs that did not pass, as far as there is room."""
    failing = [each for each in runs if each[1].verdict.verdict is not Verdict.PASS]
    cut = "\n*{} more runs that did not pass are in the report file.*\n"
    left -= len(cut) + len(str(len(failing)))
    for number, (name, judged) in enumerate(failing):
        text = "\n".join(line.text for line in run_block(judged))
        body = escape(text, quote=False)
        if len(body) > _MOST_DETAILS_CHARACTERS:
            # Never within an entity: the rest of it would be read as text of the report.
            kept = body[:_MOST_DETAILS_CHARACTERS].rpartition("\n")[0]
            body = f"{kept}\n… cut here; the report file has all of it"
        title = f"{judged.verdict.verdict.upper()}: {_code(name)}"
        block = f"\n<details><summary>{title}</summary>\n\n<pre>\n{body}\n</pre>\n\n</details>\n"
        if len(block) > left:
            yield cut.format(len(failing) - number)
            return
        left -= len(block)
        yield block


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |\n"


def _code(text: str) -> str:
    """Return a text as it stands, in type of fixed width.

    Everything that Markdown, HTML, mentions or emoji could be made of is written as a number.
    """
    text = cut_end(printable(text), _MOST_NAME_CHARACTERS)
    safe = "".join(char if char.isalnum() or char in _PLAIN else f"&#{ord(char)};" for char in text)
    return f"<code>{safe}</code>"
