"""What the tests inside locust's process share."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from locust.argument_parser import parse_options
from locust.env import Environment
from locust.event import Events

from aqp_perf.loadgen.users.partiql_user import PartiqlUser
from aqp_perf.loadgen.workload.workload import install
from tests.doubles.scripted_server import ScriptedServer

Open = Callable[..., Any]
"""Any: locust types what an environment always has here as optional."""


@pytest.fixture
def serve() -> Iterator[Callable[..., ScriptedServer]]:
    """Start servers that end with the test; takes the arguments of `ScriptedServer`."""
    with ExitStack() as stack:

        def start(*args: object, **kwargs: object) -> ScriptedServer:
            return stack.enter_context(ScriptedServer(*args, **kwargs))  # type: ignore[arg-type]

        yield start


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give the SDK credentials, in an environment that has no other AWS settings."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")


@pytest.fixture
def open_environment() -> Iterator[Open]:
    """Make locust environments of one process from a command line; they end with the test."""
    made: list[Any] = []

    def make(*arguments: str, users: list[type[Any]]) -> Any:  # noqa: ANN401 - see `Open`
        environment = Environment(
            events=Events(), user_classes=users, parsed_options=parse_options(list(arguments))
        )
        install(environment.events)
        environment.create_local_runner()
        environment.events.init.fire(environment=environment)
        made.append(environment)
        return environment

    yield make
    for environment in made:
        environment.runner.quit()
    for client in PartiqlUser._clients.values():
        client._server.close()  # type: ignore[attr-defined]  # the fast one
    PartiqlUser._clients.clear()


def fired(environment: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - see `Open`
    """Return a list to which every request event of an environment is added."""
    events: list[dict[str, Any]] = []
    environment.events.request.add_listener(lambda **event: events.append(event))
    return events
