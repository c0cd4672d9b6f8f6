"""Ends a run: at its run time, when its users are gone, and at the last when it cannot end.

Only for runs without a web UI, in which Locust would go on until somebody ends it.
"""

import os
import signal
import sys
import sysconfig
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any, Final

import gevent
from gevent.monkey import get_original
from locust.env import Environment
from locust.runners import MasterRunner, WorkerRunner, locust_exception_handler

from aqp_perf.files import write_whole
from aqp_perf.loadgen.command.result_file import begun_path
from aqp_perf.loadgen.workload.workload import workload_of

LAST_S: Final = 3.0
"""A run that has not ended this long after run time and stop timeout does not end by itself."""
_C_CALL_S: Final = 1.0
"""A signal that Python has not handled for so long came into a call that does not return."""


class RunEnd:
    """Ends the run of this process or, on a master, of all workers.

    Locust's own run time begins before the listeners of ``test_start``, and a load shape has none.

    Args:
        environment: of this process.
        at_last: writes the result of a process that does not end by itself; it is given the place
            where the process is, as in ``users.py:7``. Another thread may call it.
    """

    def __init__(self, environment: Environment, at_last: Callable[[str], None]) -> None:
        self._environment = environment
        self._at_last = at_last
        self._runner: Any = environment.runner
        options: Any = environment.parsed_options
        self._options = options
        self._workload = workload_of(environment)
        self.run_time_s: float | None = options.run_time
        self._is_master = isinstance(environment.runner, MasterRunner)
        self._is_worker = isinstance(environment.runner, WorkerRunner)
        self._is_ours = options.headless and not self._is_worker
        self._has_begun = self._is_at_last = False
        self._has_test = False
        """Whether all listeners of ``test_start`` have returned."""
        self.is_quitting = False
        """Whether the run is asked to end."""
        self._main_thread = get_original("_thread", "get_ident")()
        if self._is_ours:
            self._take_over()

    def _take_over(self) -> None:
        """Keep the run time from Locust, which starts its timer next, and give it back then."""
        runner, options, run_time_s = self._runner, self._options, self.run_time_s
        start_runner, start_shape, quit_runner = runner.start, runner.start_shape, runner.quit

        def start(*args: object, **kwargs: object) -> None:
            options.run_time = run_time_s
            try:
                start_runner(*args, **kwargs)
            finally:
                if self._is_master:
                    self._end_without_test()
                else:  # it starts the test in a greenlet
                    runner.spawning_greenlet.link(self._on_spawned)

        def start_shape_() -> None:
            options.run_time = run_time_s
            start_shape()

        def quit_() -> None:
            self.is_quitting = True
            quit_runner()

        options.run_time = None
        runner.start, runner.start_shape, runner.quit = start, start_shape_, quit_

    def _on_spawned(self, spawning: object) -> None:
        if spawning is self._runner.spawning_greenlet:  # else it was replaced
            self._end_without_test()

    def _end_without_test(self) -> None:
        """End a run whose test did not start, because a listener of ``test_start`` raised."""
        if not self._has_test and not self.is_quitting:
            gevent.spawn(self._runner.quit)

    def on_test_start(self) -> None:
        """Note that the test has started; the load begins then, or with the first worker."""
        self._has_test = True

    def begin(self) -> None:
        """Begin the run time with the load. A second test of the same run has what is left."""
        if self._has_begun or not self._is_ours:
            return
        self._has_begun = True
        if self.run_time_s:
            gevent.get_hub().loop.update_now()  # it stands still while a listener blocks
            quitting = gevent.spawn_later(self.run_time_s, self._runner.quit)
            quitting.link_exception(locust_exception_handler(self._environment))
            self._end_after(self.run_time_s)
        if self._options.perf_result_file:  # its folder may be gone when a command is run again
            write_whole(begun_path(Path(self._options.perf_result_file)), "")

    def end_soon(self) -> None:
        """Give the process no longer than a stop takes: its test has ended, or it is quitting."""
        if self._is_ours:
            self._end_after(0.0)

    def _end_after(self, load_s: float) -> None:
        """End the process when the load, a stop and `LAST_S` are over, unless it ends by itself."""
        if not self._options.perf_result_file:
            return
        if signal.getsignal(signal.SIGALRM) is signal.SIG_DFL:
            signal.signal(signal.SIGALRM, self._on_alarm)
        until_s = time.monotonic() + load_s + self._environment.stop_timeout + LAST_S
        get_original("_thread", "start_new_thread")(self._watch, (until_s,))

    def on_spawning_complete(self, **_: object) -> None:
        """End the run when its users are gone; a worker reports it."""
        if self._environment.shape_class is None and not self._is_master:
            gevent.spawn(self._wait_for_users)

    def on_test_stop(self, **_: object) -> None:
        """End the run with its test: Locust would wait for another one."""
        if self._has_begun and not self.is_quitting:
            gevent.spawn(self._runner.quit)

    def end_without_users(self) -> None:
        """End the run, whose users are gone, unless a load shape may start others."""
        if self._environment.shape_class is None and self._runner.target_user_count:
            self.on_test_stop()

    def _wait_for_users(self) -> None:
        if self._runner.spawning_greenlet is not None:
            self._runner.spawning_greenlet.join()
        self._runner.user_greenlets.join()
        if not self._workload.users_are_gone:
            return
        if self._is_worker:
            self._runner._send_stats()  # noqa: SLF001 - as locust itself does when it quits
        else:
            self.end_without_users()

    def _watch(self, until_s: float) -> None:
        """End the process at an instant of the monotonic clock, in a thread of the system.

        The event loop may stand still. The main thread writes the result if it runs Python, so
        that nothing changes meanwhile; if it does not come back from C, this thread does.
        """
        sleep = get_original("time", "sleep")
        while (left_s := until_s - time.monotonic()) > 0:
            sleep(left_s)
        if signal.getsignal(signal.SIGALRM) == self._on_alarm:
            signal.pthread_kill(self._main_thread, signal.SIGALRM)
            sleep(_C_CALL_S)
        self._end_process(sys._current_frames().get(self._main_thread))  # noqa: SLF001 - no other way

    def _on_alarm(self, _number: int, frame: FrameType | None) -> None:
        self._end_process(frame)

    def _end_process(self, frame: FrameType | None) -> None:
        if self._is_at_last:
            return
        self._is_at_last = True
        try:
            self._at_last(_place_of(frame))
        finally:
            os._exit(1)


def _place_of(frame: FrameType | None) -> str:
    """Return file and line of the innermost frame that is of no library."""
    libraries = tuple(map(sysconfig.get_path, ("stdlib", "purelib", "platlib")))
    own = frame
    while own is not None and own.f_code.co_filename.startswith(libraries):
        own = own.f_back
    shown = own or frame
    return "?" if shown is None else f"{Path(shown.f_code.co_filename).name}:{shown.f_lineno}"
