import threading
from collections import Counter
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given, settings
from hypothesis import strategies as st

from aqp_perf.clock import Clock
from aqp_perf.core.data.compiled_item import Attributes
from aqp_perf.errors import SeedingFailed
from aqp_perf.targets.tables.seeding import BATCH_SIZE, seed_table
from tests.doubles.manual_clock import ManualClock
from tests.doubles.orders import orders

Requests = list[dict[str, Any]]


class FakeClient:
    """Takes of each batch what ``accept`` says, and keeps it."""

    def __init__(self, accept: Callable[[Requests], int]) -> None:
        self._accept = accept
        self._lock = threading.Lock()
        self.batch_sizes: list[int] = []
        self.written: Counter[str] = Counter()

    def batch_write_item(self, *, RequestItems: dict[str, Requests]) -> dict[str, Any]:  # noqa: N803 - boto3's name
        [(table, requests)] = RequestItems.items()
        with self._lock:
            self.batch_sizes.append(len(requests))
            count = self._accept(requests)
            self.written.update(r["PutRequest"]["Item"]["sk"]["S"] for r in requests[:count])
        left = requests[count:]
        return {"UnprocessedItems": {table: left} if left else {}}


def seed(client: FakeClient, items: Iterator[Attributes], clock: Clock | None = None) -> int:
    return seed_table(client, "orders", items, clock=clock or ManualClock())  # type: ignore[arg-type] # as much of a client as is used


def items_of(count: int) -> list[Attributes]:
    return [orders().written_item("seeding", index) for index in range(count)]


def refusal(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "no"}}, "BatchWriteItem")


@settings(max_examples=30)
@given(st.integers(0, 120), st.randoms(use_true_random=False))
def test_every_item_is_written_once_however_much_is_refused(count: int, rng: Random) -> None:
    client = FakeClient(lambda requests: rng.randint(1, len(requests)))
    items = items_of(count)
    assert seed(client, iter(items)) == count
    assert client.written == Counter(item["sk"]["S"] for item in items)
    assert all(1 <= size <= BATCH_SIZE for size in client.batch_sizes)


def test_refusals_without_end_are_given_up_after_a_minute() -> None:
    clock = ManualClock()
    client = FakeClient(lambda _: 0)
    with pytest.raises(SeedingFailed, match="'orders' had no capacity for 3 seed items for 60 s"):
        seed(client, iter(items_of(3)), clock)
    assert 60 <= clock.monotonic_s() < 62
    assert set(client.batch_sizes) == {3}


def test_progress_starts_the_minute_anew() -> None:
    """Of 25 items, one is written after every 9 refusals: slow, but it ends."""
    clock = ManualClock()
    calls = iter(range(1_000))
    client = FakeClient(lambda _: int(next(calls) % 10 == 9))
    assert seed(client, iter(items_of(BATCH_SIZE)), clock) == BATCH_SIZE
    assert clock.monotonic_s() > 60


@pytest.mark.parametrize(
    "code",
    ["ProvisionedThroughputExceededException", "ThrottlingException", "RequestLimitExceeded"],
)
def test_a_throttled_batch_is_a_batch_of_refused_items(code: str) -> None:
    answers = iter([refusal(code), None])

    def accept(requests: Requests) -> int:
        if error := next(answers):
            raise error
        return len(requests)

    client = FakeClient(accept)
    assert seed(client, iter(items_of(5))) == 5
    assert client.batch_sizes == [5, 5]


def test_any_other_refusal_ends_all_threads() -> None:
    """The items have no end: only the failure can end this."""

    def endless() -> Iterator[Attributes]:
        index = 0
        while True:
            yield orders().written_item("seeding", index)
            index += 1

    calls = iter(range(10**9))

    def accept(requests: Requests) -> int:
        if next(calls) == 20:
            raise refusal("ResourceNotFoundException")
        return len(requests)

    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        seed(FakeClient(accept), endless())


def test_no_items_are_no_requests() -> None:
    client = FakeClient(len)
    assert seed(client, iter([])) == 0
    assert client.batch_sizes == []
