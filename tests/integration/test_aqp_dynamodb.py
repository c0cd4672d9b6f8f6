"""The AQP's DynamoDB client over real sockets: what it sends, keeps, repeats and reports."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from aqp_perf.aqp.problems import DynamoDBFailed, DynamoDBTimedOut
from aqp_perf.aqp.serving.dynamodb import DynamoDB
from aqp_perf.core.aws.sigv4 import Credentials, Signer

SIGNER = Signer(Credentials(access_key="local", secret_key="local"), "us-east-1")
Reply = Callable[[BaseHTTPRequestHandler], None]


class Endpoint(ThreadingHTTPServer):
    """Answers each request with the next reply of a list, and remembers who asked what."""

    daemon_threads = True

    def __init__(self, replies: list[Reply]) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.replies = iter(replies)
        self.requests: list[tuple[object, dict[str, str], bytes]] = []
        self.url = f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        assert isinstance(self.server, Endpoint)
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.requests.append((self.client_address, dict(self.headers.items()), body))
        next(self.server.replies)(self)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def replying(status: int, body: bytes, *headers: tuple[str, str]) -> Reply:
    def reply(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        handler.send_header("Content-Length", str(len(body)))
        for name, value in headers:
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(body)

    return reply


def then_hanging_up(reply: Reply) -> Reply:
    """Answer as if the connection could be kept, and close it."""

    def reply_and_close(handler: BaseHTTPRequestHandler) -> None:
        reply(handler)
        handler.close_connection = True

    return reply_and_close


def hang_up(handler: BaseHTTPRequestHandler) -> None:
    handler.close_connection = True


@contextmanager
def endpoint(*replies: Reply) -> Iterator[tuple[Endpoint, DynamoDB]]:
    with Endpoint(list(replies)) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        dynamodb = DynamoDB(server.url, lambda: SIGNER)
        try:
            yield server, dynamodb
        finally:
            if (idle := getattr(dynamodb._local, "connection", None)) is not None:
                idle.close()
            server.shutdown()
            thread.join()


OK = replying(200, b'{"Items": []}')


def test_a_request_is_signed_json_and_the_answer_counts_its_bytes() -> None:
    with endpoint(OK) as (server, dynamodb):
        answer = dynamodb.call("ExecuteStatement", {"Statement": "s"})

    assert answer.payload == {"Items": []}
    assert answer.size_bytes == len(b'{"Items": []}')
    ((_, headers, body),) = server.requests
    assert json.loads(body) == {"Statement": "s"}
    signed = SIGNER.headers(
        host=headers["Host"],
        target="DynamoDB_20120810.ExecuteStatement",
        body=body,
        now=headers["X-Amz-Date"],
    )
    assert {name: headers[name] for name in signed} == signed
    assert headers["Host"] == server.url.removeprefix("http://")


def test_a_connection_is_kept_for_the_next_call() -> None:
    with endpoint(OK, OK, replying(400, b"{}"), OK) as (server, dynamodb):
        dynamodb.call("ExecuteStatement", {})
        dynamodb.call("ExecuteStatement", {})
        with pytest.raises(DynamoDBFailed):
            dynamodb.call("ExecuteStatement", {})
        dynamodb.call("ExecuteStatement", {})

    assert len({peer for peer, _, _ in server.requests}) == 1


def test_a_connection_closed_while_idle_is_replaced() -> None:
    with endpoint(then_hanging_up(OK), OK) as (server, dynamodb):
        dynamodb.call("ExecuteStatement", {})
        dynamodb.call("ExecuteStatement", {})

    assert len({peer for peer, _, _ in server.requests}) == 2


def test_a_new_connection_that_is_closed_without_an_answer_is_a_failure() -> None:
    with endpoint(hang_up) as (server, dynamodb), pytest.raises(DynamoDBFailed, match="reachable"):
        dynamodb.call("ExecuteStatement", {})

    assert len(server.requests) == 1


def test_a_connection_that_the_peer_will_close_is_not_kept() -> None:
    closing = replying(200, b"{}", ("Connection", "close"))
    with endpoint(closing, OK) as (server, dynamodb):
        dynamodb.call("ExecuteStatement", {})
        dynamodb.call("ExecuteStatement", {})

    assert len(server.requests) == 2


@pytest.mark.parametrize(
    ("status", "body", "message"),
    [
        (
            400,
            b'{"__type": "com.amazonaws.dynamodb#ThrottlingException", "message": "slow"}',
            "DynamoDB answered ThrottlingException: slow",
        ),
        (400, b'{"__type": "X", "Message": "y"}', "DynamoDB answered X: y"),
        (500, b'{"__type": "InternalServerError"}', "DynamoDB answered InternalServerError: "),
        (502, b"<html>", "DynamoDB answered HTTP 502"),
        (400, b"[]", "DynamoDB answered HTTP 400"),
        (302, b"", "DynamoDB answered HTTP 302"),
        (200, b"<html>", "{url} did not answer with a JSON object"),
        (200, b'{"Items": [', "{url} did not answer with a JSON object"),
        (200, b"[]", "{url} did not answer with a JSON object"),
    ],
)
def test_an_error_has_its_code(status: int, body: bytes, message: str) -> None:
    with (
        endpoint(replying(status, body)) as (server, dynamodb),
        pytest.raises(DynamoDBFailed) as caught,
    ):
        dynamodb.call("ExecuteStatement", {})

    assert str(caught.value) == message.format(url=server.url)


def test_a_request_without_an_answer_times_out_and_is_not_sent_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("aqp_perf.aqp.serving.dynamodb._ANSWER_TIMEOUT_S", 0.1)
    answered = threading.Event()

    def wait(handler: BaseHTTPRequestHandler) -> None:
        answered.wait(10)
        handler.close_connection = True

    with endpoint(OK, wait) as (server, dynamodb):
        dynamodb.call("ExecuteStatement", {})
        with pytest.raises(DynamoDBTimedOut, match=f"{server.url} did not answer in time"):
            dynamodb.call("ExecuteStatement", {})
        answered.set()

    assert len(server.requests) == 2


def test_a_refused_connection_is_a_failure_that_names_the_endpoint() -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"
    dynamodb = DynamoDB(url, lambda: SIGNER)

    with pytest.raises(DynamoDBFailed, match=f"{url} is not reachable: .*refused"):
        dynamodb.call("ExecuteStatement", {})


def test_a_server_without_tls_is_not_reachable_over_tls() -> None:
    with endpoint() as (server, _):
        dynamodb = DynamoDB(server.url.replace("http", "https"), lambda: SIGNER)
        with pytest.raises(DynamoDBFailed, match="is not reachable"):
            dynamodb.call("ExecuteStatement", {})
