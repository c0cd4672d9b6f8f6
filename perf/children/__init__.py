"""Child processes that cannot outlive their parent: how servers and load generators are run."""

from perf.children.child import SERVER_NICENESS, Child, ChildExited
from perf.children.environment import ChildEnvironment

__all__ = ["SERVER_NICENESS", "Child", "ChildEnvironment", "ChildExited"]
