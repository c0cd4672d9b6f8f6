"""A double of DynamoDB whose true latency is known: it takes writes.

Answers every one after a fixed delay, and may stall::

    python -m benchmarks.delaying_server --delay-ms 20 --stall-s 1 --stall-every-s 5

or after a delay that varies (lognormal), until it hangs for good on one path::

    python -m benchmarks.delaying_server --delay-ms 25 --p99-ms 78 --hang-after-s 9 --hang-path /pay

Prints ``ready URL``. ``GET /truth`` answers at once with what the server itself saw, as JSON. One
thread, epoll and a timerfd: epoll's own time-out has whole milliseconds only.
"""

import argparse
import contextlib
import ctypes
import gc
import heapq
import json
import math
import os
import select
import socket
import struct
import time
from array import array
from random import Random
from statistics import NormalDist
from typing import Final, NoReturn

from aqp_perf.core.samples.intervals import nearest_rank
from benchmarks.nginx import WRITE_ANSWER

_NS: Final = 1_000_000_000
_NS_PER_MS: Final = 1_000_000
_LIBC: Final = ctypes.CDLL(None, use_errno=True)
_ABSOLUTE: Final = 1


def _answer(status: int, body: bytes) -> bytes:
    return b"HTTP/1.1 %d Text\r\nContent-Length: %d\r\n\r\n%b" % (status, len(body), body)


_WRITTEN: Final = _answer(200, WRITE_ANSWER.encode())


class Delays:
    """Times from a whole request to its answer, in ns: fixed, or lognormal.

    Args:
        median_ns: half of them are shorter.
        p99_ns: 99 % of them are shorter; the same as the median: all are equal.
        seed: of the draws.
    """

    def __init__(self, median_ns: int, p99_ns: int, seed: int) -> None:
        self._median_ns = median_ns
        self._sigma = (
            math.log(p99_ns / median_ns) / NormalDist().inv_cdf(0.99) if p99_ns > median_ns else 0.0
        )
        self._random = Random(seed)  # noqa: S311 - latencies

    def next_ns(self) -> int:
        """Return the delay of the next request."""
        if not self._sigma:
            return self._median_ns
        return round(self._median_ns * self._random.lognormvariate(0.0, self._sigma))


class Server:
    """Holds every answer until it is due.

    Args:
        delays: from a whole request to its answer.
        stall_ns: how long nobody is answered.
        stall_every_ns: a stall ends that long after the first request, and again; 0: never.
        hang_after_ns: no answer from that long after the first request on; None: it never hangs.
        hang_path: the only path that hangs, if not empty.
    """

    def __init__(
        self,
        *,
        delays: Delays,
        stall_ns: int,
        stall_every_ns: int,
        hang_after_ns: int | None,
        hang_path: str,
    ) -> None:
        self._delays, self._stall_ns, self._every_ns = delays, stall_ns, stall_every_ns
        self._hang_after_ns, self._hang_path = hang_after_ns, hang_path.encode()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=4096)
        self._listener.settimeout(0)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._timer = _LIBC.timerfd_create(1, os.O_NONBLOCK)
        self._epoll = select.epoll()
        self._epoll.register(self._listener, select.EPOLLIN)
        self._epoll.register(self._timer, select.EPOLLIN)
        self._received: dict[int, tuple[socket.socket, bytearray]] = {}
        self._due: list[tuple[int, int, int, socket.socket]] = []
        """A heap of (answer due, number of the request, request read, connection)."""
        self._taken = 0
        self._first_ns: int | None = None
        self._held_ns = array("q")

    def run(self) -> NoReturn:
        """Serve until killed."""
        while True:
            for descriptor, _ in self._epoll.poll():
                if descriptor == self._timer:
                    with contextlib.suppress(BlockingIOError):  # armed anew since it fired
                        os.read(self._timer, 8)
                elif descriptor == self._listener.fileno():
                    self._accept()
                else:
                    self._read(descriptor)
            self._answer_due()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except BlockingIOError:
                return
            connection.settimeout(0)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._received[connection.fileno()] = connection, bytearray()
            self._epoll.register(connection, select.EPOLLIN)

    def _read(self, descriptor: int) -> None:
        connection, received = self._received[descriptor]
        try:
            data = connection.recv(1 << 16)
        except ConnectionError:
            data = b""
        if not data:
            self._close(connection)
            return
        received += data
        head_end = received.find(b"\r\n\r\n")
        if head_end < 0:
            return
        if received.startswith(b"GET /truth"):
            received.clear()
            connection.sendall(_answer(200, self._truth()))
            return
        at = received.find(b"Content-Length: ")
        length = int(received[at + 16 : received.find(b"\r", at)])
        if len(received) < head_end + 4 + length:
            return
        path = bytes(received).split(b" ", 2)[1]
        received.clear()
        self._take(connection, path)

    def _take(self, connection: socket.socket, path: bytes) -> None:
        now_ns = time.perf_counter_ns()
        if self._first_ns is None:
            self._first_ns = now_ns
        due_ns = now_ns + self._delays.next_ns()
        if self._hangs(due_ns - self._first_ns, path):
            return
        if self._every_ns:
            since_ns = (due_ns - self._first_ns) % self._every_ns
            if since_ns >= self._every_ns - self._stall_ns:
                due_ns += self._every_ns - since_ns
        self._taken += 1
        heapq.heappush(self._due, (due_ns, self._taken, now_ns, connection))
        if self._due[0][0] == due_ns:
            self._arm(due_ns)

    def _hangs(self, since_ns: int, path: bytes) -> bool:
        """Return whether an answer that is due that long after the first request never comes."""
        if self._hang_after_ns is None or since_ns < self._hang_after_ns:
            return False
        return not self._hang_path or path == self._hang_path

    def _answer_due(self) -> None:
        while self._due:
            due_ns, _, read_ns, connection = self._due[0]
            if due_ns > time.perf_counter_ns():
                self._arm(due_ns)
                return
            heapq.heappop(self._due)
            if connection.fileno() >= 0:  # else whoever asked has gone
                self._answer(connection)
            self._held_ns.append(time.perf_counter_ns() - read_ns)

    def _answer(self, connection: socket.socket) -> None:
        try:
            connection.send(_WRITTEN)
        except ConnectionError:
            self._close(connection)

    def _arm(self, due_ns: int) -> None:
        spec = struct.pack("@qqqq", 0, 0, *divmod(due_ns, _NS))
        if _LIBC.timerfd_settime(self._timer, _ABSOLUTE, spec, None) != 0:
            raise OSError(ctypes.get_errno(), "timerfd_settime")

    def _close(self, connection: socket.socket) -> None:
        del self._received[connection.fileno()]
        self._epoll.unregister(connection)
        connection.close()

    def _truth(self) -> bytes:
        """Return how long answers were held, in ms.

        Held: from having read a request to having sent its answer.
        """
        held_ns = sorted(self._held_ns)
        held_ms = {
            name: held_ns[nearest_rank(q, len(held_ns)) - 1] / _NS_PER_MS if held_ns else None
            for name, q in (("p50", 0.5), ("p99", 0.99), ("max", 1.0))
        }
        return json.dumps({"held_ms": held_ms}).encode()


def main() -> NoReturn:
    """Serve as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--delay-ms", type=float, default=0.0)
    parser.add_argument("--p99-ms", type=float, default=0.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--hang-after-s", type=float)
    parser.add_argument("--hang-path", default="")
    parser.add_argument("--stall-s", type=float, default=0.0)
    parser.add_argument("--stall-every-s", type=float, default=0.0)
    options = parser.parse_args()
    hang_after_s = options.hang_after_s
    server = Server(
        delays=Delays(
            round(options.delay_ms * _NS_PER_MS), round(options.p99_ms * _NS_PER_MS), options.seed
        ),
        stall_ns=round(options.stall_s * _NS),
        stall_every_ns=round(options.stall_every_s * _NS),
        hang_after_ns=None if hang_after_s is None else round(hang_after_s * _NS),
        hang_path=options.hang_path,
    )
    gc.disable()  # a collection would make an answer late
    with contextlib.suppress(PermissionError):  # root's: no neighbour on this core makes it late
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    print(f"ready {server.url}", flush=True)
    server.run()


if __name__ == "__main__":
    main()
