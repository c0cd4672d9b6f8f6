"""A fault proxy in a process of its own."""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple
from urllib.request import urlopen

from aqp_perf.children import Child
from tests.doubles.fault_plan import FaultPlan
from tests.doubles.journal import Entry, read_journal

_ROOT: Final = str(Path(__file__).parents[2])
_START_S: Final = 20.0


class RunningProxy(NamedTuple):
    """The URL and the journal of a fault proxy."""

    url: str
    journal: Path

    def entries(self) -> list[Entry]:
        """Return the journal so far."""
        urlopen(f"{self.url}/journal", timeout=10).close()  # noqa: S310 - loopback
        return list(read_journal(self.journal))


@contextmanager
def fault_proxy(folder: Path, plan: FaultPlan, *options: str) -> Iterator[RunningProxy]:
    """Run a fault proxy until the block ends.

    Args:
        folder: for its plan and its journal.
        plan: the faults.
        options: more arguments, such as ``--upstream`` and a URL.
    """
    plan_file, journal = folder / "plan.json", folder / "journal"
    plan_file.write_text(json.dumps(plan.to_json()))
    argv = [sys.executable, "-m", "tests.doubles.fault_proxy", *options]
    argv += ["--plan", str(plan_file), "--journal", str(journal)]
    with Child("fault proxy", argv, environment=os.environ | {"PYTHONPATH": _ROOT}) as child:
        yield RunningProxy(child.wait_for_line("ready ", _START_S), journal)
