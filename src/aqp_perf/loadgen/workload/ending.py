"""The end of a test in one locust process: no new request, and time for those under way to end.

The wait comes before locust's own stop: ``Runner.stop`` begins with ``inspect.stack()``, which
blocks the event loop for 30 to 60 ms and would add that to the latency of requests under way.
"""

import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import gevent
from gevent.event import Event
from gevent.hub import sleep
from locust import User
from locust.env import Environment
from locust.exception import StopUser
from locust.runners import STATE_RUNNING, STATE_STOPPED, MasterRunner

from aqp_perf.loadgen.workload.process_arrivals import ProcessArrivals, takes_arrivals

_NEARLY: Final = 0.95
_INSTALLED: Final = frozenset({"site-packages", "dist-packages"})


class Ending:
    """Counts the requests under way, and ends a test when they have ended or timed out."""

    def __init__(self, environment: Environment, arrivals: ProcessArrivals) -> None:
        self._environment = environment
        self._runner: Any = environment.runner
        self._arrivals = arrivals
        self._under_way = 0
        self._idle = Event()
        self._idle.set()
        self._is_over = False
        self._stopping: object = None
        """The greenlet that stops the runner; None: none does."""
        self._has_stopped = Event()
        self.on_stop: Callable[[], None] | None = None
        """Called when nothing more is sent, before locust stops its users."""
        self.stopped_ns: int | None = None
        self.was_spawning = False
        """Whether users were still being started or stopped when the test stopped."""
        self.users_at_stop: dict[str, int] = {}
        """Users of each class in this process when the test stopped; empty until then."""
        self.has_cut_off_users = False
        """Whether users of other classes were still in a task at the end of the stop timeout."""
        self.stop_timeout_s = 0.0
        """The stop timeout of the test, once it has stopped."""

    def begin_test(self) -> None:
        """Allow requests."""
        self.stopped_ns, self._is_over = None, False
        self.has_cut_off_users = False

    def begin_request(self, due_ns: int | None) -> None:
        """Count a request as under way; ``due_ns`` is None in a closed model.

        Raises:
            StopUser: the test has stopped, and the request is not of the backlog.
        """
        if self._is_over or (due_ns is None and self.stopped_ns is not None):
            raise StopUser
        self._under_way += 1
        self._idle.clear()

    def end_request(self) -> None:
        """Count a request as ended."""
        self._under_way -= 1
        if not self._under_way:
            self._idle.set()

    @property
    def has_waited_in_vain(self) -> bool:
        """Whether requests are still under way at the end of the stop timeout."""
        return self.stopped_ns is not None and self.stop_timeout_s > 0 and self._under_way > 0

    def stop(self) -> None:
        """Let no further request become due, and wait for answers as long as locust would.

        The backlog is still sent: see `Arrivals`.
        """
        if self.stopped_ns is not None:
            return
        self.stopped_ns = time.perf_counter_ns()
        self.was_spawning = self._runner.state != STATE_RUNNING
        self.users_at_stop = dict(self._runner.user_classes_count)
        self.stop_timeout_s = self._environment.stop_timeout
        until_s = time.perf_counter() + self.stop_timeout_s
        self._arrivals.stop(self.stopped_ns, until_s)
        self._is_over = True
        self._idle.wait(max(0.0, until_s - time.perf_counter()))
        if self.on_stop is not None:
            self.on_stop()

    def cut_off(self) -> None:
        """Note that users end now, whatever they do."""
        if self.stop_timeout_s > 0 and not all(map(_is_asleep, self._runner.user_greenlets)):
            self.has_cut_off_users = True

    def stop_before_locust(self) -> None:
        """Make locust's runner call `stop` before it stops."""
        runner = self._runner
        stop_runner = runner.stop

        def stop(*args: object, **kwargs: object) -> None:
            if self._stopping is None:
                self._stop_runner(stop_runner, *args, **kwargs)
            elif self._stopping is not gevent.getcurrent() and self._is_waited_for:
                self._has_stopped.wait()  # two stops at once would stop each user twice

        runner.stop = self._outside_users(stop)
        runner.quit = self._outside_users(runner.quit)

    def _stop_runner(
        self, stop_runner: Callable[..., None], *args: object, **kwargs: object
    ) -> None:
        environment = self._environment
        self._stopping = gevent.getcurrent()
        self._has_stopped.clear()
        try:
            self.stop()
            if self.has_waited_in_vain:
                self._end_paced_users()
                if not self._other_users:
                    environment.stop_timeout = 0.0  # waited already
            # Locust takes that long only if users do not end their tasks. It kills them, and
            # requests of theirs that are under way are not counted.
            wait_s = _NEARLY * environment.stop_timeout
            looking = gevent.spawn_later(wait_s, self.cut_off) if wait_s else None
            try:
                stop_runner(*args, **kwargs)
            finally:
                if looking is not None:
                    looking.kill()
                environment.stop_timeout = self.stop_timeout_s
        finally:
            self._stopping = None
            self._has_stopped.set()

    @property
    def _is_waited_for(self) -> bool:
        """Whether another stop has to wait for the one under way; a master looks for itself."""
        return not isinstance(self._runner, MasterRunner) and self._runner.state != STATE_STOPPED

    def _outside_users(self, function: Callable[..., None]) -> Callable[..., None]:
        """Return the function; called by a user, or while users are spawned, it does not wait.

        Locust kills these greenlets when it stops, and would end its own stop half-way.
        """
        runner = self._runner

        def call(*args: object, **kwargs: object) -> None:
            caller = gevent.getcurrent()
            if caller in runner.user_greenlets or caller is runner.spawning_greenlet:
                gevent.spawn(function, *args, **kwargs)
            else:
                function(*args, **kwargs)

        return call

    def _end_paced_users(self) -> None:
        """End the users whose requests were waited for in vain; they report what is under way."""
        for greenlet in list(self._runner.user_greenlets):
            user = greenlet.args[0]
            if takes_arrivals(type(user)):
                user.stop(force=True)

    @property
    def _other_users(self) -> bool:
        """Whether there are users that pace themselves: they do not know yet that the test ends."""
        users = (greenlet.args[0] for greenlet in self._runner.user_greenlets)
        return any(not takes_arrivals(type(user)) for user in users)


def _is_asleep(greenlet: Any) -> bool:  # noqa: ANN401 - gevent does not type its frames
    """Whether a user sleeps in a task of its own, and does not wait for a library's answer.

    In ``on_start`` it has not begun to send.
    """
    frame = greenlet.gr_frame
    if frame is None or frame.f_code is not sleep.__code__:
        return False
    callers = [caller.f_code for caller, _ in traceback.walk_stack(frame.f_back)]
    is_own = _INSTALLED.isdisjoint(Path(callers[0].co_filename).parts)
    return is_own and all(code.co_name != User.on_start.__name__ for code in callers)
