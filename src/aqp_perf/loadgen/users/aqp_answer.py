"""What an AQP answers: rows, in the shape that an AQP gives them, and its own statistics."""

import json
import zlib
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from http import HTTPStatus
from typing import Any, NamedTuple

from aqp_perf.core.measured.failure_class import FailureClass
from aqp_perf.core.measured.time_shares import AGGREGATE, RETRIEVE
from aqp_perf.core.proof.wrong_answer import shown
from aqp_perf.core.samples.histogram import HIGHEST_BYTES, HIGHEST_US
from aqp_perf.loadgen.clients.exchange import LONGEST_ANSWER_BYTES, Reply

_SHOWN_BYTES = 80
_GZIP = zlib.MAX_WBITS | 16
_TOO_LONG = f"malformed: longer than {LONGEST_ANSWER_BYTES >> 20} MiB"
_NS_PER_MS = 1_000_000
_HIGHEST_MS = HIGHEST_US // 1_000


class UnexpectedStatus(Exception):
    """The AQP answered with another status than 200; `failure_class_of` knows what it means."""


class AnsweredWrong(Exception):
    """The AQP answered 200 with something that is not right."""

    failure_class = FailureClass.WRONG_ANSWER


class AqpAnswer(NamedTuple):
    """An answer in an AQP's shape."""

    rows: list[Any]
    server_times: Mapping[str, int]
    """`RETRIEVE` and `AGGREGATE`, in ns, as far as its statistics have them."""
    payload_bytes: int | None
    """How much data the AQP says that it read."""


def read_answer(reply: Reply) -> AqpAnswer:
    """Return what an AQP answered.

    Raises:
        UnexpectedStatus: its status is not 200.
        AnsweredWrong: it does not have the shape of an AQP's answer.
    """
    if reply.status_code != HTTPStatus.OK:
        raise UnexpectedStatus(f"HTTP {reply.status_code}")
    content = _content_of(reply)
    try:
        document = json.loads(content)
        rows = document["response"][0]["resultSet"]
    except (ValueError, LookupError, TypeError, RecursionError) as error:
        raise AnsweredWrong(f"malformed: {_beginning(content)}") from error
    if not isinstance(rows, list):
        raise AnsweredWrong(f"malformed: {_beginning(content)}")
    return AqpAnswer(rows, *_read_stats(document.get("stats")))


def check_columns(rows: list[Any], columns: AbstractSet[str]) -> None:
    """Check the least that can be said of rows of which nobody knows what they should be.

    Raises:
        AnsweredWrong: they are no rows, or have other columns.
    """
    for row in rows:
        if not isinstance(row, dict):
            raise AnsweredWrong(f"malformed: {_beginning_of(row)}")
        if row.keys() != columns:
            raise AnsweredWrong(f"other columns than asked for: {_beginning_of(row)}")


def _content_of(reply: Reply) -> bytes:
    if not reply.is_whole:
        raise AnsweredWrong(_TOO_LONG)
    encoding = (reply.header("content-encoding") or "identity").lower()
    if encoding == "identity":
        return reply.body
    if encoding in {"gzip", "x-gzip"}:
        return _unpacked(reply.body)
    raise AnsweredWrong(f"encoded as {encoding}, which was not asked for")


def _unpacked(body: bytes) -> bytes:
    """Return what was packed; a few kilobytes may hold gigabytes, which are not all unpacked."""
    unpacker = zlib.decompressobj(_GZIP)
    try:
        content = unpacker.decompress(body, LONGEST_ANSWER_BYTES + 1)
    except zlib.error as error:
        raise AnsweredWrong(f"no gzip: {error}") from error
    if len(content) > LONGEST_ANSWER_BYTES:
        raise AnsweredWrong(_TOO_LONG)
    if not unpacker.eof or unpacker.unused_data:
        raise AnsweredWrong("no gzip: it ends too early or too late")
    return content


def _read_stats(stats: object) -> tuple[Mapping[str, int], int | None]:
    """Return server times and payload; what cannot be is left out, and is no fault of the answer.

    The times are whole milliseconds, as the AQP measured them.
    """
    if not isinstance(stats, dict):
        return {}, None
    said_ms = {
        RETRIEVE: _number(stats.get("elapsedTimeToRetrieveDataInMs"), _HIGHEST_MS),
        AGGREGATE: _number(stats.get("elapsedTimeToAggregateDataInMs"), _HIGHEST_MS),
    }
    payload_bytes = _number(stats.get("payloadSizeBytes"), HIGHEST_BYTES)
    return (
        {name: round(ms * _NS_PER_MS) for name, ms in said_ms.items() if ms is not None},
        None if payload_bytes is None else round(payload_bytes),
    )


def _number(value: object, highest: int) -> float | None:
    """Return a number of JSON that lies in the range; NaN lies in none."""
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= highest:
        return value
    return None


def _beginning_of(row: object) -> str:
    """Return a row that may be huge or deep as a short text."""
    return shown(row)[:_SHOWN_BYTES]


def _beginning(content: bytes) -> str:
    return content[:_SHOWN_BYTES].decode(errors="replace")
