"""A server that answers every request of a load run at once, or stalls, and counts requests."""

import json
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

AQP_ANSWER: Any = {
    "response": [{"resultSet": []}],
    "stats": {
        "elapsedTimeToRetrieveDataInMs": 2,
        "elapsedTimeToAggregateDataInMs": 0,
        "payloadSizeBytes": 626,
    },
}


class CountingServer(ThreadingHTTPServer):
    """DynamoDB's ExecuteStatement for a POST, an AQP's rows or plain pages for a GET."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.counts: Counter[str] = Counter()
        """Requests by the first word of their statement, or by the path of a GET."""
        self.sort_keys: list[str] = []
        """Of every item that was inserted."""
        self.stall_s = 0.0
        """How long answers wait at the beginning of every second."""
        self.has_request = threading.Event()
        self._lock = threading.Lock()

    def note(self, kind: str, sort_key: str | None = None) -> None:
        """Count a request."""
        with self._lock:
            self.counts[kind] += 1
            if sort_key is not None:
                self.sort_keys.append(sort_key)
        self.has_request.set()

    def stall(self) -> None:
        """Wait while the server stalls."""
        left_s = self.stall_s - time.monotonic() % 1.0
        if left_s > 0:
            time.sleep(left_s)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: CountingServer

    def do_POST(self) -> None:
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        kind = request["Statement"].split()[0]
        is_insert = kind == "INSERT"
        self.server.note(kind, request["Parameters"][1]["S"] if is_insert else None)
        self.server.stall()
        self._answer(200, {"Items": [], "ConsumedCapacity": {"CapacityUnits": 1.0}})

    def do_GET(self) -> None:
        if self.path.startswith("/query-aggregation/"):
            self.server.note("aggregate")
            self._answer(200, AQP_ANSWER)
            return
        self.server.note(self.path)
        self._answer(503 if self.path == "/busy" else 200, {})

    def _answer(self, status: int, content: object) -> None:
        body = json.dumps(content).encode()
        head = f"HTTP/1.1 {status} Text\r\nContent-Length: {len(body)}\r\n\r\n"
        self.wfile.write(head.encode() + body)

    def log_message(self, *_: Any) -> None:  # noqa: ANN401 - the signature of the base class
        """Say nothing."""


@contextmanager
def counting_server() -> Iterator[CountingServer]:
    """Serve on a free loopback port until the block ends."""
    with CountingServer() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join(10)
