"""The base class of locust users that read aggregates from the AQP."""

import base64
import os
import time
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from http import HTTPStatus
from typing import Any

from gevent import GreenletExit
from locust.contrib.fasthttp import FastHttpUser

from perf.core.failures import FailureClass
from perf.core.statements import query_path
from perf.loadgen.aqp_answer import WrongAnswer, rows_of
from perf.loadgen.connections import SingleAttemptClients
from perf.loadgen.users import PacedUser

_SHORTEST_PART = 4
"""Beginnings of a secret that are shorter than this give nothing away."""


class Unanswered(Exception):
    """A read was under way when the run ended, and got no answer in the time left to it."""

    failure_class = FailureClass.TIMEOUT


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
            failure = response.request_meta["exception"]
            if failure is not None:
                self.note_failure(failure)
                return None
            try:
                if response.status_code != HTTPStatus.OK:
                    raise WrongAnswer(f"HTTP {response.status_code}")  # noqa: TRY301 - as below
                return rows_of(response.content, columns)
            except WrongAnswer as error:
                response.failure(WrongAnswer(self._without_secrets(str(error))))
        return None
