"""Child processes and folders that do not outlive us: how servers and generators are run."""

from aqp_perf.children.child import SERVER_NICENESS, Child, ChildExited
from aqp_perf.children.environment import ChildEnvironment, module_command, with_this_package
from aqp_perf.children.folder import TemporaryFolder
from aqp_perf.children.server import running_server

__all__ = [
    "SERVER_NICENESS",
    "Child",
    "ChildEnvironment",
    "ChildExited",
    "TemporaryFolder",
    "module_command",
    "running_server",
    "with_this_package",
]
