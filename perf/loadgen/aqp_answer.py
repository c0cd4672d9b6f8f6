"""What an AQP answers: rows, if it has the shape that an AQP's answer has."""

import json
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import Any

from perf.core.failures import FailureClass

_SHOWN_BYTES = 80


class WrongAnswer(Exception):
    """The AQP answered 200 with something that cannot be right."""

    failure_class = FailureClass.WRONG_ANSWER


def rows_of(content: bytes, columns: AbstractSet[str]) -> list[Mapping[str, Any]]:
    """Return the rows in an AQP's answer.

    Raises:
        WrongAnswer: the content does not have the shape of an AQP's answer with these columns.
    """
    try:
        rows = json.loads(content)["response"][0]["resultSet"]
    except (ValueError, LookupError, TypeError, RecursionError) as error:
        raise WrongAnswer(f"malformed: {_beginning(content)}") from error
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise WrongAnswer(f"malformed: {_beginning(content)}")
    if not all(row.keys() == columns for row in rows):
        raise WrongAnswer(f"other columns than asked for: {_beginning(content)}")
    return rows


def _beginning(content: bytes | None) -> str:
    return (content or b"")[:_SHOWN_BYTES].decode(errors="replace")
