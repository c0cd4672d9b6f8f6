"""Where the workload runs: moto, DynamoDB Local, any DynamoDB-compatible URL, or AWS.

Names that need boto3 are imported at their first use, as in ``targets.open_table(…)`` after
``from aqp_perf import targets``: boto3 takes a tenth of a second and more, which the start of every
pytest can do without.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from aqp_perf.targets.kinds.target import Target, TargetKind, TargetSpec, parse_target
from aqp_perf.targets.tables.billing import Billing, parse_billing
from aqp_perf.targets.tables.table import Table, table_name

if TYPE_CHECKING:
    from aqp_perf.targets.access.aws_profile import check_profile
    from aqp_perf.targets.kinds.open_target import open_target
    from aqp_perf.targets.tables.definition import table_capacity
    from aqp_perf.targets.tables.reading import TableReader
    from aqp_perf.targets.tables.table_life import existing_table, open_table

__all__ = [
    "Billing",
    "Table",
    "TableReader",
    "Target",
    "TargetKind",
    "TargetSpec",
    "check_profile",
    "existing_table",
    "open_table",
    "open_target",
    "parse_billing",
    "parse_target",
    "table_capacity",
    "table_name",
]

_MODULES = {
    "TableReader": "tables.reading",
    "check_profile": "access.aws_profile",
    "existing_table": "tables.table_life",
    "open_table": "tables.table_life",
    "open_target": "kinds.open_target",
    "table_capacity": "tables.definition",
}


def __getattr__(name: str) -> object:
    """Import a name that needs boto3 (PEP 562)."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
