"""Base classes of Locust users, for locustfiles. Imports Locust: never import it in a test.

Importing it adds the workloads' arguments to the locust command.

```python
from aqp_perf.users import PacedUser
```
"""

from locust import events

from aqp_perf.loadgen.users.aqp_user import AqpUser
from aqp_perf.loadgen.users.paced_user import PacedUser
from aqp_perf.loadgen.users.partiql_user import PartiqlUser
from aqp_perf.loadgen.workload.workload import install

install(events)

__all__ = ["AqpUser", "PacedUser", "PartiqlUser"]
