"""The open model inside a locust process: users take the next arrival and wait until it is due."""

import time

from gevent.event import Event

from perf.core.pacing import ArrivalSchedule
from perf.loadgen.alarm import Alarm


class Arrivals:
    """The arrivals that one user class carries in this process.

    An arrival is taken by the first user that is free. When all are busy it waits, and its latency
    counts from when it was due.
    """

    def __init__(self, alarm: Alarm) -> None:
        self._alarm = alarm
        self._started = Event()
        self._schedule: ArrivalSchedule | None = None
        self._start_ns = 0
        self._stop_ns: int | None = None
        self._next_index = 0
        self._sent_count = 0

    def start(self, schedule: ArrivalSchedule) -> None:
        """Begin the schedule now, in place of an earlier one."""
        self._schedule, self._start_ns, self._stop_ns = schedule, time.perf_counter_ns(), None
        self._next_index = self._sent_count = 0
        self._started.set()

    def stop(self) -> None:
        """Let no further arrival become due; the counts stay."""
        self._stop_ns = time.perf_counter_ns()
        self._started.clear()

    def wait_for_next(self) -> int:
        """Wait until the next arrival is due and return when that was, in ns (perf_counter).

        An arrival that was due before a user was free is not waited for: it is late.
        """
        while True:
            self._started.wait()
            schedule = self._schedule
            if schedule is None:
                raise AssertionError("started without a schedule")
            due_ns = self._start_ns + schedule.due_ns(self._next_index)
            self._next_index += 1
            self._alarm.sleep_until(due_ns)
            if self._schedule is schedule and self._started.is_set():
                return due_ns

    def count_sent(self) -> None:
        """Note that the arrival was sent that was waited for."""
        self._sent_count += 1

    @property
    def has_started(self) -> bool:
        """Whether there ever was a schedule."""
        return self._schedule is not None

    def counts_between(self, from_ns: int, until_ns: int) -> tuple[int, int]:
        """Return how many arrivals were due in a window (perf_counter), and how many were sent.

        Arrivals are sent in the order in which they are due, so those sent of the window are what
        is left of all after those due before it.
        """
        if self._schedule is None:
            return 0, 0
        if self._stop_ns is not None:
            until_ns = min(until_ns, self._stop_ns)
        before = self._schedule.due_count(from_ns - self._start_ns - 1)
        until = self._schedule.due_count(until_ns - self._start_ns)
        return max(0, until - before), max(0, self._sent_count - before)
