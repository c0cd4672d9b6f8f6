"""What was proven of answers and writes: right or wrong, there or lost, or that nobody looked."""

from collections.abc import Iterator
from typing import Final

from aqp_perf.core.measured.operation import OperationResult
from aqp_perf.core.proof.write_audit import WriteAudit
from aqp_perf.core.results.judged_run import JudgedRun
from aqp_perf.reports.figures import figure
from aqp_perf.reports.lines import Line, Style, cut_middle, wrapped

_LONGEST_NAME: Final = 40
_INDENT: Final = "  "


def proof_lines(judged: JudgedRun, width: int) -> Iterator[Line]:
    """Yield what the checks of answers and the audit of writes found."""
    for label, operation in judged.run.labelled.items():
        yield from _answer_lines(label, operation, width)
    unverified = [
        cut_middle(label, _LONGEST_NAME)
        for label, operation in judged.run.labelled.items()
        if operation.is_unverified
    ]
    if unverified:
        why = judged.unverified or "none of them was checked"
        text = f"answers not verified: {why} ({', '.join(unverified)})"
        style = Style.PLAIN if is_own_system(judged) else Style.WARNING
        yield from (Line(each, style) for each in wrapped(text, width))
    if judged.write_audit is not None:
        yield from _audit_lines(judged.write_audit, width)
    elif any(each.is_write and each.requests for each in judged.run.operations):
        yield Line("writes not audited", Style.PLAIN if is_own_system(judged) else Style.WARNING)


def is_own_system(judged: JudgedRun) -> bool:
    """Tell whether the load went to a system of the tests' own, of which we know nothing."""
    return judged.target.kind == "none"


def _answer_lines(label: str, operation: OperationResult, width: int) -> Iterator[Line]:
    answers = operation.answers
    if answers is None or not answers.checked:
        return
    name = cut_middle(label, _LONGEST_NAME)
    if not answers.wrong_count:
        for text in wrapped(f"answers of {name}: {answers.checked} checked, all right", width):
            yield Line(text)
        return
    kinds = ", ".join(f"{count} {kind}" for kind, count in answers.wrong.items())
    title = f"answers of {name}: {answers.wrong_count} of {answers.checked} checked wrong: {kinds}"
    for text in wrapped(title, width):
        yield Line(text, Style.BAD)
    for wrong in answers.evidence:
        for title, text in (
            (str(wrong.kind), wrong.query),
            (f"{_INDENT}expected", wrong.expected),
            (f"{_INDENT}got", wrong.got),
        ):
            for line in wrapped(text, width, f"{_INDENT}{title}: "):
                yield Line(line)


def _audit_lines(audit: WriteAudit, width: int) -> Iterator[Line]:
    looked = f"{audit.checked} looked for at random, " if audit.is_sample else ""
    text = f"writes: {audit.acknowledged} acknowledged, {looked}{audit.found} found in the table"
    if audit.ambiguous:
        landed = audit.ambiguous_landed
        known = "not looked for" if landed is None else f"{landed} of them landed"
        text += f"; {audit.ambiguous} with an unknown outcome, {known}"
    if audit.unexpected is None:
        text += "; nobody looked for items that were not sent"
    if audit.consumed_read_units is not None:
        text += f" (the audit took {figure(audit.consumed_read_units)} read units)"
    for line in wrapped(text, width):
        yield Line(line)
