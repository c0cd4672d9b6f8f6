"""A parsed query, and the PartiQL statement that reads its items."""

from dataclasses import dataclass

from aqp_perf.aqp.sql.values import AttributeValue
from aqp_perf.core.data.statements import quoted_name


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One condition of WHERE: a comparison, IN, BETWEEN, begins_with or contains."""

    attribute: str
    operator: str
    operands: tuple[AttributeValue, ...]

    def partiql(self) -> str:
        """Return the condition with a ``?`` for each operand."""
        name = quoted_name(self.attribute)
        match self.operator:
            case "IN":
                return f"{name} IN ({', '.join('?' for _ in self.operands)})"
            case "BETWEEN":
                return f"{name} BETWEEN ? AND ?"
            case "begins_with" | "contains" as function:
                return f"{function}({name}, ?)"
            case comparison:
                return f"{name} {comparison} ?"


@dataclass(frozen=True, slots=True, kw_only=True)
class Selected:
    """What one column of the answer holds.

    Attributes:
        function: the aggregate in lower case, or None for the attribute itself.
        attribute: the attribute it reads; None for ``COUNT(*)``.
    """

    function: str | None = None
    attribute: str | None = None
    is_distinct: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Ordering:
    """One ORDER BY term: the position of its column in the answer, from 0. NULL is the lowest."""

    column: int
    is_descending: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """One SELECT; names are as the caller wrote them, without quotes."""

    table: str
    names: tuple[str, ...]
    selected: tuple[Selected, ...]
    conditions: tuple[Condition, ...]
    group_by: tuple[str, ...]
    order_by: tuple[Ordering, ...]
    limit: int | None

    @property
    def attributes(self) -> tuple[str, ...]:
        """The attributes whose values the answer needs, each once."""
        named = [what.attribute for what in self.selected if what.attribute is not None]
        return tuple(dict.fromkeys([*named, *self.group_by]))

    def fixes(self, partition_key: str) -> bool:
        """Whether WHERE names the values of the partition key, so that no other item is read."""
        return any(
            condition.attribute == partition_key and condition.operator in {"=", "IN"}
            for condition in self.conditions
        )

    def request(self, partition_key: str) -> dict[str, object]:
        """Return the ExecuteStatement request that reads the items; its values are parameters."""
        columns = ", ".join(map(quoted_name, self.attributes or [partition_key]))
        statement = f"SELECT {columns} FROM {quoted_name(self.table)}"  # noqa: S608 - quoted names
        if not self.conditions:
            return {"Statement": statement}
        where = " AND ".join(condition.partiql() for condition in self.conditions)
        parameters = [operand for condition in self.conditions for operand in condition.operands]
        return {"Statement": f"{statement} WHERE {where}", "Parameters": parameters}
