"""A session as Markdown for a pull request's comment or a CI job's page."""

from collections.abc import Iterable, Iterator, Sequence
from html import escape
from typing import Final
from urllib.parse import quote

from aqp_perf.core.measured.operation import OperationResult
from aqp_perf.core.results.judged_run import JudgedRun
from aqp_perf.core.results.results_file import ResultsFile
from aqp_perf.core.results.trends import Trend
from aqp_perf.core.verdict.verdicts import Verdict
from aqp_perf.reports.figures import figure, table_ms
from aqp_perf.reports.lines import cut_end, printable
from aqp_perf.reports.text.comparison_block import comparison_text, ratio_figure
from aqp_perf.reports.text.decisive import decisive_text
from aqp_perf.reports.text.run_summary import verdict_counts, worst_first
from aqp_perf.reports.text.terminal import run_block
from aqp_perf.reports.text.trend_lines import (
    HEADING,
    change_text,
    is_worse,
    load_run_text,
    recent_changes,
)

MOST_CHARACTERS: Final = 60_000
"""GitHub takes 65,536 in a comment."""

_MOST_TABLE_CHARACTERS: Final = 12_000
_MOST_CHANGES: Final = 20
_MOST_DETAILS_CHARACTERS: Final = 12_000
_MOST_NAME_CHARACTERS: Final = 120
_MOST_DECISIVE_CHARACTERS: Final = 240
_SIGNS: Final = {
    Verdict.PASS: "✅",
    Verdict.FAIL: "❌",
    Verdict.INVALID: "⚠️",
    Verdict.NO_DATA: "❔",
}
_RUN_COLUMNS: Final = ("run", "verdict", "test", "what was decisive", "load")
_OPERATION_COLUMNS: Final = {
    "run": "--:",
    "operation": "---",
    "requests/s": "--:",
    "p50": "--:",
    "p99": "--:",
    "failures": "--:",
    "answers and writes": "---",
}
_NOT_LITERAL: Final = frozenset("`|\\")
"""What no code span of a table can hold as it stands."""
_URL_CHARACTERS: Final = ":/?#@!$&*+,;=%~"
_PLAIN: Final = frozenset(" .,;()=+-/%")


def render_markdown(
    report: ResultsFile, trends: Iterable[Trend] = (), job_url: str | None = None
) -> str:
    """Return the session in at most `MOST_CHARACTERS`: tables, and all of what did not pass.

    What is left out is counted. Nothing that a test, a target or a user named is read as Markdown
    or HTML.

    Args:
        report: the session.
        trends: the series of the history that it is a part of.
        job_url: where the CI job that wrote it, and its other files, are to be seen.
    """
    runs = worst_first(report.runs)
    parts = [f"### Performance: {_counts(report.runs)}\n"]
    if runs:
        parts += _limited(_run_rows(runs), "runs")
        parts += _limited(_operation_rows(runs), "operations")
        parts += _history(trends)
        parts += [f"\n{line}  " for line in _origins(report, job_url)]
        parts.append("\n")
    left = MOST_CHARACTERS - sum(map(len, parts))
    return "".join([*parts, *_details(runs, left)])


def _counts(runs: Sequence[JudgedRun]) -> str:
    counts = verdict_counts(runs).items()
    texts = (f"{_SIGNS[verdict]} {count} {verdict.upper()}" for verdict, count in counts)
    return ", ".join(texts) or "no load run"


def _limited(rows: Sequence[str], what: str) -> Iterator[str]:
    """Yield a table; of what is too much the number alone. The first two rows are its head."""
    yield "\n"
    left = _MOST_TABLE_CHARACTERS
    for number, row in enumerate(rows):
        if len(row) > left:
            yield f"\n*{len(rows) - number} more {what} are in the report file.*\n"
            return
        left -= len(row)
        yield row


def _run_rows(runs: Sequence[tuple[str, JudgedRun]]) -> list[str]:
    """Return a row for every run, with a last cell where runs were compared."""
    columns, sides = list(_RUN_COLUMNS), ["--:", *["---"] * (len(_RUN_COLUMNS) - 1)]
    is_compared = any(judged.comparison is not None for _, judged in runs)
    if is_compared:
        columns.append("beside its baseline")
        sides.append("---")
    rows = [_row(columns), _row(sides)]
    for number, (name, judged) in enumerate(runs, start=1):
        verdict, run = judged.verdict.verdict, judged.run
        users = f"{run.users} user{'' if run.users == 1 else 's'}"
        cells = [
            str(number),
            f"{_SIGNS[verdict]} {verdict.upper()}",
            _code(name),
            _code(decisive_text(judged), _MOST_DECISIVE_CHARACTERS),
            f"{users}, {figure(run.duration_s, 3)} s",
        ]
        rows.append(_row([*cells, _compared(judged)] if is_compared else cells))
    return rows


def _compared(judged: JudgedRun) -> str:
    comparison = judged.comparison
    if comparison is None:
        return "not compared"
    mark = "⚠️ " if comparison.is_doubtful else ""
    return mark + _code(comparison_text(comparison))


def _operation_rows(runs: Sequence[tuple[str, JudgedRun]]) -> list[str]:
    """Return a row for every operation, with the number of its run."""
    rows = [_row(list(_OPERATION_COLUMNS)), _row(list(_OPERATION_COLUMNS.values()))]
    for number, (_, judged) in enumerate(runs, start=1):
        for label, operation in judged.run.labelled.items():
            cells = (
                str(number),
                _code(label),
                figure(operation.requests / (operation.duration_s or 1.0), 4),
                _latency(judged, label, operation, "p50", "median"),
                _latency(judged, label, operation, "p99", "p99"),
                f"{operation.failures} ({operation.failure_ratio:.2%})",
                _proof(judged, operation),
            )
            rows.append(_row(cells))
    return rows


def _latency(
    judged: JudgedRun, label: str, operation: OperationResult, key: str, metric: str
) -> str:
    """Return a percentile, and by how much it has changed since the baseline."""
    text = f"{table_ms(operation.latency_ms[key])} ms"
    changes = () if judged.comparison is None else judged.comparison.changes
    for each in changes:
        if (each.operation, each.metric) == (label, metric) and each.change_ratio is not None:
            return f"{text} ({ratio_figure(each.change_ratio)})"
    return text


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


def _history(trends: Iterable[Trend]) -> Iterator[str]:
    """Yield what changed its level of late, for the worse first."""
    changes = sorted(
        recent_changes(trends), key=lambda each: not is_worse(each[0].name.metric, each[1])
    )
    if changes:
        yield f"\n**{HEADING}**\n\n"
    for series, change in changes[:_MOST_CHANGES]:
        sign = "⚠️ " if is_worse(series.name.metric, change) else ""
        text = _code(change_text(series, change), _MOST_DECISIVE_CHARACTERS)
        yield f"- {sign}{_code(load_run_text(series.name))}: {text}\n"
    if len(changes) > _MOST_CHANGES:
        yield f"- {len(changes) - _MOST_CHANGES} more\n"


def _origins(report: ResultsFile, job_url: str | None) -> Iterator[str]:
    """Yield what the figures stand for, where all runs have it in common or not."""
    if job_url is not None:
        yield f"report files: [with the job]({quote(job_url, safe=_URL_CHARACTERS)})"
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
        # Within HTML no Markdown is read.
        code = escape(cut_end(name, _MOST_NAME_CHARACTERS), quote=False)
        title = f"{judged.verdict.verdict.upper()}: <code>{code}</code>"
        block = f"\n<details><summary>{title}</summary>\n\n<pre>\n{body}\n</pre>\n\n</details>\n"
        if len(block) > left:
            yield cut.format(len(failing) - number)
            return
        left -= len(block)
        yield block


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |\n"


def _code(text: str, most: int = _MOST_NAME_CHARACTERS) -> str:
    """Return a text as it stands, in type of fixed width.

    A code span is read by people who see the source, too. A text that would end one, or its cell,
    has everything that Markdown, HTML, mentions or emoji could be made of written as a number.
    """
    text = cut_end(printable(text), most)
    if text.strip() and not _NOT_LITERAL & set(text):
        return f"`{text}`"
    safe = "".join(char if char.isalnum() or char in _PLAIN else f"&#{ord(char)};" for char in text)
    return f"<code>{safe}</code>"
