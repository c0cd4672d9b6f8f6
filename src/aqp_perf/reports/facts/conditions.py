"""Under which conditions a run was measured: load, load generator, target, profile, cost."""

from collections.abc import Iterator
from datetime import UTC
from typing import Final

from aqp_perf.core.aws.prices import format_usd
from aqp_perf.core.measured.run_result import GeneratorHealth, RunResult
from aqp_perf.core.results.judged_run import JudgedRun
from aqp_perf.core.verdict.metrics import MetricKind
from aqp_perf.reports.facts.proof import is_own_system
from aqp_perf.reports.figures import DIGITS, Fact, figure, quantity_text

_ELSEWHERE: Final = frozenset({"processes"})
"""Keys of a profile that are among the facts of the load generator."""
_OF_OUR_WORKLOADS: Final = frozenset({"client", "max_attempts", "verify", "audit"})
"""Keys of a profile without a meaning in a run with target none."""
_WORDS: Final = {
    "name": "profile",
    "spawn_rate": "users started per second",
    "warmup_s": "warm-up",
    "max_attempts": "max attempts",
    "verify": "answers verified",
    "audit": "max writes audited",
}
"""Names of keys that are not words yet; seconds go to the value."""


def generator_facts(run: RunResult) -> Iterator[Fact]:
    """Yield the health of the load generator."""
    health = run.generator
    yield Fact("processes", f"{health.processes:,}")
    if health.cpu_ratio_max is not None:
        yield Fact("CPU of the busiest process", f"{health.cpu_ratio_max:.0%} of a core")
    yield from _frozen_facts(health)
    if health.loop_lag_p99_ms is not None:
        name = "event loop lag p99 otherwise" if health.frozen_s else "event loop lag p99"
        yield Fact(name, f"{figure(health.loop_lag_p99_ms, DIGITS)} ms")
    if run.requests:
        yield Fact("requests in flight on average", figure(run.mean_in_flight, DIGITS))
    if health.arrivals_due is not None and health.arrivals_sent is not None:
        text = f"{health.arrivals_sent:,} of {health.arrivals_due:,}"
        yield Fact("due requests sent in time", text)
        if health.arrivals_caught_up:
            yield Fact("sent after the end of the run", f"{health.arrivals_caught_up:,}")
    connections = health.connections_opened
    if connections is not None:
        hint = " (more than users: the target closes them)" if connections > run.users else ""
        yield Fact("connections opened", f"{connections:,}{hint}")
    if health.pool_waits is not None:
        yield Fact("requests that waited for a connection", f"{health.pool_waits:,}")
    if health.less_exact:
        yield Fact("system lacks", ", ".join(health.less_exact))


def _frozen_facts(health: GeneratorHealth) -> Iterator[Fact]:
    """Yield how long the generator stood still, and servers of ours, and why."""
    if health.frozen_s:
        longest = f"longest {_duration(health.longest_freeze_s)}"
        why = "" if health.main_cause is None else f", {health.main_cause}"
        yield Fact("stood still", f"{_duration(health.frozen_s)} ({longest}{why})")
    if health.servers_waited_s:
        yield Fact("target or AQP waited for a core", _duration(health.servers_waited_s))


def freezes_text(health: GeneratorHealth) -> str:
    """Return who stood still, and why, for the legend of a chart."""
    texts = []
    if health.main_cause is not None:
        texts.append(f"generator stood still ({health.main_cause})")
    if health.servers_waited_s:
        texts.append("target or AQP waited for a core")
    return ", or ".join(texts) or "generator stood still"


def _duration(length_s: float) -> str:
    return quantity_text(length_s * 1000, MetricKind.LATENCY)


def cost_facts(judged: JudgedRun) -> Iterator[Fact]:
    """Yield what the run cost; nothing for a target that does not bill for requests."""
    cost = judged.cost
    if cost is None:
        return
    how = "metered, in part estimated" if cost.is_partly_estimated else "metered"
    yield Fact("spent", f"{format_usd(cost.spent)} USD ({how})")
    for part, usd in cost.spent_parts.items():
        yield Fact(f"of which {part}", f"{format_usd(usd)} USD")
    yield Fact("estimate", f"{format_usd(cost.estimate.total)} USD ({cost.estimate.tariff})")
    for gap in cost.estimate.gaps:
        yield Fact("not in the estimate", gap)
    yield Fact("limit for the session", f"{format_usd(cost.limit)} USD")


def origin_facts(judged: JudgedRun) -> Iterator[Fact]:
    """Yield the target and all that is needed to repeat the run but its command."""
    yield Fact("target", str(judged.target))
    if judged.aqp is not None:
        yield Fact("AQP", judged.aqp)
    began_at = judged.run.started_at.astimezone(UTC)
    yield Fact("measurement began", began_at.isoformat().replace("+00:00", "Z"))
    is_own = is_own_system(judged)
    if not is_own:
        yield Fact("data seed", str(judged.seed))
    hidden = _ELSEWHERE | (_OF_OUR_WORKLOADS if is_own else frozenset())
    for key, value in judged.profile.items():
        if value is not None and key not in hidden:
            name = _WORDS.get(key, key.removesuffix("_s").replace("_", " "))
            text = profile_value(value)
            yield Fact(name, f"{text} s" if key.endswith("_s") else text)


def profile_value(value: object) -> str:
    """Return a value of a profile as text, without zeros after the point."""
    return f"{value:g}" if isinstance(value, float) else str(value)
