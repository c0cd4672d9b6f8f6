"""What reads must answer, from the data seed alone, and what is wrong with an answer that differs.

Nothing here is taken from a target or from the AQP stand-in: an expected answer is added up from
`Dataset.seed_item` in decimals. How a wrong answer is classified: `WrongAnswerKind`.
"""

from perf.core.oracle.aggregates import AggregateExpectation, AggregateQuery, expect_aggregate
from perf.core.oracle.checker import Oracle
from perf.core.oracle.diagnosis import check_answer
from perf.core.oracle.selects import SelectExpectation, check_items, expect_items
from perf.core.oracle.wrong_answer import WrongAnswer, WrongAnswerKind

__all__ = [
    "AggregateExpectation",
    "AggregateQuery",
    "Oracle",
    "SelectExpectation",
    "WrongAnswer",
    "WrongAnswerKind",
    "check_answer",
    "check_items",
    "expect_aggregate",
    "expect_items",
]
