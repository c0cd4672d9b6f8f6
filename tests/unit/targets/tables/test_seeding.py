import threading
from collections import Counter
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given, settings
from hypothesis import strategies as st

from aqp_perf.core.data.dataset import Dataset, Item
from aqp_perf.errors import SeedingFailed
from aqp_perf.targets.tables.seeding import BATCH_SIZE, MAX_ATTEMPTS, seed_table

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


def seed(
    client: FakeClient,
    items: Iterator[Item],
    pause: Callable[[float], object] = lambda _: None,
) -> int:
    rng = Random(1)  # noqa: S311 - draws pauses
    return seed_table(client, "orders", items, rng=rng, pause=pause)  # type: ignore[arg-type] # as much of a client as is used


def items_of(count: int) -> list[Item]:
    return [Dataset().written_item("seeding", index) for index in range(count)]


def refusal(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "no"}}, "BatchWriteItem")


@settings(max_examples=30)
@given(st.integers(0, 120), st.randoms(use_true_random=False))
def test_every_item_is_written_once_however_much_is_refused(count: int, rng: Random) -> None:
    client = FakeClient(lambda requests: rng.randint(1, len(requests)))
    items = items_of(count)
    assert seed(client, iter(items)) == count
    assert client.written == Counter(item.sk for item in items)
    assert all(1 <= size <= BATCH_SIZE for size in client.batch_sizes)


def test_refusals_without_end_are_given_up_with_the_counts() -> None:
    client = FakeClient(lambda _: 0)
    with pytest.raises(SeedingFailed, match="3 seed items still unprocessed after 10 attempts"):
        seed(client, iter(items_of(3)))
    assert client.batch_sizes == [3] * MAX_ATTEMPTS


def test_pauses_stay_below_a_bound_that_doubles() -> None:
    pauses: list[float] = []
    with pytest.raises(SeedingFailed):
        seed(FakeClient(lambda _: 0), iter(items_of(1)), pauses.append)
    bounds = [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5, 5, 5]
    assert len(pauses) == len(bounds)
    assert all(0 <= pause <= bound for pause, bound in zip(pauses, bounds, strict=True))
    assert len(set(pauses)) == len(pauses)


def test_progress_starts_the_count_of_attempts_anew() -> None:
    """Nine refusals, then one item, and so on: slow, but it comes to an end."""
    calls = iter(range(1_000))
    client = FakeClient(lambda _: int(next(calls) % MAX_ATTEMPTS == MAX_ATTEMPTS - 1))
    assert seed(client, iter(items_of(4))) == 4
    assert len(client.batch_sizes) == 4 * MAX_ATTEMPTS


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

    def endless() -> Iterator[Item]:
        index = 0
        while True:
            yield Dataset().written_item("seeding", index)
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
