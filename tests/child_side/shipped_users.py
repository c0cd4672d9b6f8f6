"""Users of the shipped workloads in an environment of their own, and what they report."""

import time
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self

import gevent
from locust.argument_parser import parse_options
from locust.env import Environment
from locust.event import Events

from aqp_perf.loadgen.users.aqp_user import AqpUser
from aqp_perf.loadgen.users.paced_user import PacedUser
from aqp_perf.loadgen.workload.workload import install


class ShippedUsers:
    """One locust environment without a run.

    Args:
        url: of the AQP.
        user_classes: the classes of its users.
        options: what the locust command would be given.
    """

    def __init__(self, url: str, user_classes: Sequence[type[PacedUser]], *options: str) -> None:
        self.fired: list[dict[str, Any]] = []
        """Every request event."""
        self._environment: Any = Environment(
            events=Events(),
            host=url,
            user_classes=list(user_classes),
            parsed_options=parse_options([*options]),
        )
        install(self._environment.events)
        self._environment.create_local_runner()
        self._environment.events.init.fire(environment=self._environment)
        self._environment.events.request.add_listener(lambda **event: self.fired.append(event))
        for user_class in user_classes:
            user_class.host = url

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._environment.runner.quit()
        for server in AqpUser._servers.values():
            server.close()
        AqpUser._servers.clear()

    def send(self, user_class: type[PacedUser], requests: int) -> None:
        """Let a new user send some requests, one after another."""
        user = user_class(self._environment)
        user.on_start()
        for index in range(requests):
            user.send(index, time.perf_counter_ns())

    def send_at_once(self, user_classes: Sequence[type[PacedUser]], requests: int) -> None:
        """Let a new user of each class send, all at the same time."""
        gevent.joinall(
            [gevent.spawn(self.send, each, requests) for each in user_classes], raise_error=True
        )
