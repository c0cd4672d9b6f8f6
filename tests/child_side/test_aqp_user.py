"""Every answer of an AQP has one failure class or none, and every query is sent once."""

import gzip
import json
import socket
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, NoReturn

import gevent
import pytest
from gevent import GreenletExit

from aqp_perf.core.data.statements import ZIPCODE_COLUMNS, zipcode_query
from aqp_perf.core.measured.failure_class import FailureClass
from aqp_perf.core.proof import AggregateQuery
from aqp_perf.loadgen.clients.connections import DEFAULT_TIMEOUTS, Timeouts
from aqp_perf.loadgen.clients.exchange import HttpServer
from aqp_perf.loadgen.clients.failures import failure_class_of
from aqp_perf.loadgen.users.aqp_user import AqpUser
from aqp_perf.loadgen.users.paced_user import Unanswered
from aqp_perf.loadgen.workload.workload import workload_of
from aqp_perf.workloads.locustfile import AqpZipcodeUser
from aqp_perf.workloads.order import Order
from tests.child_side.fixtures import Open, fired
from tests.doubles.scripted_server import (
    Behaviour,
    Request,
    ScriptedServer,
    answer,
    keep_silent,
    reset,
    send_and_close,
)

NAME = "the query"
SQL = zipcode_query("t", "ACCOUNT#ACCOUNT1#CUSTOMER#CUSTOMER2")
ROWS = [{"pk": "a", "zipcode": 1, "total": 1.5}]
DEADLINE_S = 10.0

Start = Callable[..., ScriptedServer]


def aqp_body(rows: object, stats: object = None) -> bytes:
    return json.dumps({"response": [{"resultSet": rows}], "stats": stats}).encode()


STATS = {
    "elapsedTimeToRetrieveDataInMs": 2,
    "elapsedTimeToAggregateDataInMs": 0,
    "payloadSizeBytes": 626,
}


class QuickUser(AqpUser):
    """Waits a tenth of a second for an answer."""

    item = Order
    timeouts = Timeouts(answer_s=0.1)

    def send(self, index: int, due_ns: int) -> None:
        """Send the query."""
        del index
        self.query(NAME, SQL, ZIPCODE_COLUMNS, due_ns=due_ns)


class Asker:
    """One user of one locust environment, and the request events it fired."""

    def __init__(self, environment: Any, url: str) -> None:  # noqa: ANN401 - see `Open`
        self.environment = environment
        self.fired = fired(environment)
        QuickUser.host = url
        self.user = QuickUser(environment)
        self.user.on_start()

    def ask(self) -> Sequence[Any] | None:
        return self.user.query(NAME, SQL, ZIPCODE_COLUMNS, due_ns=time.perf_counter_ns())

    def failure_class(self) -> FailureClass | None:
        """Return the class of the only event."""
        (event,) = self.fired
        if event["exception"] is None:
            return None
        return failure_class_of(event["exception"], event.get("response"))


@pytest.fixture
def asker_of(open_environment: Open) -> Callable[..., Asker]:
    return lambda url, pacing="think": Asker(
        open_environment("--pacing", pacing, users=[QuickUser], host=url), url
    )


def test_the_query_is_one_path_segment_with_credentials(
    serve: Start, asker_of: Callable[[str], Asker]
) -> None:
    server = serve(answer(aqp_body(ROWS)))
    assert asker_of(server.url).ask() == ROWS
    (request,) = server.requests

    assert request.line == (
        "GET /query-aggregation/select%20zipcode%2Cpk%2Csum%28amount%29%20as%20total%20from%20t"
        "%20where%20pk%3D%27ACCOUNT%23ACCOUNT1%23CUSTOMER%23CUSTOMER2%27"
        "%20group%20by%20zipcode%2C%20pk HTTP/1.1"
    )
    assert request.headers["authorization"] == "Basic c21hbGwtcXVlcnktYXBwOnNlY3JldEVYQU1QTEU="
    assert request.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize(("pacing", "is_open"), [("think", False), ("none", False), ("5/s", True)])
def test_an_event_has_the_times_when_the_query_was_due_and_sent(
    serve: Start, asker_of: Callable[..., Asker], pacing: str, *, is_open: bool
) -> None:
    """In the closed models a query is due when it is sent."""
    server = serve(answer(aqp_body(ROWS)))
    asker = asker_of(server.url, pacing)
    due_ns = time.perf_counter_ns()
    asker.user.query(NAME, SQL, ZIPCODE_COLUMNS, due_ns=due_ns)
    (event,) = asker.fired

    assert (event["request_type"], event["name"]) == ("GET", NAME)
    context = event["context"]
    assert context["due_ns"] == (due_ns if is_open else context["start_ns"])
    assert due_ns < context["start_ns"]


def gzipped_as(name: str) -> Behaviour:
    return answer(gzip.compress(aqp_body(ROWS)), headers=(f"Content-Encoding: {name}",))


MANY_ROWS = [{"pk": "x" * 99, "zipcode": 1, "total": number} for number in range(20_000)]


@pytest.mark.parametrize(
    ("behave", "rows"),
    [
        (answer(aqp_body([])), []),
        (answer(aqp_body(MANY_ROWS)), MANY_ROWS),
        (gzipped_as("gzip"), ROWS),
        (gzipped_as("GZip"), ROWS),
        (gzipped_as("x-gzip"), ROWS),
        (answer(aqp_body(ROWS), headers=("Content-Encoding: Identity",)), ROWS),
    ],
    ids=["no rows", "megabytes", "gzip", "GZip", "x-gzip", "identity"],
)
def test_a_right_answer_is_no_failure(
    serve: Start, asker_of: Callable[[str], Asker], behave: Behaviour, rows: list[Any]
) -> None:
    asker = asker_of(serve(behave).url)

    assert asker.ask() == rows
    assert asker.failure_class() is None


def test_the_times_that_the_aqp_reports_are_in_the_event(
    serve: Start, asker_of: Callable[[str], Asker]
) -> None:
    asker = asker_of(serve(answer(aqp_body(ROWS, STATS))).url)
    asker.ask()
    (event,) = asker.fired

    assert event["context"]["server_times"] == {"retrieve": 2_000_000, "aggregate": 0}
    assert event["context"]["payload_bytes"] == 626


IMPOSSIBLE: list[Any] = [
    None,
    -1,
    "12",
    True,
    [1],
    {},
    600_001,
    10**400,
    1e308,
    float("nan"),
    float("inf"),
]


@pytest.mark.parametrize("value", IMPOSSIBLE, ids=lambda value: repr(value)[:8])
def test_impossible_statistics_are_left_out_and_no_failure(
    serve: Start, asker_of: Callable[[str], Asker], value: object
) -> None:
    stats = STATS | {"elapsedTimeToAggregateDataInMs": value}
    asker = asker_of(serve(answer(aqp_body(ROWS, stats))).url)

    assert asker.ask() == ROWS
    assert asker.failure_class() is None
    assert asker.fired[0]["context"]["server_times"] == {"retrieve": 2_000_000}


@pytest.mark.parametrize("over_ms", [(60_000, 0), (0, 60_000), (30_000, 30_000)])
def test_times_longer_than_the_whole_query_are_left_out(
    serve: Start, asker_of: Callable[[str], Asker], over_ms: tuple[int, int]
) -> None:
    names = ("elapsedTimeToRetrieveDataInMs", "elapsedTimeToAggregateDataInMs")
    stats = STATS | dict(zip(names, over_ms, strict=True))
    asker = asker_of(serve(answer(aqp_body(ROWS, stats))).url)

    assert asker.ask() == ROWS
    assert "server_times" not in asker.fired[0]["context"]
    assert asker.fired[0]["context"]["payload_bytes"] == 626


@pytest.mark.parametrize("stats", [None, {}, [], "fast", {"payloadSizeBytes": -1}])
def test_an_answer_without_statistics_is_as_right_as_another(
    serve: Start, asker_of: Callable[[str], Asker], stats: object
) -> None:
    asker = asker_of(serve(answer(aqp_body(ROWS, stats))).url)

    assert asker.ask() == ROWS
    keys = asker.fired[0]["context"].keys() - {"due_ns", "start_ns", "user_class"}
    assert keys == {"planned_read_units", "items"}


def test_a_failed_answer_reports_no_times(serve: Start, asker_of: Callable[[str], Asker]) -> None:
    asker = asker_of(serve(answer(aqp_body([{"other": 1}], STATS))).url)

    assert asker.ask() is None
    keys = asker.fired[0]["context"].keys() - {"due_ns", "start_ns", "user_class"}
    assert keys == {"planned_read_units", "wrong_answer"}


class Fault(NamedTuple):
    behave: Behaviour
    failure_class: FailureClass


NOTHING_READ = {FailureClass.UNAUTHORIZED, FailureClass.CLIENT_ERROR, FailureClass.THROTTLED}
WRONG, BROKEN = FailureClass.WRONG_ANSWER, FailureClass.CONNECTION
FAULTS = {
    "401": Fault(answer(b"{}", 401), FailureClass.UNAUTHORIZED),
    "403": Fault(answer(b"{}", 403), FailureClass.UNAUTHORIZED),
    "404": Fault(answer(b"{}", 404), FailureClass.CLIENT_ERROR),
    "429": Fault(answer(b"{}", 429), FailureClass.THROTTLED),
    "500": Fault(answer(b"<html>", 500), FailureClass.SERVER_ERROR),
    "503, empty": Fault(answer(b"", 503), FailureClass.SERVER_ERROR),
    "204": Fault(answer(b"", 204), WRONG),
    "206": Fault(answer(aqp_body(ROWS), 206), WRONG),
    "302": Fault(answer(b"", 302, headers=("Location: /login",)), WRONG),
    "HTML": Fault(answer(b"<html>all is well</html>"), WRONG),
    "empty": Fault(answer(b""), WRONG),
    "other columns": Fault(answer(aqp_body([{"zzz": None, "error": "boom"}])), WRONG),
    "deep JSON": Fault(answer(b"[" * 100_000), WRONG),
    "cut JSON": Fault(answer(aqp_body(ROWS)[:-9]), WRONG),
    "other JSON": Fault(answer(b'{"items": []}'), WRONG),
    "no list of rows": Fault(answer(aqp_body({"a": 1})), WRONG),
    "no rows but numbers": Fault(answer(aqp_body([1, 2])), WRONG),
    "not UTF-8": Fault(answer(b"\xff\xfe\xfd"), WRONG),
    "broken gzip": Fault(answer(b"no gzip", headers=("Content-Encoding: gzip",)), WRONG),
    "end": Fault(send_and_close(), BROKEN),
    "reset": Fault(reset, BROKEN),
    "half an answer": Fault(
        send_and_close(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"), BROKEN
    ),
    "garbage": Fault(send_and_close(b"\x00\x01 hello\r\n\r\n"), BROKEN),
    "silence": Fault(keep_silent, FailureClass.TIMEOUT),
    "half an answer, then silence": Fault(
        lambda connection, _: connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"),
        FailureClass.TIMEOUT,
    ),
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_a_fault_has_a_class_and_is_met_once(
    serve: Start, asker_of: Callable[[str], Asker], fault: Fault
) -> None:
    server = serve(fault.behave)
    asker = asker_of(server.url)

    assert asker.ask() is None
    assert asker.failure_class() is fault.failure_class
    assert len(server.requests) == 1
    may_have_read = fault.failure_class not in NOTHING_READ
    assert asker.fired[0]["context"].get("planned_read_units") == (1.5 if may_have_read else None)


def test_a_refused_connection_is_a_connection_failure(asker_of: Callable[[str], Asker]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    asker = asker_of(url)

    assert asker.ask() is None
    assert asker.failure_class() is FailureClass.CONNECTION
    assert "planned_read_units" not in asker.fired[0]["context"], "nothing was sent"


def hang_up(connection: socket.socket) -> NoReturn:
    """End a connection as soon as it is made."""
    connection.shutdown(socket.SHUT_RDWR)
    raise ConnectionAbortedError  # nothing is read from it


@pytest.mark.parametrize("on_connect", [hang_up, reset])
def test_a_server_that_closes_every_connection_costs_one_connection_a_query(
    serve: Start,
    asker_of: Callable[[str], Asker],
    on_connect: Callable[[socket.socket], None],
) -> None:
    server = serve(answer(aqp_body(ROWS)), on_connect=on_connect)
    asker = asker_of(server.url)
    for _ in range(5):
        assert asker.ask() is None

    classes = {failure_class_of(each["exception"], each["response"]) for each in asker.fired}
    assert classes == {FailureClass.CONNECTION}
    assert (len(asker.fired), server.connections, server.requests) == (5, 5, [])


def test_a_connection_closed_while_idle_is_not_sent_on(
    serve: Start, asker_of: Callable[[str], Asker]
) -> None:
    def answer_and_close(connection: socket.socket, request: Request) -> None:
        answer(aqp_body(ROWS))(connection, request)
        connection.shutdown(socket.SHUT_RDWR)

    server = serve(answer_and_close)
    asker = asker_of(server.url)
    for _ in range(3):
        assert asker.ask() == ROWS
        (idle,) = asker.user._server._pool._socket_queue.queue
        idle.recv(1)  # the end has arrived

    assert (len(server.requests), server.connections) == (3, 3)


def test_a_query_cut_off_at_the_end_of_the_run_is_a_failure(
    serve: Start, asker_of: Callable[[str], Asker]
) -> None:
    asker = asker_of(serve(keep_silent).url)
    workload = workload_of(asker.environment)
    asker.environment.stop_timeout = 0.01
    patient = asker.user._server = HttpServer(asker.user.host, Timeouts(answer_s=DEADLINE_S))
    user = gevent.spawn(asker.user.request)
    gevent.sleep(0)  # it is under way
    workload.ending.stop()
    user.kill()
    patient.close()

    assert isinstance(asker.fired[0]["exception"], Unanswered)
    assert asker.failure_class() is FailureClass.TIMEOUT


def test_all_users_of_a_process_share_their_connections(
    serve: Start, asker_of: Callable[[str], Asker]
) -> None:
    server = serve(answer(aqp_body(ROWS)))
    for _ in range(3):
        assert asker_of(server.url).ask() == ROWS

    assert (len(server.requests), server.connections) == (3, 1)
    assert AqpZipcodeUser.timeouts == DEFAULT_TIMEOUTS


def test_an_invalid_host_url_ends_the_run_with_one_message(
    asker_of: Callable[[str], Asker], caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(GreenletExit):
        asker_of("ftp://127.0.0.1")

    assert "--host: not the http(s) URL of an endpoint: 'ftp://127.0.0.1'" in caplog.text


@pytest.mark.parametrize("cut", [0, 12])
def test_an_answer_that_echoes_our_credentials_does_not_show_them(
    serve: Start, asker_of: Callable[[str], Asker], cut: int
) -> None:
    """The text of a failure goes to the screen and into files; its end may cut a secret."""
    token = b"c21hbGwtcXVlcnktYXBwOnNlY3JldEVYQU1QTEU="
    body = b"x" * (79 - len(token) + cut) + b" " + token + b"secretEXAMPLE"
    server = serve(answer(body))
    asker = asker_of(server.url)
    asker.ask()
    (event,) = asker.fired

    text = str(event["exception"])
    assert "***" in text
    assert "c21hbGwt" not in text
    assert "secret" not in text


class StrangerUser(AqpUser):
    """Asks about a table of which nothing is declared."""

    def send(self, index: int, due_ns: int) -> None:
        """Send an aggregate of the shipped workloads."""
        self.aggregate(NAME, AggregateQuery.ZIPCODE, index, due_ns=due_ns)


def test_an_aggregate_of_a_table_of_which_nothing_is_declared_says_so(
    open_environment: Open,
) -> None:
    environment = open_environment(users=[StrangerUser])
    environment.events.test_start.fire(environment=environment)
    user = StrangerUser(environment)
    user.on_start()

    with pytest.raises(LookupError, match="StrangerUser has no item: declare it as item = …"):
        user.send(0, 0)
