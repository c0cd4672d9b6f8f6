"""A query that was understood, as values: ``parse`` reads one, ``plan`` says how it is run."""

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A literal of the query: which one, and whether a minus sign stands before it."""

    literal: int
    is_negated: bool = False


Operand: TypeAlias = Parameter | bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One condition of WHERE.

    Attributes:
        attribute: what is tested.
        operator: the comparison, ``IN``, ``BETWEEN``, ``begins_with`` or ``contains``.
        operands: what it is tested against.
    """

    attribute: str
    operator: str
    operands: tuple[Operand, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Selected:
    """What one column of the answer holds.

    Attributes:
        function: the aggregate in lower case, or None for the attribute itself.
        attribute: what is read; None for ``COUNT(*)`` alone.
    """

    function: str | None = None
    attribute: str | None = None
    is_distinct: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Ordering:
    """One ORDER BY term: the position of its column in the answer, from 0."""

    column: int
    is_descending: bool
    nulls_first: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """One SELECT; names are as the caller wrote them, without quotes."""

    table: str
    names: tuple[str, ...]
    selected: tuple[Selected, ...]
    conditions: tuple[Condition, ...]
    group_by: tuple[str, ...]
    order_by: tuple[Ordering, ...]
    limit: Parameter | None
