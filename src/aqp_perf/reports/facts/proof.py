"""Whether answers were verified and writes audited, and what was found."""

from collections.abc import Iterator

from aqp_perf.core.measured.operation import OperationResult
from aqp_perf.core.measured.operation_parts import AnswerChecks
from aqp_perf.core.results.judged_run import JudgedRun
from aqp_perf.reports.facts.shown import shown
from aqp_perf.reports.figures import Fact, counted, figure


def is_own_system(judged: JudgedRun) -> bool:
    """Return whether the tests bring their own system, of which no answer or write is known."""
    return judged.target.kind == "none"


def answers_text(operation: OperationResult) -> str | None:
    """Return how many answers were checked and how many were wrong; None: none was checked."""
    answers = operation.answers
    if answers is None or not answers.checked:
        return None
    if not answers.wrong_count:
        return f"{answers.checked:,} checked, all correct"
    return f"{answers.checked:,} checked, {answers.wrong_count:,} wrong ({kinds_text(answers)})"


def kinds_text(answers: AnswerChecks) -> str:
    """Return how many wrong answers there are of each kind, and what that means."""
    found = answers.wrong.items()
    return "; ".join(f"{count:,} {kind}: {kind.meaning}" for kind, count in found)


def unverified_reason(judged: JudgedRun) -> str:
    """Return why answers of a run were not verified."""
    return judged.unverified or "no answer was checked"


def is_unaudited(judged: JudgedRun) -> bool:
    """Return whether a run wrote, and its writes were not looked for in the table."""
    return judged.write_audit is None and any(
        operation.is_write and operation.requests for operation in judged.run.operations
    )


def answer_facts(judged: JudgedRun) -> Iterator[Fact]:
    """Yield for every operation that reads whether its answers were right."""
    texts = {}
    for label, operation in judged.run.labelled.items():
        text = answers_text(operation)
        if text is None and operation.is_unverified and not is_own_system(judged):
            text = f"not verified: {unverified_reason(judged)}"
        if text is not None:
            texts[label] = text
    kept = shown(judged, texts)
    yield from (Fact(label, text) for label, text in kept.of.items())
    if kept.left_out:
        yield Fact(counted(kept.left_out, "more operation"), "in the results file (--perf-json)")


def audit_facts(judged: JudgedRun) -> Iterator[Fact]:
    """Yield what the audit found; value and name make a phrase, as in ``998 acknowledged``."""
    audit = judged.write_audit
    if audit is None:
        return
    yield Fact("acknowledged", f"{audit.acknowledged:,}")
    if audit.is_sample:
        yield Fact("looked up at random", f"{audit.checked:,}")
    yield Fact("found in the table", f"{audit.found:,}")
    yield Fact("lost", f"{audit.lost:,}")
    if audit.ambiguous:
        landed = audit.ambiguous_landed
        known = "not looked up" if landed is None else f"{landed:,} of them in the table"
        yield Fact(f"with an unknown outcome ({known})", f"{audit.ambiguous:,}")
    unexpected = "not searched for" if audit.unexpected is None else f"{audit.unexpected:,}"
    yield Fact("unexpected items", unexpected)
    if audit.consumed_read_units is not None:
        yield Fact("read units for the audit", figure(audit.consumed_read_units))


def key_facts(judged: JudgedRun) -> Iterator[Fact]:
    """Yield the keys of lost and of unexpected items."""
    audit = judged.write_audit
    if audit is not None:
        for title, keys in (("lost", audit.lost_keys), ("unexpected", audit.unexpected_keys)):
            for key in keys:
                yield Fact(f"{title} item", str(key))
