"""What is known of a run beside its requests, as names and values."""

from collections.abc import Iterator
from typing import Final, NamedTuple

from aqp_perf.core.aws.prices import format_usd
from aqp_perf.core.measured.operation import OperationResult
from aqp_perf.core.measured.run_result import GeneratorHealth, RunResult, format_instant
from aqp_perf.core.proof.write_audit import WriteAudit
from aqp_perf.core.results.judged_run import JudgedRun
from aqp_perf.reports.figures import figure

UNKNOWN: Final = "-"
DIGITS: Final = 3
"""Significant digits of what was measured, as in a histogram; no digit before the point is lost."""

_NO_TARGET: Final = "none"
_ELSEWHERE: Final = frozenset({"processes"})
"""Keys of a profile that are among the facts of the load generator."""
_OF_OUR_WORKLOADS: Final = frozenset({"client", "max_attempts", "verify", "audit"})
"""Keys of a profile that say nothing of a run without a target."""
_WORDS: Final = {
    "name": "profile",
    "spawn_rate": "users started per second",
    "warmup_s": "warm-up",
    "max_attempts": "attempts at most",
    "verify": "answers verified",
    "audit": "writes audited, at most",
}
"""Names of keys where they are no words yet; a key's seconds go to its value."""


class Fact(NamedTuple):
    """A name and what it is, as texts."""

    name: str
    value: str


def answer_facts(judged: JudgedRun) -> Iterator[Fact]:
    """Yield for every operation that reads whether its answers were right."""
    for label, operation in judged.run.labelled.items():
        if operation.answers is not None and operation.answers.checked:
            yield Fact(label, _checked(operation))
        elif operation.is_unverified and judged.target.kind != _NO_TARGET:
            yield Fact(label, f"not verified: {judged.unverified or 'none of them was checked'}")


def audit_facts(judged: JudgedRun) -> Iterator[Fact]:
    """Yield what reading the table said of the writes; nothing for a run that does not write."""
    audit = judged.write_audit
    if audit is not None:
        yield from _audit(audit)
    elif any(each.is_write and each.requests for each in judged.run.operations):
        yield Fact("writes", "not audited")


def generator_facts(run: RunResult) -> Iterator[Fact]:
    """Yield how the load generator did."""
    health = run.generator
    yield Fact("processes", f"{health.processes:,}")
    if health.cpu_ratio_max is not None:
        yield Fact("CPU of the busiest process", f"{health.cpu_ratio_max:.0%} of a core")
    if health.loop_lag_p99_ms is not None:
        yield Fact("event loop lag, p99", f"{figure(health.loop_lag_p99_ms, DIGITS)} ms")
    yield from _arrivals(health)
    if health.connections_opened is not None:
        yield Fact("connections opened", f"{health.connections_opened:,}")
    if health.pool_waits is not None:
        yield Fact("requests that waited for a connection", f"{health.pool_waits:,}")


def cost_facts(judged: JudgedRun) -> Iterator[Fact]:
    """Yield what the run cost; nothing where load costs nothing."""
    cost = judged.cost
    if cost is None:
        return
    how = "metered, in part estimated" if cost.is_partly_estimated else "metered"
    yield Fact("spent", f"{format_usd(cost.spent)} USD ({how})")
    for part, usd in cost.spent_parts.items():
        yield Fact(f"of it {part}", f"{format_usd(usd)} USD")
    yield Fact("estimate", f"{format_usd(cost.estimate.total)} USD ({cost.estimate.tariff})")
    for gap in cost.estimate.gaps:
        yield Fact("not in the estimate", gap)
    yield Fact("limit of the session", f"{format_usd(cost.limit)} USD")


def load_facts(judged: JudgedRun) -> Iterator[Fact]:
    """Yield what the target had to bear."""
    yield Fact("Users", f"{judged.run.users:,}")
    yield Fact("Duration", f"{figure(judged.run.duration_s, DIGITS)} s")
    pacing = judged.profile.get("pacing")
    if pacing is not None:
        yield Fact("Pacing", str(pacing))


def origin_facts(judged: JudgedRun) -> Iterator[Fact]:
    """Yield where the load went, and what it takes to repeat it but the command."""
    yield Fact("target", str(judged.target))
    if judged.aqp is not None:
        yield Fact("AQP", judged.aqp)
    yield Fact("measured from", format_instant(judged.run.started_at))
    if judged.target.kind != _NO_TARGET:
        yield Fact("data seed", str(judged.seed))
    yield from _profile(judged)


def _checked(operation: OperationResult) -> str:
    answers = operation.answers
    if answers is None or not answers.wrong_count:
        return "" if answers is None else f"{answers.checked:,} checked, all right"
    kinds = ", ".join(f"{count:,} {kind}" for kind, count in answers.wrong.items())
    return f"{answers.wrong_count:,} of {answers.checked:,} checked wrong: {kinds}"


def _audit(audit: WriteAudit) -> Iterator[Fact]:
    yield Fact("acknowledged", f"{audit.acknowledged:,}")
    if audit.is_sample:
        yield Fact("looked for, at random", f"{audit.checked:,}")
    yield Fact("found in the table", f"{audit.found:,}")
    yield Fact("lost", f"{audit.lost:,}")
    if audit.ambiguous:
        landed = audit.ambiguous_landed
        known = "not looked for" if landed is None else f"{landed:,} of them landed"
        yield Fact("with an unknown outcome", f"{audit.ambiguous:,}, {known}")
    unexpected = "nobody looked" if audit.unexpected is None else f"{audit.unexpected:,}"
    yield Fact("refused or never sent, but there", unexpected)
    if audit.consumed_read_units is not None:
        yield Fact("read units that the audit took", figure(audit.consumed_read_units))
    for title, keys in (("lost", audit.lost_keys), ("unexpected", audit.unexpected_keys)):
        for key in keys:
            yield Fact(f"{title} item", f"{key.pk} {key.sk}")


def _arrivals(health: GeneratorHealth) -> Iterator[Fact]:
    due, sent = health.arrivals_due, health.arrivals_sent
    if due is None or sent is None:
        return
    yield Fact("due requests sent in time", f"{sent:,} of {due:,}")
    if health.arrivals_caught_up:
        yield Fact("of them after the end of the run", f"{health.arrivals_caught_up:,}")


def _profile(judged: JudgedRun) -> Iterator[Fact]:
    for key, value in judged.profile.items():
        if (
            value is None
            or key in _ELSEWHERE
            or (key in _OF_OUR_WORKLOADS and judged.target.kind == _NO_TARGET)
        ):
            continue
        name = _WORDS.get(key, key.removesuffix("_s").replace("_", " "))
        text = f"{value:g}" if isinstance(value, float) else str(value)
        yield Fact(name, f"{text} s" if key.endswith("_s") else text)
