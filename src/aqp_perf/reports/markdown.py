"""A session as Markdown for a pull request's comment or a CI job's page."""

from collections.abc import Iterable, Iterator, Sequence
from html import escape
from typing import Final
from urllib.parse import quote

from aqp_perf.core.measured.operation import OperationResult
from aqp_perf.core.results.judged_run import JudgedRun, ResultsFile
from aqp_perf.core.results.trends import Trend
from aqp_perf.core.verdict.verdicts import Verdict
from aqp_perf.reports.facts.comparisons import comparison_text, ratio_figure
from aqp_perf.reports.facts.decisive import decisive_text
from aqp_perf.reports.facts.proof import answers_text
from aqp_perf.reports.facts.runs import superseded_text, verdict_counts, worst_first
from aqp_perf.reports.facts.shown import Shown, shown
from aqp_perf.reports.facts.trends import (
    HEADING,
    is_worse,
    level_change_text,
    load_run_text,
    recent_changes,
)
from aqp_perf.reports.figures import counted, figure, part_text, table_ms
from aqp_perf.reports.lines import cut_end, printable
from aqp_perf.reports.text.terminal import failure_text

MOST_CHARACTERS: Final = 60_000
"""GitHub takes 65,536 in a comment."""

_MOST_TABLE_CHARACTERS: Final = 12_000
_MOST_CHANGES: Final = 20
_MOST_NOTES: Final = 20
_MOST_DETAILS_CHARACTERS: Final = 12_000
_MOST_NAME_CHARACTERS: Final = 120
_MOST_DECISIVE_CHARACTERS: Final = 240
_SIGNS: Final = {
    Verdict.PASS: "✅",
    Verdict.FAIL: "❌",
    Verdict.INVALID: "⚠️",
    Verdict.NO_DATA: "❔",
}
_RUN_COLUMNS: Final = ("run", "verdict", "test", "decided by", "load")
_OPERATION_COLUMNS: Final = (
    *("run", "operation", "requests/s", "p50", "p99", "failures", "answers and writes"),
)
_RIGHT_ALIGNED: Final = frozenset({"run", "requests/s", "p50", "p99", "failures"})
_NOT_LITERAL: Final = frozenset("`|\\")
"""Characters that a code span in a table cannot hold as they are."""
_URL_CHARACTERS: Final = ":/?#@!$&*+,;=%~"
_PLAIN: Final = frozenset(" .,;()=+-/%")


def render_markdown(
    results: ResultsFile, trends: Iterable[Trend] = (), job_url: str | None = None
) -> str:
    """Return the session in at most `MOST_CHARACTERS`: tables, and the runs that did not pass.

    It says how much was left out, and links the CI job at ``job_url``, which keeps the other files.
    No name of a test, a target or a user is read as Markdown or HTML.
    """
    runs = worst_first(results.runs)
    parts = [f"### Performance: {_counts(results.runs)}\n"]
    if runs:
        parts += _limited(_run_rows(runs), "run")
        operations = [shown(judged, judged.run.labelled) for _, judged in runs]
        left_out = sum(kept.left_out for kept in operations)
        parts += _limited(_operation_rows(runs, operations), "operation", left_out)
        parts += _notes(runs)
        parts += _history(trends)
        parts += [f"\n{line}  " for line in _origins(results, job_url)]
        parts.append("\n")
    left = MOST_CHARACTERS - sum(map(len, parts))
    return "".join([*parts, *_details(runs, left)])


def _counts(runs: Sequence[JudgedRun]) -> str:
    counts = verdict_counts(runs).items()
    texts = (f"{_SIGNS[verdict]} {count} {verdict.upper()}" for verdict, count in counts)
    return ", ".join((*texts, *superseded_text(runs))) or "no load run"


def _limited(rows: Sequence[str], noun: str, left_out: int = 0) -> Iterator[str]:
    """Yield a table of limited length, and how many rows were left out, here or before."""
    yield "\n"
    left = _MOST_TABLE_CHARACTERS
    for number, row in enumerate(rows):
        if len(row) > left:
            left_out += len(rows) - number
            break
        left -= len(row)
        yield row
    if left_out:
        yield f"\n*{counted(left_out, f'more {noun}')} in the results file.*\n"


def _run_rows(runs: Sequence[tuple[str, JudgedRun]]) -> list[str]:
    """Return a row for every run, with a last cell where runs were compared."""
    is_compared = any(judged.comparisons for _, judged in runs)
    rows = _head((*_RUN_COLUMNS, "baseline") if is_compared else _RUN_COLUMNS)
    for number, (name, judged) in enumerate(runs, start=1):
        verdict, run = judged.verdict.verdict, judged.run
        cells = [
            str(number),
            verdict.upper() if judged.superseded else f"{_SIGNS[verdict]} {verdict.upper()}",
            _code(name),
            _code(decisive_text(judged), _MOST_DECISIVE_CHARACTERS),
            f"{counted(run.users, 'user')}, {figure(run.duration_s, 3)} s",
        ]
        rows.append(_row([*cells, _compared(judged)] if is_compared else cells))
    return rows


def _compared(judged: JudgedRun) -> str:
    texts = [
        ("⚠️ " if comparison.is_doubtful else "") + _code(comparison_text(comparison))
        for comparison in judged.comparisons
    ]
    return "<br>".join(texts) or "not compared"


def _operation_rows(
    runs: Sequence[tuple[str, JudgedRun]], operations: Sequence[Shown[OperationResult]]
) -> list[str]:
    """Return a row for every operation of these, with the number of its run."""
    rows = _head(_OPERATION_COLUMNS)
    for number, ((_, judged), kept) in enumerate(zip(runs, operations, strict=True), start=1):
        for label, operation in kept.of.items():
            cells = (
                str(number),
                _code(label),
                figure(operation.requests / operation.rated_s, 4),
                _latency(judged, label, operation, "p50", "median"),
                _latency(judged, label, operation, "p99", "p99"),
                part_text(operation.failures, operation.requests),
                _proof(judged, operation),
            )
            rows.append(_row(cells))
    return rows


def _notes(runs: Sequence[tuple[str, JudgedRun]]) -> Iterator[str]:
    """Yield the notes on runs that passed; those of the others stand in their details."""
    noted = [
        f"- run {number}: {_code(note, _MOST_DECISIVE_CHARACTERS)}\n"
        for number, (_, judged) in enumerate(runs, start=1)
        if judged.verdict.verdict is Verdict.PASS
        for note in judged.verdict.remarks
    ]
    if noted:
        yield "\n**Notes**\n\n"
        yield from noted[:_MOST_NOTES]
    if len(noted) > _MOST_NOTES:
        yield f"- {len(noted) - _MOST_NOTES} more\n"


def _latency(
    judged: JudgedRun, label: str, operation: OperationResult, key: str, metric: str
) -> str:
    """Return a percentile, with its change since the baseline."""
    text = f"{table_ms(operation.latency_ms[key])} ms"
    changes = () if judged.comparison is None else judged.comparison.changes
    for change in changes:
        is_own = (change.operation, change.metric) == (label, metric)
        if is_own and change.change_ratio is not None:
            return f"{text} ({ratio_figure(change.change_ratio)})"
    return text


def _proof(judged: JudgedRun, operation: OperationResult) -> str:
    """Return whether an operation's answers, or its run's writes, were checked."""
    if not operation.is_write:
        return answers_text(operation) or ("not verified" if operation.requests else "")
    audit = judged.write_audit
    if audit is None:
        return "not audited"
    return f"{audit.acknowledged:,} acknowledged, {audit.lost:,} lost"


def _history(trends: Iterable[Trend]) -> Iterator[str]:
    """Yield the recent changes, those for the worse first."""
    changes = [
        (is_worse(series.name.metric, change), series, change)
        for series, change in recent_changes(trends)
    ]
    if changes:
        yield f"\n**{HEADING}**\n\n"
    changes.sort(key=lambda item: not item[0])
    for is_bad, series, change in changes[:_MOST_CHANGES]:
        text = _code(level_change_text(series, change), _MOST_DECISIVE_CHARACTERS)
        yield f"- {'⚠️ ' if is_bad else ''}{_code(load_run_text(series.name))}: {text}\n"
    if len(changes) > _MOST_CHANGES:
        yield f"- {len(changes) - _MOST_CHANGES} more\n"


def _origins(results: ResultsFile, job_url: str | None) -> Iterator[str]:
    """Yield target, profile, seed and commit: up to three of each, where runs differ."""
    if job_url is not None:
        yield f"report files: [see the CI job]({quote(job_url, safe=_URL_CHARACTERS)})"
    for title, values in (
        ("target", [str(judged.target) for judged in results.runs]),
        ("AQP", [judged.aqp for judged in results.runs]),
        ("profile", [str(judged.profile.get("name", "")) for judged in results.runs]),
        ("data seed", [str(judged.seed) for judged in results.runs]),
        ("commit", [results.environment.get("commit", "")]),
    ):
        distinct = [value for value in dict.fromkeys(values) if value]
        if distinct:
            yield f"{title}: {', '.join(map(_code, distinct[:3]))}"


def _details(runs: Sequence[tuple[str, JudgedRun]], left: int) -> Iterator[str]:
    """Yield the runs that did not pass as on the terminal, as far as there is room."""
    failing = [(name, run) for name, run in runs if run.verdict.verdict is not Verdict.PASS]
    cut = "\n*{} that did not pass in the results file.*\n"
    left -= len(cut) + len(counted(len(failing), "more run"))
    for number, (name, judged) in enumerate(failing):
        body = escape(failure_text(judged), quote=False)
        if len(body) > _MOST_DETAILS_CHARACTERS:
            # Never within an entity: the rest of it would be read as text of the report.
            kept = body[:_MOST_DETAILS_CHARACTERS].rpartition("\n")[0]
            body = f"{kept}\n… cut here; the results file has all of it"
        # Within HTML no Markdown is read.
        code = escape(cut_end(name, _MOST_NAME_CHARACTERS), quote=False)
        title = f"{judged.verdict.verdict.upper()}: <code>{code}</code>"
        block = f"\n<details><summary>{title}</summary>\n\n<pre>\n{body}\n</pre>\n\n</details>\n"
        if len(block) > left:
            yield cut.format(counted(len(failing) - number, "more run"))
            return
        left -= len(block)
        yield block


def _head(columns: Sequence[str]) -> list[str]:
    lines = ["--:" if column in _RIGHT_ALIGNED else "---" for column in columns]
    return [_row(columns), _row(lines)]


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |\n"


def _code(text: str, most: int = _MOST_NAME_CHARACTERS) -> str:
    """Return a text literally, as code of at most ``most`` characters.

    A code span is readable in the source, too. A text that would end the span or its cell has
    every character that could start Markdown, HTML, a mention or an emoji written as a number.
    """
    text = cut_end(printable(text), most)
    if text.strip() and not _NOT_LITERAL & set(text):
        return f"`{text}`"
    safe = "".join(char if char.isalnum() or char in _PLAIN else f"&#{ord(char)};" for char in text)
    return f"<code>{safe}</code>"
