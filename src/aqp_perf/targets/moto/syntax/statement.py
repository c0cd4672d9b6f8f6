"""What a PartiQL statement says, as frozen values, between its text and its execution."""

from dataclasses import dataclass
from typing import TypeAlias

from aqp_perf.targets.moto.moto_tables import DynamoType


@dataclass(frozen=True, slots=True)
class Constant:
    """A literal; its value passed DynamoDB's rules when the statement was parsed."""

    value: DynamoType


@dataclass(frozen=True, slots=True)
class Placeholder:
    """A ``?``, by its position among the statement's parameters, counted from 0."""

    index: int


@dataclass(frozen=True, slots=True)
class Path:
    """An attribute, or a member of one: ``m.l[1]`` is ``Path("m", ("l", 1))``."""

    name: str
    steps: tuple[str | int, ...] = ()

    @property
    def label(self) -> str:
        """The name that a SELECT gives it in the answer: ``b`` for ``a.b``, and ``l[1]``."""
        label = self.name
        for step in self.steps:
            label = step if isinstance(step, str) else f"{label}[{step}]"
        return label


@dataclass(frozen=True, slots=True)
class Size:
    """``size(path)``."""

    path: Path


Value: TypeAlias = Constant | Placeholder
Operand: TypeAlias = Constant | Placeholder | Path | Size


@dataclass(frozen=True, slots=True)
class Predicate:
    """One test of an item: ``a < 1`` is ``Predicate("<", (Path("a"), Constant(1)))``.

    Args:
        operator: ``=``, ``<>``, ``<``, ``<=``, ``>``, ``>=``, ``BETWEEN``, ``IN``, ``IS NULL``,
            ``IS MISSING``, or the name of a function, in lower case.
        operands: as they stand in the text, from left to right.
    """

    operator: str
    operands: tuple[Operand, ...]


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


Condition: TypeAlias = Predicate | Not | And | Or


@dataclass(frozen=True, slots=True, kw_only=True)
class SortKey:
    """One term of ORDER BY."""

    name: str
    descending: bool


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
    columns: tuple[Path, ...]
    where: Condition | None
    order_by: tuple[SortKey, ...]
    parameter_count: int


@dataclass(frozen=True, slots=True)
class Computed:
    """A value made of others: ``n + 1`` is ``Computed("+", (Path("n"), Constant(1)))``.

    Args:
        function: ``+``, ``-``, or the name of a function, in lower case.
        operands: as they stand in the text, from left to right.
    """

    function: str
    operands: tuple["Expression", ...]


Expression: TypeAlias = Operand | Computed


@dataclass(frozen=True, slots=True)
class Change:
    """``SET path = value``, or ``REMOVE path`` without a value."""

    path: Path
    value: Expression | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """``UPDATE table SET … REMOVE … WHERE … RETURNING …``."""

    table: str
    changes: tuple[Change, ...]
    where: Condition | None
    returning: str
    """``ALL OLD``, ``MODIFIED NEW`` and so on; empty without the clause."""
    parameter_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Delete:
    """``DELETE FROM table WHERE …``."""

    table: str
    where: Condition | None
    returning: str
    """``ALL OLD``, or empty without the clause."""
    parameter_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Exists:
    """``EXISTS(SELECT …)``: a condition of a transaction."""

    table: str
    index: str | None
    where: Condition | None
    parameter_count: int


Write: TypeAlias = Insert | Update | Delete
Statement: TypeAlias = Select | Write | Exists
