"""Targets open as real processes and sockets, and nothing of them is left when they close."""

import os
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from aqp_perf.core.data.statements import insert_statement
from aqp_perf.errors import TargetMissing, TargetUnavailable, TargetUnusable
from aqp_perf.operating_system import process_identity
from aqp_perf.targets import (
    Target,
    TargetKind,
    TargetSpec,
    existing_table,
    open_table,
    open_target,
    parse_target,
    table_name,
)
from aqp_perf.targets.kinds.dynamodb_local import find_home, free_port, open_dynamodb_local
from tests.doubles.missing import skip_or_fail
from tests.doubles.orders import orders
from tests.doubles.processes import descendants, wait_until_dead

DATASET = orders(partitions=2, items_per_partition=30)


@contextmanager
def ending() -> Iterator[Callable[[], None]]:
    """Yield what to call when a target is open; check that its processes end with the block."""
    before = descendants()
    noted: set[int] = set()

    yield lambda: noted.update(descendants() - before)
    assert noted, "the target is no process"
    for pid in noted:
        wait_until_dead(pid)
    assert descendants() == before


def is_listening(url: str) -> bool:
    host, _, port = url.removeprefix("http://").partition(":")
    try:
        socket.create_connection((host, int(port)), timeout=5).close()
    except ConnectionRefusedError:
        return False
    return True


@pytest.fixture
def dynamodb_local_home() -> Path:
    try:
        return find_home(os.environ, Path.cwd())
    except TargetMissing as exc:
        skip_or_fail(exc)


@pytest.fixture(params=["moto", "dynamodb-local"])
def spec(request: pytest.FixtureRequest) -> TargetSpec:
    if request.param == "dynamodb-local":
        request.getfixturevalue("dynamodb_local_home")
    return parse_target(request.param)


@contextmanager
def answering(status: int, body: bytes, content_type: str = "text/html") -> Iterator[str]:
    """Serve one and the same answer to everything, on a free loopback port."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.do_GET()

        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def silent() -> Iterator[str]:
    """Accept connections and never say a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


@contextmanager
def refusing() -> Iterator[str]:
    """Hold a port on which nobody listens."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{bound.getsockname()[1]}"


def use(target: Target) -> None:
    """Create and seed a table, write to it as the workload does, and find everything there."""
    name = table_name("integration")
    client = target.client()
    with open_table(target, name=name, dataset=DATASET, run_id="integration"):
        item = DATASET.written_item("integration", 0)
        client.execute_statement(
            Statement=insert_statement(name, tuple(item)),
            Parameters=list(item.values()),
        )
        count = client.scan(TableName=name, Select="COUNT")["Count"]
    assert count == DATASET.seed_count + 1
    assert client.list_tables()["TableNames"] == []


def test_a_local_target_serves_and_leaves_nothing(spec: TargetSpec) -> None:
    with ending() as note, open_target(spec) as target:
        note()
        assert target.kind is spec.kind
        assert target.label.endswith("not AWS")
        # With it, its waits for a core can be measured.
        assert (target.process is None) == (process_identity(os.getpid()) is None)
        use(target)
    assert not is_listening(target.endpoint)


def test_a_local_target_is_closed_when_its_block_fails(spec: TargetSpec) -> None:
    def fail() -> None:
        with open_target(spec):
            note()
            raise KeyboardInterrupt

    with ending() as note, pytest.raises(KeyboardInterrupt):
        fail()


def test_whether_a_table_was_seeded_is_known_where_there_are_tags(spec: TargetSpec) -> None:
    name = table_name("known")
    with open_target(spec) as target, open_table(target, name=name, dataset=DATASET, run_id="r"):
        table = existing_table(target, name, DATASET)
    assert table.is_seeded is (spec.kind is TargetKind.MOTO)


def test_a_running_endpoint_is_reached_by_its_url() -> None:
    with (
        open_target(parse_target("moto")) as moto,
        open_target(parse_target(moto.endpoint)) as target,
    ):
        assert (target.kind, target.endpoint_url) == (TargetKind.ENDPOINT, moto.endpoint_url)
        assert target.label == "custom endpoint, not AWS"
        use(target)


def test_a_table_of_one_target_is_existing_to_another() -> None:
    with open_target(parse_target("moto")) as moto:
        name = table_name("shared")
        with (
            open_table(moto, name=name, dataset=DATASET, run_id="shared"),
            open_target(parse_target(moto.endpoint)) as target,
        ):
            table = existing_table(target, name, DATASET)
            assert (table.is_ours, table.is_seeded) == (False, True)
            assert moto.client().list_tables()["TableNames"] == [name]


@pytest.mark.parametrize(
    ("variables", "uses_chain"),
    [
        ({}, False),
        ({"AWS_ACCESS_KEY_ID": "mine", "AWS_SECRET_ACCESS_KEY": "secret"}, True),
    ],
)
def test_an_endpoint_gets_the_user_s_credentials_or_dummies(
    variables: dict[str, str],
    uses_chain: bool,  # noqa: FBT001 - a case
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with (
        answering(200, b'{"TableNames": []}', "application/x-amz-json-1.0") as url,
        open_target(parse_target(url)) as target,
    ):
        environment = target.environment()
    assert environment["AWS_ACCESS_KEY_ID"] == ("mine" if uses_chain else "local")
    assert environment["AWS_EC2_METADATA_DISABLED"] == "true"


@pytest.mark.parametrize(
    ("nobody", "told"),
    [
        (refusing, "cannot be reached: .*: Connection refused"),
        (silent, r"did not answer within [\d.]+ s:"),
    ],
)
def test_an_endpoint_that_does_not_answer_is_unavailable(
    nobody: Callable[[], AbstractContextManager[str]], told: str
) -> None:
    with (
        nobody() as url,
        pytest.raises(TargetUnavailable, match=f"{url} {told}"),
        open_target(parse_target(url)),
    ):
        pytest.fail("it was opened")


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, b"<html>Welcome</html>"),
        (200, b"{}"),
        (200, b"null"),
        (200, b'{"TableNames": 5}'),
        (200, b""),
        (400, b'{"__type": 5}'),
        (404, b"<html>Not found</html>"),
        (405, b""),
        (500, b"{}"),
    ],
)
def test_something_else_than_dynamodb_is_named_as_such(status: int, body: bytes) -> None:
    with (
        answering(status, body) as url,
        pytest.raises(TargetUnusable, match=f"{url} cannot be used: it answers, but not as Dyn"),
        open_target(parse_target(url)),
    ):
        pytest.fail("it was opened")


def test_an_endpoint_that_refuses_the_credentials_says_so() -> None:
    body = b'{"__type": "com.amazon.coral#UnrecognizedClientException", "message": "Bad token."}'
    with (
        answering(400, body, "application/x-amz-json-1.0") as url,
        pytest.raises(TargetUnusable, match=r"UnrecognizedClientException.*Bad token\."),
        open_target(parse_target(url)),
    ):
        pytest.fail("it was opened")


def test_a_user_who_may_not_list_tables_may_still_use_one() -> None:
    body = b'{"__type": "com.amazon.coral#AccessDeniedException", "message": "No."}'
    with (
        answering(400, body, "application/x-amz-json-1.0") as url,
        open_target(parse_target(url)) as target,
    ):
        assert target.endpoint == url


@pytest.mark.usefixtures("dynamodb_local_home")
def test_dynamodb_local_takes_another_port_when_its_first_was_taken() -> None:
    """On a taken port the program stays, silent: it must not pass for the stranger there."""
    with answering(200, b"a stranger") as stranger:
        taken = int(stranger.rpartition(":")[2])
        ports = iter([taken, free_port()])
        with ending() as note, open_dynamodb_local(lambda: next(ports)) as target:
            note()
            assert target.endpoint != stranger
            assert target.client().list_tables()["TableNames"] == []
        assert list(ports) == []


def test_a_java_that_fails_is_quoted_and_not_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "DynamoDBLocal.jar").touch()
    java = tmp_path / "java"
    java.write_text(f"#!{sys.executable}\nimport sys\nsys.exit('Unsupported class file version')\n")
    java.chmod(0o700)
    monkeypatch.setenv("DYNAMODB_LOCAL_HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    ports = iter([free_port()])
    with (
        pytest.raises(TargetUnavailable, match="Unsupported class file version"),
        open_dynamodb_local(lambda: next(ports)),
    ):
        pytest.fail("it was opened")


@pytest.mark.usefixtures("dynamodb_local_home")
def test_dynamodb_local_writes_nothing_into_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = find_home(os.environ, Path.cwd())
    monkeypatch.setenv("DYNAMODB_LOCAL_HOME", str(home.resolve()))
    monkeypatch.chdir(tmp_path)
    with open_dynamodb_local():
        pass
    assert list(tmp_path.iterdir()) == []
