"""Checks answers against the data seed, and writes against what is in the table.

An expected answer is added up from `Dataset.seed_item` in decimals, and takes nothing from a target
or from the stand-in AQP. `WrongAnswerKind` says how a wrong answer is classified.
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
