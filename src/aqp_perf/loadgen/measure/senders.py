"""The processes that send: locust's workers as the master sees them, or the one there is.

Each says what is known of it as a *wire*: numbers, texts, lists and dicts that msgpack carries.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, TypeAlias

import gevent
from gevent.event import Event
from locust.runners import STATE_MISSING

from aqp_perf.core.measured.run_result import GeneratorHealth

STOP_MESSAGE: Final = "perf_stop"
"""Tells a worker to end its requests and report."""

_LAST_REPORTS_SLACK_S: Final = 5.0

Wire: TypeAlias = Mapping[str, Any]


class Workers:
    """What the master knows of its workers; on another process there are none.

    Args:
        runner: locust's.
    """

    def __init__(self, runner: Any) -> None:  # noqa: ANN401 - locust does not type its runners
        self._runner = runner
        self._wires: dict[str, Wire | None] = {}
        """What each worker sent last; None: nothing yet."""
        self._has_reported = Event()
        self._are_told = False
        self._lost_reports = 0

    def begin(self) -> None:
        """Begin a test with the workers that are connected."""
        self._wires = self._connected()
        self._are_told = False
        self._lost_reports = 0

    def add_connected(self) -> None:
        """Count those in, too, that connected since."""
        self._wires = self._connected() | self._wires

    @property
    def count(self) -> int:
        """How many there were in this test."""
        return len(self._wires)

    @property
    def wires(self) -> list[Wire]:
        """What each of them sent last, as far as they have."""
        return [wire for wire in self._wires.values() if wire is not None]

    def take(self, worker: str, wire: Wire) -> None:
        """Keep what a worker sent."""
        last = self._wires.get(worker)
        if wire["number"]:  # 0: from before the test
            self._lost_reports += wire["number"] - 1 - (0 if last is None else last["number"])
        self._wires[worker] = wire
        self._has_reported.set()

    def stop(self, stop_timeout_s: float) -> None:
        """Let every worker end its requests and report; bounded by locust's own stop timeout.

        Locust's master waits half a second for all that, however long the requests take.
        """
        if self._are_told:
            return
        self._are_told = True
        for worker in self._runner.clients.all:
            self._runner.send_message(STOP_MESSAGE, {}, worker.id)
        with gevent.Timeout(stop_timeout_s + _LAST_REPORTS_SLACK_S, exception=False):
            while any(
                worker.state != STATE_MISSING and not _has_stopped(self._wires.get(worker.id))
                for worker in self._runner.clients.all
            ):
                self._has_reported.clear()
                self._has_reported.wait(timeout=1)  # a worker that goes missing says nothing

    def lost_reasons(self) -> Iterator[str]:
        """Yield what of this test was lost, with workers or on the way from them."""
        lost = [name for name, wire in self._wires.items() if not _has_stopped(wire)]
        if lost:
            yield f"lost {len(lost)} of {len(self._wires)} workers during the run"
        if self._lost_reports:
            yield f"{self._lost_reports} reports of workers were lost, with what they counted"

    def _connected(self) -> dict[str, Wire | None]:
        clients = getattr(self._runner, "clients", None)  # a master has some
        return {} if clients is None else {worker.id: None for worker in clients.all}


def health_of(wires: Sequence[Wire], processes: int) -> GeneratorHealth:
    """Return how the generator did, from the wires of all its processes."""
    return GeneratorHealth(
        processes=processes,
        cpu_ratio_max=_max_known(wires, "cpu_ratio_max"),
        loop_lag_p99_ms=_max_known(wires, "loop_lag_p99_ms"),
        arrivals_due=_sum_known(wires, "arrivals_due"),
        arrivals_sent=_sum_known(wires, "arrivals_sent"),
        arrivals_caught_up=_sum_known(wires, "arrivals_caught_up"),
        connections_opened=_sum_known(wires, "connections_opened"),
        pool_waits=_sum_known(wires, "pool_waits"),
    )


def _has_stopped(wire: Wire | None) -> bool:
    return wire is not None and bool(wire["has_stopped"])


def _max_known(wires: Sequence[Wire], key: str) -> float | None:
    return max((wire[key] for wire in wires if wire[key] is not None), default=None)


def _sum_known(wires: Sequence[Wire], key: str) -> int | None:
    known = [wire[key] for wire in wires if wire[key] is not None]
    return sum(known) if known else None
