"""Collect the tests of this folder like any others, and run them in a process with locust.

The outer session must not import locust. It starts ``python -m tests.child_side --serve`` once,
takes the list of tests from it, and sends it one test at a time: options such as ``-k``, ``--lf``,
``--durations`` and ``-n`` see every test, and a failure shows its own text.
"""

import ast
import contextlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
# A test that hangs ends the process, with the stacks of its threads in the output.
HANG = ["-o", "faulthandler_timeout=60", "-o", "faulthandler_exit_on_timeout=true"]


class ChildEndedError(pytest.Collector.CollectError):
    """The process with locust ended; the text is its output."""


class Child:
    """A process with locust that collects all tests of this folder and runs them one by one."""

    def __init__(self) -> None:
        self._output = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the process
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.child_side", "--serve", *HANG],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._output,
            text=True,
        )
        self.tests: list[str]
        self.errors: dict[str, str]
        self.tests, self.errors = self._receive()

    def _receive(self) -> Any:  # noqa: ANN401 - a literal
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            self._output.seek(0)
            output = self._output.read().decode(errors="replace")
            self.close()
            raise ChildEndedError(f"exit code {self._process.returncode}\n{output}")
        return ast.literal_eval(line)

    def run(self, node_id: str, next_id: str | None) -> list[dict[str, Any]]:
        """Run a test and return its reports, serialized."""
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # told by the end of its replies
            self._process.stdin.write(ascii([node_id, next_id]) + "\n")
            self._process.stdin.flush()
        reports: list[dict[str, Any]] = self._receive()
        return reports

    def close(self) -> None:
        """End the process."""
        try:
            self._process.communicate(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.communicate()
        self._output.close()


_CHILD = pytest.StashKey[Child]()


def child_of(config: pytest.Config) -> Child:
    """Return the session's process; start it when there is none."""
    if _CHILD not in config.stash:
        config.stash[_CHILD] = Child()
        config.add_cleanup(config.stash[_CHILD].close)
    return config.stash[_CHILD]


class ChildFile(pytest.File):
    """A file of tests that the child has collected."""

    def collect(self) -> Iterable["ChildItem"]:
        child = child_of(self.config)
        if self.nodeid in child.errors:
            raise self.CollectError(child.errors[self.nodeid])
        for test in child.tests:
            file, _, name = test.partition("::")
            if file == self.nodeid:
                yield ChildItem.from_parent(self, name=name)


class ChildItem(pytest.Item):
    """A test that runs in the child."""

    ended: ChildEndedError

    def runtest(self) -> None:
        """Fail: only a test that ended its process, and reported nothing, comes here."""
        pytest.fail(str(self.ended), pytrace=False)

    def reportinfo(self) -> tuple[Path, None, str]:
        """Return where the test is and its title."""
        return self.path, None, self.name


def pytest_pycollect_makemodule(module_path: Path, parent: pytest.Collector) -> ChildFile:
    """Replace pytest's module, which would be imported here."""
    return ChildFile.from_parent(parent, path=module_path)


def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
    """Run a test of the child, and report what it reported."""
    if not isinstance(item, ChildItem):
        return None
    hook = item.ihook
    try:
        reports = child_of(item.config).run(item.nodeid, nextitem.nodeid if nextitem else None)
    except ChildEndedError as error:
        del item.config.stash[_CHILD]
        item.ended = error
        return None
    hook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    for data in reports:
        report = hook.pytest_report_from_serializable(config=item.config, data=data)
        hook.pytest_runtest_logreport(report=report)
    hook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
    return True
