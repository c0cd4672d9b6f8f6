"""Whether an answer is looked at, and by whom."""

from collections.abc import Callable
from typing import Any, NamedTuple

from aqp_perf.core.proof import WrongAnswer

Ask = Callable[[Any], WrongAnswer | None]
"""Returns what is wrong with the rows or items of an answer; None: it is right."""


class AnswerCheck(NamedTuple):
    """How answers to a question are checked; where nobody knows what is right, there is none.

    Args:
        ask: asked about this answer; None: it is not in the sample.
    """

    ask: Ask | None
