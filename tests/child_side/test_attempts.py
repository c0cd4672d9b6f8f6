"""Retries are explicit, every attempt is counted, and an ambiguous write stays ambiguous."""

import argparse
import itertools
import json
import socket
from collections import Counter
from collections.abc import Callable, Iterator

import gevent
import pytest
from botocore.exceptions import NoCredentialsError
from botocore.retries.standard import ExponentialBackoff

from aqp_perf.core.measured.failure_class import FailureClass
from aqp_perf.loadgen.clients.boto3_client import Boto3Client
from aqp_perf.loadgen.clients.dynamodb import Answer, DynamoDbError
from aqp_perf.loadgen.command.workload_arguments import WorkloadSettings, add_workload_arguments
from aqp_perf.loadgen.users.partiql_user import PartiqlUser
from tests.doubles.scripted_server import (
    Behaviour,
    Request,
    ScriptedServer,
    answer,
    send_and_close,
)

BACKOFF_S = 0.01
DEADLINE_S = 10.0

Start = Callable[..., ScriptedServer]
MakeClient = Callable[[str, int], Boto3Client]


def refusal(status: int, code: str) -> Behaviour:
    return answer(json.dumps({"__type": f"v#{code}", "message": "why"}).encode(), status)


THROTTLED = refusal(400, "ThrottlingException")
BROKEN = refusal(500, "InternalServerError")
DUPLICATE = refusal(400, "DuplicateItemException")
LOST = send_and_close()
GOOD = answer()


@pytest.fixture
def client_of(monkeypatch: pytest.MonkeyPatch) -> Iterator[MakeClient]:
    """Make clients for a URL and a number of attempts; the SDK waits 10 ms between attempts."""
    monkeypatch.setattr(ExponentialBackoff, "delay_amount", lambda *_: BACKOFF_S)
    made: list[Boto3Client] = []

    def make(url: str, max_attempts: int) -> Boto3Client:
        made.append(Boto3Client(url, "eu-west-1", max_attempts=max_attempts))
        return made[-1]

    yield make
    for client in made:
        client._client.close()


def one_after_the_other(*behaviours: Behaviour) -> Behaviour:
    """Return the behaviour of a server that meets each request with the next of them."""
    following = iter(behaviours)

    def behave(connection: socket.socket, request: Request) -> None:
        next(following)(connection, request)

    return behave


def outcome(client: Boto3Client, *, writes: bool = True) -> Answer | DynamoDbError:
    try:
        return client.execute_statement("INSERT", [], writes=writes)
    except DynamoDbError as error:
        return error


@pytest.mark.parametrize(
    ("behaviours", "throttled"),
    [
        ([GOOD], 0),
        ([THROTTLED, GOOD], 1),
        ([THROTTLED, BROKEN, THROTTLED, GOOD], 2),
        ([LOST, LOST, GOOD], 0),
        ([THROTTLED, THROTTLED, THROTTLED, THROTTLED], 4),
        ([answer(b"<html>busy</html>", 503), answer(b"", 502), GOOD], 0),
        ([BROKEN, LOST, THROTTLED, refusal(400, "ValidationException")], 1),
    ],
)
def test_every_attempt_and_the_time_between_them_is_counted(
    serve: Start, client_of: MakeClient, behaviours: list[Behaviour], throttled: int
) -> None:
    server = serve(one_after_the_other(*behaviours))
    attempts = outcome(client_of(server.url, 4)).attempts

    assert attempts is not None
    assert (attempts.total, attempts.throttled) == (len(server.requests), throttled)
    assert len(server.requests) == len(behaviours)
    assert attempts.backoff_ns >= (attempts.total - 1) * BACKOFF_S * 1e9
    assert (attempts.backoff_ns == 0) == (attempts.total == 1)


@pytest.mark.parametrize("behave", [THROTTLED, BROKEN, LOST])
@pytest.mark.parametrize("max_attempts", [1, 3])
def test_no_more_attempts_than_asked_for(
    serve: Start, client_of: MakeClient, behave: Behaviour, max_attempts: int
) -> None:
    server = serve(behave)
    attempts = outcome(client_of(server.url, max_attempts)).attempts

    assert attempts is not None
    assert attempts.total == len(server.requests) == max_attempts


@pytest.mark.parametrize(
    ("behaviours", "kind"),
    [
        ([DUPLICATE], FailureClass.CLIENT_ERROR),
        ([THROTTLED, DUPLICATE], FailureClass.CLIENT_ERROR),
        ([LOST, DUPLICATE], FailureClass.AMBIGUOUS),
        ([BROKEN, DUPLICATE], FailureClass.AMBIGUOUS),
        ([THROTTLED, BROKEN, DUPLICATE], FailureClass.AMBIGUOUS),
        ([LOST, THROTTLED, THROTTLED], FailureClass.AMBIGUOUS),
        ([LOST, BROKEN, BROKEN], FailureClass.AMBIGUOUS),
        ([THROTTLED, THROTTLED, THROTTLED], FailureClass.THROTTLED),
        ([BROKEN, THROTTLED, THROTTLED], FailureClass.AMBIGUOUS),
        ([BROKEN, refusal(400, "ValidationException")], FailureClass.AMBIGUOUS),
        ([BROKEN, BROKEN, BROKEN], FailureClass.AMBIGUOUS),
        ([answer(b"{}", 429), THROTTLED, BROKEN], FailureClass.SERVER_ERROR),
    ],
)
def test_a_write_that_may_have_landed_with_an_earlier_attempt_is_ambiguous(
    serve: Start, client_of: MakeClient, behaviours: list[Behaviour], kind: FailureClass
) -> None:
    error = outcome(client_of(serve(one_after_the_other(*behaviours)).url, 3))

    assert isinstance(error, DynamoDbError)
    assert error.failure_class is kind


def test_attempts_that_were_never_sent_leave_a_write_as_sure_as_it_is(
    client_of: MakeClient,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    error = outcome(client_of(url, 3))

    assert isinstance(error, DynamoDbError)
    assert (error.failure_class, error.code) == (FailureClass.CONNECTION, "NotConnected")
    assert error.attempts is not None
    assert error.attempts.total == 3


def test_a_request_that_is_not_even_begun_is_one_attempt(client_of: MakeClient) -> None:
    client = client_of("http://127.0.0.1:1", 3)

    def fail(**_: object) -> None:
        raise NoCredentialsError

    client._client.meta.events.register_first("before-call.dynamodb", fail)
    attempts = outcome(client).attempts

    assert attempts is not None
    assert attempts.total == 1


DEEP = b'{"L": [' * 300 + b'{"S": "x"}' + b"]}" * 300


@pytest.mark.parametrize("attribute", [b"1", b'{"B": "a"}', DEEP], ids=["1", "half a byte", "deep"])
def test_an_attribute_that_the_sdk_cannot_read_is_a_wrong_answer(
    serve: Start, client_of: MakeClient, attribute: bytes
) -> None:
    server = serve(answer(b'{"Items": [{"pk": %b}]}' % attribute))
    error = outcome(client_of(server.url, 1), writes=False)

    assert isinstance(error, DynamoDbError)
    assert (error.failure_class, error.code) == (FailureClass.WRONG_ANSWER, "NotDynamoDb")


def test_a_read_has_the_class_of_its_last_attempt(serve: Start, client_of: MakeClient) -> None:
    server = serve(one_after_the_other(LOST, LOST, THROTTLED))
    error = outcome(client_of(server.url, 3), writes=False)

    assert isinstance(error, DynamoDbError)
    assert error.failure_class is FailureClass.THROTTLED


def test_greenlets_that_share_a_client_count_their_own_attempts(
    serve: Start, client_of: MakeClient
) -> None:
    """The statement says how often it is to fail; all of them are under way at the same time."""
    seen: Counter[bytes] = Counter()

    def behave(connection: socket.socket, request: Request) -> None:
        seen[request.body] += 1
        failures = int(json.loads(request.body)["Statement"].partition(" ")[0])
        (BROKEN if seen[request.body] <= failures else GOOD)(connection, request)

    client = client_of(serve(behave).url, 4)

    def ask(failures: int, number: int) -> int:
        done = client.execute_statement(f"{failures} {number}", [], writes=True)
        return done.attempts.total if done.attempts else 0

    asked = list(itertools.product(range(4), range(8)))
    greenlets = [gevent.spawn(ask, *each) for each in asked]
    gevent.joinall(greenlets, DEADLINE_S, raise_error=True)

    assert [each.value for each in greenlets] == [failures + 1 for failures, _ in asked]


def test_a_workload_makes_the_configured_number_of_attempts(
    serve: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ExponentialBackoff, "delay_amount", lambda *_: BACKOFF_S)
    monkeypatch.setattr(PartiqlUser, "_clients", {})
    server = serve(BROKEN)
    parser = argparse.ArgumentParser()
    add_workload_arguments(parser)
    options = ("--client", "boto3:3", "--region", "eu-west-1")
    arguments = parser.parse_args([*options, "--endpoint-url", server.url])
    PartiqlUser.open_for_load(WorkloadSettings.from_options(arguments))
    (client,) = PartiqlUser._clients.values()
    assert isinstance(client, Boto3Client)
    outcome(client)
    client._client.close()

    assert len(server.requests) == 3
