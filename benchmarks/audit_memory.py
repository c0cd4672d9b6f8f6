"""Whether an audit of a million writes needs more memory than one of ten thousand.

    python -m benchmarks.audit_memory

A double of DynamoDB has a table with so many writes of a run, in an order of its own, in pages of
1 MB as DynamoDB cuts them; one write is lost and one item is there that nobody sent. The ordinary
audit reads it in a process of its own, whose greatest size is compared. Exits with 1 when the
larger audit needs more than 1.1 times the memory, or does not find exactly what is wrong. Takes one
and a half minutes.
"""

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing import get_context
from resource import RUSAGE_SELF, getrusage
from typing import Any, Final

from aqp_perf.core.proof.write_audit import WriteAudit
from aqp_perf.core.proof.write_log import WriteLog
from aqp_perf.plugin.runs.audits import Audits, Writes
from aqp_perf.targets import Table, TargetKind
from aqp_perf.targets.kinds.endpoint import local_target
from tests.doubles.orders import order, orders

FEW: Final = 10_000
MANY: Final = 1_000_000
MOST_RATIO: Final = 1.1

DATASET: Final = orders()
STREAMS: Final = [f"benchmark/0/{user}" for user in range(10)]
PAGE_BYTES: Final = 1_000_000
STRANGER: Final = ("a key", "of nobody")
LOST: Final = 4_321
"""The number of the write that is not there."""


def key(number: int) -> tuple[str, str]:
    """Return the key of one of the writes, which the streams sent by turns."""
    index, user = divmod(number, len(STREAMS))
    return DATASET.key_of(DATASET.written_item(STREAMS[user], index))


def found_keys(writes: int) -> Iterator[tuple[str, str]]:
    """Yield what the table holds: every key but one, in no order of theirs, and a stranger."""
    yield STRANGER
    for item in DATASET.seed_items():
        yield DATASET.key_of(item)
    step = 7_919  # a prime, so that every number comes once
    for number in range(writes):
        chosen = number * step % writes
        if chosen != LOST:
            yield key(chosen)


def serve(writes: int, ready: Any) -> None:  # noqa: ANN401 - a queue of a context
    """Answer ExecuteStatement with the next page, whoever asks."""
    keys = found_keys(writes)
    item = order(DATASET.seed_item(0))
    item_bytes = sum(map(len, (*item._fields, *item)))
    page_items = PAGE_BYTES // item_bytes

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            page = [found for _, found in zip(range(page_items), keys, strict=False)]
            answer: dict[str, Any] = {
                "Items": [{"pk": {"S": pk}, "sk": {"S": sk}} for pk, sk in page],
                "ConsumedCapacity": {"CapacityUnits": len(page) * item_bytes / 4_096},
            }
            if len(page) == page_items:
                answer["NextToken"] = f"after {page[-1]}"
            body = json.dumps(answer).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    ready.put(server.server_port)
    server.serve_forever()


@contextmanager
def double(writes: int) -> Iterator[str]:
    """Serve a table in a process of its own until the block ends; yield its URL."""
    context = get_context("spawn")
    ready = context.Queue()
    process = context.Process(target=serve, args=(writes, ready), daemon=True)
    process.start()
    try:
        yield f"http://127.0.0.1:{ready.get(timeout=30)}"
    finally:
        process.terminate()
        process.join()


def audit(writes: int, url: str, result: Any) -> None:  # noqa: ANN401 - a queue of a context
    """Audit the table as a session does; send what was found, the greatest size and the time."""
    logs = [WriteLog.from_text(stream, f"{writes // len(STREAMS)}a") for stream in STREAMS]
    target = local_target(TargetKind.MOTO, url)
    table = Table(name="aqp_perf_benchmark", is_ours=True, is_seeded=True)
    began_s = time.monotonic()
    found = Audits().audit(target, table, DATASET, Writes(logs, are_all=True), 10 * MANY)
    took_s = time.monotonic() - began_s
    result.put((found, getrusage(RUSAGE_SELF).ru_maxrss / 1024, took_s))


def measure(writes: int) -> float:
    """Print what an audit of so many writes found and took; return its greatest size in MB."""
    context = get_context("spawn")
    result = context.Queue()
    with double(writes) as url:
        process = context.Process(target=audit, args=(writes, url, result))
        process.start()
        found, size_mb, took_s = result.get(timeout=300)
        process.join()
    check(found, writes)
    print(
        f"{writes:9,} writes: {size_mb:6.1f} MB, {took_s:5.1f} s, "
        f"{found.consumed_read_units:8,.1f} read units, {found.lost} lost, "
        f"{found.unexpected} unexpected",
        flush=True,
    )
    return float(size_mb)


def check(found: WriteAudit, writes: int) -> None:
    """End the program unless the audit found exactly what is wrong."""
    expected = (writes, writes - 1, (key(LOST),), (STRANGER,))
    seen = (found.acknowledged, found.found, found.lost_keys, found.unexpected_keys)
    if seen != expected:
        sys.exit(f"the audit is wrong: {found}")


def main() -> int:
    """Measure both audits."""
    few_mb, many_mb = measure(FEW), measure(MANY)
    ratio = many_mb / few_mb
    print(f"ratio {ratio:.3f}, at most {MOST_RATIO}")
    return 0 if ratio <= MOST_RATIO else 1


if __name__ == "__main__":
    raise SystemExit(main())
