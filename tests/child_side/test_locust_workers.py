"""A master waits for the last reports of its workers, and for none that cannot report."""

from types import SimpleNamespace
from typing import Any

from aqp_perf.loadgen.measure.locust_workers import STOP_MESSAGE, LocustWorkers


class Master:
    """A runner with workers, which keeps what it sends them."""

    def __init__(self, *workers: str) -> None:
        self.sent: list[tuple[str, str]] = []
        nodes = [SimpleNamespace(id=worker, state="running") for worker in workers]
        self.clients = SimpleNamespace(all=nodes)

    def send_message(self, kind: str, data: object, worker: str) -> None:
        """Keep a message."""
        del data
        self.sent.append((kind, worker))


def reported(*, has_stopped: bool) -> Any:  # noqa: ANN401 - a part of a report
    return SimpleNamespace(number=1, state=SimpleNamespace(has_stopped=has_stopped))


def test_a_worker_without_the_instrument_is_neither_waited_for_nor_lost() -> None:
    master = Master("plain", "measured")
    workers = LocustWorkers(master)
    workers.begin()
    workers.take_unmeasured("plain")
    workers.take("measured", reported(has_stopped=True))

    workers.stop(60.0)

    assert master.sent == [(STOP_MESSAGE, "measured")]
    assert workers.unmeasured == ["plain"]
    assert [*workers.lost_reasons()] == []


def test_a_report_of_the_measurement_counts_whatever_came_before() -> None:
    workers = LocustWorkers(Master("late"))
    workers.begin()
    workers.take_unmeasured("late")
    workers.take("late", reported(has_stopped=False))
    workers.take_unmeasured("late")

    assert workers.unmeasured == []
    assert [*workers.lost_reasons()] == ["lost 1 of 1 workers during the run"]


def test_a_worker_that_stops_before_its_master_is_told() -> None:
    """Such as by ``runner.stop()`` in a task: its users send nothing for the rest of the run."""
    workers = LocustWorkers(Master("hasty", "steady"))
    workers.begin()
    workers.take("hasty", reported(has_stopped=True))
    workers.take("steady", reported(has_stopped=False))
    early = [*workers.ended_reasons()]
    workers.stop(0.0)
    workers.take("steady", reported(has_stopped=True))

    assert early == ["1 of 2 workers ended their test themselves before the run was over"]
    assert [*workers.ended_reasons()] == early
    workers.begin()
    assert [*workers.ended_reasons()] == []
