"""The base class of locust users that read aggregates from the AQP.

It is not one of locust's HTTP users: those take three to eight times as long to send a query, and
one core would be too little to load an AQP.
"""

import base64
import os
import time
from collections.abc import Set as AbstractSet
from dataclasses import replace
from functools import partial
from http import HTTPStatus
from typing import Any, ClassVar

from gevent import GreenletExit
from geventhttpclient.response import HTTPParseError

from aqp_perf.core.aws.secret_texts import without_secrets
from aqp_perf.core.data.declared_item import Item
from aqp_perf.core.data.statements import query_path
from aqp_perf.core.load.planned_load import aggregate_units
from aqp_perf.core.measured.failure_class import FailureClass
from aqp_perf.core.proof import AggregateQuery
from aqp_perf.core.proof.wrong_answer import WrongAnswer, WrongAnswerKind, wrong_answer
from aqp_perf.loadgen.clients.connections import DEFAULT_TIMEOUTS, NotConnected, Timeouts
from aqp_perf.loadgen.clients.exchange import HttpServer, Reply
from aqp_perf.loadgen.clients.failures import encodable, failure_class_of, may_have_read
from aqp_perf.loadgen.clients.request_context import RequestContext
from aqp_perf.loadgen.users.aqp_answer import AqpAnswer, MalformedAnswer, check_columns, read_answer
from aqp_perf.loadgen.users.paced_user import AnswerCheck, PacedUser

_ROUNDING_NS = 2_000_000
"""The AQP's two times, in whole milliseconds, may exceed the measured time by this."""


class UnexpectedStatus(Exception):
    """The AQP answered with another status than 200; `failure_class_of` knows what it means."""


class AqpUser(PacedUser):
    """A user that reads aggregates from the AQP at ``--host``.

    Credentials come from ``PERF_AQP_USER`` and ``PERF_AQP_PASSWORD``; the default is the real AQP's
    example pair.
    """

    abstract = True
    host = "http://127.0.0.1:8080"
    think_time_s = (1.0, 5.0)
    timeouts: ClassVar[Timeouts] = DEFAULT_TIMEOUTS
    item: ClassVar[type[Item] | None] = None
    """What the table holds, where its users know it."""
    _servers: ClassVar[dict[tuple[str, Timeouts], HttpServer]] = {}

    def on_start(self) -> None:
        """Take the connections that all users of this process share, and read the credentials."""
        super().on_start()
        key = self.host, self.timeouts
        try:
            if key not in self._servers:
                self._servers[key] = HttpServer(*key)
        except ValueError as error:
            self.workload.give_up(f"--host: {error}")
            raise GreenletExit from error
        self._server = self._servers[key]
        item = type(self).item
        self._planned_read_units = (
            None if item is None else aggregate_units(self.workload.dataset(item)).read
        )
        user = os.environ.get("PERF_AQP_USER", "small-query-app")
        password = os.environ.get("PERF_AQP_PASSWORD", "secretEXAMPLE")
        token = base64.b64encode(f"{user}:{password}".encode()).decode()
        self._secrets = (token, password)
        self._headers = (
            f"Host: {self._server.host}\r\n"
            f"Authorization: Basic {token}\r\n"
            "Cache-Control: no-cache\r\n"
            "Accept-Encoding: gzip\r\n"
            "Accept: */*\r\n"
        )

    def aggregate(self, name: str, query: AggregateQuery, index: int, *, due_ns: int) -> None:
        """Query one aggregate of a seeded partition, and check the answer if it is in the sample.

        The number of this user's request, ``index``, decides the partition; see `query`.
        """
        item = type(self).item
        if item is None:
            raise LookupError(f"{type(self).__name__} has no item: declare it as item = …")
        dataset = self.workload.dataset(item)
        pk = dataset.partition_key(dataset.read_partition(self.stream, index))["S"]
        check = self.check(index, partial(self.workload.oracle(item).check_aggregate, query, pk))
        sql = query.sql(self.workload.settings.table, pk)
        self.query(name, sql, query.columns, due_ns=due_ns, check=check)

    def query(
        self,
        name: str,
        sql: str,
        columns: AbstractSet[str],
        *,
        due_ns: int,
        check: AnswerCheck | None = None,
    ) -> list[Any] | None:
        """Send a query and report it as operation ``name``; return its rows, or None.

        Args:
            name: under which it is counted.
            sql: the query.
            columns: the columns of every row of a right answer.
            due_ns: when it was due (perf_counter).
            check: how the rows are checked, once the latency is taken.
        """
        context = self.timing(due_ns)
        if self._planned_read_units is not None:
            context["planned_read_units"] = self._planned_read_units
        if check is not None:
            context["is_checked"] = False  # until it is
        request = f"GET {query_path(sql)} HTTP/1.1\r\n{self._headers}\r\n".encode("ascii")
        try:
            reply = self._server.exchange(request)
        except (OSError, HTTPParseError) as error:
            if isinstance(error, NotConnected):
                context.pop("planned_read_units", None)
            self.report("GET", name, context, exception=error)
            return None
        except GreenletExit:
            self.report_unanswered("GET", name, context, FailureClass.TIMEOUT)
            raise
        end_ns = time.perf_counter_ns()
        failure: Exception | None = None
        rows: list[Any] | None = None
        if reply.status_code != HTTPStatus.OK:
            failure = UnexpectedStatus(f"HTTP {reply.status_code}")
            if not may_have_read(failure_class_of(failure, reply)):
                context.pop("planned_read_units", None)
        else:
            answer = self._read(reply, sql, columns, check)
            if check is not None:
                context["is_checked"] = check.check is not None
            if isinstance(answer, WrongAnswer):
                context["wrong_answer"] = answer
            else:
                rows = answer.rows
                _note_answer(answer, end_ns, context)
        self.report(
            "GET",
            name,
            context,
            length_bytes=len(reply.body),
            exception=failure,
            response=reply,
            end_ns=end_ns,
        )
        return rows

    def _read(
        self, reply: Reply, sql: str, columns: AbstractSet[str], check: AnswerCheck | None
    ) -> AqpAnswer | WrongAnswer:
        """Return the answer, or what is wrong with it, without our credentials."""
        wrong: WrongAnswer | None = None
        try:
            answer = read_answer(reply)
            if check is None or check.check is None:
                check_columns(answer.rows, columns)
            else:
                wrong = check.check(answer.rows)
            if wrong is None:
                return answer
        except MalformedAnswer as error:
            evidence = [("an answer of an AQP", str(error))]
            wrong = wrong_answer(WrongAnswerKind.MALFORMED, sql, evidence)
        return replace(wrong, got=encodable(without_secrets(wrong.got, self._secrets)))


def _note_answer(answer: AqpAnswer, end_ns: int, context: RequestContext) -> None:
    context["items"] = len(answer.rows)
    # Longer times than the whole query took are of an old answer, or not of an AQP.
    longest_ns = end_ns - context["start_ns"] + _ROUNDING_NS
    if answer.server_times and sum(answer.server_times.values()) <= longest_ns:
        context["server_times"] = answer.server_times
    if answer.payload_bytes is not None:
        context["payload_bytes"] = answer.payload_bytes
