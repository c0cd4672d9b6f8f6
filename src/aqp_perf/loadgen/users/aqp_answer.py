"""Read an AQP's answer: its rows, and the statistics that it reports."""

import zlib
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import Any, NamedTuple

from aqp_perf.core.measured.operation_parts import AGGREGATE, RETRIEVE
from aqp_perf.core.proof.wrong_answer import shown
from aqp_perf.core.samples.histogram import HIGHEST_BYTES, HIGHEST_US
from aqp_perf.loadgen.clients.exchange import LONGEST_ANSWER_BYTES, Reply
from aqp_perf.loadgen.clients.json_bytes import parse

_SHOWN_CHARACTERS = 80
_GZIP = zlib.MAX_WBITS | 16
_TOO_LONG = f"longer than {LONGEST_ANSWER_BYTES >> 20} MiB"
_NS_PER_MS = 1_000_000
_HIGHEST_MS = HIGHEST_US // 1_000


class MalformedAnswer(Exception):
    """An answer does not have the shape of an AQP's; the text says what it has."""


class AqpAnswer(NamedTuple):
    """An answer that has the shape of an AQP's."""

    rows: list[Any]
    server_times: Mapping[str, int]
    """`RETRIEVE` and `AGGREGATE` in ns, as far as reported."""
    payload_bytes: int | None
    """Data that the AQP reports to have read."""


def read_answer(reply: Reply) -> AqpAnswer:
    """Return what an AQP answered with status 200.

    Raises:
        MalformedAnswer: it does not have the shape of an AQP's answer.
    """
    content = _content_of(reply)
    try:
        document = parse(content)
        rows = document["response"][0]["resultSet"]
    except (ValueError, LookupError, TypeError, RecursionError) as error:
        raise MalformedAnswer(_beginning(content)) from error
    if not isinstance(rows, list):
        raise MalformedAnswer(_beginning(content))
    return AqpAnswer(rows, *_read_stats(document.get("stats")))


def check_columns(rows: list[Any], columns: AbstractSet[str]) -> None:
    """Check rows of which only the columns are known.

    Raises:
        MalformedAnswer: they are not rows, or have other columns.
    """
    for row in rows:
        if not isinstance(row, dict):
            raise MalformedAnswer(shown(row)[:_SHOWN_CHARACTERS])
        if row.keys() != columns:
            raise MalformedAnswer(f"other columns than queried: {shown(row)[:_SHOWN_CHARACTERS]}")


def _content_of(reply: Reply) -> bytes:
    if not reply.is_whole:
        raise MalformedAnswer(_TOO_LONG)
    encoding = (reply.header("content-encoding") or "identity").lower()
    if encoding == "identity":
        return reply.body
    if encoding in {"gzip", "x-gzip"}:
        return _unpacked(reply.body)
    raise MalformedAnswer(f"encoded as {encoding}, which was not asked for")


def _unpacked(body: bytes) -> bytes:
    """Return the decompressed body; at most `LONGEST_ANSWER_BYTES` are decompressed."""
    unpacker = zlib.decompressobj(_GZIP)
    try:
        content = unpacker.decompress(body, LONGEST_ANSWER_BYTES + 1)
    except zlib.error as error:
        raise MalformedAnswer(f"not gzip: {error}") from error
    if len(content) > LONGEST_ANSWER_BYTES:
        raise MalformedAnswer(_TOO_LONG)
    if not unpacker.eof or unpacker.unused_data:
        raise MalformedAnswer("not gzip: it ends too early or too late")
    return content


def _read_stats(stats: object) -> tuple[Mapping[str, int], int | None]:
    """Return server times and payload. Impossible values are left out; they are no wrong answer."""
    if not isinstance(stats, dict):
        return {}, None
    reported_ms = {
        RETRIEVE: _number(stats.get("elapsedTimeToRetrieveDataInMs"), _HIGHEST_MS),
        AGGREGATE: _number(stats.get("elapsedTimeToAggregateDataInMs"), _HIGHEST_MS),
    }
    payload_bytes = _number(stats.get("payloadSizeBytes"), HIGHEST_BYTES)
    return (
        {name: round(ms * _NS_PER_MS) for name, ms in reported_ms.items() if ms is not None},
        None if payload_bytes is None else round(payload_bytes),
    )


def _number(value: object, highest: int) -> float | None:
    """Return a JSON number from 0 to ``highest``, else None."""
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= highest:
        return value
    return None


def _beginning(content: bytes) -> str:
    return content[:_SHOWN_CHARACTERS].decode(errors="replace")
