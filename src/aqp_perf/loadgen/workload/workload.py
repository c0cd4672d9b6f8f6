"""The state that all users of one locust process share: settings, data, arrivals, the ending."""

import itertools
import logging
import sys
from collections import defaultdict
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary, WeakSet

import gevent
from locust.env import Environment
from locust.event import Events
from locust.rpc.protocol import Message
from locust.runners import MasterRunner, WorkerRunner

from aqp_perf.core.data.dataset import Dataset
from aqp_perf.core.data.declared_item import Item, item_name
from aqp_perf.core.load.pacing import OpenModel
from aqp_perf.core.proof import Oracle
from aqp_perf.core.proof.write_log import WriteLog
from aqp_perf.errors import ConfigError
from aqp_perf.loadgen.command.workload_arguments import WorkloadSettings, add_workload_arguments
from aqp_perf.loadgen.workload.ending import Ending
from aqp_perf.loadgen.workload.process_arrivals import (
    SHARES_MESSAGE,
    ProcessArrivals,
    takes_arrivals,
)
from aqp_perf.loadgen.workload.sends import Sends

if TYPE_CHECKING:
    from collections.abc import Callable

_GIVE_UP_MESSAGE = "perf_give_up"

_installed: WeakSet[Events] = WeakSet()
_workloads: WeakKeyDictionary[Environment, "Workload"] = WeakKeyDictionary()


def install(events: Events) -> None:
    """Add the workloads' arguments to locust's, and start their arrivals with each test.

    Args:
        events: ``locust.events`` of the process; call this at the top of a locustfile.
    """
    if events not in _installed:  # the instrument and the locustfile may both call this
        _installed.add(events)
        events.init_command_line_parser.add_listener(add_workload_arguments)
        events.init.add_listener(_on_init)


def workload_of(environment: Environment) -> "Workload":
    """Return the workload of this locust process.

    Raises:
        LookupError: the locustfile does not import `aqp_perf.users`.
    """
    workload = _workloads.get(environment)
    if workload is None:
        raise LookupError("import aqp_perf.users in the locustfile")
    return workload


class Workload:
    """Settings, data and arrivals of one locust process, renewed by each test."""

    def __init__(self, environment: Environment) -> None:
        self._runner: Any = environment.runner
        options: Any = environment.parsed_options
        self._options = options
        self._environment = environment
        self.arrivals = ProcessArrivals(environment.runner)
        self.ending = Ending(environment, self.arrivals)
        self.sends: defaultdict[str, Sends] = defaultdict(Sends)
        """By user class; only classes that are paced."""
        self.measured_from_ns = 0
        """Sends that are due from here on (perf_counter) are counted; the instrument sets it."""
        self.gave_up: str | None = None
        """Why no load could be sent; None: it could."""
        self.spawnings = 0
        """How often spawning was completed in this test."""
        self.on_schedule_start: Callable[[], None] | None = None
        """Called when the arrivals start."""
        self._user_numbers = itertools.count()
        self.settings = WorkloadSettings.from_options(options)
        self._data: dict[type[Item], tuple[Dataset, Oracle]] = {}
        self.write_logs: list[WriteLog] = []
        """One for each stream of this process that may write."""

    def next_user(self) -> int:
        """Return a number for a new user, unique in this process."""
        return next(self._user_numbers)

    def stream(self, user: int) -> str:
        """Return the stream of a user, unique among all users of all runs."""
        return f"{self.settings.run_id}/{int(self._runner.worker_index)}/{user}"

    def dataset(self, item: type[Item]) -> Dataset:
        """Return the data of this run, of items of a class."""
        return self._data_of(item)[0]

    def oracle(self, item: type[Item]) -> Oracle:
        """Return what knows the answers to reads of seeded partitions of such items."""
        return self._data_of(item)[1]

    def _data_of(self, item: type[Item]) -> tuple[Dataset, Oracle]:
        if item not in self._data:
            dataset = self.settings.data.of(item)
            self._data[item] = dataset, Oracle(dataset, self.settings.table)
        return self._data[item]

    def _check_item(self, user_class: str, item: type[Item]) -> None:
        needed = self.settings.item
        if needed is not None and item_name(item) != needed:
            raise ValueError(
                f"the item of {user_class} is {item_name(item)}, that of the table {needed}: "
                "set perf_item to the item of the users"
            )

    def open_write_log(self, stream: str) -> WriteLog:
        """Return a new log for the outcomes of this stream's writes."""
        log = WriteLog(stream)
        self.write_logs.append(log)
        return log

    @property
    def schedule(self) -> OpenModel | None:
        """The open model that users of this run follow, on the master too; None: no user does."""
        pacing = self.settings.pacing
        is_followed = any(takes_arrivals(user_class) for user_class in self._runner.user_classes)
        return pacing if isinstance(pacing, OpenModel) and is_followed else None

    @property
    def users_are_gone(self) -> bool:
        """Whether all users of this process were there, and none is left."""
        spawning, users = self._runner.spawning_greenlet, self._runner.user_count
        return self.spawnings > 0 and spawning is not None and spawning.ready() and not users

    def give_up(self, reason: str) -> None:
        """End locust, with its master and all workers, because no load can be sent."""
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
        """End locust because a worker gave up."""
        self.give_up(msg.data["reason"])

    def on_test_start(self, **_: object) -> None:
        """Read the options again, which a worker has now received from the master.

        A user class may have a class method ``open_for_load(settings)``, which opens what all
        users of the process share and raises a ValueError if that is not possible.
        """
        self.arrivals.clear()
        self.ending.begin_test()
        self.sends.clear()
        self.write_logs.clear()
        self.spawnings = 0
        try:
            self.settings = WorkloadSettings.from_options(self._options)
            self._data.clear()
            for user_class in self._environment.user_classes:
                item = getattr(user_class, "item", None)
                if isinstance(item, type) and issubclass(item, Item):  # others have a use of it
                    self._check_item(user_class.__name__, item)
                    self.dataset(item)
            if not isinstance(self._runner, MasterRunner):
                for user_class in self._environment.user_classes:
                    open_for_load = getattr(user_class, "open_for_load", None)
                    if open_for_load is not None:
                        open_for_load(self.settings)
        except (ValueError, ConfigError) as error:
            self.give_up(str(error))

    def on_spawning_complete(self, **_: object) -> None:
        """Start the arrivals, once all users are ready."""
        self.spawnings += 1
        if self.schedule is None:
            return
        if isinstance(self._runner, MasterRunner) or self.spawnings > 1:
            self._start_schedule(self.schedule)
        else:
            gevent.spawn(self._start_when_ready, self.schedule)

    def _start_when_ready(self, schedule: OpenModel) -> None:
        self.arrivals.wait_until_ready(lambda: self.ending.stopped_ns is not None)
        if self.ending.stopped_ns is None:
            self._start_schedule(schedule)

    def _start_schedule(self, schedule: OpenModel) -> None:
        self.arrivals.start(schedule, self.settings.data.seed)
        if self.on_schedule_start is not None:
            self.on_schedule_start()


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
    workload.ending.stop_before_locust()
    if isinstance(environment.runner, MasterRunner):
        environment.runner.register_message(_GIVE_UP_MESSAGE, workload.on_give_up)
    if isinstance(environment.runner, WorkerRunner):
        environment.runner.register_message(SHARES_MESSAGE, workload.arrivals.on_shares)
