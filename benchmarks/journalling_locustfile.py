"""The shipped users, writing down what they report of every single request.

Each process appends to a file of its own in the folder that ``REQUESTS_FOLDER`` names: the
operation, the request's id, its failure class and what was wrong with its answer; ``-`` for none.
An order is known by its sort key; a query carries its id in a header.
"""

import os
from functools import cache
from pathlib import Path
from typing import Any, TextIO

from aqp_perf.loadgen.clients.failures import failure_class_of
from aqp_perf.loadgen.clients.request_context import RequestContext
from aqp_perf.loadgen.users.aqp_user import AqpUser
from aqp_perf.loadgen.users.paced_user import AnsweredWrong, PacedUser
from aqp_perf.workloads.locustfile import AqpStatusUser, AqpZipcodeUser, PartiqlWriteUser


@cache
def _file_of(process: int) -> TextIO:
    """Return the file of this process: locust forks its workers."""
    folder = Path(os.environ["REQUESTS_FOLDER"])
    return (folder / str(process)).open("w", buffering=1, encoding="utf-8")


class _Journalling(PacedUser):
    """Writes down what is reported."""

    abstract = True
    kind: str
    request_id = "-"

    def report(
        self,
        request_type: str,
        name: str,
        context: RequestContext,
        **details: Any,  # noqa: ANN401 - whatever the base class takes
    ) -> None:
        """Report a request, and write it down."""
        super().report(request_type, name, context, **details)
        wrong = context.get("wrong_answer")
        exception = details.get("exception")
        if exception is None and wrong is not None:
            exception = AnsweredWrong(wrong)
        words = (
            self.kind,
            self.request_id,
            "-" if exception is None else failure_class_of(exception, details.get("response")),
            "-" if wrong is None else wrong.kind,
        )
        _file_of(os.getpid()).write(" ".join(words) + "\n")


class JournallingWriteUser(_Journalling, PartiqlWriteUser):
    """Inserts orders."""

    kind = "write"

    def insert(self, name: str, index: int, *, due_ns: int) -> None:
        """Insert an order."""
        self.request_id = self.dataset.written_item(self.stream, index)["sk"]["S"]
        super().insert(name, index, due_ns=due_ns)


class _JournallingAqpUser(_Journalling, AqpUser):
    abstract = True

    def on_start(self) -> None:
        """Remember the headers that are the same for all queries."""
        super().on_start()
        self._same_headers = self._headers

    def aggregate(self, name: str, query: Any, index: int, *, due_ns: int) -> None:  # noqa: ANN401 - as above
        """Ask, with the request's id in a header."""
        self.request_id = f"{self.stream}/{index}"
        self._headers = f"{self._same_headers}X-Request-Id: {self.request_id}\r\n"
        super().aggregate(name, query, index, due_ns=due_ns)


class JournallingZipcodeUser(_JournallingAqpUser, AqpZipcodeUser):
    """Asks for the amounts of a partition by zip code."""

    kind = "zipcode"


class JournallingStatusUser(_JournallingAqpUser, AqpStatusUser):
    """Asks for the orders of a partition by status."""

    kind = "status"
