"""What reads must answer, from the data seed alone, and what is wrong with an answer that differs.

Nothing here is taken from a target or from the AQP stand-in: an expected answer is added up from
`Dataset.seed_item` in decimals. How a wrong answer is classified: `WrongAnswerKind`.
"""

from aqp_perf.core.proof.aggregates import AggregateExpectation, AggregateQuery, expect_aggregate
from aqp_perf.core.proof.checker import Oracle
from aqp_perf.core.proof.diagnosis import check_answer
from aqp_perf.core.proof.selects import SelectExpectation, check_items, expect_items
from aqp_perf.core.proof.wrong_answer import WrongAnswer, WrongAnswerKind

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
