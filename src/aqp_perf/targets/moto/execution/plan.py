"""What of a WHERE clause picks the items to read, and what only filters those that were read."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from aqp_perf.targets.moto.execution.keys import KeySchema
from aqp_perf.targets.moto.execution.operands import constant_of
from aqp_perf.targets.moto.refusal import RequestRefused
from aqp_perf.targets.moto.syntax import statement as s

MAX_HASH_KEY_CHOICES = 50
"""DynamoDB's documented limit of IN on the partition key; DynamoDB Local allows 100."""

_FLIPPED = {"=": "=", "<>": "<>", "<": ">", "<=": ">=", ">": "<", ">=": "<="}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadPlan:
    """How the items of a SELECT are found.

    What is read counts for pages, Limit and capacity units; what is filtered out counts too.
    """

    hash_values: tuple[s.AttributeValue, ...] | None
    """The partitions to read, as often as they were named; None means all."""
    range_values: tuple[s.AttributeValue, ...] | None
    """The only sort keys to read in each partition; None means all."""
    key_conditions: tuple[s.Condition, ...]
    filters: tuple[s.Condition, ...]


def plan_read(
    where: s.Condition | None, schema: KeySchema, parameters: Sequence[s.AttributeValue]
) -> ReadPlan:
    """Return the cheapest plan for a WHERE clause.

    As in DynamoDB, a partition is only found by ``=`` or ``IN`` on the partition key, not inside OR
    or NOT: everything else reads the whole table.

    Raises:
        RequestRefused: a key is compared with what it can never be, or too many keys are named.
    """
    hash_values: tuple[s.AttributeValue, ...] | None = None
    range_values: tuple[s.AttributeValue, ...] | None = None
    on_range: list[s.Condition] = []
    filters: list[s.Condition] = []
    for condition in _conjuncts(where):
        name, values = _named(condition, parameters)
        for value in values or ():
            schema.check(name, value)
        if (name,) == schema.hash_keys and hash_values is None and _is_choice(condition):
            hash_values = values
        elif (name,) == schema.range_keys and _is_range(condition):
            on_range.append(condition)
            if range_values is None and _is_choice(condition):
                range_values = values
        else:
            filters.append(condition)
    if hash_values is None:
        return ReadPlan(
            hash_values=None,
            range_values=None,
            key_conditions=(),
            filters=(*on_range, *filters),
        )
    if len(hash_values) > MAX_HASH_KEY_CHOICES:
        raise RequestRefused(
            "The IN operator is provided with too many operands; "
            f"number of operands: {len(hash_values)}"
        )
    return ReadPlan(
        hash_values=hash_values,
        range_values=range_values,
        key_conditions=tuple(on_range),
        filters=tuple(filters),
    )


def _conjuncts(where: s.Condition | None) -> Iterable[s.Condition]:
    match where:
        case None:
            return
        case s.And(conditions):
            for condition in conditions:
                yield from _conjuncts(condition)
        case s.Compare(s.Constant() | s.Parameter() as left, operator, s.Path() as right):
            yield s.Compare(right, _FLIPPED[operator], left)
        case _:
            yield where


def _named(
    condition: s.Condition, parameters: Sequence[s.AttributeValue]
) -> tuple[str, tuple[s.AttributeValue, ...] | None]:
    """Return the attribute a condition compares and the values it compares it with.

    The name is empty when the condition is not about one whole attribute, the values are None when
    they depend on the item.
    """
    match condition:
        case s.Compare(s.Path((str(name),)), _, right):
            operands: tuple[s.Operand, ...] = (right,)
        case s.Within(s.Path((str(name),)), choices):
            operands = choices
        case s.Between(s.Path((str(name),)), low, high):
            operands = (low, high)
        case s.Call("begins_with", (s.Path((str(name),)), prefix)):
            operands = (prefix,)
        case _:
            return "", None
    values = [constant_of(operand, parameters) for operand in operands]
    constants = tuple(value for value in values if value is not None)
    return (name, constants) if constants and len(constants) == len(values) else ("", None)


def _is_choice(condition: s.Condition) -> bool:
    return isinstance(condition, s.Within) or (
        isinstance(condition, s.Compare) and condition.operator == "="
    )


def _is_range(condition: s.Condition) -> bool:
    return not (isinstance(condition, s.Compare) and condition.operator == "<>")
