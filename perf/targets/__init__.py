"""Where the workload runs: moto, DynamoDB Local, any DynamoDB-compatible URL, or AWS.

What needs boto3 is imported when it is first asked for, as in ``targets.open_table(…)``: boto3
takes a third of a second that the start of pytest can do without.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from perf.targets.billing import Billing, OnDemand, Provisioned, parse_billing
from perf.targets.target import Target, TargetKind, TargetSpec, TargetUnusable, parse_target

if TYPE_CHECKING:
    from perf.targets.opening import open_target
    from perf.targets.table import (
        Table,
        TableLeftBehind,
        TableUnusable,
        existing_table,
        open_table,
        table_name,
    )

__all__ = [
    "Billing",
    "OnDemand",
    "Provisioned",
    "Table",
    "TableLeftBehind",
    "TableUnusable",
    "Target",
    "TargetKind",
    "TargetSpec",
    "TargetUnusable",
    "existing_table",
    "open_table",
    "open_target",
    "parse_billing",
    "parse_target",
    "table_name",
]

_HOMES = {
    "Table": "perf.targets.table",
    "TableLeftBehind": "perf.targets.table",
    "TableUnusable": "perf.targets.table",
    "existing_table": "perf.targets.table",
    "open_table": "perf.targets.table",
    "open_target": "perf.targets.opening",
    "table_name": "perf.targets.table",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
