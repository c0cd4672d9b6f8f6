"""The environment of a child process, and how it finds this package."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path


class ChildEnvironment(dict[str, str]):
    """Environment variables that ``repr`` hides: pytest prints the locals of a failure."""

    def __repr__(self) -> str:
        """Return only their number."""
        return f"<{len(self)} environment variables>"


def with_this_package(environment: Mapping[str, str]) -> ChildEnvironment:
    """Return ``environment`` with this very package importable from any folder."""
    package_root = str(Path(__file__).parents[2])
    paths = [package_root, *filter(None, [environment.get("PYTHONPATH")])]
    return ChildEnvironment(environment, PYTHONPATH=os.pathsep.join(paths))


def module_command(name: str) -> list[str]:
    """Return the command that runs a module, even if the working folder has one of its name."""
    return [sys.executable, "-P", "-m", name]
