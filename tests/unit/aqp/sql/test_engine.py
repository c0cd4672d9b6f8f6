"""The database under an aggregation: in memory only, and no use for anything else."""

import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from aqp_perf.aqp.problems import DynamoDBFailed
from aqp_perf.aqp.sql.engine import Aggregation, Aggregator
from aqp_perf.aqp.sql.literals import lift_literals
from aqp_perf.aqp.sql.parse import parse_query
from aqp_perf.aqp.sql.plan import make_plan


@pytest.fixture
def aggregation() -> Iterator[Aggregation]:
    template, _ = lift_literals("select a from t where pk = 'x' order by a")
    plan = make_plan(parse_query(template), partition_key="pk", allow_scan=False)
    with Aggregator(plan).open() as opened:
        yield opened


@pytest.mark.parametrize(
    "statement",
    [
        "ATTACH DATABASE '/tmp/stolen' AS other",
        "PRAGMA temp_store = FILE",
        "CREATE TABLE other (a)",
        "CREATE VIRTUAL TABLE other USING fts5(a)",
        "DROP TABLE items",
        "UPDATE items SET c0 = 'S:other'",
        "DELETE FROM items",
    ],
)
def test_whatever_a_plan_said_the_database_would_only_add_and_read(
    aggregation: Aggregation, statement: str
) -> None:
    with pytest.raises(sqlite3.DatabaseError, match="not authorized"):
        aggregation._database.execute(statement)


@pytest.mark.parametrize(
    "expression", ["load_extension('other')", "readfile('/etc/passwd')", "writefile('/tmp/x', 1)"]
)
def test_the_database_has_no_functions_that_reach_outside(
    aggregation: Aggregation, expression: str
) -> None:
    with pytest.raises(sqlite3.OperationalError, match=r"not authorized|no such function"):
        aggregation._database.execute(f"SELECT {expression}")


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc to see open files")
def test_sorting_more_than_a_cache_opens_no_file(aggregation: Aggregation) -> None:
    aggregation.add([{"a": {"S": f"{number}" * 10_000}} for number in range(300)])

    rows = aggregation._database.execute(aggregation._plan.sql, (-1,))
    rows.fetchone()  # sorted, and not read to the end

    targets = [
        str(each.readlink()) for each in Path("/proc/self/fd").iterdir() if each.is_symlink()
    ]
    assert [target for target in targets if "etilqs" in target] == []


@pytest.mark.parametrize("item", [5, None, "text", {"a": 5}, {"a": {"N": 5}}, {"a": {}}])
def test_an_item_of_another_shape_is_a_failure_of_dynamodb(
    aggregation: Aggregation,
    item: Any,  # noqa: ANN401 - any JSON
) -> None:
    with pytest.raises(DynamoDBFailed, match="an item that is none"):
        aggregation.add([item])
