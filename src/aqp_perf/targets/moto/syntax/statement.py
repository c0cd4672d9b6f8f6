"""What a PartiQL statement says, as frozen values, between its text and its execution."""

from dataclasses import dataclass
from typing import Any, TypeAlias

AttributeValue: TypeAlias = dict[str, Any]
"""One value as it travels: ``{"S": "x"}``, ``{"N": "1.5"}``, ``{"L": [{"BOOL": True}]}``, …"""


@dataclass(frozen=True, slots=True)
class Constant:
    """A literal; its value passed DynamoDB's rules when the statement was parsed."""

    value: AttributeValue


@dataclass(frozen=True, slots=True)
class Parameter:
    """The ``?`` at this place among the statement's parameters, counted from 0."""

    index: int


@dataclass(frozen=True, slots=True)
class Path:
    """An attribute, or a place inside one: ``m.l[1]`` is ``("m", "l", 1)``."""

    steps: tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Size:
    """``size(path)``."""

    path: Path


Value: TypeAlias = Constant | Parameter
Operand: TypeAlias = Constant | Parameter | Path | Size


@dataclass(frozen=True, slots=True)
class Compare:
    """``left operator right``, the operator one of ``= <> < <= > >=``."""

    left: Operand
    operator: str
    right: Operand


@dataclass(frozen=True, slots=True)
class Between:
    """``operand BETWEEN low AND high``, both ends included."""

    operand: Operand
    low: Operand
    high: Operand


@dataclass(frozen=True, slots=True)
class Within:
    """``operand IN (choice, …)``."""

    operand: Operand
    choices: tuple[Operand, ...]


@dataclass(frozen=True, slots=True)
class IsNull:
    """``operand IS NULL``: the attribute is there and is null."""

    operand: Operand


@dataclass(frozen=True, slots=True)
class IsMissing:
    """``operand IS MISSING``: the attribute is not there."""

    operand: Operand


@dataclass(frozen=True, slots=True)
class Call:
    """A predicate written as a function, such as ``begins_with(path, value)``."""

    function: str
    arguments: tuple[Operand, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """``NOT condition``."""

    condition: "Condition"


@dataclass(frozen=True, slots=True)
class And:
    """Two or more conditions that must all hold."""

    conditions: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class Or:
    """Two or more conditions of which one must hold."""

    conditions: tuple["Condition", ...]


Condition: TypeAlias = Compare | Between | Within | IsNull | IsMissing | Call | Not | And | Or


@dataclass(frozen=True, slots=True, kw_only=True)
class SortKey:
    """One term of ORDER BY."""

    name: str
    descending: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One path of a SELECT, and the name it has in the answer: ``b`` for ``a.b``, ``l[1]``."""

    label: str
    path: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Insert:
    """``INSERT INTO table VALUE {…}``."""

    table: str
    attributes: tuple[tuple[str, Value], ...]
    parameter_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Select:
    """``SELECT columns FROM table.index WHERE … ORDER BY …``; no columns means ``*``."""

    table: str
    index: str | None
    columns: tuple[Column, ...]
    where: Condition | None
    order_by: tuple[SortKey, ...]
    parameter_count: int


Statement: TypeAlias = Insert | Select
