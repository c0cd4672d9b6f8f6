"""Read JSON that somebody else may have written, cut short or edited: every field is checked."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final, NoReturn, Self, TypeGuard, TypeVar

from aqp_perf.errors import ResultError

MOST: Final = 10**24
"""No figure of ours comes near it, and what is reckoned with so large ones is still finite."""

Choice = TypeVar("Choice", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class JsonReader:
    """A JSON object and the path to it; every method raises ResultError with the full path.

    A number beyond `MOST` is none. Unknown fields are ignored, so that a newer writer may add some.
    """

    fields: Mapping[str, object]
    path: str

    @classmethod
    def of(cls, value: object, path: str) -> Self:
        """Return a reader of ``value``, which must be a JSON object."""
        if not isinstance(value, Mapping):
            raise ResultError(f"{path}: expected an object, found {_shown(value)}")
        return cls(value, path)

    def text(self, key: str) -> str:
        """Return a string."""
        value = self._get(key)
        return value if isinstance(value, str) else self._fail(key, "a string", value)

    def optional_text(self, key: str) -> str | None:
        """Return a string or None."""
        return None if self._get(key) is None else self.text(key)

    def added_text(self, key: str) -> str | None:
        """Return a string, or None: older writers left the field out."""
        return self.optional_text(key) if key in self.fields else None

    def instant(self, key: str) -> datetime:
        """Return an ISO 8601 instant with a time zone, in UTC."""
        text = self.text(key)
        try:
            instant = datetime.fromisoformat(text)
            if instant.tzinfo is not None:
                return instant.astimezone(UTC)
        except (ValueError, OverflowError):  # before the year 1 or after 9999 in UTC
            pass
        return self._fail(key, "an ISO 8601 instant with a time zone", text)

    def choice(self, key: str, choices: type[Choice]) -> Choice:
        """Return a member of an enumeration of strings."""
        text = self.text(key)
        if text not in set(choices):
            return self._fail(key, f"one of {', '.join(choices)}", text)
        return choices(text)

    def flag(self, key: str) -> bool:
        """Return a boolean."""
        value = self._get(key)
        return value if isinstance(value, bool) else self._fail(key, "true or false", value)

    def integer(self, key: str) -> int:
        """Return an integer."""
        value = self._get(key)
        if _is_number(value) and isinstance(value, int):
            return value
        return self._fail(key, "an integer", value)

    def count(self, key: str) -> int:
        """Return an integer of 0 or more."""
        value = self.integer(key)
        return value if value >= 0 else self._fail(key, "an integer of 0 or more", value)

    def optional_count(self, key: str) -> int | None:
        """Return an integer of 0 or more, or None."""
        return None if self._get(key) is None else self.count(key)

    def number(self, key: str) -> float:
        """Return a finite number of 0 or more."""
        value = self._get(key)
        if _is_number(value) and value >= 0:
            return value
        return self._fail(key, "a number of 0 or more", value)

    def optional_number(self, key: str) -> float | None:
        """Return a finite number of 0 or more, or None."""
        return None if self._get(key) is None else self.number(key)

    def optional_signed(self, key: str) -> float | None:
        """Return a finite number, or None."""
        value = self._get(key)
        if value is None or _is_number(value):
            return value
        return self._fail(key, "a number", value)

    def texts(self, key: str) -> tuple[str, ...]:
        """Return an array of strings."""
        value = self._get(key)
        if isinstance(value, list) and all(isinstance(each, str) for each in value):
            return tuple(value)
        return self._fail(key, "an array of strings", value)

    def counts(self, key: str) -> dict[str, int]:
        """Return an object whose values are integers of 0 or more."""
        child = self.child(key)
        return {name: child.count(name) for name in child.fields}

    def child(self, key: str) -> "JsonReader":
        """Return a reader of an object."""
        return JsonReader.of(self._get(key), f"{self.path}.{key}")

    def optional_child(self, key: str) -> "JsonReader | None":
        """Return a reader of an object, or None."""
        return None if self._get(key) is None else self.child(key)

    def added_child(self, key: str) -> "JsonReader | None":
        """Return a reader of an object, or None: older writers left the field out."""
        return self.optional_child(key) if key in self.fields else None

    def children(self, key: str) -> "tuple[JsonReader, ...]":
        """Return readers of an array of objects."""
        value = self._get(key)
        if not isinstance(value, list):
            return self._fail(key, "an array", value)
        return tuple(
            JsonReader.of(each, f"{self.path}.{key}[{index}]") for index, each in enumerate(value)
        )

    def pair(self, key: str) -> tuple[float, float] | None:
        """Return an array of two numbers, or None."""
        value = self._get(key)
        if value is None:
            return None
        if not isinstance(value, list) or len(value) != 2:  # noqa: PLR2004 - a pair
            return self._fail(key, "an array of two numbers", value)
        pair = JsonReader({"[0]": value[0], "[1]": value[1]}, f"{self.path}.{key}")
        return pair.number("[0]"), pair.number("[1]")

    def signed_pair(self, key: str) -> tuple[float, float] | None:
        """Return an array of two finite numbers, or None."""
        value = self._get(key)
        if value is None:
            return None
        if isinstance(value, list):
            numbers = [each for each in value if _is_number(each)]
            if len(numbers) == len(value) == 2:  # noqa: PLR2004 - a pair
                return numbers[0], numbers[1]
        return self._fail(key, "an array of two numbers", value)

    def _get(self, key: str) -> object:
        if key not in self.fields:
            raise ResultError(f"{self.path}.{key} is missing")
        return self.fields[key]

    def _fail(self, key: str, expected: str, found: object) -> NoReturn:
        raise ResultError(f"{self.path}.{key}: expected {expected}, found {_shown(found)}")


def parse_json(text: str | bytes) -> object:
    """Return the value that a JSON text stands for.

    Raises:
        ResultError: an object in it has a key twice; readers differ in which of them counts.
        ValueError: it is no JSON.
        RecursionError: it is nested too deep.
    """
    return json.loads(text, object_pairs_hook=_object)


def _object(pairs: Sequence[tuple[str, object]]) -> dict[str, object]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ResultError(f"an object has the key {_shown(twice)} more than once")
    return fields


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and -MOST <= value <= MOST


def _shown(value: object) -> str:
    """Return what a reader of the message needs of a value that may be huge."""
    longest = 40
    text = repr(value)
    return text if len(text) <= longest else f"{text[:longest]}…"
