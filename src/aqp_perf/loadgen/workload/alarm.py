"""Wakes greenlets at an instant, to a tenth of a millisecond.

libev's epoll backend sleeps in whole milliseconds, so `gevent.sleep` wakes up to 1 ms late, and
sometimes early. In the open model that would be latency. A Linux timerfd is a file that becomes
readable at an absolute time of the clock of `time.perf_counter_ns`; epoll reports it exactly.
"""

import ctypes
import heapq
import itertools
import os
import struct
import sys
import time
from typing import Any

import gevent
from gevent import get_hub
from gevent.hub import Waiter

_CLOCK_MONOTONIC = 1
_TFD_NONBLOCK_CLOEXEC = os.O_NONBLOCK | getattr(os, "O_CLOEXEC", 0)
_TFD_TIMER_ABSTIME = 1
_ITIMERSPEC = struct.Struct("@qqqq")  # interval s, ns; value s, ns
_READABLE = 1
_NS = 1_000_000_000


class Alarm:
    """One timer for all greenlets of a process; create it after any fork."""

    def __init__(self) -> None:
        self._waiting: list[tuple[int, int, Any]] = []
        self._numbers = itertools.count()
        self._armed_ns: int | None = None
        self._timer_fd = _open_timer()
        if self._timer_fd is not None:
            self._watcher: Any = get_hub().loop.io(self._timer_fd, _READABLE)
            self._watcher.start(self._on_time)

    def sleep_until(self, due_ns: int) -> None:
        """Let the current greenlet sleep until ``due_ns`` (perf_counter); never wakes it early."""
        if self._timer_fd is None:
            while (left_ns := due_ns - time.perf_counter_ns()) > 0:
                gevent.sleep(left_ns / _NS)
            return
        if due_ns <= time.perf_counter_ns():
            return
        waiter: Any = Waiter()
        heapq.heappush(self._waiting, (due_ns, next(self._numbers), waiter))
        if self._armed_ns is None or due_ns < self._armed_ns:
            self._arm(due_ns)
        waiter.get()

    def _on_time(self) -> None:
        if self._timer_fd is None:
            raise AssertionError("called by the timer")
        self._armed_ns = None
        now_ns = time.perf_counter_ns()
        while self._waiting and self._waiting[0][0] <= now_ns:
            heapq.heappop(self._waiting)[2].switch(None)
        if self._waiting and (self._armed_ns is None or self._waiting[0][0] < self._armed_ns):
            self._arm(self._waiting[0][0])
        if self._armed_ns is None:  # else arming it again has made it unreadable
            os.read(self._timer_fd, 8)

    def _arm(self, due_ns: int) -> None:
        seconds, nanoseconds = divmod(due_ns, _NS)
        spec = _ITIMERSPEC.pack(0, 0, seconds, nanoseconds)
        if _LIBC.timerfd_settime(self._timer_fd, _TFD_TIMER_ABSTIME, spec, None) != 0:
            raise OSError(ctypes.get_errno(), "timerfd_settime")
        self._armed_ns = due_ns


def _open_timer() -> int | None:
    if not sys.platform.startswith("linux"):
        return None
    fd: int = _LIBC.timerfd_create(_CLOCK_MONOTONIC, _TFD_NONBLOCK_CLOEXEC)
    if fd < 0:
        raise OSError(ctypes.get_errno(), "timerfd_create")
    return fd


_LIBC = ctypes.CDLL(None, use_errno=True)
