"""Which conditions of a WHERE clause find the items to read, and which filter them afterwards."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from aqp_perf.targets.moto.execution.conditions import constant_of, too_many_choices
from aqp_perf.targets.moto.execution.values import KeySchema
from aqp_perf.targets.moto.moto_tables import DynamoType
from aqp_perf.targets.moto.refusal import RequestRefused
from aqp_perf.targets.moto.syntax import statement as s

MAX_HASH_KEY_CHOICES = 50
"""DynamoDB's documented limit of IN on the partition key; DynamoDB Local allows 100."""

_CHOICES = frozenset({"=", "IN"})
_RANGES = _CHOICES | {"<", "<=", ">", ">=", "BETWEEN", "begins_with"}
_FLIPPED = {"=": "=", "<>": "<>", "<": ">", "<=": ">=", ">": "<", ">=": "<="}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadPlan:
    """How the items of a SELECT are found.

    What is read counts for pages, Limit and capacity units, whether it passes the filters or not.
    """

    hash_values: tuple[DynamoType, ...] | None
    """The partitions to read, as often as they were named; None means all."""
    range_values: tuple[DynamoType, ...] | None
    """The only sort keys to read in each partition; None means all."""
    key_conditions: tuple[s.Condition, ...]
    filters: tuple[s.Condition, ...]


def plan_read(
    where: s.Condition | None, schema: KeySchema, parameters: Sequence[DynamoType]
) -> ReadPlan:
    """Return the cheapest plan for a WHERE clause.

    As in DynamoDB, a partition is only found by ``=`` or ``IN`` on the partition key, not inside OR
    or NOT: everything else reads the whole table.

    Raises:
        RequestRefused: a key is compared with what it can never be, or too many keys are named.
    """
    hash_values: tuple[DynamoType, ...] | None = None
    range_values: tuple[DynamoType, ...] | None = None
    on_range: list[s.Condition] = []
    filters: list[s.Condition] = []
    for condition in _conjuncts(where):
        name, operator, values = _comparison(condition, parameters)
        for value in values:
            schema.check(name, value)
        if name == schema.hash_key and operator in _CHOICES and hash_values is None:
            hash_values = values
        elif name and name == schema.range_key and operator in _RANGES:
            on_range.append(condition)
            if range_values is None and operator in _CHOICES:
                range_values = values
        else:
            filters.append(condition)
    if hash_values is None:
        filters, on_range, range_values = [*on_range, *filters], [], None
    elif len(hash_values) > MAX_HASH_KEY_CHOICES:
        raise too_many_choices(len(hash_values))
    return ReadPlan(
        hash_values=hash_values,
        range_values=range_values,
        key_conditions=tuple(on_range),
        filters=tuple(filters),
    )


def plan_item(
    where: s.Condition | None, schema: KeySchema, parameters: Sequence[DynamoType]
) -> tuple[dict[str, DynamoType], tuple[s.Condition, ...]] | None:
    """Return the primary key that a WHERE clause names, and what it demands besides.

    None if it does not name one item: it needs ``=`` on each key, not inside OR or NOT.

    Raises:
        RequestRefused: a key is compared with what it can never be, or with two values.
    """
    key: dict[str, DynamoType] = {}
    conditions: list[s.Condition] = []
    for condition in _conjuncts(where):
        name, operator, values = _comparison(condition, parameters)
        if operator != "=" or name not in schema.types:
            conditions.append(condition)
            continue
        [value] = values
        schema.check(name, value)
        if key.setdefault(name, value) != value:
            raise RequestRefused(
                f"Multiple conditions on same key {name}. "
                "Only single item Update/Insert/Delete are supported"
            )
    return (key, tuple(conditions)) if key.keys() == schema.types.keys() else None


def _conjuncts(where: s.Condition | None) -> Iterator[s.Condition]:
    """Yield the conditions that must all hold, comparisons with the attribute on the left."""
    match where:
        case None:
            return
        case s.And(conditions):
            for condition in conditions:
                yield from _conjuncts(condition)
        case s.Predicate(operator, (s.Constant() | s.Placeholder() as left, s.Path() as right)) if (
            operator in _FLIPPED
        ):
            yield s.Predicate(_FLIPPED[operator], (right, left))
        case _:
            yield where


def _comparison(
    condition: s.Condition, parameters: Sequence[DynamoType]
) -> tuple[str, str, tuple[DynamoType, ...]]:
    """Return attribute, operator and values of a comparison of one attribute with known values.

    The attribute is empty for any other condition.
    """
    match condition:
        case s.Predicate(operator, (s.Path(name, ()), *operands)) if (
            operator in _RANGES or operator == "<>"
        ):
            values = [constant_of(operand, parameters) for operand in operands]
            known = tuple(value for value in values if value is not None)
            if known and len(known) == len(values):
                return name, operator, known
    return "", "", ()
