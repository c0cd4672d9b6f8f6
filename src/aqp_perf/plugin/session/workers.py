"""The workers of an xdist session: they are one run, and end in order when it is interrupted.

By itself xdist forgets what an interrupted worker still has to say, lets a worker that does not
know of the signal work on for 5 s, and kills one that takes 10 s to delete its table.
"""

import signal
from typing import Any

import pytest

_END_TIMEOUT_S = 60.0
"""For a worker to end its load run, wait for requests under way and delete its table."""


_RUN_ID = "perf_run_id"


def run_id_of(config: pytest.Config) -> str | None:
    """Return the run id that the controller gave to this worker; None: this is no worker."""
    run_id: str | None = getattr(config, "workerinput", {}).get(_RUN_ID)
    return run_id


class Workers:
    """A plugin object: xdist's workers that have not ended, known to the controller.

    Args:
        run_id: of the session.
    """

    def __init__(self, run_id: str) -> None:
        self._run_id = run_id
        self._nodes: list[Any] = []

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:  # noqa: ANN401 - xdist does not type it
        """Tell a worker which run it is a part of."""
        node.workerinput[_RUN_ID] = self._run_id

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodeready(self, node: object) -> None:
        """Know of a worker."""
        self._nodes.append(node)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: object) -> None:
        """Forget a worker that has ended; xdist tells the other plugins too."""
        self._nodes = [each for each in self._nodes if each is not node]

    def interrupt(self) -> list[Any]:
        """Interrupt all workers, wait until they have ended, and return them."""
        for node in self._nodes:
            if node.gateway.spec.popen:  # on this machine; xdist ends those elsewhere
                node.gateway._io.popen.send_signal(signal.SIGTERM)  # noqa: SLF001 - execnet offers no other way to its process
        for node in self._nodes:
            try:
                node.channel.waitclose(_END_TIMEOUT_S)
            except (node.channel.RemoteError, node.channel.TimeoutError, EOFError):
                continue  # it has nothing to say; xdist ends it
        return self._nodes
