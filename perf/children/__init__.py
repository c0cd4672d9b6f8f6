"""Child processes and folders that do not outlive us: how servers and generators are run."""

from perf.children.child import SERVER_NICENESS, Child, ChildExited
from perf.children.environment import ChildEnvironment, module_command, with_this_package
from perf.children.folder import TemporaryFolder

__all__ = [
    "SERVER_NICENESS",
    "Child",
    "ChildEnvironment",
    "ChildExited",
    "TemporaryFolder",
    "module_command",
    "with_this_package",
]
