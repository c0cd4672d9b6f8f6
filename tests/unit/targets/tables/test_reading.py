from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from aqp_perf.core.data.keys import Key
from aqp_perf.errors import TargetUnusable
from aqp_perf.targets.tables.reading import TableReader
from tests.doubles.manual_clock import ManualClock
from tests.doubles.orders import orders

Request = Mapping[str, Any]

THROTTLED = ClientError(
    {"Error": {"Code": "ThrottlingException", "Message": "slow down"}}, "ExecuteStatement"
)


class FakeClient:
    """Answers each call with the next of what it was given, and raises what is an error."""

    def __init__(self, *answers: object) -> None:
        self._answers = list(answers)
        self.requests: list[Request] = []

    def execute_statement(self, **request: object) -> object:
        return self._next(request)

    def batch_get_item(self, **request: object) -> object:
        return self._next(request)

    def _next(self, request: Request) -> object:
        self.requests.append(request)
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def reader_of(client: FakeClient, clock: ManualClock | None = None) -> TableReader:
    target: Any = SimpleNamespace(client=lambda: client, endpoint="http://double")
    return TableReader(target, "orders", orders(), clock=clock or ManualClock())


def page(keys: list[Key], token: str | None = None, units: float | None = 3.5) -> dict[str, Any]:
    return {
        "Items": items(keys),
        **({} if token is None else {"NextToken": token}),
        **({} if units is None else {"ConsumedCapacity": {"CapacityUnits": units}}),
    }


def batch(found: list[Key], left: list[Key]) -> dict[str, Any]:
    unprocessed = {"orders": {"Keys": items(left)}} if left else {}
    return {"Responses": {"orders": items(found)}, "UnprocessedKeys": unprocessed}


def items(keys: list[Key]) -> list[dict[str, Any]]:
    return [{"pk": {"S": pk}, "sk": {"S": sk}} for pk, sk in keys]


@given(st.lists(st.lists(st.tuples(st.text(max_size=3), st.text(max_size=3))), min_size=1))
def test_the_keys_are_those_of_all_pages(pages: list[list[Key]]) -> None:
    last = len(pages) - 1
    answers = [page(keys, None if n == last else f"token {n}") for n, keys in enumerate(pages)]
    client = FakeClient(*answers)
    reader = reader_of(client)

    assert list(reader.keys()) == [key for keys in pages for key in keys]

    tokens = [request.get("NextToken") for request in client.requests]
    assert tokens == [None, *(f"token {n}" for n in range(last))]
    assert all(request["ConsistentRead"] for request in client.requests)
    assert reader.consumed_read_units == 3.5 * len(pages)


def test_consumption_that_is_not_reported_is_none() -> None:
    reader = reader_of(FakeClient(page([Key("a", "b")], units=None)))

    assert list(reader.keys()) == [("a", "b")]
    assert reader.consumed_read_units is None


def test_unprocessed_keys_are_read_again() -> None:
    keys = [Key("a", str(number)) for number in range(5)]
    answers = [batch(keys[:2], keys[2:]), batch([], keys[2:]), batch(keys[2:4], [])]
    client = FakeClient(*answers)

    assert reader_of(client).present(keys) == set(keys[:4])
    assert [len(sent["RequestItems"]["orders"]["Keys"]) for sent in client.requests] == [5, 3, 3]
    assert client.requests[0]["RequestItems"]["orders"]["ConsistentRead"]


def test_a_throttled_read_waits_and_is_asked_again() -> None:
    clock = ManualClock()
    reader = reader_of(FakeClient(THROTTLED, THROTTLED, page([Key("a", "b")])), clock)

    assert list(reader.keys()) == [("a", "b")]
    assert len(clock.sleeps) == 2


@pytest.mark.parametrize(
    ("read", "answer", "message"),
    [
        (lambda reader: list(reader.keys()), THROTTLED, "ThrottlingException"),
        (
            lambda reader: reader.present([Key("a", "b")]),
            batch([], [Key("a", "b")]),
            "it had no capacity for reads of table 'orders' for 60 s",
        ),
    ],
    ids=["keys", "present"],
)
def test_refusals_without_end_are_given_up_after_a_minute(
    read: Callable[[TableReader], object], answer: object, message: str
) -> None:
    clock = ManualClock()
    reader = reader_of(FakeClient(*[answer] * 1_000), clock)

    with pytest.raises(TargetUnusable, match=message):
        read(reader)

    assert 60 <= sum(clock.sleeps) < 62


def test_progress_starts_the_minute_anew() -> None:
    """Of 40 keys, one is read after every 10 refusals: slow, but it ends."""
    keys = [Key("a", str(number)) for number in range(40)]
    answers = []
    for number in range(40):
        answers += [batch([], keys[number:])] * 10 + [batch([keys[number]], keys[number + 1 :])]
    clock = ManualClock()

    assert reader_of(FakeClient(*answers), clock).present(keys) == set(keys)
    assert sum(clock.sleeps) > 60


def test_another_error_is_not_asked_again() -> None:
    denied = ClientError(
        {"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "ExecuteStatement"
    )

    with pytest.raises(TargetUnusable):
        list(reader_of(FakeClient(denied)).keys())


@pytest.mark.parametrize(
    "answer",
    [
        {},
        None,
        [],
        {"Items": [{}]},
        {"Items": [], "ConsumedCapacity": {"Table": 1}},
        {"Responses": None},
    ],
)
def test_an_answer_of_another_shape_makes_the_target_unusable(answer: object) -> None:
    with pytest.raises(TargetUnusable, match="it answers, but not as DynamoDB does"):
        list(reader_of(FakeClient(answer)).keys())
    with pytest.raises(TargetUnusable, match="it answers, but not as DynamoDB does"):
        reader_of(FakeClient(answer)).present([Key("a", "b")])
