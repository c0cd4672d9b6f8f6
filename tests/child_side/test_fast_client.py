"""The fast client signs what it sends and keeps connections open."""

import itertools
import json
import os
import resource
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSPreparedRequest, AWSRequest
from botocore.credentials import Credentials as BotocoreCredentials

from aqp_perf.core.aws.sigv4 import Credentials
from aqp_perf.loadgen.clients.credentials import CredentialsSource, source_of
from aqp_perf.loadgen.clients.dynamodb import Answer, DynamoDbClient
from aqp_perf.loadgen.clients.fast_client import FastClient
from tests.doubles.scripted_server import Request, ScriptedServer, answer

REGION = "eu-west-1"
FIRST = Credentials(access_key="AKIDFIRST", secret_key="first")
SECOND = Credentials(access_key="AKIDSECOND", secret_key="second", session_token="a/token+=")
STATEMENT = "INSERT INTO \"t\" VALUE {'pk': ?}"
PARAMETERS = [{"S": "naïve ☃"}]

Start = Callable[..., ScriptedServer]
MakeClient = Callable[..., FastClient]


@pytest.fixture
def client_of() -> Iterator[MakeClient]:
    """Make clients for a URL; their connections are closed with the test."""
    with ExitStack() as stack:

        def make(url: str, credentials: CredentialsSource = lambda: FIRST) -> FastClient:
            client = FastClient(url, REGION, credentials)
            stack.callback(client._server.close)
            return client

        yield make


def write(client: DynamoDbClient) -> None:
    client.execute_statement(STATEMENT, PARAMETERS, writes=True)


def authorization_of(request: Request, credentials: Credentials) -> str:
    """Return the header that botocore computes for what was received."""
    authorization = request.headers["authorization"]
    names = authorization.partition("SignedHeaders=")[2].partition(",")[0].split(";")
    received = AWSRequest(
        method="POST",
        url=f"http://{request.headers['host']}/",
        headers={name: request.headers[name] for name in names},
        data=request.body,
    )
    received.context["timestamp"] = request.headers["x-amz-date"]
    auth = SigV4Auth(
        BotocoreCredentials(
            credentials.access_key, credentials.secret_key, credentials.session_token
        ),
        "dynamodb",
        REGION,
    )
    to_sign = auth.string_to_sign(received, auth.canonical_request(received))
    return (
        f"AWS4-HMAC-SHA256 Credential={auth.scope(received)}, "
        f"SignedHeaders={';'.join(names)}, Signature={auth.signature(to_sign, received)}"
    )


def test_the_request_is_what_dynamodb_takes(serve: Start, client_of: MakeClient) -> None:
    server = serve(answer())
    write(client_of(server.url))
    (request,) = server.requests

    assert request.line == "POST / HTTP/1.1"
    assert request.headers["x-amz-target"] == "DynamoDB_20120810.ExecuteStatement"
    assert json.loads(request.body) == {
        "Statement": STATEMENT,
        "Parameters": PARAMETERS,
        "ReturnConsumedCapacity": "TOTAL",
    }


def test_the_signature_is_valid_for_what_was_received(serve: Start, client_of: MakeClient) -> None:
    server = serve(answer())
    write(client_of(server.url))
    (request,) = server.requests

    assert request.headers["authorization"] == authorization_of(request, FIRST)


def test_renewed_credentials_sign_the_next_request(serve: Start, client_of: MakeClient) -> None:
    server = serve(answer())
    held = itertools.chain([FIRST, FIRST], itertools.repeat(SECOND))
    client = client_of(server.url, lambda: next(held))
    for _ in range(3):
        write(client)

    assert [request.headers["authorization"] for request in server.requests] == [
        authorization_of(request, credentials)
        for request, credentials in zip(server.requests, [FIRST, FIRST, SECOND], strict=True)
    ]
    assert server.requests[2].headers["x-amz-security-token"] == SECOND.session_token


def test_an_answer_has_items_page_and_capacity(serve: Start, client_of: MakeClient) -> None:
    items, used = [{"pk": {"S": "a"}}], {"CapacityUnits": 2.5}
    said = {"Items": items, "NextToken": "t", "ConsumedCapacity": used}
    body = json.dumps(said).encode()
    server = serve(answer(body))
    answered = client_of(server.url).execute_statement(STATEMENT, [], writes=False)

    assert answered == Answer(items, "t", 2.5, len(body))


def test_each_answer_is_read_for_itself(serve: Start, client_of: MakeClient) -> None:
    """Equal ones are read once, and none is taken for another."""
    bodies = [
        json.dumps({"ConsumedCapacity": {"CapacityUnits": units}, "NextToken": "t" * length})
        for units in (1.0, 2.0, 1.0)
        for length in (1, 999)
    ]
    following = iter(bodies)

    def behave(connection: socket.socket, request: Request) -> None:
        answer(next(following).encode())(connection, request)

    client = client_of(serve(behave).url)
    answers = [client.execute_statement(STATEMENT, [], writes=True) for _ in bodies]

    assert [(each.consumed_units, len(each.next_token or "")) for each in answers] == [
        *((1.0, 1), (1.0, 999)),
        *((2.0, 1), (2.0, 999)),
        *((1.0, 1), (1.0, 999)),
    ]


def test_a_connection_is_used_again(serve: Start, client_of: MakeClient) -> None:
    server = serve(answer())
    client = client_of(server.url)
    for _ in range(20):
        write(client)

    assert (len(server.requests), server.connections) == (20, 1)


def test_a_server_that_closes_each_time_gets_one_connection_per_request(
    serve: Start, client_of: MakeClient
) -> None:
    server = serve(answer(headers=("Connection: close",)))
    client = client_of(server.url)
    for _ in range(5):
        write(client)

    assert (len(server.requests), server.connections) == (5, 5)


def test_a_connection_closed_while_idle_is_not_sent_on(serve: Start, client_of: MakeClient) -> None:
    """The server says nothing of its intention; the client sees the end before it sends."""

    def answer_and_close(connection: socket.socket, request: Request) -> None:
        answer()(connection, request)
        connection.shutdown(socket.SHUT_RDWR)

    server = serve(answer_and_close)
    client = client_of(server.url)
    for _ in range(5):
        write(client)
        (idle,) = client._server._pool._socket_queue.queue
        idle.recv(1)  # the end has arrived

    assert (len(server.requests), server.connections) == (5, 5)


def test_connections_are_kept_beyond_1024_descriptors(serve: Start, client_of: MakeClient) -> None:
    server = serve(answer())
    client = client_of(server.url)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, hard), hard))
    taken = [os.open(os.devnull, os.O_RDONLY) for _ in range(1_100)]
    try:
        for _ in range(5):
            write(client)
        (idle,) = client._server._pool._socket_queue.queue
        assert idle.fileno() >= 1_024
    finally:
        for descriptor in taken:
            os.close(descriptor)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))

    assert (len(server.requests), server.connections) == (5, 1)


@pytest.mark.skipif(not Path("/proc/net/if_inet6").exists(), reason="this machine has no IPv6")
def test_an_ipv6_host_is_signed_in_brackets(serve: Start, client_of: MakeClient) -> None:
    server = serve(answer(), host="::1")
    write(client_of(server.url))
    (request,) = server.requests

    assert f"http://{request.headers['host']}" == server.url
    assert request.headers["authorization"] == authorization_of(request, FIRST)


@pytest.mark.parametrize("url", ["localhost:8000", "ftp://localhost", "http://", "8000"])
def test_an_invalid_url_is_refused(url: str, client_of: MakeClient) -> None:
    with pytest.raises(ValueError, match=r"not the http\(s\) URL of an endpoint"):
        client_of(url)


def test_credentials_that_hold_are_one_object() -> None:
    """The day's key is derived anew for another one, which costs more than the signature."""
    held = source_of(BotocoreCredentials("AKIA1", "secret"))

    assert held() is held()


class Sent(Exception):
    """Stops the SDK just before it would send."""


def sent_by_the_sdk(session: botocore.session.Session, region: str) -> tuple[str, dict[str, str]]:
    """Return URL and headers of what boto3 would send to DynamoDB in a region."""
    client: Any = session.create_client("dynamodb", region)

    def stop(request: AWSPreparedRequest, **_: object) -> None:
        raise Sent(request)

    client.meta.events.register_first("before-send.dynamodb", stop)
    with pytest.raises(Sent) as caught:
        client.execute_statement(Statement=STATEMENT)
    (request,) = caught.value.args
    headers = {name.lower(): value for name, value in request.headers.items()}
    return request.url, {
        name: value.decode() if isinstance(value, bytes) else value
        for name, value in headers.items()
    }


def test_host_and_headers_are_the_sdk_s_in_every_region() -> None:
    session = botocore.session.Session()
    session.set_credentials(FIRST.access_key, FIRST.secret_key)
    regions = [
        region
        for partition in session.get_available_partitions()
        for region in session.get_available_regions("dynamodb", partition)
    ]
    assert len(regions) > 40
    for region in regions:
        url, theirs = sent_by_the_sdk(session, region)
        # Plain, as a TLS context costs more than all the rest; the host is the same.
        client = FastClient(url.replace("https:", "http:"), region, lambda: FIRST)
        line, *lines = client._signed(b"", FIRST).decode().rstrip().split("\r\n")
        ours = dict(each.lower().split(": ", 1) for each in lines)

        assert line == "POST / HTTP/1.1"
        assert f"https://{ours['host']}/" == url
        for name in ("x-amz-target", "content-type"):
            assert ours[name] == theirs[name].lower()
        # The time and the signature differ; key, scope and signed headers do not.
        assert (
            ours["authorization"].rpartition(",")[0]
            == (theirs["authorization"].lower().rpartition(",")[0])
        )
