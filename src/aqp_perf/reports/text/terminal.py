"""A run on the screen: its verdict, Locust's table with exact percentiles, failures, proof."""

import shlex
from collections.abc import Iterator, Mapping
from typing import Final

from aqp_perf.core.measured.operation import OperationResult, all_together
from aqp_perf.core.results.judged_run import JudgedRun
from aqp_perf.reports.facts.conditions import generator_facts, profile_value
from aqp_perf.reports.facts.hidden_waits import hidden_wait_text
from aqp_perf.reports.facts.operations import failure_groups, run_time_notes
from aqp_perf.reports.facts.proof import (
    answers_text,
    audit_facts,
    is_own_system,
    is_unaudited,
    unverified_reason,
)
from aqp_perf.reports.facts.shown import shown
from aqp_perf.reports.figures import counted, figure, part_text, table_ms
from aqp_perf.reports.lines import Line, Style, align, cut_middle, paragraph, printable, short_name
from aqp_perf.reports.text.verdict_block import comparison_block, verdict_block

_HEADER: Final = (
    *("Type", "Name", "# reqs", "# fails", "Avg", "Min", "Max", "Med", "p95", "p99"),
    *("req/s", "fails/s"),
)
_SIDES: Final = "<<" + ">" * (len(_HEADER) - 2)
_NAME: Final = _HEADER.index("Name")
_SHORTEST_NAME: Final = 8
_TIMES: Final = ("mean", "min", "max", "p50", "p95", "p99")
_SHOWN_MS: Final = 0.1
_KEPT_RATIO: Final = 0.002
"""Two values of a histogram that differ by more are not one value, rounded twice."""
_INDENT: Final = "  "
_MOST_MESSAGES: Final = 10
"""Messages per operation; the results file has all of them."""


def run_block(judged: JudgedRun, width: int = 100) -> Iterator[Line]:
    """Yield a run: the verdict first, then all that led to it, then how to repeat it.

    Times in the table are latencies in milliseconds of all requests, failed ones included. Where
    requests waited to be sent, service times stand below. Lines are at most ``width`` wide, but
    for the command, which is copied, and figures.
    """
    run = judged.run
    yield from verdict_block(judged, width)
    yield from comparison_block(judged, width)
    generator = ", ".join(f"{fact.name} {fact.value}" for fact in generator_facts(run))
    load = f"{counted(run.users, 'user')}, measured for {figure(run.duration_s, 3)} s"
    yield from paragraph(f"{load}; load generator: {generator}", width)
    yield from map(Line, _table(judged, width))
    for note in run_time_notes(judged):
        yield from paragraph(note, width)
    hidden = hidden_wait_text(judged)
    if hidden is not None:
        yield from paragraph(hidden, width)
    yield from _failure_lines(judged, width)
    yield from proof_lines(judged, width)
    yield from origin_lines(judged)


def failure_text(judged: JudgedRun, width: int = 100) -> str:
    """Return `run_block` as the message of a run that did not pass."""
    return "\n".join(line.text for line in run_block(judged, width))


def proof_lines(judged: JudgedRun, width: int) -> Iterator[Line]:
    """Yield what the checks of answers and the audit of writes found."""
    style = Style.PLAIN if is_own_system(judged) else Style.WARNING
    labelled = judged.run.labelled
    checked = shown(judged, {label: it for label, it in labelled.items() if answers_text(it)})
    for label, operation in checked.of.items():
        name, answers, text = short_name(label), operation.answers, answers_text(operation)
        if text is None or answers is None:
            continue
        is_wrong = answers.wrong_count > 0
        yield from paragraph(
            f"answers of {name}: {text}", width, Style.BAD if is_wrong else Style.PLAIN
        )
        for wrong in answers.evidence if is_wrong else ():
            yield from paragraph(wrong.query, width, indent=f"{_INDENT}{wrong.kind}: ")
            yield from paragraph(wrong.expected, width, indent=f"{_INDENT * 2}expected: ")
            yield from paragraph(wrong.got, width, indent=f"{_INDENT * 2}got: ")
    if checked.more:
        yield from paragraph(f"answers of {checked.more}", width)
    unverified = shown(judged, {label: it for label, it in labelled.items() if it.is_unverified})
    if unverified.of:
        names = ", ".join(map(short_name, unverified.of))
        names += f" and {unverified.left_out:,} more" if unverified.left_out else ""
        text = f"answers not verified: {unverified_reason(judged)} ({names})"
        yield from paragraph(text, width, style)
    found = ", ".join(f"{fact.value} {fact.name}" for fact in audit_facts(judged))
    if found:
        yield from paragraph(f"writes: {found}", width)
    elif is_unaudited(judged):
        yield Line("writes not audited", style)


def origin_lines(judged: JudgedRun) -> Iterator[Line]:
    """Yield target, profile, data seed, cost and command."""
    profile = " ".join(f"{key}={profile_value(value)}" for key, value in judged.profile.items())
    for title, value in (
        ("target", judged.target),
        ("aqp", judged.aqp),
        ("profile", profile or "none"),
        ("data seed", judged.seed),
        ("cost", judged.cost),
        ("command", shlex.join(judged.run.command)),
    ):
        if value is not None:
            yield Line(f"{title:9}  {printable(str(value))}")


def _table(judged: JudgedRun, width: int) -> list[str]:
    operations = judged.run.operations
    kept = shown(judged, judged.run.labelled)
    rows = [row for operation in kept.of.values() for row in _rows(operation)]
    if len(operations) > 1:
        rows.append(_cells(all_together(operations)))
    # The name takes what the figures leave, so that a hundred columns hold any query.
    bare = align([_HEADER, *((*row[:_NAME], "", *row[_NAME + 1 :]) for row in rows)], _SIDES, " ")
    room = max(width - len(bare[0]) + len("Name"), _SHORTEST_NAME)
    short = ((*row[:_NAME], cut_middle(row[_NAME], room), *row[_NAME + 1 :]) for row in rows)
    header, *body = align([_HEADER, *short], _SIDES, " ")
    return [header, "-" * len(header), *body, *filter(None, [kept.more])]


def _rows(operation: OperationResult) -> Iterator[tuple[str, ...]]:
    yield _cells(operation)
    latency, service_time = operation.latency_ms, operation.service_time_ms
    if any(_differ(latency[key], service_time[key]) for key in _TIMES):
        yield ("", "  service time", "", "", *_times(service_time), "", "")


def _differ(one_ms: float | None, other_ms: float | None) -> bool:
    """Return whether two times differ by more than the table shows and histograms keep."""
    if one_ms is None or other_ms is None:
        return False
    return abs(one_ms - other_ms) > max(_SHOWN_MS, _KEPT_RATIO * one_ms)


def _times(summary_ms: Mapping[str, float | None]) -> tuple[str, ...]:
    return tuple(table_ms(summary_ms[key]) for key in _TIMES)


def _cells(operation: OperationResult) -> tuple[str, ...]:
    seconds = operation.rated_s
    return (
        printable(operation.request_type),
        printable(operation.name),
        str(operation.requests),
        part_text(operation.failures, operation.requests),
        *_times(operation.latency_ms),
        f"{operation.requests / seconds:.2f}",
        f"{operation.failures / seconds:.2f}",
    )


def _failure_lines(judged: JudgedRun, width: int) -> Iterator[Line]:
    groups = failure_groups(judged)
    for label, group in groups.of.items():
        if not group.failures:  # evidence of wrong answers alone: see proof_lines
            continue
        yield from paragraph(f"{label}: {group.text}", width, Style.BAD)
        shown = group.messages[:_MOST_MESSAGES]
        for text in align([(fact.value, printable(fact.name)) for fact in shown], "><"):
            yield Line(cut_middle(f"  {text}", width))
        more = len(group.messages) - len(shown)
        if more:
            yield Line(f"  {counted(more, 'more message')} in the results file (--perf-json)")
    if groups.more:
        yield from paragraph(f"failures of {groups.more}", width, Style.BAD)
