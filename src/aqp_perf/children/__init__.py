"""Child processes and folders that do not outlive us: how servers and generators are run."""

from aqp_perf.children.child import SERVER_NICENESS, Child, ChildExited
from aqp_perf.children.environment import ChildEnvironment, module_command, with_this_package
from aqp_perf.children.folder import TemporaryFolder

__all__ = [
    "SERVER_NICENESS",
    "Child",
    "ChildEnvironment",
    "ChildExited",
    "TemporaryFolder",
    "module_command",
    "with_this_package",
]
