"""Child processes that cannot outlive their parent: how servers and load generators are run."""

from perf.children.child import Child, ChildExited

__all__ = ["Child", "ChildExited"]
