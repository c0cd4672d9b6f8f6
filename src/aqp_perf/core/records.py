"""Records: dataclasses that are written to and read from JSON by the types of their fields.

A new field needs no code here. Its type checks what is read: `Count` and `Figure` refuse negative
numbers, NaN and numbers that no measurement reaches. Unknown keys are ignored; fields with a
default may be missing, so that files from before a field was added can still be read.
"""

import json
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Final, NoReturn, TypeVar

import msgspec
from msgspec import Meta

from aqp_perf.errors import ResultError

MOST_COUNT: Final = 2**63 - 1
MOST_FIGURE: Final = 1e24
"""Larger than any figure; sums and squares of such numbers are still finite."""

Count = Annotated[int, Meta(ge=0, le=MOST_COUNT)]
Nanoseconds = Annotated[int, Meta(ge=-MOST_COUNT, le=MOST_COUNT)]
Figure = Annotated[float, Meta(ge=0, le=MOST_FIGURE)]
SignedFigure = Annotated[float, Meta(ge=-MOST_FIGURE, le=MOST_FIGURE)]
Instant = Annotated[datetime, Meta(tz=True)]

T = TypeVar("T")

_LOCATED: Final = re.compile(r"(.*) - at `(?:key` in `)?\$(.*)`", re.DOTALL)
"""A message of msgspec, and the path of the value, as in ``.runs[0].users`` or ``.wrong[...]``."""
_MISSING: Final = re.compile(r"Object missing required field `(\w+)`")
_STEP: Final = re.compile(r"\.(\w+)|\[(\d+)\]")
_SHOWN_CHARACTERS: Final = 40


def from_builtins(data: object, kind: type[T], path: str) -> T:
    """Return the record that ``msgspec.to_builtins`` made ``data`` of, by way of JSON or not.

    Args:
        data: dicts, lists, texts and numbers; parts may be records already.
        kind: the class of the record, or a type such as ``dict[str, Count]``.
        path: what ``data`` is called in messages, such as ``run.operations.write``.

    Raises:
        ResultError: a field is missing or has a wrong value; it names path and value.
    """
    try:
        return msgspec.convert(data, kind, str_keys=True)
    except UnicodeEncodeError as error:  # half of a surrogate pair, which JSON can escape
        raise ResultError(f"{path}: {error}") from error
    except msgspec.ValidationError as error:
        located = _LOCATED.fullmatch(str(error))
        problem, inner = located.groups() if located else (str(error), "")
        missing = _MISSING.fullmatch(problem)
        if missing:
            raise ResultError(f"{path}{inner}.{missing[1]} is missing") from error
        if problem.startswith("Expected"):
            problem += f", found {shown(_value_at(data, inner))}"
        raise ResultError(f"{path}{inner}: {problem}") from error


def to_json(record: object) -> str:
    """Return a record as strict JSON in ASCII; raise ValueError when a number is not finite."""
    return json.dumps(msgspec.to_builtins(record), allow_nan=False)


def from_json(text: str | bytes, kind: type[T], path: str) -> T:
    """Return the record that `to_json` wrote; see `from_builtins`."""
    return from_builtins(json.loads(text), kind, path)


def parse_json(text: str | bytes) -> object:
    """Parse JSON from a source that may be damaged or hostile.

    Raises:
        ResultError: not strict JSON, nested too deeply, or an object has a key twice, so that it
            would depend on the reader which value counts.
    """
    try:
        return json.loads(text, object_pairs_hook=_object, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise ResultError(f"not JSON, or cut short: {error}") from error


def shown(value: object) -> str:
    """Return a value for a message, cut to 40 characters."""
    text = repr(value)
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}…"


def _value_at(data: Any, path: str) -> object:  # noqa: ANN401 - whatever JSON holds
    # "[...]" stands for a key that msgspec does not name: the path is known up to there.
    for name, index in _STEP.findall(path.partition("[...]")[0]):
        data = data[name or int(index)]
    return data


def _object(pairs: Sequence[tuple[str, object]]) -> dict[str, object]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        keys = [key for key, _ in pairs]
        duplicate = next(key for key in keys if keys.count(key) > 1)
        raise ResultError(f"an object has the key {shown(duplicate)} more than once")
    return fields


def _refuse_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is not JSON")
