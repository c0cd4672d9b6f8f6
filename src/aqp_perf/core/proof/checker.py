"""Checks the answers of one run, and caches expected answers within limits."""

from collections.abc import Callable
from functools import lru_cache, partial
from typing import Final

from aqp_perf.core.data.dataset import Dataset
from aqp_perf.core.proof.aggregates import AggregateQuery, expect_aggregate
from aqp_perf.core.proof.diagnosis import check_answer
from aqp_perf.core.proof.selects import check_items, expect_items
from aqp_perf.core.proof.wrong_answer import WrongAnswer, WrongAnswerKind

_ROWS_PER_ITEM: Final = 2
"""Memory of a cached item of a SELECT, in rows of an aggregate."""

# The other kinds are found quickly, and their rows may hold anything, as deep as JSON goes.
_KEPT_KINDS: Final = frozenset(WrongAnswerKind) - {
    WrongAnswerKind.MALFORMED,
    WrongAnswerKind.CROSS_TALK,
}


class Oracle:
    """Checks the answers to reads of seeded partitions.

    Most answers equal an earlier one, and comparing with it takes a few microseconds: so one right
    and the last wrong answer to each question are cached.

    Args:
        dataset: the data that the table was seeded with.
        table: the table's name, as in queries.
        kept_rows: most rows of expected answers in the cache of each kind of read, about 600 bytes
            each; the least recently used go first.
    """

    def __init__(self, dataset: Dataset, table: str, *, kept_rows: int = 100_000) -> None:
        rows = max(1, dataset.items_per_partition)

        @lru_cache(maxsize=max(1, kept_rows // rows))
        def aggregate(query: AggregateQuery, pk: str) -> _Question:
            expectation = expect_aggregate(dataset, table=table, query=query, pk=pk)
            return _Question(partial(check_answer, expectation), len(expectation.totals))

        @lru_cache(maxsize=max(1, kept_rows // (rows * _ROWS_PER_ITEM)))
        def select(pk: str, status: str) -> _Question:
            expectation = expect_items(dataset, table=table, pk=pk, status=status)
            return _Question(
                partial(check_items, expectation), len(expectation.items), expectation.items
            )

        self._aggregate, self._select = aggregate, select

    def check_aggregate(self, query: AggregateQuery, pk: str, rows: object) -> WrongAnswer | None:
        """Return what is wrong with an AQP's answer about ``pk``; None when it is right.

        Raises:
            ValueError: the partition is not seeded.
        """
        return self._aggregate(query, pk).check(rows)

    def check_select(self, pk: str, status: str, items: object) -> WrongAnswer | None:
        """Return what is wrong with a SELECT's items, of all pages; None when they are right.

        Raises:
            ValueError: the partition is not seeded.
        """
        return self._select(pk, status).check(items)


class _Question:
    """One question, with the cached answers to it."""

    __slots__ = ("_check", "_right", "_rows", "_wrong")

    def __init__(
        self,
        check: Callable[[object], WrongAnswer | None],
        rows: int,
        right: object = None,
    ) -> None:
        self._check = check
        self._rows = rows
        self._right = right
        self._wrong: tuple[object, WrongAnswer] | None = None

    def check(self, answer: object) -> WrongAnswer | None:
        if answer is not None and answer == self._right:
            return None
        if self._wrong is not None and answer == self._wrong[0]:
            return self._wrong[1]
        wrong = self._check(answer)
        if not isinstance(answer, list) or len(answer) > self._rows:
            return wrong
        if wrong is not None:
            if wrong.kind in _KEPT_KINDS:
                self._wrong = answer, wrong
        # To Python True == 1, but an answer that has true for 1 is not right.
        elif self._right is None and not any({0, 1} & {*row.values()} for row in answer):
            self._right = answer
        return wrong
