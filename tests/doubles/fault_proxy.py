"""A proxy that injects faults, in front of a DynamoDB endpoint or an AQP or in place of both.

    python -m tests.doubles.fault_proxy --plan plan.json --journal FILE [--upstream URL] [--port 0]

Prints ``ready URL``. Without ``--upstream`` it answers by itself: INSERTs as DynamoDB does (a
duplicate is refused), SELECTs and aggregates from the seeded data. The plan, JSON as
`FaultPlan.from_json` reads it, decides which request meets which fault. The journal has a line for
every request: its fault, and what a client must report. ``GET /journal`` writes the journal to its
file and answers with the number of lines.
"""

import argparse
import asyncio
import contextlib
import json
import re
import sys
from collections import Counter
from collections.abc import Callable
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from aqp_perf.loadgen.command.argument_values import data_values
from tests.doubles.bad_bodies import bad_body
from tests.doubles.fault_plan import BODY_FAULTS, NOT_DONE, ROW_FAULTS, Fault, FaultPlan, Kind
from tests.doubles.http_double import (
    Connection,
    Request,
    listen,
    response,
    until_terminated,
)
from tests.doubles.journal import Journal
from tests.doubles.orders import orders
from tests.doubles.right_answers import (
    NoQuestion,
    Question,
    SeededTable,
    body_of,
    read_path,
    read_statement,
)

_JOURNAL_PATH: Final = "/journal"
_HOP_HEADERS: Final = (b"connection:", b"accept-encoding:")
_WRITTEN: Final = json.dumps({"ConsumedCapacity": {"CapacityUnits": 1.0}}).encode()
_LENGTH: Final = re.compile(rb"\r\ncontent-length: *([0-9]+)\r\n", re.IGNORECASE)
_CUT_AT: Final = 0.5

Reply = Callable[[bytes], None]
"""Sends a whole answer."""


def dynamodb_error(code: str, message: str, reason: str | None = None) -> bytes:
    """Return the body of an error of DynamoDB."""
    details = {"__type": f"com.amazonaws.dynamodb.v20120810#{code}", "message": message}
    reasons = [] if reason is None else [{"reason": reason, "resource": "arn:aws:dynamodb:table"}]
    return json.dumps(details | ({"ThrottlingReasons": reasons} if reasons else {})).encode()


_THROTTLES: Final = tuple(
    response(dynamodb_error(code, "injected", f"Table{kind}ProvisionedThroughputExceeded"), 400)
    for code in ("ThrottlingException", "ProvisionedThroughputExceededException")
    for kind in ("Write", "Read")
)
_REFUSALS: Final = {
    (Fault.THROTTLE, True): response(b"{}", 429),
    (Fault.SERVER_ERROR, True): response(b"<html>java.lang.NullPointerException</html>", 500),
    (Fault.UNAVAILABLE, True): response(b"", 503),
    (Fault.SERVER_ERROR, False): response(dynamodb_error("InternalServerError", "injected"), 500),
}


class OwnAnswers:
    """Answers the requests of the shipped workloads from the seeded data."""

    def __init__(self, table: SeededTable) -> None:
        self._written: set[str] = set()
        self._read = cache(lambda question: response(body_of(question, table.rows(question))))

    def answer(self, question: Question, request: Request, reply: Reply) -> None:
        """Answer at once."""
        del request
        if question.kind is not Kind.WRITE:
            reply(self._read(question))
            return
        if question.sk in self._written:
            error = dynamodb_error(
                "DuplicateItemException", "Duplicate primary key exists in table"
            )
            reply(response(error, 400))
            return
        self._written.add(question.sk)
        reply(response(_WRITTEN))


class Upstream:
    """Forwards requests to another server, each over a connection of its own.

    Args:
        url: of a server that sends Content-Length or closes the connection.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme != "http" or parts.hostname is None:
            raise ValueError(f"--upstream: not the http:// URL of a server: {url!r}")
        self._address = parts.hostname, parts.port or 80
        self._under_way: set[asyncio.Task[None]] = set()

    def answer(self, question: Question, request: Request, reply: Reply) -> None:
        """Answer as the other server does, with 502 when it fails."""
        del question
        task = asyncio.get_running_loop().create_task(self._ask(request, reply))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def _ask(self, request: Request, reply: Reply) -> None:
        lines = request.head.split(b"\r\n")
        kept = [line for line in lines if not line.lower().startswith(_HOP_HEADERS)]
        whole = response(b"", HTTPStatus.BAD_GATEWAY)
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            reader, writer = await asyncio.open_connection(*self._address)
            with contextlib.closing(writer):
                writer.write(b"\r\n".join([*kept, b"Connection: close", b"", request.body]))
                head = await reader.readuntil(b"\r\n\r\n")
                found = _LENGTH.search(head)
                body = await (reader.read() if found is None else reader.readexactly(int(found[1])))
                whole = response(body, int(head[9:12]))
        reply(whole)


class FaultProxy:
    """Injects into each request the fault of the plan, and notes it in the journal.

    Args:
        plan: the faults.
        answers: where right answers come from.
        table: what the answers are about.
        journal: where everything is noted.
    """

    def __init__(
        self,
        plan: FaultPlan,
        answers: OwnAnswers | Upstream,
        table: SeededTable,
        journal: Journal,
    ) -> None:
        self._plan, self._answers, self._journal = plan, answers, journal
        self._counts: Counter[Kind] = Counter()
        bodies = {fault: bad_body(str(fault)) for fault in BODY_FAULTS}
        self._bad = {
            fault: response(bad.content, headers=bad.headers) for fault, bad in bodies.items()
        }

        @cache
        def damaged(question: Question, fault: Fault) -> bytes | None:
            rows = table.damaged(question, fault)
            return None if rows is None else response(body_of(question, rows))

        self._damaged = damaged

    def serve(self, connection: Connection, request: Request) -> None:
        """Answer a request, or inject its fault."""
        if request.path == _JOURNAL_PATH:
            self._journal.flush()
            connection.send(response(b"%d" % self._journal.count))
            return
        try:
            is_get = request.method == "GET"
            question = read_path(request.path) if is_get else read_statement(request.body)
        except NoQuestion as error:
            connection.send(response(f"no question of our workloads: {error}".encode(), 404))
            return
        kind = question.kind
        number = self._counts[kind]
        self._counts[kind] += 1
        fault = self._plan.fault(kind, number)
        if fault in ROW_FAULTS and self._damaged(question._replace(sk=""), fault) is None:
            fault = None
        self._journal.note(kind, question.sk or request.header("X-Request-Id") or "", fault)
        if fault in NOT_DONE:
            self._refuse(connection, kind, fault, number)
        else:
            reply = self._reply_of(connection, question, fault)
            self._answers.answer(question, request, reply)

    def _refuse(self, connection: Connection, kind: Kind, fault: Fault, number: int) -> None:
        if fault is Fault.RESET_BEFORE:
            connection.reset()
        elif fault is Fault.THROTTLE and not kind.is_aggregate:
            connection.send(_THROTTLES[number % 2 * 2 + (kind is not Kind.WRITE)])
        elif fault is not Fault.NEVER:
            connection.send(_REFUSALS[fault, kind.is_aggregate])

    def _reply_of(self, connection: Connection, question: Question, fault: Fault | None) -> Reply:
        """Return how to send the answer, damaged by the fault."""
        held_s = {Fault.STALL: self._plan.stall_s, Fault.LATE: self._plan.late_s}

        def reply(whole: bytes) -> None:
            if fault is None:
                connection.send(whole)
            elif fault in held_s:
                asyncio.get_running_loop().call_later(held_s[fault], connection.send, whole)
            elif fault is Fault.RESET_AFTER:
                connection.reset()
            elif fault is Fault.CUT_BODY:
                connection.send_and_close(whole[: -len(_body(whole)) // 2])
            elif fault is Fault.CUT_JSON:
                body = _body(whole)
                connection.send(response(body[: round(len(body) * _CUT_AT)]))
            elif fault in self._bad:
                connection.send(self._bad[fault])
            else:
                connection.send(self._damaged(question, fault) or whole)

        return reply


def _body(whole: bytes) -> bytes:
    return whole.partition(b"\r\n\r\n")[2]


async def run(proxy: FaultProxy, port: int) -> None:
    """Serve until terminated."""
    print(f"ready {await listen(proxy.serve, port)}", flush=True)  # noqa: T201 - as others do
    await until_terminated()


def main() -> int:
    """Serve as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0: a free one")
    parser.add_argument(
        "--upstream", help="the server behind it; by default the proxy answers by itself"
    )
    parser.add_argument("--plan", type=Path, help="the faults; by default none")
    parser.add_argument("--journal", type=Path, required=True)
    parser.add_argument("--data-seed", type=int, default=orders().seed)
    sizes = {name: size for name, size in data_values(orders()).items() if isinstance(size, int)}
    for name, default in sizes.items():
        flag = "--" + name.replace("_", "-")
        parser.add_argument(flag, type=int, default=default)
    options = parser.parse_args()
    try:
        sizes = {name: getattr(options, name) for name in sizes}
        table = SeededTable(orders(seed=options.data_seed, **sizes))
        plan = FaultPlan.from_json(json.loads(options.plan.read_text()) if options.plan else {})
        answers = Upstream(options.upstream) if options.upstream else OwnAnswers(table)
    except (OSError, ValueError, TypeError) as error:
        print(f"fault_proxy: {error}", file=sys.stderr)  # noqa: T201 - the user reads it
        return 2
    journal = Journal(options.journal)
    try:
        asyncio.run(run(FaultProxy(plan, answers, table, journal), options.port))
    finally:
        journal.close()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
