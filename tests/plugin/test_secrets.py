"""No secret is printed, written or on a command line, however much an endpoint echoes.

The endpoint answers every statement and query with all that it was sent: headers, signature,
password, session token.
"""

import base64
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Lock, Thread
from typing import Final
from urllib.parse import quote, quote_plus, unquote

import pytest

from tests.doubles.processes import processes_of

CANARIES: Final = {
    "PERF_AQP_USER": "canary-user",
    "PERF_AQP_PASSWORD": "pass/canary+word 'q\"&",
    "AWS_ACCESS_KEY_ID": "AKIACANARY0000000000",
    "AWS_SECRET_ACCESS_KEY": "secret/canary+key0000000000000000000000",
    "AWS_SESSION_TOKEN": "token/canary+session==0000000000",
}
_AQP_PAIR: Final = f"{CANARIES['PERF_AQP_USER']}:{CANARIES['PERF_AQP_PASSWORD']}"
_SECRETS: Final = {
    **{name: value for name, value in CANARIES.items() if name != "PERF_AQP_USER"},
    "Basic": base64.b64encode(_AQP_PAIR.encode()).decode(),
    "Basic, URL-safe": base64.urlsafe_b64encode(_AQP_PAIR.encode()).decode(),
}

TESTS = """
import pytest

@pytest.mark.perf(thresholds=["failure_ratio <= 1%"])
def test_reads_and_writes(perf_load):
    perf_load({"PartiqlWriteUser": 1, "AqpStatusUser": 1})

@pytest.mark.perf(thresholds=["failure_ratio <= 1%"])
def test_writes_with_boto3(perf_load):
    perf_load("PartiqlWriteUser", client="boto3")

def test_what_tests_themselves_hold(perf_target, perf_aqp, perf_table):
    environment = perf_target.environment()
    assert perf_target is None

def test_that_passes(perf_load):
    perf_load("OtherUser", locustfile="events.py")
"""
_OPTIONS: Final = (
    "-vv", "-s", "--tb=long", "--showlocals", "-rA", "-o", "log_cli=true", "-o", "log_level=DEBUG",
    "--junitxml=junit.xml", "--perf-json=report.json", "--perf-table=orders",
    "-o", "junit_logging=all",
)  # fmt: skip


class Echo(ThreadingHTTPServer):
    """A DynamoDB and an AQP whose errors hold what they were asked.

    Args:
        is_usable: whether set-up gets what it needs.
        on_load: called with the first statement or query of the load.
    """

    def __init__(self, *, is_usable: bool, on_load: Callable[[], None]) -> None:
        super().__init__(("127.0.0.1", 0), _Echoing)
        self.is_usable = is_usable
        self.on_load = on_load
        self.lock = Lock()
        self.answered: set[str] = set()
        """What kinds of echoes were sent."""


class _Echoing(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Echo

    def do_POST(self) -> None:
        """Answer as DynamoDB."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        match self.headers["X-Amz-Target"].partition(".")[2]:
            case "ListTables" if self.server.is_usable:
                self._answer(200, {"TableNames": ["orders"]})
            case "DescribeTable" if self.server.is_usable:
                keys = [("pk", "HASH"), ("sk", "RANGE")]
                self._answer(
                    200,
                    {
                        "Table": {
                            "TableName": "orders",
                            "TableStatus": "ACTIVE",
                            "TableArn": "arn:aws:dynamodb:us-east-1:000000000000:table/orders",
                            "KeySchema": [
                                {"AttributeName": name, "KeyType": kind} for name, kind in keys
                            ],
                            "AttributeDefinitions": [
                                {"AttributeName": name, "AttributeType": "S"} for name, _ in keys
                            ],
                        }
                    },
                )
            case "ListTagsOfResource" if self.server.is_usable:
                self._answer(200, {"Tags": []})
            case _:
                self._echo("DynamoDB", body)
                error = {"__type": "ValidationException", "message": self._all(body)}
                self._answer(400, error)

    def do_GET(self) -> None:
        """Answer as an AQP."""
        if self.server.is_usable and "PREFLIGHT" in self.path:
            self._answer(200, {"response": [{"resultSet": []}], "stats": {}})
            return
        self._echo("AQP", b"")
        rows = [{"pk": self._all(b""), "status": "x", "total": 1}]
        self._answer(
            200 if self.server.is_usable else 500,
            {"response": [{"resultSet": rows}], "stats": {}},
        )

    def _echo(self, kind: str, _body: bytes) -> None:
        with self.server.lock:
            is_first = kind not in self.server.answered
            self.server.answered.add(kind)
        if is_first:
            self.server.on_load()

    def _all(self, body: bytes) -> str:
        shown = [f"{name}: {value}" for name, value in self.headers.items()]
        basic = self.headers["Authorization"] or ""
        if basic.startswith("Basic "):
            plain = base64.b64decode(basic.removeprefix("Basic ")).decode()
            shown = [basic, plain.partition(":")[2], quote(plain), *shown]
        token = self.headers["X-Amz-Security-Token"] or ""
        return " ".join([token, quote(token, safe=""), *shown, self.path, body.decode()])

    def _answer(self, status: int, content: object) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/x-amz-json-1.0")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def echoing(*, is_usable: bool, on_load: Callable[[], None]) -> Iterator[Echo]:
    with Echo(is_usable=is_usable, on_load=on_load) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def secrets_in(text: str) -> set[str]:
    """Return the names of the secrets that are in a text, in any spelling."""
    texts = {text, unquote(text), text.replace("\\", ""), text.replace("&quot;", '"')}
    texts |= {each.replace("&amp;", "&").replace("&#x27;", "'") for each in tuple(texts)}
    return {
        name
        for name, value in _SECRETS.items()
        for spelling in (value, quote(value, safe=""), quote(value), quote_plus(value))
        if any(spelling in each for each in texts)
    }


def session(folder: Path, temporary: Path, *options: str) -> str:
    """Run pytest with the canaries and all it can be made to show; return what it printed."""
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTEST_", "PERF_", "AWS_"))
    }
    own = {"PERF_LOCK_FILE": str(folder / "lock"), "DIARY": str(folder / "diary")}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *_OPTIONS, *options],
        check=False,
        cwd=folder,
        env={**inherited, **own, **CANARIES, "TMPDIR": str(temporary)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
    )
    sys.stdout.write(done.stdout)  # shown when the test fails
    assert done.returncode == pytest.ExitCode.TESTS_FAILED
    return done.stdout


@pytest.mark.parametrize("is_usable", [True, False], ids=["under load", "at set-up"])
def test_no_secret_is_shown(
    *, is_usable: bool, new_project: Callable[..., Path], tmp_path: Path
) -> None:
    folder = new_project(test_it=TESTS)
    commands: dict[str, str] = {}
    with echoing(
        is_usable=is_usable, on_load=lambda: commands.update(processes_of(folder))
    ) as server:
        url = f"http://127.0.0.1:{server.server_port}"
        printed = session(folder, tmp_path, f"--perf-target={url}", f"--perf-aqp={url}")

    assert server.answered == ({"DynamoDB", "AQP"} if is_usable else {"DynamoDB"})
    assert any("instrument.py" in command for command in commands) == is_usable
    assert {command: secrets_in(command) for command in commands if secrets_in(command)} == {}
    assert secrets_in(printed) == set()
    written = [path for root in (folder, tmp_path) for path in root.rglob("*") if path.is_file()]
    assert {"junit.xml", "lastfailed"} <= {path.name for path in written}
    texts = {path.name: path.read_bytes().decode(errors="replace") for path in written}
    assert {name: secrets_in(text) for name, text in texts.items() if secrets_in(text)} == {}


@pytest.mark.parametrize("key", ["a", "b", "ResourceNotFoundException"])
def test_credentials_that_are_words_change_no_exit_code(
    new_project: Callable[..., Path], run_pytest: Callable[..., pytest.RunResult], key: str
) -> None:
    """The endpoint's code decides that an option is wrong."""
    folder = new_project(test_it="def test_table(perf_table):\n    pass\n")
    names = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")

    result = run_pytest(folder, "--perf-table=missing", **dict.fromkeys(names, key))

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stdout.fnmatch_lines("*TableNotFound: table 'missing' does not exist on *")
