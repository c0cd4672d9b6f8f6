"""How a test ends in one locust process: nothing new begins, and what is under way gets its answer.

Requests under way are waited for before locust stops the test: its ``Runner.stop`` begins with
``inspect.stack()``, which holds the event loop for 30 to 60 ms and would be measured as latency of
whatever is under way.
"""

import time
from typing import Any

from gevent.event import Event
from locust.env import Environment
from locust.exception import StopUser
from locust.runners import MasterRunner

from aqp_perf.loadgen.workload.process_arrivals import ProcessArrivals


class Ending:
    """Knows the requests under way, and ends a test once they have had their time.

    Args:
        environment: locust's.
        arrivals: of this process.
    """

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
        """User class → users when the test stopped; on the master, of all workers."""
        self.has_cut_off_users = False
        """Whether users of other classes were in a task still when the stop timeout was over."""
        self.stop_timeout_s = 0.0
        """How long requests under way were waited for, once stopped."""

    def begin_test(self) -> None:
        """Let requests begin again."""
        self.stopped_ns, self._is_over = None, False
        self.has_cut_off_users = False

    def begin_request(self, due_ns: int | None) -> None:
        """Note that a user sends a request.

        Args:
            due_ns: when it was due (perf_counter), in the open model; None in a closed one.

        Raises:
            StopUser: the test has stopped; but what was due before may be caught up.
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
        self._arrivals.stop(self.stopped_ns, until_s)
        self._is_over = True
        self._idle.wait(max(0.0, until_s - time.perf_counter()))

    def stop_before_locust(self) -> None:
        """Let every stop of locust's runner begin with ours."""
        environment = self._environment
        stop_runner = self._runner.stop

        def stop(*args: object, **kwargs: object) -> None:
            self.stop()
            if self.has_waited_in_vain:
                environment.stop_timeout = 0.0  # they have had their time
            began_s = time.perf_counter()
            try:
                stop_runner(*args, **kwargs)
            finally:
                # Locust takes so long only when users do not end their tasks; it kills them then,
                # and what they were waiting for is in nobody's count.
                took_s = time.perf_counter() - began_s
                if took_s > 0.9 * environment.stop_timeout > 0:
                    self.has_cut_off_users = True
                environment.stop_timeout = self.stop_timeout_s

        self._runner.stop = stop

    def _live_users(self) -> dict[str, int]:
        is_master = isinstance(self._runner, MasterRunner)
        counts = (
            self._runner.reported_user_classes_count
            if is_master
            else self._runner.user_classes_count
        )
        return {each.__name__: counts.get(each.__name__, 0) for each in self._runner.user_classes}
