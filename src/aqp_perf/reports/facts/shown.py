"""Which operations of a run reports show: all of an ordinary run, the most telling of many.

Every report asks here, so that they leave out the same ones. The results file has all of them.
"""

from collections.abc import Iterator, Mapping
from math import inf
from typing import Final, Generic, NamedTuple, TypeVar

from aqp_perf.core.measured.operation import OTHER_NAMES
from aqp_perf.core.results.judged_run import JudgedRun
from aqp_perf.core.verdict.verdicts import WORST_FIRST, Verdict
from aqp_perf.reports.figures import counted

EVERY_OPERATION: Final = "every operation"
"""Stands for the operation of a rule that judged none."""
MOST_SHOWN: Final = 20
"""Operations in one table, list or chart."""

T = TypeVar("T")


class Shown(NamedTuple, Generic[T]):
    """What a table or list shows of operations, and how much it leaves out."""

    of: Mapping[str, T]
    """By label."""
    left_out: int
    """Number of further operations."""

    @property
    def more(self) -> str:
        """What was left out, in words; empty: nothing was."""
        if not self.left_out:
            return ""
        return f"{counted(self.left_out, 'more operation')} in the results file (--perf-json)"


def shown(judged: JudgedRun, items: Mapping[str, T]) -> Shown[T]:
    """Return which items by label are shown.

    Up to `MOST_SHOWN` all are, as they come. Of more, those with the worst verdicts come first,
    then those with the most requests. What stands for many operations is always shown: ``all``,
    and `OTHER_NAMES`.
    """
    if len(items) <= MOST_SHOWN:
        return Shown(items, 0)
    ranks = dict.fromkeys(items, WORST_FIRST.index(Verdict.PASS))
    for label, verdict in _verdicts(judged):
        if label in ranks:
            ranks[label] = min(ranks[label], WORST_FIRST.index(verdict))
    requests = {label: it.requests for label, it in judged.run.labelled.items()}
    first = sorted(items, key=lambda label: (ranks[label], -requests.get(label, inf)))
    first.sort(key=lambda label: label in requests and label != OTHER_NAMES)
    kept = sorted(first[:MOST_SHOWN], key=lambda label: ranks[label])
    return Shown({label: items[label] for label in kept}, len(items) - MOST_SHOWN)


def _verdicts(judged: JudgedRun) -> Iterator[tuple[str, Verdict]]:
    for judgement in judged.verdict.judgements:
        yield judgement.operation or EVERY_OPERATION, judgement.verdict
    for comparison in judged.comparisons:
        for compared in comparison.judgements:
            yield compared.operation or EVERY_OPERATION, compared.verdict
