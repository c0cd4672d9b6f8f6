"""Whether a run measured its target: reasons of two kinds.

*Counts cannot be trusted*: the run is INVALID, whatever its figures are. *Load or clock was
impaired*: the bounds of every threshold decide; see `bounds`. What is found here says why they are
wide, and what to do.
"""

from collections.abc import Callable, Iterable, Iterator
from math import ceil
from typing import Final

from aqp_perf.core.measured.failure_class import FailureClass
from aqp_perf.core.measured.operation import MOST_OPERATIONS, OTHER_NAMES, OperationResult
from aqp_perf.core.measured.run_result import GeneratorHealth, RunResult
from aqp_perf.core.measured.selectors import name_in_text
from aqp_perf.core.measured.stalls import FreezeCause
from aqp_perf.core.verdict.bounds import (
    MAX_CPU_RATIO,
    busy_users,
    needed_users,
)

MIN_SENT_RATIO: Final = 0.99
MAX_FROZEN_CLOSED: Final = 0.05
"""Users of a closed model send nothing while they are frozen: the load is lower by this much."""
MAX_FROZEN_OPEN: Final = 0.1
"""In the open model everything due is still sent, but in bursts."""
HICCUP_S: Final = 0.5
"""Standing still for less is one hiccup, as shared machines have, and no lower load."""

_MOST_OPERATIONS: Final = 20
"""Operations with reasons of their own that are named."""
_BUSY_RATIO: Final = 0.5
"""When fewer of the users are busy, more users do not help."""
_UNANSWERED: Final = (FailureClass.TIMEOUT, FailureClass.AMBIGUOUS, FailureClass.CONNECTION)
_NS_PER_S: Final = 1_000_000_000
_MS_PER_S: Final = 1_000
_REMEDIES: Final = {
    FreezeCause.OTHER_WORK: "keep other work off its machine",
    FreezeCause.HYPERVISOR: "use a machine with cores of its own",
    FreezeCause.OWN_CODE: "add processes, send less, or make the locustfile's code faster",
    FreezeCause.STOPPED: "see what stops it: a signal, a suspended machine, a blocking call",
    FreezeCause.UNKNOWN: "add processes, send less, or keep other work off its machine",
    FreezeCause.SERVER: "keep other work off the machine, or send less",
}


def untrusted_reasons(run: RunResult) -> tuple[str, ...]:
    """Return why the counts of a run cannot be trusted: what was found, and what to do.

    The generator's own reasons come first; no reasons when the counts are sound.
    """
    found = [*run.invalid_reasons]
    if run.interrupted:
        found.append(f"interrupted after {run.duration_s:.1f} s: run it to its end")
    for name, counts in run.generator.user_classes.items():
        if counts.unrecorded:
            found.append(_unrecorded_reason(name, counts.unrecorded, counts.sent))
    found += _by_operation(run, _operation_reasons)
    return tuple(dict.fromkeys(found))  # a run read from a report carries its reasons already


def unpassable_reasons(run: RunResult) -> Iterator[str]:
    """Yield why a run cannot PASS, however good its figures are, although its counts are sound."""
    yield from _load_reasons(run)
    yield from exit_code_reasons(run)


def exit_code_reasons(run: RunResult) -> Iterator[str]:
    """Yield that the locustfile itself found the run wanting."""
    if run.exit_code:
        yield f"the locustfile set exit code {run.exit_code}: see what it found wanting"


def _load_reasons(run: RunResult) -> Iterator[str]:
    """Yield why too little load was offered."""
    health = run.generator
    # An aborted run ends while users wait for answers, so it sends less than is due.
    if run.aborted is None:
        yield from _unsent_reasons(run)
    is_open = health.arrivals_due is not None
    most = MAX_FROZEN_OPEN if is_open else MAX_FROZEN_CLOSED
    if run.duration_s and health.frozen_s > max(most * run.duration_s, HICCUP_S):
        yield f"{_freeze_text(health)}: more than {most:.0%} of the time: {_freeze_remedy(run)}"


def _unsent_reasons(run: RunResult) -> Iterator[str]:
    health = run.generator
    short = [
        f"{name}: requests due {counts.due}, sent {counts.sent}"
        for name, counts in health.user_classes.items()
        if counts.due is not None and counts.sent < MIN_SENT_RATIO * counts.due
    ]
    due, sent = health.arrivals_due, health.arrivals_sent
    if not short and due is not None and sent is not None and sent < MIN_SENT_RATIO * due:
        # Users who are a little too slow for the rate send nearly everything after the end.
        short = [f"requests due {due}, sent in time {sent}"]
    for text in short:
        yield f"{text}: {_remedy(run)}"


def impairments(run: RunResult, *, with_remedy: bool) -> Iterator[str]:
    """Yield what impaired load or clock, and where it decided, what to do."""
    health = run.generator
    touched = sum(one.touched.requests for one in run.operations if one.touched is not None)
    if touched:
        texts = [_freeze_text(health)] if health.frozen_s else []
        if health.servers_waited_s:
            texts.append(f"our target or AQP waited {health.servers_waited_s:.2g} s for a core")
        why = ", ".join(texts) or "the load generator stood still just before the measurement"
        remedy = f": {_freeze_remedy(run)}" if with_remedy else ""
        yield f"stalls touched {touched} of {run.requests} requests: {why}{remedy}"
    cpu = health.cpu_ratio_max
    if cpu is not None and cpu > MAX_CPU_RATIO:
        yield (
            f"the load generator used {cpu:.0%} of a core (more than {MAX_CPU_RATIO:.0%}): "
            "add processes or send less"
        )


def untimed_notes(run: RunResult) -> Iterator[str]:
    """Yield which operations have requests that no latency counts."""
    yield from _by_operation(run, _untimed_texts)


def names_notes(run: RunResult) -> Iterator[str]:
    """Yield that a run had too many names to record each, and what to do."""
    further = run.further_names
    if further:
        least = "at least " if run.may_have_more_names else ""
        yield (
            f"{least}{MOST_OPERATIONS + further:,} operations: give requests with dynamic URLs a "
            f"name=…; the {further:,} after the first {MOST_OPERATIONS} are recorded as one, "
            f"{OTHER_NAMES!r}"
        )


def users_reason(run: RunResult, limit_ms: float) -> str:
    """Return that there were too few users for a limit, and how many would do."""
    needed = ceil(needed_users(run, limit_ms))
    return (
        f"requests waited for a free user: {run.generator.peak_per_s:g}/s within {limit_ms:g} ms "
        f"need {needed} users, there were {run.users}: add users"
    )


def _freeze_text(health: GeneratorHealth) -> str:
    total_ms, longest_ms = health.frozen_s * _MS_PER_S, health.longest_freeze_s * _MS_PER_S
    why = "" if health.main_cause is None else f" ({health.main_cause})"
    total = f"the load generator stood still for {total_ms:,.0f} ms"
    return f"{total}, {longest_ms:,.0f} ms at once{why}"


def _freeze_remedy(run: RunResult) -> str:
    causes = run.generator.freeze_causes
    return _REMEDIES[max(causes, key=lambda cause: causes[cause], default=FreezeCause.UNKNOWN)]


def _unrecorded_reason(name: str, unrecorded: int, sent: int) -> str:
    return (
        f"{name}: {unrecorded} of {sent} requests were sent and not reported: call self.report() "
        "for each, also when it fails, and give the run a stop timeout"
    )


def _remedy(run: RunResult) -> str:
    """Return what to do so that all requests that are due can be sent."""
    unanswered = sum(
        operation.failure_classes.get(failure_class, 0)
        for operation in run.operations
        for failure_class in _UNANSWERED
    )
    if unanswered > run.requests / 2:
        return f"{unanswered} of {run.requests} got no answer: see whether the target is up"
    busy = busy_users(run)
    if not busy:
        return "add users or processes"
    if busy < run.users * _BUSY_RATIO:
        cpu = run.generator.cpu_ratio_max
        if cpu is not None and cpu < _BUSY_RATIO:
            return (
                f"the target kept {busy:.1f} of {run.users} users busy, and they used {cpu:.0%} of "
                "a core: see what else holds them, as waiting in the locustfile"
            )
        return "add processes"
    mean_ms = run.mean_service_time_ns * _MS_PER_S / _NS_PER_S
    return (
        f"add users ({run.generator.peak_per_s:.0f}/s of {mean_ms:.3g} ms each keep {busy:.1f} "
        f"busy, there were {run.users}: try {ceil(busy / _BUSY_RATIO)}) or processes; if neither "
        "helps, the target does not carry this rate"
    )


def _by_operation(
    run: RunResult, texts_of: Callable[[OperationResult], Iterable[str]]
) -> Iterator[str]:
    """Yield what is said of operations one by one, and of how many more it could be said."""
    found = ((label, [*texts_of(operation)]) for label, operation in run.labelled.items())
    told = [(label, texts) for label, texts in found if texts]
    for label, texts in told[:_MOST_OPERATIONS]:
        yield from (f"{name_in_text(label)}: {text}" for text in texts)
    more = len(told) - _MOST_OPERATIONS
    if more > 0:
        yield f"and the like of {more} more operations"


def _untimed_texts(operation: OperationResult) -> Iterator[str]:
    if operation.untimed:
        counts = f"{operation.untimed} of {operation.requests} requests"
        yield f"{counts} have no response time: they are in no latency"


def _operation_reasons(operation: OperationResult) -> Iterator[str]:
    yield from _count_reasons(operation)
    yield from _empty_reasons(operation)


def _count_reasons(operation: OperationResult) -> Iterator[str]:
    histograms = {"latencies": operation.latency, "service times": operation.service_time}
    for name, histogram in histograms.items():
        outside = histogram.out_of_range_count
        if outside:
            yield f"{outside} {name} outside 0 to 10 minutes: check the clock and the time-outs"
        timed = operation.requests - operation.untimed
        if histogram.count + outside != timed:
            yield (
                f"{timed} requests, but {histogram.count + outside} {name}: "
                "a worker or a part of its report was lost"
            )
    classified = sum(operation.failure_classes.values())
    if classified != operation.failures:
        yield (
            f"{operation.failures} failures, but {classified} with a class: "
            "a worker or a part of its report was lost"
        )


def _empty_reasons(operation: OperationResult) -> Iterator[str]:
    """Yield a reason when every answer was empty; where answers are checked, they are wrong."""
    sizes = operation.answer_sizes
    if operation.is_unverified and sizes is not None and sizes.answers and sizes.items == 0:
        yield (
            f"all of its {sizes.answers} answers were empty: seed the table, or read one that "
            "holds what it asks for"
        )
