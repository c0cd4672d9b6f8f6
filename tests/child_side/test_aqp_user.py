"""An AQP user sends every query once, says what became of it, and does not trust a 200."""

import argparse
import json
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import pytest
from locust.env import Environment
from locust.event import Events

from perf.core.failures import FailureClass
from perf.loadgen import workload
from perf.loadgen.arguments import add_workload_arguments
from perf.loadgen.connections import SingleAttemptClients
from perf.loadgen.failure_classes import failure_class_of
from perf.loadgen.users import AqpUser
from tests.child_side.scripted_server import (
    Behaviour,
    ScriptedServer,
    answer,
    keep_silent,
    reset,
    send_and_close,
)

Start = Callable[..., ScriptedServer]
ROWS = [{"zipcode": 10_000, "total": 12.5}]
RIGHT = json.dumps({"response": [{"resultSet": ROWS}]}).encode()


class Asked(NamedTuple):
    """A user at a server, and the requests that it reported."""

    user: AqpUser
    reported: list[Mapping[str, Any]]

    def ask(self) -> list[Mapping[str, Any]] | None:
        return self.user.query("totals", "select 1 from t", due_ns=0)

    @property
    def failures(self) -> list[FailureClass | None]:
        """What each reported request was; None: right."""
        return [
            None
            if each["exception"] is None
            else failure_class_of(each["exception"], each["response"])
            for each in self.reported
        ]


def user_at(url: str) -> Asked:
    class Asker(AqpUser):
        host = url
        client_pool = SingleAttemptClients(answer_timeout_s=0.2)

    parser = argparse.ArgumentParser()
    add_workload_arguments(parser)
    environment = Environment(
        events=Events(), user_classes=[Asker], parsed_options=parser.parse_args([])
    )
    environment.create_local_runner()
    workload._on_init(environment)
    reported: list[Mapping[str, Any]] = []
    environment.events.request.add_listener(lambda **request: reported.append(request))
    user = Asker(environment)
    user.on_start()
    return Asked(user, reported)


def malformed(body: object) -> tuple[Behaviour, FailureClass]:
    return answer(json.dumps(body).encode()), FailureClass.WRONG_ANSWER


FAULTS: dict[str, tuple[Behaviour, FailureClass]] = {
    "silence": (keep_silent, FailureClass.TIMEOUT),
    "end": (send_and_close(), FailureClass.CONNECTION),
    "reset": (reset, FailureClass.CONNECTION),
    "half an answer": (
        send_and_close(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"),
        FailureClass.CONNECTION,
    ),
    "half an answer, then silence": (
        lambda connection, _: connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"),
        FailureClass.TIMEOUT,
    ),
    "garbage": (send_and_close(b"\x00\x01 hello\r\n\r\n"), FailureClass.CONNECTION),
    "text": (answer(b"<html>all is well</html>"), FailureClass.WRONG_ANSWER),
    "nothing": (answer(b""), FailureClass.WRONG_ANSWER),
    "nobody": malformed(None),
    "a list": malformed([]),
    "no response": malformed({"response": []}),
    "no rows": malformed({"response": [{}]}),
    "rows that are none": malformed({"response": [{"resultSet": [1]}]}),
    "204": (answer(b"", 204), FailureClass.WRONG_ANSWER),
    "401": (answer(b"who are you?", 401), FailureClass.CLIENT_ERROR),
    "404": (answer(b"", 404), FailureClass.CLIENT_ERROR),
    "429": (answer(b"", 429), FailureClass.THROTTLED),
    "500": (answer(b"oops", 500), FailureClass.SERVER_ERROR),
    "503 with a right answer": (answer(RIGHT, 503), FailureClass.SERVER_ERROR),
}


@pytest.mark.parametrize(("behave", "kind"), FAULTS.values(), ids=FAULTS)
def test_a_fault_is_reported_once_and_met_once(
    serve: Start, behave: Behaviour, kind: FailureClass
) -> None:
    server = serve(behave)
    asked = user_at(server.url)

    assert asked.ask() is None
    assert asked.failures == [kind]
    assert len(server.requests) == 1


def test_a_redirect_is_not_followed(serve: Start) -> None:
    elsewhere = serve(answer(RIGHT))
    server = serve(answer(b"", 302, headers=(f"Location: {elsewhere.url}/",)))
    asked = user_at(server.url)

    assert asked.ask() is None
    assert asked.failures == [FailureClass.WRONG_ANSWER]
    assert (len(server.requests), elsewhere.requests) == (1, [])


def test_nobody_there_is_a_failed_connection(serve: Start) -> None:
    with serve(answer()) as server:
        asked = user_at(server.url)  # it has ended when the user asks

    assert asked.ask() is None
    assert asked.failures == [FailureClass.CONNECTION]


def test_a_right_answer_gives_its_rows(serve: Start) -> None:
    asked = user_at(serve(answer(RIGHT)).url)

    assert asked.ask() == ROWS
    assert asked.failures == [None]


def test_a_large_answer_is_read_whole(serve: Start) -> None:
    rows = [{"pk": "x" * 1_000, "total": number} for number in range(5_000)]
    body = json.dumps({"response": [{"resultSet": rows}]}).encode()
    asked = user_at(serve(answer(body)).url)

    assert asked.ask() == rows
    assert asked.reported[0]["response_length"] == len(body)


def test_a_connection_serves_many_queries(serve: Start) -> None:
    server = serve(answer(RIGHT))
    asked = user_at(server.url)

    assert [asked.ask() for _ in range(3)] == [ROWS] * 3
    assert (len(server.requests), server.connections) == (3, 1)


def test_a_fault_costs_one_query_and_one_connection(serve: Start) -> None:
    server = serve(send_and_close())
    asked = user_at(server.url)
    asked.ask()
    server.behave = answer(RIGHT)

    assert asked.ask() == ROWS
    assert asked.failures == [FailureClass.CONNECTION, None]
    assert (len(server.requests), server.connections) == (2, 2)
