"""Where the workload runs: moto, DynamoDB Local, any DynamoDB-compatible URL, or AWS.

`open_target`, `open_table`, `existing_table`, `TableReader` and `ObjectStore` need boto3, which is
imported when one of them is first asked for. Ask late, as in ``targets.open_table(…)`` after
``from perf import targets``: boto3 takes a tenth of a second and more, which the start of every
pytest can do without.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from perf.targets.billing import Billing, OnDemand, Provisioned, parse_billing
from perf.targets.table import Table, random_name, table_name
from perf.targets.target import Target, TargetKind, TargetSpec, parse_target

if TYPE_CHECKING:
    from perf.targets.capacity import table_capacity
    from perf.targets.object_store import ObjectStore
    from perf.targets.opening import open_target
    from perf.targets.reading import TableReader
    from perf.targets.table_life import existing_table, open_table

__all__ = [
    "Billing",
    "ObjectStore",
    "OnDemand",
    "Provisioned",
    "Table",
    "TableReader",
    "Target",
    "TargetKind",
    "TargetSpec",
    "existing_table",
    "open_table",
    "open_target",
    "parse_billing",
    "parse_target",
    "random_name",
    "table_capacity",
    "table_name",
]

_HOMES = {
    "ObjectStore": "perf.targets.object_store",
    "TableReader": "perf.targets.reading",
    "existing_table": "perf.targets.table_life",
    "open_table": "perf.targets.table_life",
    "open_target": "perf.targets.opening",
    "table_capacity": "perf.targets.capacity",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
