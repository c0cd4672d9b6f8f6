"""Users of the shipped workloads that send without a run, and what they report."""

import time
from collections.abc import Sequence
from typing import Any

import gevent

from aqp_perf.loadgen.users.paced_user import PacedUser
from tests.child_side.fixtures import fired, locust_environment


def events_of(
    url: str, user_classes: Sequence[type[PacedUser]], *options: str, requests: int = 1
) -> list[dict[str, Any]]:
    """Let a user of each class send, all at the same time, and return the request events.

    Args:
        url: of the AQP.
        user_classes: one for each user.
        options: of the locust command.
        requests: how many each user sends, one after another.
    """
    with locust_environment(
        *options, users=list(dict.fromkeys(user_classes)), host=url
    ) as environment:
        events = fired(environment)

        def send(user_class: type[PacedUser]) -> None:
            user_class.host = url
            user = user_class(environment)
            user.on_start()
            for index in range(requests):
                user.send(index, time.perf_counter_ns())

        gevent.joinall([gevent.spawn(send, each) for each in user_classes], raise_error=True)
    return events
