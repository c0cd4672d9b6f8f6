"""Runs pytest sessions as a user does, disturbed or not, and reads their verdicts."""

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, Self

from aqp_perf.core.verdict.verdicts import Verdict

ROOT: Final = Path(__file__).resolve().parent.parent
_STOP_S: Final = 30.0
"""For a session to clean up."""
_SHOWN_LINES: Final = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedRun:
    """A run of a session."""

    verdict: Verdict | None
    """None: there was no run."""
    why: str
    """Why it is no PASS; empty: it is one."""
    cpu_ratio: float | None = None
    """Of the busiest process of the load generator."""
    throughput_per_s: float = 0.0
    """Of all operations."""
    operations: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """As the results file has them."""

    @classmethod
    def from_json(cls, run: Mapping[str, Any]) -> Self:
        """Return what a results file says of a run."""
        thresholds = [
            f"{each['operation'][:20]} {each['text']} {each['verdict']}, "
            f"observed {each['observed']} {each['reason']}"
            for each in run["thresholds"]
            if each["verdict"] != Verdict.PASS
        ]
        return cls(
            verdict=Verdict(run["verdict"]),
            why="; ".join(run["invalid_reasons"] or thresholds),
            cpu_ratio=run["generator"]["cpu_ratio_max"],
            throughput_per_s=sum(each["throughput_per_s"] for each in run["operations"].values()),
            operations=run["operations"],
        )


class Session:
    """A pytest session; it ends with the block.

    Args:
        folder: where it runs.
        options: pytest's.
        environment: the whole environment.
    """

    def __init__(
        self, folder: Path, options: Sequence[str], environment: Mapping[str, str]
    ) -> None:
        self._output = TemporaryDirectory(prefix="aqp-perf-session-")
        self._results = Path(self._output.name) / "results.json"
        self._log = Path(self._output.name) / "output.txt"
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [*command, f"--perf-json={self._results}"],
                cwd=folder,
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self.pid = self._process.pid

    def wait(self, runs: int, timeout_s: float) -> list[JudgedRun]:
        """Return its runs when it has ended.

        Args:
            runs: how many it should have; those that it has not are added, without a verdict.
            timeout_s: it is ended after that time.
        """
        try:
            self._process.wait(timeout_s)
            said = f"exit code {self._process.returncode}"
        except subprocess.TimeoutExpired:
            self._end()
            said = f"ended after {timeout_s:g} s"
        found = []
        if self._results.exists():
            document = json.loads(self._results.read_text())
            found = [JudgedRun.from_json(run) for run in document["runs"]]
        lines = self._log.read_text(errors="replace").strip().splitlines()
        said = " | ".join([said, *lines[-_SHOWN_LINES:]])
        return found + [JudgedRun(verdict=None, why=said)] * (runs - len(found))

    def _end(self) -> None:
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(_STOP_S)
            except subprocess.TimeoutExpired:
                self._process.kill()  # its children end with it
                self._process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._end()
        self._output.cleanup()
