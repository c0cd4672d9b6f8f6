"""Child processes that cannot outlive their parent: how servers and load generators are run."""

from perf.children.child import SERVER_NICENESS, Child, ChildExited

__all__ = ["SERVER_NICENESS", "Child", "ChildExited"]
