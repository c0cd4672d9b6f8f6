"""What the workloads send, and the names under which it is counted."""

import re
from functools import lru_cache
from urllib.parse import quote

DEFAULT_TABLE = "performance_test_table"

WRITE_OPERATION = "write_to_ddb"
READ_OPERATION = "read_from_ddb"
ZIPCODE_OPERATION = (
    "select zipcode,pk,sum(amount) as total from performance_test_table where pk=? group by zipcode"
)
STATUS_OPERATION = (
    "select status, pk, count(sk) as total from performance_test_table where pk=?"
    " group by status, pk"
)

STATUSES = ("CREATED", "PAYED", "CANCELED", "PROCESSED", "SHIPPED", "DELIVERED", "RETURNED")
"""The statuses of an order."""

ZIPCODE_COLUMNS = frozenset({"zipcode", "pk", "total"})
STATUS_COLUMNS = frozenset({"status", "pk", "total"})
"""What every row of the two aggregates has."""

_PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def quoted_name(name: str) -> str:
    """Return ``name`` in double quotes, as PartiQL and SQL quote identifiers."""
    return '"' + name.replace('"', '""') + '"'


@lru_cache(maxsize=1_024)
def insert_statement(table: str, names: tuple[str, ...]) -> str:
    """Return the parameterised INSERT of an item with these attributes, in their order."""
    values = ", ".join("'" + name.replace("'", "''") + "': ?" for name in names)
    return f"INSERT INTO {quoted_name(table)} VALUE {{{values}}}"


@lru_cache(maxsize=16)
def select_statement(table: str) -> str:
    """Return the parameterised SELECT of one partition; parameters: key, sort key prefix."""
    return f'SELECT * FROM {quoted_name(table)} WHERE "pk" = ? AND begins_with("sk", ?)'


def sort_key_prefix(status: str) -> str:
    """Return the beginning of the sort key of every order with this status."""
    return f"STATUS#{status}#"


def zipcode_query(table: str, pk: str) -> str:
    """Return the SQL of AQP aggregate 1: the amounts of a partition by zip code."""
    return (
        f"select zipcode,pk,sum(amount) as total from {sql_name(table)}"
        f" where pk={_literal(pk)} group by zipcode, pk"
    )


def status_query(table: str, pk: str) -> str:
    """Return the SQL of AQP aggregate 2: the orders of a partition by status."""
    return (
        f"select status, pk, count(sk) as total from {sql_name(table)}"
        f" where pk={_literal(pk)} group by status, pk"
    )


@lru_cache(maxsize=4_096)  # the partitions that are read: the same queries again and again
def query_path(sql: str) -> str:
    """Return the URL path under which an AQP answers ``sql``: one percent-encoded segment."""
    return "/query-aggregation/" + quote(sql, safe="")


def sql_name(name: str) -> str:
    """Return a name as SQL takes it: in double quotes, unless it is plain."""
    return name if _PLAIN_NAME.fullmatch(name) else quoted_name(name)


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
