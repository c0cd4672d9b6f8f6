from collections.abc import Callable, Mapping
from random import Random
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError
from botocore.parsers import ResponseParserError
from hypothesis import given
from hypothesis import strategies as st

from aqp_perf.errors import TargetUnusable
from aqp_perf.targets.tables.reading import MOST_ATTEMPTS, TableReader

Request = Mapping[str, Any]
Key = tuple[str, str]

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


class FakeClock:
    def __init__(self) -> None:
        self.pauses: list[float] = []

    def now_s(self) -> float:
        return sum(self.pauses)

    def sleep(self, duration_s: float) -> None:
        self.pauses.append(duration_s)


def reader_of(client: FakeClient, clock: FakeClock | None = None) -> TableReader:
    target: Any = SimpleNamespace(client=lambda: client, endpoint="http://double")
    own_clock: Any = clock or FakeClock()
    return TableReader(target, "orders", rng=Random(1), clock=own_clock)  # noqa: S311 - pauses


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

    tokens = [each.get("NextToken") for each in client.requests]
    assert tokens == [None, *(f"token {n}" for n in range(last))]
    assert all(each["ConsistentRead"] for each in client.requests)
    assert reader.consumed_read_units == 3.5 * len(pages)


def test_what_nobody_says_is_no_consumption() -> None:
    reader = reader_of(FakeClient(page([("a", "b")], units=None)))

    assert list(reader.keys()) == [("a", "b")]
    assert reader.consumed_read_units is None


def test_what_was_not_processed_is_asked_again() -> None:
    keys = [("a", str(number)) for number in range(5)]
    answers = [batch(keys[:2], keys[2:]), batch([], keys[2:]), batch(keys[2:4], [])]
    client = FakeClient(*answers)

    assert reader_of(client).present(keys) == set(keys[:4])
    assert [len(each["RequestItems"]["orders"]["Keys"]) for each in client.requests] == [5, 3, 3]
    assert client.requests[0]["RequestItems"]["orders"]["ConsistentRead"]


def test_a_throttled_read_waits_and_is_asked_again() -> None:
    clock = FakeClock()
    reader = reader_of(FakeClient(THROTTLED, THROTTLED, page([("a", "b")])), clock)

    assert list(reader.keys()) == [("a", "b")]
    assert len(clock.pauses) == 2


@pytest.mark.parametrize(
    ("read", "answer"),
    [
        (lambda reader: list(reader.keys()), THROTTLED),
        (lambda reader: reader.present([("a", "b")]), batch([], [("a", "b")])),
    ],
    ids=["keys", "present"],
)
def test_refusals_without_end_are_given_up(
    read: Callable[[TableReader], object], answer: object
) -> None:
    clock = FakeClock()
    reader = reader_of(FakeClient(*[answer] * (MOST_ATTEMPTS + 1)), clock)

    with pytest.raises(TargetUnusable, match="it refused 30 reads of table 'orders' in a row"):
        read(reader)

    assert 30 < sum(clock.pauses) < 120


@pytest.mark.parametrize(
    "answer",
    [{}, {"Items": [{}]}, {"Items": [{"pk": {"N": "1"}}]}, ResponseParserError("not JSON")],
)
def test_what_dynamodb_would_not_say_is_an_error_of_the_target(answer: object) -> None:
    with pytest.raises(TargetUnusable, match="it answers, but not as DynamoDB does"):
        list(reader_of(FakeClient(answer)).keys())


@pytest.mark.parametrize(
    "pages",
    [
        [page([("a", "b")], "once more")] * 2,
        [page([], f"token {number % 2}") for number in range(20)],
        [page([], f"token {number}") for number in range(20)],
    ],
    ids=["one token", "two tokens", "always another"],
)
def test_a_table_without_end_is_an_error_of_the_target(pages: list[dict[str, Any]]) -> None:
    with pytest.raises(TargetUnusable, match="table 'orders' never ends"):
        list(reader_of(FakeClient(*pages)).keys())


def test_another_error_is_not_asked_again() -> None:
    denied = ClientError(
        {"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "ExecuteStatement"
    )

    with pytest.raises(TargetUnusable):
        list(reader_of(FakeClient(denied)).keys())
