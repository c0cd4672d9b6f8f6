"""Group the items of one query and compute its answer.

- SUM is exact, whatever the number of digits.
- AVG is the exact sum divided by the count, rounded half-even to 38 significant digits, the
  precision of DynamoDB's own numbers.
- Aggregates skip NULL and missing attributes; all but COUNT are NULL over no values.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import ROUND_HALF_EVEN, Context, Decimal, Inexact
from functools import reduce
from typing import Final

from aqp_perf.aqp.problems import DynamoDBFailed, QueryRefused
from aqp_perf.aqp.sql.query import Query, Selected
from aqp_perf.aqp.sql.values import NUMBER_RANK, AttributeValue, Value, decode, to_json

# DynamoDB's numbers lie between 1E-130 and 1E+126, so no sum needs more digits; if one did, the
# trap would say so.
_EXACT: Final = Context(prec=1_000, traps=[Inexact])
_AVERAGE: Final = Context(prec=38, rounding=ROUND_HALF_EVEN)

_Row = tuple[Value | None, ...]


class Aggregation:
    """The items of one query, grouped.

    ```python
    aggregation = Aggregation(query)
    aggregation.add(page["Items"])
    aggregation.result_set()  # '[{"zipcode":74545,"total":133.98}]'
    ```
    """

    def __init__(self, query: Query) -> None:
        self._query = query
        self._columns = {name: i for i, name in enumerate(query.attributes)}
        has_function = any(what.function for what in query.selected)
        self._is_grouped = has_function or bool(query.group_by)
        self._groups: dict[object, list[_Row]] = {}
        if has_function and not query.group_by:
            self._groups[()] = []  # aggregates over no item have one row

    def add(self, items: Iterable[Mapping[str, AttributeValue]]) -> None:
        """Add items of DynamoDB's answer, duplicates included.

        Raises:
            DynamoDBFailed: an item is not a DynamoDB item.
        """
        key_columns = [self._columns[name] for name in self._query.group_by]
        try:
            rows = [tuple([decode(item.get(name)) for name in self._columns]) for item in items]
        except (ValueError, TypeError, AttributeError, ArithmeticError) as exc:
            raise DynamoDBFailed("DynamoDB answered with a malformed item") from exc
        for row in rows:
            # Without aggregates each row is a group of its own.
            is_grouped = self._is_grouped
            key = tuple([row[i] for i in key_columns]) if is_grouped else len(self._groups)
            self._groups.setdefault(key, []).append(row)

    def result_set(self) -> str:
        """Return the rows of the answer as a JSON list of objects.

        Raises:
            QueryRefused: SUM or AVG read a value that is not a number.
        """
        query = self._query
        groups = self._groups.values()
        rows = [[self._evaluate(what, group) for what in query.selected] for group in groups]
        for ordering in reversed(query.order_by):
            rows.sort(key=_sort_key(ordering.column), reverse=ordering.is_descending)
        names = [json.dumps(name) for name in query.names]
        objects = [
            ",".join([f"{name}:{to_json(value)}" for name, value in zip(names, row, strict=True)])
            for row in rows[: query.limit]
        ]
        return f"[{','.join([f'{{{members}}}' for members in objects])}]"

    def _evaluate(self, what: Selected, group: Sequence[_Row]) -> Value | int | None:
        if what.attribute is None:
            return len(group)
        column = self._columns[what.attribute]
        if what.function is None:
            return group[0][column] if group else None
        values = [value for row in group if (value := row[column]) is not None]
        match what.function:
            case "count":
                return len(set(values)) if what.is_distinct else len(values)
            case "min":
                return min(values, default=None)
            case "max":
                return max(values, default=None)
            case function:
                return _total(values, what.attribute, is_average=function == "avg")


def _total(values: Sequence[Value], attribute: str, *, is_average: bool) -> Value | None:
    if any(rank != NUMBER_RANK for rank, _ in values):
        raise QueryRefused(
            f"SUM and AVG take numbers: {attribute!r} is of another type in at least one item"
        )
    if not values:
        return None
    total = reduce(_EXACT.add, (number for _, number in values), Decimal())
    return NUMBER_RANK, _AVERAGE.divide(total, len(values)) if is_average else total


def _sort_key(column: int) -> Callable[[Sequence[Value | int | None]], tuple[object, ...]]:
    """Return a key that sorts rows by a column, with NULL as the lowest value."""
    return lambda row: () if (value := row[column]) is None else (value,)
