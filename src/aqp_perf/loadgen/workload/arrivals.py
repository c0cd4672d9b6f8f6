"""The open model in one locust process: users take the next arrival and wait until it is due."""

import time
from collections.abc import Callable

from gevent.event import Event
from locust.exception import StopUser

from aqp_perf.core.load.schedule import ArrivalSchedule
from aqp_perf.loadgen.workload.alarm import Alarm

_CATCH_UP_SLACK_NS = 10_000_000


class Arrivals:
    """The arrivals that one user class sends in this process.

    The first idle user takes the next arrival. When all are busy it waits, and its latency counts
    from when it was due.

    Arrivals due by the stop but not yet sent (the backlog) are sent after it, in at most the time
    in which they became due: a target that stalls at the end of a run is measured like one that
    stalls earlier. Users too slow for that could not keep the rate either; the rest is not sent.
    """

    def __init__(self, alarm: Alarm, on_first_wait: Callable[[], None] = lambda: None) -> None:
        self._alarm = alarm
        self._on_first_wait = on_first_wait
        self._started = Event()
        self._schedule: ArrivalSchedule | None = None
        self._start_ns = 0
        self._next_index = 0
        self._sent_count = 0
        self._stop_ns: int | None = None
        self._sent_at_stop = 0
        self._due_at_stop = 0
        self._backlog_span_ns = 0
        self._catch_up_until_ns: int | None = None
        self._caught_up = Event()

    def start(self, schedule: ArrivalSchedule, start_ns: int) -> None:
        """Start the schedule, in place of an earlier one.

        Args:
            schedule: the share of this class.
            start_ns: when it begins (perf_counter); the same instant for all classes, so that no
                two of their arrivals are due at once.
        """
        self._schedule, self._start_ns, self._stop_ns = schedule, start_ns, None
        self._next_index = self._sent_count = 0
        self._catch_up_until_ns = None
        self._caught_up.clear()
        self._started.set()

    def stop(self, stop_ns: int) -> None:
        """Let no further arrival become due; the backlog is still sent.

        Args:
            stop_ns: when the process stopped (perf_counter), now or just before; the same instant
                for all its classes and for its window, so that their counts agree.
        """
        if self._schedule is None:
            self._caught_up.set()
            return
        self._stop_ns, self._sent_at_stop = stop_ns, self._sent_count
        self._due_at_stop = self._schedule.due_count(stop_ns - self._start_ns)
        if self._sent_count >= self._due_at_stop:
            self._end()
            return
        oldest_ns = self._due_ns(self._schedule, self._sent_count) or stop_ns
        self._backlog_span_ns = stop_ns - oldest_ns

    def wait_until_caught_up(self, timeout_s: float) -> None:
        """Wait after the stop until the backlog is sent or given up."""
        self._caught_up.wait(timeout_s)
        self._end()

    def wait_for_next(self) -> int:
        """Wait until the next arrival is due and return when that was, in ns (perf_counter).

        It returns at once if the arrival is late, because no user was idle.

        Raises:
            StopUser: the test has ended, and the user did not end with it.
        """
        if self._stop_ns is not None and self._caught_up.is_set():
            raise StopUser
        if self._schedule is None:
            self._on_first_wait()
        while True:
            self._started.wait()
            schedule = self._schedule
            if schedule is None:
                raise AssertionError("started without a schedule")
            due_ns = self._due_ns(schedule, self._next_index)
            self._next_index += 1
            if due_ns is None:
                self._started.clear()  # the schedule has ended
                continue
            if not self._is_after_stop(due_ns):
                self._alarm.sleep_until(due_ns)
            if self._is_after_stop(due_ns):
                self._caught_up.wait()  # the others send what is left
            elif self._schedule is schedule and self._started.is_set() and self._has_time():
                return due_ns

    def count_sent(self) -> None:
        """Count an arrival as sent."""
        self._sent_count += 1
        if self._stop_ns is not None and self._sent_count >= self._due_at_stop:
            self._end()

    @property
    def started_ns(self) -> int:
        """When the schedule began (perf_counter); 0 without one."""
        return self._start_ns

    @property
    def caught_up_count(self) -> int:
        """How many arrivals were sent after the stop."""
        return 0 if self._stop_ns is None else self._sent_count - self._sent_at_stop

    def counts_between(self, from_ns: int, until_ns: int) -> tuple[int, int]:
        """Return how many arrivals were due in a window (perf_counter), and how many were sent.

        The backlog at the stop counts as sent if all of it was sent, else not at all.
        """
        if self._schedule is None:
            return 0, 0
        sent_count = self._sent_count
        if self._stop_ns is not None:
            until_ns = min(until_ns, self._stop_ns)
            if sent_count < self._due_at_stop:
                sent_count = self._sent_at_stop
        start_ns = self._start_ns
        return self._schedule.counts_between(from_ns - start_ns, until_ns - start_ns, sent_count)

    def _due_ns(self, schedule: ArrivalSchedule, index: int) -> int | None:
        due_ns = schedule.due_ns(index)
        return None if due_ns is None else self._start_ns + due_ns

    def _is_after_stop(self, due_ns: int) -> bool:
        return self._stop_ns is not None and due_ns > self._stop_ns

    def _has_time(self) -> bool:
        """Whether an arrival may be sent now; after the stop, the time is limited."""
        if self._stop_ns is None:
            return True
        now_ns = time.perf_counter_ns()
        if self._catch_up_until_ns is None:
            self._catch_up_until_ns = now_ns + self._backlog_span_ns + _CATCH_UP_SLACK_NS
        if now_ns > self._catch_up_until_ns:
            self._end()
            return False
        return True

    def _end(self) -> None:
        self._started.clear()
        self._caught_up.set()
