import hashlib
import uuid

import pytest
from aqp_perf.core.data.order_ids import OrderOrigin, order_id, read_order_id, stream_tag
from hypothesis import given
from hypothesis import strategies as st

u64 = st.integers(0, 2**64 - 1)
origins = st.builds(OrderOrigin, u64, u64)


@given(origins)
def test_an_id_says_where_its_order_came_from(origin: OrderOrigin) -> None:
    assert read_order_id(order_id(origin)) == origin


@given(st.uuids())
def test_every_uuid_is_the_id_of_one_order(any_uuid: uuid.UUID) -> None:
    origin = read_order_id(str(any_uuid))

    assert origin is not None
    assert order_id(origin) == str(any_uuid)


ID = "d00d7cab-2459-c090-d00d-7cab2459c090"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "order-1",
        ID.upper(),
        f"{ID} ",
        f"{ID}\n",
        ID.replace("-", ""),
        ID.replace("d00d7cab", "d00d7ca\N{ARABIC-INDIC DIGIT THREE}"),
    ],
)
def test_other_texts_are_no_ids(text: str) -> None:
    assert read_order_id(text) is None


@pytest.mark.parametrize(("seed", "stream", "index"), [(1, "seed", 0), (7, "run/0/1", 10**6)])
def test_an_id_is_made_of_the_hash_of_its_stream_and_of_its_index(
    seed: int, stream: str, index: int
) -> None:
    """Pins ids to what any other program derives from the same three values."""
    tag = int.from_bytes(hashlib.blake2b(f"{seed}/{stream}".encode(), digest_size=8).digest())
    mixed = (tag + (index + 1) * 0x9E3779B97F4A7C15) % 2**64

    assert stream_tag(seed, stream) == tag
    assert order_id(OrderOrigin(tag, index)) == str(uuid.UUID(int=tag << 64 | mixed))


def test_orders_that_follow_each_other_do_not_look_alike() -> None:
    ids = [order_id(OrderOrigin(0, index)) for index in range(1_000)]

    assert len({text[19:23] for text in ids}) > 900
