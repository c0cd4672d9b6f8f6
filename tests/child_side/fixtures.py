"""The fixtures of the tests inside locust's process."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest
from locust.argument_parser import parse_options
from locust.env import Environment
from locust.event import Events

from aqp_perf.loadgen.users.aqp_user import AqpUser
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


@contextmanager
def locust_environment(
    *arguments: str, users: Sequence[type[Any]], host: str | None = None
) -> Iterator[Any]:
    """Make a locust environment of one process; its runner and all clients end with the block.

    Args:
        arguments: of the locust command.
        users: the user classes.
        host: the AQP's URL, locust's ``--host``.
    """
    environment: Any = Environment(
        events=Events(),
        host=host,
        user_classes=list(users),
        parsed_options=parse_options(list(arguments)),
    )
    install(environment.events)
    environment.create_local_runner()
    environment.events.init.fire(environment=environment)
    try:
        yield environment
    finally:
        environment.runner.quit()
        for client in PartiqlUser._clients.values():
            client._server.close()  # type: ignore[attr-defined]  # the fast one
        PartiqlUser._clients.clear()
        for server in AqpUser._servers.values():
            server.close()
        AqpUser._servers.clear()


@pytest.fixture
def open_environment() -> Iterator[Open]:
    """Make locust environments that end with the test; takes what `locust_environment` does."""
    with ExitStack() as stack:
        yield lambda *arguments, **options: stack.enter_context(
            locust_environment(*arguments, **options)
        )


def fired(environment: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - see `Open`
    """Return a list to which every request event of an environment is added."""
    events: list[dict[str, Any]] = []
    environment.events.request.add_listener(lambda **event: events.append(event))
    return events
