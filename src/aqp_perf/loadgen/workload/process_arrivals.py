"""The open model in one locust process: the arrivals of all its user classes.

There is one schedule, of which each class has the part that it has of the users. Arrivals start
when all users of the process are ready: a log-in in ``on_start`` is no latency. With workers, the
master sends each one its share of every class, so that together they send exactly the schedule of a
single process.
"""

import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from gevent.event import Event
from locust.rpc.protocol import Message
from locust.runners import MasterRunner, WorkerRunner

from aqp_perf.core.load.pacing import OpenModel
from aqp_perf.core.load.schedule import ArrivalSchedule, Share, shares_of
from aqp_perf.loadgen.workload.alarm import Alarm
from aqp_perf.loadgen.workload.arrivals import Arrivals

SHARES_MESSAGE: Final = "perf_arrival_shares"
"""Carries a worker's share of every class."""
_LOOK_S: Final = 0.2


class ProcessArrivals:
    """The arrivals of each user class in this process."""

    def __init__(self, runner: Any) -> None:  # noqa: ANN401 - locust does not type its runners
        self._runner = runner
        self._alarm = Alarm()
        self._arrivals: dict[str, Arrivals] = {}
        self._ready_users = 0
        self._has_ready_user = Event()
        self._shares: Mapping[str, Share] = {}

    def of(self, user_class: str) -> Arrivals:
        """Return the arrivals of a user class."""
        if user_class not in self._arrivals:
            self._arrivals[user_class] = Arrivals(self._alarm, self._note_ready_user)
        return self._arrivals[user_class]

    @property
    def started_ns(self) -> int:
        """When the arrivals began (perf_counter); 0: this process has none."""
        return max((arrivals.started_ns for arrivals in self._arrivals.values()), default=0)

    @property
    def caught_up_count(self) -> int:
        """How many arrivals that were due by the stop were sent after it."""
        return sum(arrivals.caught_up_count for arrivals in self._arrivals.values())

    def counts_between(self, from_ns: int, until_ns: int) -> tuple[int, int]:
        """Return how many arrivals were due in a window (perf_counter), and how many were sent."""
        counts = [a.counts_between(from_ns, until_ns) for a in self._arrivals.values()]
        return sum(due for due, _ in counts), sum(sent for _, sent in counts)

    def due_between(self, from_ns: int, until_ns: int) -> dict[str, int]:
        """Return how many arrivals of each class were due in a window (perf_counter)."""
        return {
            name: arrivals.counts_between(from_ns, until_ns)[0]
            for name, arrivals in self._arrivals.items()
            if arrivals.started_ns
        }

    def clear(self) -> None:
        """Forget the arrivals of an earlier test."""
        self._arrivals.clear()
        self._ready_users = 0

    def wait_until_ready(self, is_over: Callable[[], bool]) -> None:
        """Wait until the users that take arrivals are through their ``on_start``, or it is over."""
        while self._ready_users < self._paced_users and not is_over():
            self._has_ready_user.clear()
            self._has_ready_user.wait(_LOOK_S)  # users may also end, without an event

    def start(self, model: OpenModel, seed: int) -> None:
        """Start the arrivals of the run; on the master, send the workers their shares."""
        runner = self._runner
        if isinstance(runner, MasterRunner):
            # The users that the workers were sent: their own reports may not have arrived yet.
            dispatcher: Any = runner._users_dispatcher  # noqa: SLF001 - it is nowhere else
            users_on_workers = dispatcher._users_on_workers  # noqa: SLF001 - as above
            counts = {worker: self._paced(users) for worker, users in users_on_workers.items()}
            for client_id, shares in shares_of(counts).items():
                runner.send_message(SHARES_MESSAGE, shares, client_id)
            return
        if not isinstance(runner, WorkerRunner):
            self._shares = shares_of({"": self._paced(runner.user_classes_count)})[""]
        start_ns = time.perf_counter_ns()
        for name, (positions, total) in self._shares.items():
            schedule = ArrivalSchedule(model=model, seed=seed, positions=positions, total=total)
            self.of(name).start(schedule, start_ns)

    def on_shares(self, msg: Message, **_: object) -> None:
        """Keep this worker's share of each class, as the master sent it."""
        self._shares = {
            name: (tuple(positions), total) for name, (positions, total) in msg.data.items()
        }

    def stop(self, stop_ns: int, until_s: float) -> None:
        """Let no arrival become due after ``stop_ns``, and wait until the backlog is sent.

        It is given up at ``until_s``. Both are of perf_counter.
        """
        for arrivals in self._arrivals.values():
            arrivals.stop(stop_ns)
        for arrivals in self._arrivals.values():
            arrivals.wait_until_caught_up(max(0.0, until_s - time.perf_counter()))

    @property
    def _paced_users(self) -> int:
        return sum(self._paced(self._runner.user_classes_count).values())

    def _note_ready_user(self) -> None:
        self._ready_users += 1
        self._has_ready_user.set()

    def _paced(self, counts: Mapping[str, int]) -> dict[str, int]:
        """Return the counts of the classes that take arrivals; other classes pace themselves."""
        classes = self._runner.user_classes
        paced = {user_class.__name__ for user_class in classes if takes_arrivals(user_class)}
        return {name: count for name, count in counts.items() if name in paced}


def takes_arrivals(user_class: type) -> bool:
    """Return whether the users of a class follow the open model; others pace themselves."""
    return getattr(user_class, "takes_arrivals", False)
