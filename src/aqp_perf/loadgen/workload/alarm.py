"""Wakes greenlets at an instant, to a tenth of a millisecond.

libev's epoll backend sleeps in whole milliseconds, so `gevent.sleep` wakes up to 1 ms late, and
sometimes early. In the open model that would be latency. A Linux timerfd is a file that becomes
readable at an absolute time of the clock of `time.perf_counter_ns`; epoll reports it exactly.
"""

import heapq
import itertools
import time
from typing import Any

import gevent
from gevent import get_hub
from gevent.hub import Waiter

from aqp_perf.operating_system import Timer

_READABLE = 1
_NS = 1_000_000_000


class Alarm:
    """One timer for all greenlets of a process; create it after any fork."""

    def __init__(self) -> None:
        self._waiting: list[tuple[int, int, Any]] = []
        self._numbers = itertools.count()
        self._armed_ns: int | None = None
        self._timer = Timer.open()
        if self._timer is not None:
            self._watcher: Any = get_hub().loop.io(self._timer.descriptor, _READABLE)
            self._watcher.start(self._on_time)

    def sleep_until(self, due_ns: int) -> None:
        """Let the current greenlet sleep until ``due_ns`` (perf_counter); never wakes it early."""
        if self._timer is None:
            while (left_ns := due_ns - time.perf_counter_ns()) > 0:
                gevent.sleep(left_ns / _NS)
            return
        if due_ns <= time.perf_counter_ns():
            return
        waiter: Any = Waiter()
        heapq.heappush(self._waiting, (due_ns, next(self._numbers), waiter))
        if self._armed_ns is None or due_ns < self._armed_ns:
            self._arm(self._timer, due_ns)
        waiter.get()

    def _on_time(self) -> None:
        if self._timer is None:
            raise AssertionError("called by the timer")
        self._armed_ns = None
        now_ns = time.perf_counter_ns()
        while self._waiting and self._waiting[0][0] <= now_ns:
            heapq.heappop(self._waiting)[2].switch(None)
        if self._waiting and (self._armed_ns is None or self._waiting[0][0] < self._armed_ns):
            self._arm(self._timer, self._waiting[0][0])
        if self._armed_ns is None:  # else arming it again has made it unreadable
            self._timer.clear()

    def _arm(self, timer: Timer, due_ns: int) -> None:
        timer.set(due_ns)
        self._armed_ns = due_ns
