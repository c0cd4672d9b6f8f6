"""Base classes of Locust users, for locustfiles. Imports Locust: never import it in a test.

```python
from aqp_perf.users import PacedUser
```
"""

from aqp_perf.loadgen.users.aqp_user import AqpUser
from aqp_perf.loadgen.users.paced_user import PacedUser
from aqp_perf.loadgen.users.partiql_user import PartiqlUser
from aqp_perf.loadgen.workload.workload import install

__all__ = ["AqpUser", "PacedUser", "PartiqlUser", "install"]
