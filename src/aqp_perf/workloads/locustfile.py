"""The workloads: PartiQL writes and reads against DynamoDB, aggregates against the AQP.

It runs with the bare locust command: alone, with ``--master`` and ``--worker``, in the web UI::

    locust -f perf/locustfile.py PartiqlWriteUser --endpoint-url http://localhost:8000 --headless

The AQP is locust's own ``--host``. The other arguments, which its ``--help`` leaves out, are in
`aqp_perf.loadgen.command.workload_arguments`.
"""

from functools import partial

from aqp_perf.core.data.statements import (
    READ_OPERATION,
    STATUS_OPERATION,
    WRITE_OPERATION,
    ZIPCODE_OPERATION,
    select_statement,
    sort_key_prefix,
)
from aqp_perf.core.proof import AggregateQuery
from aqp_perf.users import AqpUser, InsertUser, PartiqlUser
from aqp_perf.workloads.order import Order


class PartiqlWriteUser(InsertUser):
    """Inserts orders into partitions that are never read."""

    item = Order
    operation = WRITE_OPERATION


class PartiqlReadUser(PartiqlUser):
    """Selects the orders with one status from a seeded partition."""

    item = Order
    think_time_s = (1.0, 5.0)

    def send(self, index: int, due_ns: int) -> None:
        """Select from one partition."""
        settings = self.workload.settings
        asked = self.dataset.read_item(self.stream, index)
        pk, status = asked["pk"]["S"], asked["status"]["S"]
        self.select(
            READ_OPERATION,
            select_statement(settings.table),
            [{"S": pk}, {"S": sort_key_prefix(status)}],
            due_ns=due_ns,
            check=self.check(index, partial(self.workload.oracle(Order).check_select, pk, status)),
        )


class AqpZipcodeUser(AqpUser):
    """Asks the AQP for the amounts of a seeded partition by zip code."""

    item = Order

    def send(self, index: int, due_ns: int) -> None:
        """Aggregate one partition."""
        self.aggregate(ZIPCODE_OPERATION, AggregateQuery.ZIPCODE, index, due_ns=due_ns)


class AqpStatusUser(AqpUser):
    """Asks the AQP for the number of orders of a seeded partition by status."""

    item = Order

    def send(self, index: int, due_ns: int) -> None:
        """Aggregate one partition."""
        self.aggregate(STATUS_OPERATION, AggregateQuery.STATUS, index, due_ns=due_ns)
