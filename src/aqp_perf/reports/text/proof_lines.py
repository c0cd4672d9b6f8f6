"""Whether answers were verified and writes audited, for the terminal."""

from collections.abc import Iterator
from typing import Final

from aqp_perf.core.results.judged_run import JudgedRun
from aqp_perf.reports.facts.proof import (
    answers_text,
    audit_facts,
    is_own_system,
    is_unaudited,
    unverified_reason,
)
from aqp_perf.reports.lines import Line, Style, paragraph, short_name

_INDENT: Final = "  "


def proof_lines(judged: JudgedRun, width: int) -> Iterator[Line]:
    """Yield what the checks of answers and the audit of writes found."""
    style = Style.PLAIN if is_own_system(judged) else Style.WARNING
    unverified = []
    for label, operation in judged.run.labelled.items():
        name, answers, text = short_name(label), operation.answers, answers_text(operation)
        if operation.is_unverified:
            unverified.append(name)
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
    if unverified:
        text = f"answers not verified: {unverified_reason(judged)} ({', '.join(unverified)})"
        yield from paragraph(text, width, style)
    found = ", ".join(f"{fact.value} {fact.name}" for fact in audit_facts(judged))
    if found:
        yield from paragraph(f"writes: {found}", width)
    elif is_unaudited(judged):
        yield Line("writes not audited", style)
