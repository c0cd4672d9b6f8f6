"""xdist: which process this is, and the workers, which make one run and end in order with it.

By itself xdist drops what an interrupted worker still has to send, lets a worker that did not get
the signal work on for 5 s, and kills one that takes 10 s to delete its table.
"""

import signal
from collections.abc import Callable
from typing import Any, Final, NamedTuple, Self

import pytest

_END_TIMEOUT_S = 60.0
"""For a worker to end its load run, wait for requests under way and delete its table."""
_RUN_ID = "perf_run_id"
_LETTERS: Final = "abcdefghikmnpqrtuvwxyz"
"""Without j and o, which would allow ``json``, and without l, which looks like a digit."""
RUNS_ATTRIBUTE: Final = "perf_runs"
"""Attribute of a load test's report: its runs, as JSON text.

xdist sends it to the controller. What xdist could not send would end a worker, and what cannot be
JSON shows without xdist too.
"""


def random_name() -> str:
    """Return eight random letters for a session or a part of a table's name.

    Digits are left out: the real AQP rewrites ``_1`` inside queries.
    """
    import secrets  # noqa: PLC0415 - most sessions need none, and it takes a millisecond

    return "".join(secrets.choice(_LETTERS) for _ in range(8))


def is_worker(config: pytest.Config) -> bool:
    """Return whether a controller reports for this process."""
    return hasattr(config, "workerinput")


def is_controller(config: pytest.Config) -> bool:
    """Return whether workers run the tests of this process."""
    return not is_worker(config) and config.getoption("dist", "no") != "no"


class Process(NamedTuple):
    """Which pytest process this is: a worker of xdist, or the one that reports.

    A controller and a session without xdist are alike: both report and have the terminal.
    """

    is_worker: bool
    """Whether a controller reports for this process."""
    run_id: str | None
    """What the controller gave to a worker; None in the process that reports."""
    workers: int
    """How many processes run tests."""

    @classmethod
    def of(cls, config: pytest.Config) -> Self:
        """Return which process has this configuration."""
        given: dict[str, Any] = getattr(config, "workerinput", {})
        count = given.get("workercount", 1)
        return cls(is_worker=bool(given), run_id=given.get(_RUN_ID), workers=count)


class XdistWorkers:
    """A plugin object of the controller: the workers that have not ended yet.

    A controller collects no tests. It learns from the first report of a load test that there are
    some, and then calls ``begin``.
    """

    NAME: Final = "aqp_perf xdist workers"

    def __init__(self, config: pytest.Config, begin: Callable[[pytest.Config], Any]) -> None:
        self._config, self._begin = config, begin
        self._has_begun = False
        self._nodes: list[Any] = []
        self._run_id: str | None = None

    @property
    def run_id(self) -> str:
        """The run id of the session, if the user chooses none."""
        if self._run_id is None:
            self._run_id = random_name()
        return self._run_id

    def take_run_id(self, run_id: str) -> None:
        """Give workers the run id that the user chose."""
        self._run_id, self._has_begun = run_id, True

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Begin with the first report of a load test."""
        if not self._has_begun and hasattr(report, RUNS_ATTRIBUTE):
            self._begin(self._config).collector.pytest_runtest_logreport(report)

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:  # noqa: ANN401 - xdist does not type it
        """Give the run id to a new worker."""
        node.workerinput[_RUN_ID] = self.run_id

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodeready(self, node: object) -> None:
        """Add a worker that has started."""
        self._nodes.append(node)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: object) -> None:
        """Remove a worker that has ended."""
        self._nodes = [other for other in self._nodes if other is not node]

    def interrupt(self) -> list[Any]:
        """Interrupt all workers, wait until they have ended, and return them."""
        for node in self._nodes:
            if node.gateway.spec.popen:  # on this machine; xdist ends those elsewhere
                node.gateway._io.popen.send_signal(signal.SIGTERM)  # noqa: SLF001 - execnet offers no other way to its process
        for node in self._nodes:
            try:
                node.channel.waitclose(_END_TIMEOUT_S)
            except (node.channel.RemoteError, node.channel.TimeoutError, EOFError):
                continue  # it sends nothing more; xdist ends it
        return self._nodes
