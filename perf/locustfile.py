"""The workloads: PartiQL writes and reads against DynamoDB, aggregates against the AQP.

Works with the bare locust command, alone, with ``--master`` and ``--worker``, and with its web UI::

    locust -f perf/locustfile.py PartiqlWriteUser --endpoint-url http://localhost:8000 --headless

The AQP is locust's own ``--host``. See ``locust -f perf/locustfile.py --help`` for the rest.
"""

from locust import events

from perf.core.statements import (
    READ_OPERATION,
    STATUS_COLUMNS,
    STATUS_OPERATION,
    WRITE_OPERATION,
    ZIPCODE_COLUMNS,
    ZIPCODE_OPERATION,
    insert_statement,
    select_statement,
    sort_key_prefix,
    status_query,
    zipcode_query,
)
from perf.loadgen.aqp_user import AqpUser
from perf.loadgen.partiql_user import PartiqlUser
from perf.loadgen.workload import install

install(events)


class PartiqlWriteUser(PartiqlUser):
    """Inserts orders into partitions that nobody reads."""

    def send(self, index: int, due_ns: int) -> None:
        """Insert one order."""
        settings = self.workload.settings
        item = settings.dataset.written_item(self.stream, index)
        self.execute(
            WRITE_OPERATION,
            insert_statement(settings.table),
            item.parameters(),
            due_ns=due_ns,
            writes=True,
        )


class PartiqlReadUser(PartiqlUser):
    """Selects the orders with one status from a seeded partition."""

    think_time_s = (1.0, 5.0)

    def send(self, index: int, due_ns: int) -> None:
        """Select from one partition."""
        settings = self.workload.settings
        pk, status = settings.dataset.read_key(self.stream, index)
        self.execute(
            READ_OPERATION,
            select_statement(settings.table),
            [{"S": pk}, {"S": sort_key_prefix(status)}],
            due_ns=due_ns,
            writes=False,
        )


class AqpZipcodeUser(AqpUser):
    """Asks the AQP for the amounts of a seeded partition by zip code."""

    def send(self, index: int, due_ns: int) -> None:
        """Aggregate one partition."""
        settings = self.workload.settings
        pk, _ = settings.dataset.read_key(self.stream, index)
        self.query(
            ZIPCODE_OPERATION, zipcode_query(settings.table, pk), ZIPCODE_COLUMNS, due_ns=due_ns
        )


class AqpStatusUser(AqpUser):
    """Asks the AQP for the number of orders of a seeded partition by status."""

    def send(self, index: int, due_ns: int) -> None:
        """Aggregate one partition."""
        settings = self.workload.settings
        pk, _ = settings.dataset.read_key(self.stream, index)
        self.query(
            STATUS_OPERATION, status_query(settings.table, pk), STATUS_COLUMNS, due_ns=due_ns
        )
