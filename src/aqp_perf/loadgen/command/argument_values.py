"""Values of arguments and options as text: whole numbers, the client, the size of the data."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from math import inf
from typing import Final

from aqp_perf.core.data.dataset import Dataset, KeyChoice
from aqp_perf.core.data.declared_item import SETTINGS
from aqp_perf.core.records import MOST_COUNT

_KEY_CHOICE: Final = "key_choice"
_ITEMS: Final = "items_per_partition"
SETTINGS_TEXT: Final[Mapping[str, str]] = {
    "partitions": "seeded partitions: read, never written",
    _ITEMS: "items in a seeded partition",
    _KEY_CHOICE: f"how often each partition is asked for: {', '.join(KeyChoice)}",
}
"""What the settings of the data mean that all items have."""


def whole_number(least: float = -inf) -> Callable[[str], int]:
    """Return a parser of whole numbers from ``least`` up that a results file can hold."""

    def parse(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            number = None
        if number is None or number < least:
            bound = "" if least == -inf else f", at least {least}"
            raise ValueError(f"it must be a whole number{bound}")
        if abs(number) > MOST_COUNT:
            raise ValueError("it must be a whole number of at most 18 digits")
        return number

    return parse


class ClientKind(StrEnum):
    """The DynamoDB clients."""

    FAST = "fast"
    """Own signing over keep-alive connections; one attempt per request."""
    BOTO3 = "boto3"
    """The AWS SDK, at about a seventh of the rate; as many attempts per request as chosen."""


@dataclass(frozen=True, slots=True)
class ClientChoice:
    """A client, and how often it may send one request, the first time included."""

    kind: ClientKind
    max_attempts: int = 1

    def __str__(self) -> str:
        """Return text that `parse_client` reads as this choice."""
        return self.kind if self.max_attempts == 1 else f"{self.kind}:{self.max_attempts}"


def parse_client(text: str) -> ClientChoice:
    """Return the choice in a text like ``boto3:3``.

    Raises:
        ValueError: there is no such client, or it makes no such number of attempts.
    """
    name, colon, attempts = text.partition(":")
    if name not in set(ClientKind):
        raise ValueError("use fast, boto3, or boto3:3 for up to 3 attempts per request")
    kind = ClientKind(name)
    if not colon:
        return ClientChoice(kind)
    if kind is ClientKind.FAST:
        raise ValueError(f"the fast client sends each request once: use fast, or boto3:{attempts}")
    try:
        return ClientChoice(kind, whole_number(1)(attempts))
    except ValueError as error:
        raise ValueError(f"attempts per request, as in boto3:3: {error}") from error


def parse_data(text: str) -> dict[str, int | KeyChoice]:
    """Return the values of `DataSettings` from text: ``partitions=50,key_choice=zipf``.

    Which counts there are besides the settings depends on the item.

    Raises:
        ValueError: a value is of another type.
    """
    return dict(_pair(part) for part in text.split(","))


def data_text(dataset: Dataset) -> str:
    """Return text that `parse_data` reads as what ``dataset`` was made with."""
    settings = {name: getattr(dataset, name) for name in SETTINGS}
    return ",".join(f"{key}={value}" for key, value in {**dataset.sizes, **settings}.items())


def data_values(dataset: Dataset) -> dict[str, int | KeyChoice]:
    """Return what a user may choose of the data but the seed, by name, defaults included."""
    settings = {name: getattr(dataset, name) for name in SETTINGS}
    return {**dataset.compiled.declaration.sizes, **settings}


def _pair(text: str) -> tuple[str, int | KeyChoice]:
    key, equals, value = (part.strip() for part in text.partition("="))
    if not equals or not key:
        raise ValueError("write KEY=VALUE,…, as in partitions=50")
    try:
        if key == _KEY_CHOICE:
            return key, KeyChoice(value)
        return key, whole_number(0 if key == _ITEMS else 1)(value)
    except ValueError as error:
        allowed = f"use one of {', '.join(KeyChoice)}" if key == _KEY_CHOICE else str(error)
        raise ValueError(f"{key}: {allowed}") from error
