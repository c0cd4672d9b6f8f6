"""BatchExecuteStatement and ExecuteTransaction: several statements, each of one item."""

import hashlib
import json
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ParamSpec, TypeAlias, TypeVar

from aqp_perf.core.aws.capacity_units import read_units
from aqp_perf.targets.moto.execution.conditions import all_of
from aqp_perf.targets.moto.execution.execute import (
    NOT_IN_TRANSACTION,
    Asked,
    consumed,
    read_statement,
    wants_capacity,
)
from aqp_perf.targets.moto.execution.plan import plan_item
from aqp_perf.targets.moto.execution.select import project
from aqp_perf.targets.moto.execution.values import Attributes, item_bytes, key_schema
from aqp_perf.targets.moto.execution.write import (
    Write,
    condition_failed,
    key_of_write,
    prepare_write,
)
from aqp_perf.targets.moto.moto_tables import DynamoType, find_item
from aqp_perf.targets.moto.refusal import RequestRefused
from aqp_perf.targets.moto.syntax import statement as s

_T = TypeVar("_T")
_P = ParamSpec("_P")
_ItemKey: TypeAlias = tuple[str, tuple[DynamoType, ...]]
"""A table's name, and the primary key of an item in it."""

MAX_BATCH_STATEMENTS = 25
MAX_TRANSACTION_STATEMENTS = 100
_TRANSACTION_FACTOR = 2
"""A transaction prepares and commits each item, and takes units for both."""
_KEPT_TOKENS = 10_000
_SHORT_CODES = {
    "ConditionalCheckFailedException": "ConditionalCheckFailed",
    "DuplicateItemException": "DuplicateItem",
    "ResourceNotFoundException": "ResourceNotFound",
    "ValidationException": "ValidationError",
}


def execute_batch(request: Mapping[str, Any], region: str) -> dict[str, Any]:
    """Return the answer to one BatchExecuteStatement request.

    Raises:
        RequestRefused: too many statements, reads and writes, or one item twice. What goes wrong
            with one statement is in its response.
    """
    sent: Sequence[Mapping[str, Any]] = request["Statements"]
    _check_count(sent, MAX_BATCH_STATEMENTS)
    found = [_attempt(_in_batch, one, region) for one in sent]
    if len({isinstance(one.statement, s.Select) for one in found if isinstance(one, Asked)}) > 1:
        raise RequestRefused("Read and write requests together in the same batch is not supported.")
    keys = [one if isinstance(one, RequestRefused) else _attempt(_key_of, one) for one in found]
    if _has_twice(keys):
        raise RequestRefused("Provided list of item keys contains duplicates")
    responses: list[dict[str, Any]] = []
    capacity: list[dict[str, Any]] = []
    for one, asked, key in zip(sent, found, keys, strict=True):
        if isinstance(asked, RequestRefused):
            responses.append({"Error": _reason(asked)})
            continue
        if isinstance(key, RequestRefused):
            responses.append({"Error": _reason(key)})
            continue
        responses.append({"TableName": asked.table.name})
        try:
            item, units = _run(asked, is_consistent=bool(one.get("ConsistentRead")))
        except RequestRefused as refusal:
            responses[-1]["Error"] = _reason(refusal)
        else:
            capacity.append(consumed(asked.table, units))
            responses[-1].update({} if item is None else {"Item": item})
    return _answer(request, responses, capacity)


class Transactions:
    """ExecuteTransaction, with the tokens of the latest transactions that wrote."""

    def __init__(self) -> None:
        self._written: OrderedDict[tuple[str, str], str] = OrderedDict()

    def execute(self, request: Mapping[str, Any], region: str) -> dict[str, Any]:
        """Return the answer to one ExecuteTransaction request: all of it is done, or nothing.

        Raises:
            RequestRefused: not a transaction, or one that a statement cancels.
        """
        sent: Sequence[Mapping[str, Any]] = request["TransactStatements"]
        _check_count(sent, MAX_TRANSACTION_STATEMENTS)
        token = region, request.get("ClientRequestToken", "")
        digest = hashlib.sha256(json.dumps(sent, sort_keys=True).encode()).hexdigest()
        if token in self._written:
            if self._written[token] != digest:
                raise RequestRefused(
                    "Specified idempotent token was used with different request parameters "
                    "within the idempotency window",
                    "IdempotentParameterMismatchException",
                )
            return {"Responses": []}
        asked = [_in_transaction(one, region, number) for number, one in enumerate(sent)]
        if len({isinstance(one.statement, s.Select) for one in asked}) > 1:
            raise RequestRefused(
                "ExecuteTransaction API does not support both read and write operations "
                "in the same request."
            )
        keys = [_attempt(_key_of, one) for one in asked]
        if _has_twice(keys):
            raise RequestRefused(
                "Transaction request cannot include multiple operations on one item"
            )
        _all_allowed(keys)
        if isinstance(asked[0].statement, s.Select):
            return _read_all(request, asked)
        answer = _write_all(request, asked)
        if token[1]:
            self._written[token] = digest
            if len(self._written) > _KEPT_TOKENS:
                self._written.popitem(last=False)
        return answer


def _in_batch(sent: Mapping[str, Any], region: str) -> Asked:
    asked = read_statement(sent, region)
    if isinstance(asked.statement, s.Exists):
        raise RequestRefused(NOT_IN_TRANSACTION)
    return asked


def _in_transaction(sent: Mapping[str, Any], region: str, number: int) -> Asked:
    """Return what a statement asks for; a refusal names the statement."""
    try:
        return _checked(read_statement(sent, region))
    except RequestRefused as refusal:
        if refusal.code != "ValidationException":
            raise
        raise RequestRefused(
            f"Validation failed in TransactStatements[{number}]: {refusal.message}"
        ) from refusal


def _checked(asked: Asked) -> Asked:
    """Return what a statement asks for, if a transaction can have it."""
    if isinstance(asked.statement, s.Select | s.Exists):
        _item_of(asked)
    elif not isinstance(asked.statement, s.Insert) and asked.statement.returning:
        raise RequestRefused("RETURNING clause is not supported in ExecuteTransaction.")
    return asked


def _read_all(request: Mapping[str, Any], asked: list[Asked]) -> dict[str, Any]:
    responses, capacity = [], []
    for one in asked:
        item, units = _run(one, is_consistent=True)
        responses.append({} if item is None else {"Item": item})
        capacity.append(consumed(one.table, units * _TRANSACTION_FACTOR))
    return _answer(request, responses, capacity)


def _write_all(request: Mapping[str, Any], asked: list[Asked]) -> dict[str, Any]:
    """Prepare all, then commit all: no statement reads or writes the item of another."""
    prepared = _all_allowed([_attempt(_prepare, one) for one in asked])
    capacity = [
        consumed(one.table, (1.0 if write is None else write.commit()) * _TRANSACTION_FACTOR)
        for one, write in zip(asked, prepared, strict=True)
    ]
    return _answer(request, [], capacity)


def _prepare(asked: Asked) -> Write | None:
    """Return the write of a statement; None for EXISTS, which writes nothing."""
    if isinstance(asked.statement, s.Select | s.Exists):
        key, conditions = _item_of(asked)
        item = find_item(asked.table, key)
        if item is None or not all_of(conditions, asked.parameters)(item.attrs):
            raise condition_failed(item.attrs if item is not None and asked.shows_item else {})
        return None
    return prepare_write(
        asked.table, asked.statement, asked.parameters, shows_item=asked.shows_item
    )


def _run(asked: Asked, *, is_consistent: bool) -> tuple[Attributes | None, float]:
    """Return the item that a statement of a batch answers with, and its capacity units."""
    match asked.statement:
        case s.Select(columns=columns):
            key, _ = _item_of(asked)
            item = find_item(asked.table, key)
            units = read_units(
                0 if item is None else item_bytes(item.attrs), is_consistent=is_consistent
            )
            return None if item is None else project(item.attrs, columns), units
        case statement:
            assert not isinstance(statement, s.Exists)  # noqa: S101  # neither reads nor writes
            write = prepare_write(
                asked.table, statement, asked.parameters, shows_item=asked.shows_item
            )
            units = write.commit()
            return write.returned, units


def _item_of(asked: Asked) -> tuple[Mapping[str, DynamoType], tuple[s.Condition, ...]]:
    """Return the key that a SELECT or an EXISTS names, and what it demands besides.

    Raises:
        RequestRefused: a SELECT must name one item and demand nothing, an EXISTS must demand more.
    """
    statement = asked.statement
    assert isinstance(statement, s.Select | s.Exists)  # noqa: S101  # others have no such key
    plan = plan_item(statement.where, key_schema(asked.table), asked.parameters)
    is_exists = isinstance(statement, s.Exists)
    if plan is None or statement.index is not None or bool(plan[1]) != is_exists:
        raise RequestRefused(
            "EXISTS() must contain a single item read with additional condition"
            if is_exists
            else "Only single item select is supported"
        )
    return plan


def _key_of(asked: Asked) -> _ItemKey:
    """Return which item a statement is about.

    Raises:
        RequestRefused: it is about none, or about more than one.
    """
    if isinstance(asked.statement, s.Select | s.Exists):
        key = tuple(_item_of(asked)[0][name] for name in key_schema(asked.table).types)
    else:
        key = key_of_write(asked.table, asked.statement, asked.parameters)
    return asked.table.name, key


def _has_twice(keys: Sequence[_ItemKey | RequestRefused]) -> bool:
    known = [key for key in keys if not isinstance(key, RequestRefused)]
    return len(set(known)) != len(known)


def _check_count(sent: Sequence[Any], most: int) -> None:
    if not sent:
        raise RequestRefused("Member must have length greater than or equal to 1")
    if len(sent) > most:
        raise RequestRefused(f"Member must have length less than or equal to {most}")


def _attempt(
    function: Callable[_P, _T], *arguments: _P.args, **named: _P.kwargs
) -> _T | RequestRefused:
    """Return what the function returns, or its refusal."""
    try:
        return function(*arguments, **named)
    except RequestRefused as refusal:
        return refusal


def _all_allowed(results: Sequence[_T | RequestRefused]) -> list[_T]:
    """Return the results.

    Raises:
        RequestRefused: the transaction is cancelled; there is one reason for each statement.
    """
    reasons = [
        _reason(result) if isinstance(result, RequestRefused) else {"Code": "None"}
        for result in results
    ]
    allowed = [result for result in results if not isinstance(result, RequestRefused)]
    if len(allowed) < len(results):
        for reason in reasons:  # documented; there is no code of its own for this
            if reason["Code"] == "DuplicateItem":
                reason["Code"] = "ValidationError"
        raise RequestRefused(
            "Transaction cancelled, please refer cancellation reasons for specific reasons "
            f"[{', '.join(reason['Code'] for reason in reasons)}]",
            "TransactionCanceledException",
            {"CancellationReasons": reasons},
        )
    return allowed


def _reason(refusal: RequestRefused) -> dict[str, Any]:
    """Return a refusal as it stands in the answer for one of several statements."""
    code = _SHORT_CODES.get(refusal.code, refusal.code)
    return {"Code": code, "Message": refusal.message, **refusal.members}


def _answer(
    request: Mapping[str, Any], responses: list[dict[str, Any]], capacity: list[dict[str, Any]]
) -> dict[str, Any]:
    answer: dict[str, Any] = {"Responses": responses}
    if wants_capacity(request):
        answer["ConsumedCapacity"] = capacity
    return answer
