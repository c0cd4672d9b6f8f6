"""What all users of one locust process share: settings, and the open model's arrivals.

In the open model the arrivals of a class are its share of the rate by its share of the users. They
start when all users are there. With workers, the master tells each one its share of every class,
so that all of them together send exactly the schedule of a single process.

At the end, requests under way are waited for before locust stops the test: its ``Runner.stop``
begins with ``inspect.stack()``, which holds the event loop for 30 to 60 ms and would be measured as
latency of whatever is under way.
"""

import itertools
import logging
import sys
import time
from collections.abc import Iterator, Mapping
from typing import Any
from weakref import WeakKeyDictionary, WeakSet

import gevent
from gevent.event import Event
from locust.env import Environment
from locust.event import Events
from locust.exception import StopUser
from locust.rpc.protocol import Message
from locust.runners import MasterRunner, WorkerRunner

from perf.core.oracle import Oracle
from perf.core.pacing import OpenModel
from perf.core.schedule import ArrivalSchedule
from perf.core.writes import WriteLog
from perf.loadgen.alarm import Alarm
from perf.loadgen.arguments import WorkloadSettings, add_workload_arguments
from perf.loadgen.arrivals import Arrivals
from perf.loadgen.shares import Share, shares_of

_SHARES_MESSAGE = "perf_arrival_shares"
_GIVE_UP_MESSAGE = "perf_give_up"

_installed: WeakSet[Events] = WeakSet()
_workloads: WeakKeyDictionary[Environment, "Workload"] = WeakKeyDictionary()


def install(events: Events) -> None:
    """Make locust know the workloads' arguments and start their arrivals.

    Args:
        events: ``locust.events`` of the process; call this at the top of a locustfile.
    """
    if events not in _installed:  # the instrument calls it too
        _installed.add(events)
        events.init_command_line_parser.add_listener(add_workload_arguments)
        events.init.add_listener(_on_init)


def workload_of(environment: Environment) -> "Workload":
    """Return the workload of this locust process.

    Raises:
        LookupError: the locustfile did not call `install`.
    """
    workload = find_workload(environment)
    if workload is None:
        raise LookupError("call perf.loadgen.workload.install(events) in the locustfile")
    return workload


def find_workload(environment: Environment) -> "Workload | None":
    """Return the workload of this locust process, None when its locustfile has none of ours."""
    return _workloads.get(environment)


class Workload:
    """Settings and arrivals of one locust process, renewed when a test starts."""

    def __init__(self, environment: Environment) -> None:
        self._runner: Any = environment.runner
        options: Any = environment.parsed_options
        self._options = options
        self._environment = environment
        self._alarm = Alarm()
        self._arrivals: dict[str, Arrivals] = {}
        self._shares: Mapping[str, Share] = {}
        self._under_way = 0
        self._idle = Event()
        self._idle.set()
        self._is_over = False
        self.stopped_ns: int | None = None
        self.users_at_stop: Mapping[str, int] = {}
        """User class → users when the workload stopped; on the master, of all workers."""
        self.gave_up: str | None = None
        """Why no load could be sent."""
        self.has_cut_off_users = False
        """Whether users of other classes were in a task still when the stop timeout was over."""
        self.spawnings = 0
        """How often all users that were asked for were there."""
        self.stop_timeout_s = 0.0
        """How long requests under way were waited for, once stopped."""
        self._user_numbers: Iterator[int] = itertools.count()
        self.settings = WorkloadSettings.from_options(options)
        self.oracle = Oracle(self.settings.dataset, self.settings.table)
        """Knows the answers to reads of the seeded partitions."""
        self.write_logs: list[WriteLog] = []
        """One for each stream of this process that may write."""

    @property
    def worker_index(self) -> int:
        """The number of this process among the workers; 0 without workers."""
        return int(self._runner.worker_index)

    def next_user(self) -> int:
        """Return a number for a new user: no other user of this process has it."""
        return next(self._user_numbers)

    def stream(self, user: int) -> str:
        """Return the stream of a user: no other user of any run has the same."""
        return f"{self.settings.run_id}/{self.worker_index}/{user}"

    def open_write_log(self, stream: str) -> WriteLog:
        """Return the log that keeps what became of this stream's writes."""
        log = WriteLog(stream)
        self.write_logs.append(log)
        return log

    def arrivals(self, user_class: str) -> Arrivals:
        """Return the arrivals of a user class in this process."""
        if user_class not in self._arrivals:
            self._arrivals[user_class] = Arrivals(self._alarm)
        return self._arrivals[user_class]

    @property
    def has_schedule(self) -> bool:
        """Whether the run follows an open model, on the master too."""
        return isinstance(self.settings.pacing, OpenModel)

    @property
    def has_arrivals(self) -> bool:
        """Whether this process carries a part of an open model."""
        return any(each.has_started for each in self._arrivals.values())

    @property
    def arrivals_started_ns(self) -> int:
        """When the arrivals began (perf_counter); 0 when there are none."""
        return max((each.started_ns for each in self._arrivals.values()), default=0)

    @property
    def arrivals_caught_up(self) -> int:
        """How many arrivals that were due by the stop were sent after it."""
        return sum(each.caught_up_count for each in self._arrivals.values())

    def arrivals_between(self, from_ns: int, until_ns: int) -> tuple[int, int]:
        """Return how many arrivals were due in a window (perf_counter), and how many were sent."""
        counts = [each.counts_between(from_ns, until_ns) for each in self._arrivals.values()]
        return sum(due for due, _ in counts), sum(sent for _, sent in counts)

    def begin_request(self, due_ns: int | None) -> None:
        """Note that a user sends a request.

        Args:
            due_ns: when it was due (perf_counter), in the open model; None in a closed one.

        Raises:
            StopUser: the workload has stopped; but what was due before may be caught up.
        """
        if self._is_over or (due_ns is None and self.stopped_ns is not None):
            raise StopUser
        self._under_way += 1
        self._idle.clear()

    def end_request(self) -> None:
        """Note that the request has its answer."""
        self._under_way -= 1
        if not self._under_way:
            self._idle.set()

    @property
    def has_waited_in_vain(self) -> bool:
        """Whether requests are under way still, after the time that they had to end."""
        return self.stopped_ns is not None and self.stop_timeout_s > 0 and self._under_way > 0

    def stop(self) -> None:
        """Let no further request become due, and wait for answers as long as locust would.

        What was due by then is sent still: see `Arrivals`.
        """
        if self.stopped_ns is not None:
            return
        self.stopped_ns = time.perf_counter_ns()
        self.users_at_stop = self._live_users()
        self.stop_timeout_s = self._environment.stop_timeout
        until_s = time.perf_counter() + self.stop_timeout_s
        for arrivals in self._arrivals.values():
            arrivals.stop(self.stopped_ns)
        for arrivals in self._arrivals.values():
            arrivals.wait_until_caught_up(max(0.0, until_s - time.perf_counter()))
        self._is_over = True
        self._idle.wait(max(0.0, until_s - time.perf_counter()))

    def give_up(self, reason: str) -> None:
        """End locust, the master and all workers included, because no load can be sent."""
        if self._environment.process_exit_code is not None:
            return
        logging.getLogger(__name__).error("%s", reason)
        self._environment.process_exit_code = 2
        self.gave_up = reason
        if isinstance(self._runner, WorkerRunner):
            self._runner.send_message(_GIVE_UP_MESSAGE, {"reason": reason})
        else:
            gevent.spawn(self._runner.quit)

    def on_give_up(self, msg: Message, **_: object) -> None:
        """End locust because a worker says so."""
        self.give_up(msg.data["reason"])

    def on_test_start(self, **_: object) -> None:
        """Read the options again: on a worker they have come from the master by now.

        User classes may have a class method ``open_for_load`` that takes the settings, opens what
        all users of the process share and raises a ValueError when that cannot be.
        """
        self._arrivals.clear()
        self.write_logs.clear()
        self.stopped_ns, self._is_over = None, False
        self.has_cut_off_users, self.spawnings = False, 0
        try:
            self.settings = WorkloadSettings.from_options(self._options)
            self.oracle = Oracle(self.settings.dataset, self.settings.table)
            if not isinstance(self._runner, MasterRunner):
                for user_class in self._environment.user_classes:
                    open_for_load = getattr(user_class, "open_for_load", None)
                    if open_for_load is not None:
                        open_for_load(self.settings)
        except ValueError as error:
            self.give_up(str(error))

    def on_shares(self, msg: Message, **_: object) -> None:
        """Keep what the master says is this worker's share of each class."""
        self._shares = {name: tuple(share) for name, share in msg.data.items()}

    def on_spawning_complete(self, **_: object) -> None:
        """Start the arrivals; on the master, tell the workers their shares first."""
        self.spawnings += 1
        runner = self._runner
        pacing = self.settings.pacing
        if not isinstance(pacing, OpenModel):
            return
        if isinstance(runner, MasterRunner):
            # What the workers were told to run: what they say that they run may be under way still.
            dispatcher: Any = runner._users_dispatcher  # noqa: SLF001 - it is nowhere else
            told = dispatcher._users_on_workers  # noqa: SLF001 - as above
            counts = {worker: self._paced(classes) for worker, classes in told.items()}
            for client_id, shares in shares_of(counts).items():
                runner.send_message(_SHARES_MESSAGE, shares, client_id)
            return
        if not isinstance(runner, WorkerRunner):
            self._shares = shares_of({"": self._paced(runner.user_classes_count)})[""]
        everyone = sum(total for _, _, total in self._shares.values())
        for name, (first, count, total) in self._shares.items():
            if count:
                schedule = ArrivalSchedule(
                    model=pacing,
                    ratio=total / everyone,
                    seed=f"{self.settings.dataset.seed}/{name}",
                    first=first,
                    count=count,
                    total=total,
                )
                self.arrivals(name).start(schedule)

    def _live_users(self) -> dict[str, int]:
        is_master = isinstance(self._runner, MasterRunner)
        counts = (
            self._runner.reported_user_classes_count
            if is_master
            else self._runner.user_classes_count
        )
        return {each.__name__: counts.get(each.__name__, 0) for each in self._runner.user_classes}

    def _paced(self, counts: Mapping[str, int]) -> dict[str, int]:
        """Return the counts of the classes that take arrivals; those of others pace themselves."""
        classes = self._runner.user_classes
        paced = {each.__name__ for each in classes if getattr(each, "takes_arrivals", False)}
        return {name: count for name, count in counts.items() if name in paced}


def _on_init(environment: Environment, **_: object) -> None:
    try:
        workload = Workload(environment)
    except ValueError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(2)
    _workloads[environment] = workload
    events = environment.events
    events.test_start.add_listener(workload.on_test_start)
    events.spawning_complete.add_listener(workload.on_spawning_complete)
    _stop_first(environment, workload)
    if isinstance(environment.runner, MasterRunner):
        environment.runner.register_message(_GIVE_UP_MESSAGE, workload.on_give_up)
    if isinstance(environment.runner, WorkerRunner):
        environment.runner.register_message(_SHARES_MESSAGE, workload.on_shares)


def _stop_first(environment: Environment, workload: Workload) -> None:
    runner: Any = environment.runner
    stop_runner = runner.stop

    def stop(*args: object, **kwargs: object) -> None:
        workload.stop()
        if workload.has_waited_in_vain:
            environment.stop_timeout = 0.0  # they have had their time
        began_s = time.perf_counter()
        try:
            stop_runner(*args, **kwargs)
        finally:
            # Locust takes so long only when users do not end their tasks; it kills them then, and
            # what they were waiting for is in nobody's count.
            took_s = time.perf_counter() - began_s
            if took_s > 0.9 * environment.stop_timeout > 0:
                workload.has_cut_off_users = True
            environment.stop_timeout = workload.stop_timeout_s

    runner.stop = stop


__all__ = ["Workload", "find_workload", "install", "workload_of"]
