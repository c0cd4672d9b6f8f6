"""Base classes of locust users whose requests are paced, timed from when they were due, and typed.

A request event of these users carries in its ``context``: ``due_ns`` and ``start_ns``
(perf_counter), and ``consumed_read_units`` or ``consumed_write_units`` where DynamoDB reported
them. The instrument reads them; without it they are ignored, and the users work under the bare
locust command.
"""

import base64
import json
import os
import time
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from http import HTTPStatus
from random import Random
from typing import Any, ClassVar

from gevent import GreenletExit
from locust import User, task
from locust.contrib.fasthttp import FastHttpUser

from perf.core.failures import FailureClass
from perf.core.pacing import OpenModel, Think
from perf.core.statements import query_path
from perf.loadgen.arguments import ClientKind, WorkloadSettings
from perf.loadgen.connections import SingleAttemptClients
from perf.loadgen.dynamodb import (
    Answer,
    Attributes,
    DynamoDbClient,
    DynamoDbError,
    open_client,
)
from perf.loadgen.workload import Workload, workload_of

_NS = 1_000_000_000
_NS_PER_MS = 1_000_000
_SHOWN_BYTES = 80
_SHORTEST_PART = 4
"""Beginnings of a secret that are shorter than this give nothing away."""


class WrongAnswer(Exception):
    """The AQP answered 200 with something that cannot be right."""

    failure_class = FailureClass.WRONG_ANSWER


class Unanswered(Exception):
    """A read was under way when the run ended, and got no answer in the time left to it."""

    failure_class = FailureClass.TIMEOUT


class PacedUser(User):
    """A user that sends one request whenever its pacing says so.

    Subclasses implement `send`. ``think_time_s`` is the range of the random waits of the closed
    model ``think``.
    """

    abstract = True
    takes_arrivals = True  # as the workload asks of a class
    think_time_s: ClassVar[tuple[float, float]] = (0.0, 1.0)

    workload: Workload
    stream: str
    """Names this user's draws and items; no other user of any run has the same."""

    def on_start(self) -> None:
        """Join the workload of this process."""
        self.workload = workload_of(self.environment)
        self.stream = self.workload.next_stream()
        self._sent = 0
        self._due_ns: int | None = None
        settings = self.workload.settings
        self._is_open = isinstance(settings.pacing, OpenModel)
        self._thinks = isinstance(settings.pacing, Think)
        self._arrivals = self.workload.arrivals(type(self).__name__)
        self._random = Random(f"{settings.dataset.seed}/{self.stream}")  # noqa: S311 - think times

    def wait_time(self) -> float:
        """Wait for the next arrival in the open model, else return how long to think, in s."""
        if self._is_open:
            self._due_ns = self._arrivals.wait_for_next()
            return 0.0
        return self._random.uniform(*self.think_time_s) if self._thinks else 0.0

    @task
    def request(self) -> None:
        """Send the next request, once it is due."""
        if self._is_open and self._due_ns is None:
            self.wait()  # type: ignore[no-untyped-call]  # the first arrival; locust itself waits for the later ones
        due_ns, self._due_ns = self._due_ns, None
        self.workload.begin_request(due_ns)
        if due_ns is not None:
            self._arrivals.count_sent()
        try:
            index = self._sent
            self._sent += 1
            self.send(index, time.perf_counter_ns() if due_ns is None else due_ns)
        finally:
            self.workload.end_request()

    def send(self, index: int, due_ns: int) -> None:
        """Send one request and report it.

        Args:
            index: counts this user's requests from 0.
            due_ns: when the request was due (perf_counter).
        """
        raise NotImplementedError

    def report(
        self,
        request_type: str,
        name: str,
        context: Mapping[str, Any],
        *,
        length_bytes: int = 0,
        exception: Exception | None = None,
    ) -> None:
        """Report a request that ends now and was sent at ``context["start_ns"]``."""
        service_time_ns = time.perf_counter_ns() - context["start_ns"]
        self.environment.events.request.fire(
            request_type=request_type,
            name=name,
            response_time=service_time_ns / _NS_PER_MS,
            response_length=length_bytes,
            exception=exception,
            context=context,
            start_time=time.time() - service_time_ns / _NS,
        )


class PartiqlUser(PacedUser):
    """A user that sends PartiQL statements to DynamoDB."""

    abstract = True
    _clients: ClassVar[dict[tuple[ClientKind, str | None, str | None], DynamoDbClient]] = {}

    @classmethod
    def open_for_load(cls, settings: WorkloadSettings) -> None:
        """Open the client that all users of this process share.

        Raises:
            ValueError: no region or no credentials can be found, or the endpoint is no URL.
        """
        key = settings.client, settings.endpoint_url, settings.region
        if key not in cls._clients:
            cls._clients[key] = open_client(*key)

    def on_start(self) -> None:
        """Take the client that all users of this process share."""
        super().on_start()
        settings = self.workload.settings
        client = self._clients.get((settings.client, settings.endpoint_url, settings.region))
        if client is None:
            raise GreenletExit  # said already; of a StopUser locust would log the traceback
        self.client = client

    def execute(
        self,
        name: str,
        statement: str,
        parameters: Sequence[Attributes],
        *,
        due_ns: int,
        writes: bool,
    ) -> Answer | None:
        """Send a statement and report it as operation ``name``; return its answer, or None."""
        context: dict[str, Any] = {"due_ns": due_ns, "start_ns": time.perf_counter_ns()}
        try:
            answer = self.client.execute_statement(statement, parameters, writes=writes)
        except DynamoDbError as error:
            self.report("partiQL", name, context, exception=error)
            return None
        except GreenletExit:
            if self.workload.has_waited_in_vain:
                kind = FailureClass.AMBIGUOUS if writes else FailureClass.TIMEOUT
                unanswered = DynamoDbError(kind, "Unanswered", "under way when the run ended")
                self.report("partiQL", name, context, exception=unanswered)
            raise
        if answer.consumed_units is not None:
            context[f"consumed_{'write' if writes else 'read'}_units"] = answer.consumed_units
        self.report("partiQL", name, context, length_bytes=answer.length_bytes)
        return answer


class AqpUser(PacedUser, FastHttpUser):
    """A user that reads aggregates from the AQP at ``--host``; default: the port it has by default.

    Credentials come from ``PERF_AQP_USER`` and ``PERF_AQP_PASSWORD``; without them, the real AQP's
    example pair is used.
    """

    abstract = True
    host = "http://127.0.0.1:8080"
    think_time_s = (1.0, 5.0)
    client_pool = SingleAttemptClients()
    max_redirects = 0

    def on_start(self) -> None:
        """Read the credentials."""
        super().on_start()
        self._auth = (
            os.environ.get("PERF_AQP_USER", "small-query-app"),
            os.environ.get("PERF_AQP_PASSWORD", "secretEXAMPLE"),
        )
        token = base64.b64encode(":".join(self._auth).encode("latin-1", "replace")).decode()
        self._secrets = (token, self._auth[1])

    def _without_secrets(self, text: str) -> str:
        """Return ``text`` without our credentials, even cut ones at its end: an AQP may echo."""
        for secret in filter(None, self._secrets):
            text = text.replace(secret, "***")
            for length in range(len(secret) - 1, _SHORTEST_PART - 1, -1):
                if text.endswith(secret[:length]):
                    text = text[:-length] + "***"
                    break
        return text

    def query(
        self, name: str, sql: str, columns: AbstractSet[str], *, due_ns: int
    ) -> list[Mapping[str, Any]] | None:
        """Send a query and report it as operation ``name``; return its rows, or None.

        Args:
            name: under which it is counted.
            sql: the query.
            columns: what every row of a right answer has.
            due_ns: when it was due (perf_counter).
        """
        context = {"due_ns": due_ns, "start_ns": time.perf_counter_ns()}
        try:
            response = self.client.request(
                "GET",
                query_path(sql),
                name=name,
                auth=self._auth,
                headers={"Cache-Control": "no-cache"},
                catch_response=True,
                context=context,
            )
        except GreenletExit:
            if self.workload.has_waited_in_vain:
                self.report("GET", name, context, exception=Unanswered("the run ended"))
            raise
        with response:
            if response.request_meta["exception"] is not None:
                return None
            try:
                if response.status_code != HTTPStatus.OK:
                    raise WrongAnswer(f"HTTP {response.status_code}")  # noqa: TRY301 - as below
                return rows_of(response.content, columns)
            except WrongAnswer as error:
                response.failure(WrongAnswer(self._without_secrets(str(error))))
        return None


def rows_of(content: bytes, columns: AbstractSet[str]) -> list[Mapping[str, Any]]:
    """Return the rows in an AQP's answer.

    Raises:
        WrongAnswer: the content does not have the shape of an AQP's answer with these columns.
    """
    try:
        rows = json.loads(content)["response"][0]["resultSet"]
    except (ValueError, LookupError, TypeError, RecursionError) as error:
        raise WrongAnswer(f"malformed: {_beginning(content)}") from error
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise WrongAnswer(f"malformed: {_beginning(content)}")
    if not all(row.keys() == columns for row in rows):
        raise WrongAnswer(f"other columns than asked for: {_beginning(content)}")
    return rows


def _beginning(content: bytes | None) -> str:
    return (content or b"")[:_SHOWN_BYTES].decode(errors="replace")
