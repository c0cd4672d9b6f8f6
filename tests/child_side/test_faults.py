"""Both DynamoDB clients classify faults alike, and never send a request twice."""

import json
import re
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, NamedTuple, NoReturn

import pytest

from aqp_perf.core.aws.sigv4 import Credentials
from aqp_perf.core.measured.failure_class import FailureClass
from aqp_perf.loadgen.clients.boto3_client import Boto3Client
from aqp_perf.loadgen.clients.connections import Timeouts
from aqp_perf.loadgen.clients.dynamodb import DynamoDbClient, DynamoDbError
from aqp_perf.loadgen.clients.fast_client import FastClient
from aqp_perf.loadgen.clients.open_client import open_client
from tests.doubles.scripted_server import (
    Behaviour,
    Request,
    ScriptedServer,
    answer,
    keep_silent,
    reset,
    send_and_close,
)

TOKEN = "session/TOKEN+0123456789"
CREDENTIALS = Credentials(
    access_key="AKIDEXAMPLE",
    secret_key="verySecret",
    session_token=TOKEN,
)
TIMEOUT_S = 0.2
STATEMENT = 'SELECT * FROM "t"'

Start = Callable[..., ScriptedServer]
MakeClient = Callable[[str], DynamoDbClient]
MakeClientWith = Callable[[str, str], DynamoDbClient]


@pytest.fixture
def session_token(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the SDK have what `CREDENTIALS` has; it keeps what it finds first."""
    monkeypatch.setenv("AWS_SESSION_TOKEN", TOKEN)
    monkeypatch.setattr("boto3.DEFAULT_SESSION", None)


@pytest.fixture(params=["fast", "boto3"])
def client_of(request: pytest.FixtureRequest) -> Iterator[MakeClient]:
    """Make clients for a URL; their connections are closed with the test."""
    with ExitStack() as stack:

        def fast(url: str) -> DynamoDbClient:
            client = FastClient(
                url,
                "eu-west-1",
                lambda: CREDENTIALS,
                Timeouts(TIMEOUT_S, TIMEOUT_S),
            )
            stack.callback(client._server.close)
            return client

        def boto3(url: str) -> DynamoDbClient:
            client = Boto3Client(url, "eu-west-1", timeouts=Timeouts(TIMEOUT_S, TIMEOUT_S))
            stack.callback(client._client.close)
            return client

        yield fast if request.param == "fast" else boto3


@pytest.fixture(params=["fast", "boto3"])
def client_with(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[MakeClientWith]:
    """Make a client whose credentials are all one word, for a URL."""
    with ExitStack() as stack:

        def make(key: str, url: str) -> DynamoDbClient:
            for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
                monkeypatch.setenv(name, key)
            monkeypatch.setattr("boto3.DEFAULT_SESSION", None)
            client = open_client(request.param, url, "eu-west-1")
            own: Any = client
            stack.callback(own._server.close if request.param == "fast" else own._client.close)
            return client

        yield make


def error_of(client: DynamoDbClient, *, writes: bool) -> DynamoDbError:
    with pytest.raises(DynamoDbError) as caught:
        client.execute_statement(STATEMENT, [], writes=writes)
    return caught.value


def dynamodb_error(status: int, code: str, **more: object) -> Behaviour:
    body = {"__type": f"com.amazonaws.dynamodb.v20120810#{code}", "message": "why", **more}
    return answer(json.dumps(body).encode(), status)


class Fault(NamedTuple):
    """How a server answers, and what a request is then."""

    behave: Behaviour
    code: str
    read: FailureClass
    write: FailureClass
    reasons: tuple[str, ...] = ()


def same(behave: Behaviour, code: str, kind: FailureClass, *reasons: str) -> Fault:
    """Return a fault after which reads and writes stand alike."""
    return Fault(behave, code, kind, kind, reasons)


def lost(behave: Behaviour, code: str, read: FailureClass) -> Fault:
    """Return a fault that leaves a write ambiguous."""
    return Fault(behave, code, read, FailureClass.AMBIGUOUS)


REASON = "TableWriteProvisionedThroughputExceeded"
SKEWED = (
    "Signature expired: 20260301T114000Z is now earlier than 20260301T115500Z"
    " (20260301T120000Z - 5 min.)"
)
BROKEN, THROTTLED = FailureClass.CONNECTION, FailureClass.THROTTLED
UNAUTHORIZED = FailureClass.UNAUTHORIZED
CLIENT, SERVER, WRONG = (
    FailureClass.CLIENT_ERROR,
    FailureClass.SERVER_ERROR,
    FailureClass.WRONG_ANSWER,
)
FAULTS = {
    "silence": lost(keep_silent, "AnswerTimeout", FailureClass.TIMEOUT),
    "end": lost(send_and_close(), "ConnectionBroken", BROKEN),
    "reset": lost(reset, "ConnectionBroken", BROKEN),
    "half an answer": lost(
        send_and_close(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"),
        "ConnectionBroken",
        BROKEN,
    ),
    "half an answer, then silence": lost(
        lambda connection, _: connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"),
        "AnswerTimeout",
        FailureClass.TIMEOUT,
    ),
    "garbage": lost(send_and_close(b"\x00\x01\x02 hello\r\n\r\n"), "ConnectionBroken", BROKEN),
    "text": same(answer(b"all is well"), "NotDynamoDb", WRONG),
    "a list": same(answer(b"[]"), "NotDynamoDb", WRONG),
    "nothing": same(answer(b""), "NotDynamoDb", WRONG),
    "deep JSON": same(answer(b"[" * 100_000), "NotDynamoDb", WRONG),
    "empty 204": same(answer(b"", 204), "Http204", WRONG),
    "another 2yy": same(answer(b"{}", 202), "Http202", WRONG),
    "a redirection": same(answer(b"", 302, headers=("Location: /x",)), "Http302", WRONG),
    "UTF-16": same(answer("{}".encode("utf-16")), "NotDynamoDb", WRONG),
    "no number as length": lost(
        send_and_close(b"HTTP/1.1 200 OK\r\nContent-Length: abc\r\n\r\n{}"),
        "ConnectionBroken",
        BROKEN,
    ),
    "two lengths": lost(
        send_and_close(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\n{}"),
        "ConnectionBroken",
        BROKEN,
    ),
    "a message of another kind": same(
        dynamodb_error(400, "ThrottlingException", message={"a": 1}),
        "ThrottlingException",
        THROTTLED,
    ),
    "a number for a code": same(answer(b'{"__type": 5}', 400), "Http400", CLIENT),
    "no code at all": same(answer(b'{"__type": ""}', 500), "Http500", SERVER),
    "429": same(answer(b"{}", 429), "Http429", THROTTLED),
    "HTML 503": same(answer(b"<html>busy</html>", 503), "Http503", SERVER),
    "empty 502": same(answer(b"", 502), "Http502", SERVER),
    "a list 500": same(answer(b"[1]", 500), "Http500", SERVER),
    "internal": same(dynamodb_error(500, "InternalServerError"), "InternalServerError", SERVER),
    "validation": same(dynamodb_error(400, "ValidationException"), "ValidationException", CLIENT),
    "duplicate": same(
        dynamodb_error(400, "DuplicateItemException"), "DuplicateItemException", CLIENT
    ),
    "throughput": same(
        dynamodb_error(
            400,
            "ProvisionedThroughputExceededException",
            ThrottlingReasons=[{"reason": REASON, "resource": "arn"}],
        ),
        "ProvisionedThroughputExceededException",
        THROTTLED,
        REASON,
    ),
    "throttling": same(
        dynamodb_error(400, "ThrottlingException"), "ThrottlingException", THROTTLED
    ),
    "limit": same(dynamodb_error(400, "RequestLimitExceeded"), "RequestLimitExceeded", THROTTLED),
    "throttling of old": same(dynamodb_error(400, "Throttling"), "Throttling", THROTTLED),
    "throttled": same(dynamodb_error(400, "ThrottledException"), "ThrottledException", THROTTLED),
    "too many": same(
        dynamodb_error(400, "TooManyRequestsException"), "TooManyRequestsException", THROTTLED
    ),
    "expired token": same(
        dynamodb_error(400, "ExpiredTokenException"), "ExpiredTokenException", UNAUTHORIZED
    ),
    "bad signature": same(
        dynamodb_error(400, "InvalidSignatureException"), "InvalidSignatureException", UNAUTHORIZED
    ),
    "no permission": same(
        dynamodb_error(400, "AccessDeniedException"), "AccessDeniedException", UNAUTHORIZED
    ),
    "HTML 403": same(answer(b"<html>no</html>", 403), "Http403", UNAUTHORIZED),
    "a clock behind": same(
        dynamodb_error(400, "InvalidSignatureException", message=SKEWED), "ClockSkew", UNAUTHORIZED
    ),
    "a clock ahead": same(
        answer(
            b'{"__type": "com.amazon.coral.service#RequestTimeTooSkewed"}',
            403,
            headers=("Date: Sun, 01 Mar 2020 12:00:00 GMT",),
        ),
        "ClockSkew",
        UNAUTHORIZED,
    ),
}


@pytest.mark.parametrize("writes", [False, True], ids=["read", "write"])
@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_a_fault_has_a_class_and_is_met_once(
    serve: Start, client_of: MakeClient, fault: Fault, *, writes: bool
) -> None:
    server = serve(fault.behave)
    error = error_of(client_of(server.url), writes=writes)

    assert (error.failure_class, error.code) == (fault.write if writes else fault.read, fault.code)
    assert ", ".join(fault.reasons) in str(error)
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "body",
    [
        b'{"__type": "v#InternalServerError"}',
        b'{"Items": "text"}',
        b'{"Items": null}',
        b'{"Items": [1]}',
        b'{"NextToken": 5}',
        b'{"ConsumedCapacity": "x"}',
        b'{"ConsumedCapacity": 1}',
        b'{"ConsumedCapacity": {"Table": 1}}',
        *(
            b'{"ConsumedCapacity": {"CapacityUnits": %b}}' % units
            for units in (b'"1"', b"true", b"NaN", b"Infinity", b"-1", b"1000001", b"1e308")
        ),
        b'{"ConsumedCapacity": {"CapacityUnits": 1%b}}' % (b"0" * 400),
    ],
    ids=lambda body: body[:60].decode(),
)
def test_json_that_is_not_dynamodb_s_is_a_wrong_answer(
    serve: Start, client_of: MakeClient, body: bytes
) -> None:
    error = error_of(client_of(serve(answer(body)).url), writes=False)

    assert (error.failure_class, error.code) == (WRONG, "NotDynamoDb")


@pytest.mark.parametrize(
    ("units", "consumed"),
    [(b"0", 0.0), (b"0.5", 0.5), (b"1000000", 1e6)],
)
def test_units_that_a_request_can_use_are_believed(
    serve: Start, client_of: MakeClient, units: bytes, consumed: float
) -> None:
    server = serve(answer(b'{"ConsumedCapacity": {"CapacityUnits": %b}}' % units))
    answered = client_of(server.url).execute_statement(STATEMENT, [], writes=True)

    assert answered.consumed_units == consumed


@pytest.mark.parametrize("body", [b"{}", b'{"ConsumedCapacity": null, "NextToken": null}'])
def test_an_answer_need_not_say_what_was_consumed(
    serve: Start, client_of: MakeClient, body: bytes
) -> None:
    server = serve(answer(body))
    answered = client_of(server.url).execute_statement(STATEMENT, [], writes=True)

    assert (answered.items, answered.next_token) == ([], None)
    assert (answered.consumed_units, answered.length_bytes) == (None, len(body))


def test_a_failure_can_be_written_down_whatever_a_server_says(
    serve: Start, client_of: MakeClient
) -> None:
    """JSON can carry half a character, and no file can."""
    behave = answer(b'{"__type": "v#Validation\\udfff", "message": "\\ud800"}', 400)
    error = error_of(client_of(serve(behave).url), writes=True)

    assert str(error) == r"Validation\udfff: \ud800"


@pytest.mark.usefixtures("session_token")
@pytest.mark.parametrize("status", [200, 403, 500])
@pytest.mark.parametrize("cut", [0, 9])
@pytest.mark.parametrize("as_json", [False, True])
def test_an_answer_that_echoes_the_request_does_not_show_its_signature(
    serve: Start, client_of: MakeClient, status: int, cut: int, *, as_json: bool
) -> None:
    """The text of a failure goes to the screen and into files; its end may cut a secret."""

    def echo(connection: socket.socket, request: Request) -> None:
        sent = request.headers
        said = f"{sent['authorization']} {sent['x-amz-security-token']}"
        if cut:
            said = said[:-cut]
        body = {"__type": said, "message": said}
        shown = json.dumps(body) if as_json else "x" * max(0, 200 - len(said)) + said
        answer(shown.encode(), status)(connection, request)

    server = serve(echo)
    text = str(error_of(client_of(server.url), writes=True))
    signature = server.requests[0].headers["authorization"].partition("Signature=")[2]

    assert "***" in text
    for secret in (signature, "Credential=AKID", TOKEN[:12], CREDENTIALS.secret_key):
        assert secret not in text


@pytest.mark.parametrize(
    "key", ["a", "b", "ThrottlingException", "DuplicateItemException", "Signature", REASON]
)
@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("ThrottlingException", (THROTTLED, f"ThrottlingException: {REASON}: why")),
        ("DuplicateItemException", (CLIENT, "DuplicateItemException: why")),
    ],
)
def test_credentials_that_are_words_change_nothing(
    serve: Start,
    client_with: MakeClientWith,
    key: str,
    code: str,
    expected: tuple[FailureClass, str],
) -> None:
    """People give endpoints of their own any key; codes and reasons stay whole, in texts too."""
    reasons = [{"reason": REASON}] if REASON in expected[1] else []
    server = serve(dynamodb_error(400, code, throttlingReasons=reasons))
    error = error_of(client_with(key, server.url), writes=True)

    assert error.code == code
    assert (error.failure_class, str(error)) == expected


def test_a_wrong_clock_is_seen_before_anything_is_hidden(
    serve: Start, client_with: MakeClientWith
) -> None:
    server = serve(FAULTS["a clock behind"].behave)

    assert error_of(client_with("Signature", server.url), writes=True).code == "ClockSkew"


@pytest.mark.parametrize(
    ("fault", "text"),
    [
        ("a clock behind", "ClockSkew: this machine's clock is 20 min behind that of AWS: set it"),
        (
            "a clock ahead",
            r"ClockSkew: this machine's clock is \d+ min ahead of that of AWS: set it",
        ),
    ],
)
def test_the_error_of_a_wrong_clock_has_the_difference(
    serve: Start, client_of: MakeClient, fault: str, text: str
) -> None:
    error = error_of(client_of(serve(FAULTS[fault].behave).url), writes=True)

    assert re.fullmatch(text, str(error))


def test_a_failure_has_the_first_line_only(serve: Start, client_of: MakeClient) -> None:
    """DynamoDB appends the request to its complaint about a signature, another one each time."""
    message = "The signatures differ.\n\nThe Canonical String should have been\n'POST"
    behave = dynamodb_error(400, "InvalidSignatureException", message=message)
    error = error_of(client_of(serve(behave).url), writes=True)

    assert str(error) == "InvalidSignatureException: The signatures differ."


def hang_up(connection: socket.socket) -> NoReturn:
    """End a connection as soon as it is made."""
    connection.shutdown(socket.SHUT_RDWR)
    raise ConnectionAbortedError  # nothing is read from it


@pytest.mark.parametrize("on_connect", [hang_up, reset])
@pytest.mark.parametrize(
    ("writes", "kind"), [(False, FailureClass.CONNECTION), (True, FailureClass.AMBIGUOUS)]
)
def test_a_server_that_closes_every_connection_costs_one_connection_a_request(
    serve: Start,
    client_of: MakeClient,
    on_connect: Callable[[socket.socket], None],
    kind: FailureClass,
    *,
    writes: bool,
) -> None:
    """It cannot be seen from here how much of a write it took before."""
    server = serve(answer(), on_connect=on_connect)
    client = client_of(server.url)
    errors = [error_of(client, writes=writes) for _ in range(5)]

    assert {(each.failure_class, each.code) for each in errors} == {(kind, "ConnectionBroken")}
    assert (server.connections, server.requests) == (5, [])


@pytest.mark.parametrize("fault", ["end", "reset", "half an answer", "garbage", "silence"])
def test_the_next_request_gets_a_connection_of_its_own(
    serve: Start, client_of: MakeClient, fault: str
) -> None:
    server = serve(FAULTS[fault].behave)
    client = client_of(server.url)
    error_of(client, writes=True)
    server.behave = answer()

    assert client.execute_statement(STATEMENT, [], writes=True).items == []
    assert (len(server.requests), server.connections) == (2, 2)


@pytest.mark.parametrize("writes", [False, True], ids=["read", "write"])
def test_a_refused_connection_sent_nothing(client_of: MakeClient, *, writes: bool) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    error = error_of(client_of(url), writes=writes)

    assert (error.failure_class, error.code) == (FailureClass.CONNECTION, "NotConnected")


def test_an_unknown_host_sent_nothing(client_of: MakeClient) -> None:
    error = error_of(client_of("http://no-such-host.invalid"), writes=True)

    assert (error.failure_class, error.code) == (FailureClass.CONNECTION, "NotConnected")


@contextmanager
def deaf() -> Iterator[str]:
    """Yield the URL of a listener whose queue is full: the kernel answers no further connect."""
    with ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(3):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)  # noqa: FBT003 - socket's own signature
            waiting.connect_ex(listener.getsockname())
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


@pytest.mark.parametrize("writes", [False, True], ids=["read", "write"])
def test_a_connection_that_takes_too_long_sent_nothing(
    client_of: MakeClient, *, writes: bool
) -> None:
    with deaf() as url:
        error = error_of(client_of(url), writes=writes)

    assert (error.failure_class, error.code) == (FailureClass.CONNECTION, "ConnectTimeout")


@pytest.mark.parametrize(
    ("writes", "kind"), [(False, FailureClass.CONNECTION), (True, FailureClass.AMBIGUOUS)]
)
def test_a_connection_broken_while_sending_may_have_sent(
    serve: Start, client_of: MakeClient, kind: FailureClass, *, writes: bool
) -> None:
    """A megabyte does not fit into the socket's buffers, so the reset comes in the middle."""

    def drop(connection: socket.socket) -> None:
        connection.recv(1)
        reset(connection)

    server = serve(answer(), on_connect=drop)
    with pytest.raises(DynamoDbError) as caught:
        client_of(server.url).execute_statement("x" * 20_000_000, [], writes=writes)

    assert (caught.value.failure_class, caught.value.code) == (kind, "ConnectionBroken")
    assert (server.connections, server.requests) == (1, [])


@pytest.mark.parametrize(
    "missing", ["AWS_REGION", "AWS_ACCESS_KEY_ID"], ids=["region", "credentials"]
)
@pytest.mark.parametrize("kind", ["fast", "boto3"])
def test_missing_settings_are_reported_before_any_request(
    kind: str, missing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    monkeypatch.delenv(missing)
    with pytest.raises(ValueError, match=r"^no AWS (region: give --region|credentials)"):
        open_client(kind, "http://127.0.0.1:1", None)
