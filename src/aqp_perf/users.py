"""Base classes of Locust users, for locustfiles. Imports Locust: never import it in a test.

Importing it adds the workloads' arguments to the locust command.

```python
from aqp_perf.users import PacedUser
```
"""

from typing import TYPE_CHECKING

from locust import events

from aqp_perf.extras import Extra, require
from aqp_perf.loadgen.users.aqp_user import AqpUser
from aqp_perf.loadgen.users.paced_user import PacedUser
from aqp_perf.loadgen.workload.workload import install

if TYPE_CHECKING:
    from aqp_perf.loadgen.users.partiql_user import PartiqlUser

install(events)

__all__ = ["AqpUser", "PacedUser", "PartiqlUser"]


def __getattr__(name: str) -> object:
    """Import the user that needs botocore, which an extra brings, at its first use (PEP 562)."""
    if name != "PartiqlUser":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    require(Extra.AWS, f"aqp_perf.users.{name}")
    from aqp_perf.loadgen.users import partiql_user  # noqa: PLC0415 - as said

    return partiql_user.PartiqlUser
