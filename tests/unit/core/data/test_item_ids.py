import hashlib
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aqp_perf.core.data.item_ids import (
    ItemOrigin,
    item_id,
    item_number,
    read_item_id,
    read_item_number,
    stream_tag,
)

u64 = st.integers(0, 2**64 - 1)
origins = st.builds(ItemOrigin, st.integers(0, 2**62 - 1), u64)


@given(origins)
def test_an_id_says_where_its_item_came_from(origin: ItemOrigin) -> None:
    assert read_item_id(item_id(origin)) == origin
    assert read_item_number(item_number(origin)) == origin


@given(st.uuids())
def test_every_uuid_is_the_id_of_one_item(any_uuid: uuid.UUID) -> None:
    origin = read_item_id(str(any_uuid))

    assert origin is not None
    assert item_id(origin) == str(any_uuid)


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
    assert read_item_id(text) is None


def test_a_number_has_as_many_digits_as_dynamodb_takes() -> None:
    assert len(item_number(ItemOrigin(2**62 - 1, 2**64 - 1))) == 38
    assert all(read_item_number(text) is None for text in ("", "-1", "1.5", "9" * 39, "٣"))


@pytest.mark.parametrize(("seed", "stream", "index"), [(1, "seed", 0), (7, "run/0/1", 10**6)])
def test_an_id_is_made_of_the_hash_of_its_stream_and_of_its_index(
    seed: int, stream: str, index: int
) -> None:
    """Pins ids to what any other program derives from the same three values."""
    tag = int.from_bytes(hashlib.blake2b(f"{seed}/{stream}".encode(), digest_size=8).digest()) >> 2
    mixed = (tag + (index + 1) * 0x9E3779B97F4A7C15) % 2**64

    assert stream_tag(seed, stream) == tag
    assert item_id(ItemOrigin(tag, index)) == str(uuid.UUID(int=tag << 64 | mixed))


def test_items_that_follow_each_other_do_not_look_alike() -> None:
    ids = [item_id(ItemOrigin(0, index)) for index in range(1_000)]

    assert len({text[19:23] for text in ids}) > 900
