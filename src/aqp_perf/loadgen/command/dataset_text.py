"""The sizes of a data set as text, in options and in the locust command: ``partitions=50``."""

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Final

from aqp_perf.core.data.dataset import DATASET_SIZES, Dataset, KeyChoice
from aqp_perf.loadgen.command.whole_number import whole_number

_KEY_CHOICE: Final = "key_choice"
DATA_KEYS: Final[Mapping[str, str]] = {
    **DATASET_SIZES,
    _KEY_CHOICE: f"how often each partition is asked for: {', '.join(KeyChoice)}",
}
"""Key → what it means: all arguments of `Dataset` but the seed."""


def parse_data(text: str) -> dict[str, int | KeyChoice]:
    """Return arguments of `Dataset` from text: ``partitions=50,key_choice=zipf``.

    Raises:
        ValueError: a key is unknown, or its value is of another type.
    """
    return dict(_pair(part) for part in text.split(","))


def data_text(dataset: Dataset) -> str:
    """Return text that `parse_data` reads as the arguments of ``dataset``, all of them."""
    return ",".join(f"{key}={getattr(dataset, key)}" for key in DATA_KEYS)


def _pair(text: str) -> tuple[str, int | KeyChoice]:
    key, equals, value = (part.strip() for part in text.partition("="))
    if not equals or key not in DATA_KEYS:
        near = [f"{each}={value or '…'}" for each in get_close_matches(key, DATA_KEYS, 1)]
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise ValueError(f"write KEY=VALUE, KEY one of {', '.join(DATA_KEYS)}{hint}")
    try:
        if key == _KEY_CHOICE:
            return key, KeyChoice(value)
        return key, whole_number(0 if key == "items_per_partition" else 1)(value)
    except ValueError as error:
        allowed = f"use one of {', '.join(KeyChoice)}" if key == _KEY_CHOICE else str(error)
        raise ValueError(f"{key}: {allowed}") from error
