"""What the generator sends and reads as JSON."""

import json
import math
from typing import Any

import pytest

from aqp_perf.loadgen.clients.json_bytes import encode, parse


@pytest.mark.parametrize(
    "content",
    [
        b'{"a":[1,2.5,null,true,"\\u00e9"]}',
        b"[123456789012345678901234567890,-0.0,5e-324]",
        b"[1e400]",
        b'"\\ud800"',
        b'{"a":1,"a":2}',
    ],
)
def test_reads_what_json_reads(content: bytes) -> None:
    assert repr(parse(content)) == repr(json.loads(content))


def test_reads_nan() -> None:
    assert math.isnan(parse(b"NaN"))


@pytest.mark.parametrize(
    "content", [b"", b"<html>", b'{"a":1', b'{"a":1} x', b"\xff", b'"\xed\xa0\x80"', b"\xff\xfe1\0"]
)
def test_refuses_what_json_refuses(content: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - json's own texts
        parse(content)


def test_deep_nesting() -> None:
    with pytest.raises(RecursionError):
        parse(b"[" * 100_000)


@pytest.mark.parametrize("request_", [{"a": "é"}, {"a": ["\ud800"]}, {"N": "1.5", "L": [None]}])
def test_writes_what_json_reads_back(request_: dict[str, Any]) -> None:
    assert json.loads(encode(request_)) == request_
