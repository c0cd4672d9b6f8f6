"""The shipped workloads, for the bare locust command.

    locust -f perf/locustfile.py PartiqlWriteUser --endpoint-url http://localhost:8000 --headless

Works alone, with ``--master`` and ``--worker``, and with locust's web UI.
"""

from aqp_perf.workloads.locustfile import (
    AqpStatusUser,
    AqpZipcodeUser,
    PartiqlReadUser,
    PartiqlWriteUser,
)

__all__ = ["AqpStatusUser", "AqpZipcodeUser", "PartiqlReadUser", "PartiqlWriteUser"]
