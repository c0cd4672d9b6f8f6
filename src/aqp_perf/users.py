"""Base classes of Locust users, for locustfiles. Imports Locust: never import it in a test.

Importing it adds the workloads' arguments to the locust command.

```python
from aqp_perf.users import PacedUser
```
"""

from importlib import import_module
from typing import TYPE_CHECKING, Final

from locust import events

from aqp_perf.extras import Extra, require
from aqp_perf.loadgen.users.aqp_user import AqpUser
from aqp_perf.loadgen.users.paced_user import PacedUser
from aqp_perf.loadgen.workload.workload import install

if TYPE_CHECKING:
    from aqp_perf.loadgen.users.insert_user import InsertUser
    from aqp_perf.loadgen.users.partiql_user import PartiqlUser

install(events)

__all__ = ["AqpUser", "InsertUser", "PacedUser", "PartiqlUser"]

_NEEDS_AWS: Final = {"InsertUser": "insert_user", "PartiqlUser": "partiql_user"}
"""User that needs botocore, which an extra brings → its module."""


def __getattr__(name: str) -> object:
    """Import a user that needs botocore at its first use (PEP 562)."""
    if name not in _NEEDS_AWS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    require(Extra.AWS, f"aqp_perf.users.{name}")
    return getattr(import_module(f"aqp_perf.loadgen.users.{_NEEDS_AWS[name]}"), name)
