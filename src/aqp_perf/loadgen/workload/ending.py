"""The end of a test in one locust process: no new request, and time for those under way to end.

The wait comes before locust's own stop: ``Runner.stop`` begins with ``inspect.stack()``, which
blocks the event loop for 30 to 60 ms and would add that to the latency of requests under way.
"""

import time
from typing import Any

from gevent.event import Event
from locust.env import Environment
from locust.exception import StopUser

from aqp_perf.loadgen.workload.process_arrivals import ProcessArrivals, takes_arrivals


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
        self.stopped_ns: int | None = None
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
        self.users_at_stop = dict(self._runner.user_classes_count)
        self.stop_timeout_s = self._environment.stop_timeout
        until_s = time.perf_counter() + self.stop_timeout_s
        self._arrivals.stop(self.stopped_ns, until_s)
        self._is_over = True
        self._idle.wait(max(0.0, until_s - time.perf_counter()))

    def stop_before_locust(self) -> None:
        """Make locust's runner call `stop` before it stops."""
        environment = self._environment
        stop_runner = self._runner.stop

        def stop(*args: object, **kwargs: object) -> None:
            self.stop()
            if self.has_waited_in_vain:
                self._end_paced_users()
                if not self._other_users:
                    environment.stop_timeout = 0.0  # waited already
            began_s = time.perf_counter()
            try:
                stop_runner(*args, **kwargs)
            finally:
                # Locust takes this long only if users do not end their tasks. It kills them, and
                # their requests are not counted.
                took_s = time.perf_counter() - began_s
                if took_s > 0.9 * environment.stop_timeout > 0:
                    self.has_cut_off_users = True
                environment.stop_timeout = self.stop_timeout_s

        self._runner.stop = stop

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
