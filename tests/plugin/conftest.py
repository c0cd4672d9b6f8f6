"""Pytest inside pytest: sessions of a user's project, in processes of their own, tiny loads."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
import pytest

from aqp_perf.children import Child

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

PROJECT_INI = """
[pytest]
filterwarnings = error
perf_run_time = 1s
perf_warmup = 0
perf_pacing = think
perf_users = 2
perf_spawn_rate = 100
"""

LOCUSTFILE = '''
"""Users that fire request events without sending requests."""

import os
import time

from locust import User, constant_throughput, events, task


class Events(User):
    abstract = True
    wait_time = constant_throughput(150)

    def fire(self, name, milliseconds, exception=None):
        now_ns = time.perf_counter_ns()
        self.environment.events.request.fire(
            request_type="EVENT", name=name, response_time=milliseconds, response_length=0,
            exception=exception, context={"due_ns": now_ns, "start_ns": now_ns},
        )


class QuickUser(Events):
    @task
    def quick(self):
        self.fire("quick", 20)


class OtherUser(Events):
    @task
    def other(self):
        self.fire("other", 30)


class SlowUser(Events):
    @task
    def slow(self):
        self.fire("slow", 20_000)


class RefusedUser(Events):
    @task
    def refused(self):
        self.fire("refused", 20, ConnectionRefusedError("nobody is there"))


class RaisingUser(Events):
    @task
    def raising(self):
        self.fire("raising", 20)
        raise LookupError("a bug of the locustfile")


class IdleUser(Events):
    @task
    def idle(self):
        pass


def note(word):
    """Append to the diary of the session, which the tests read."""
    path = os.environ.get("DIARY")
    if path:
        with open(path, "a") as diary:
            diary.write(f"{word} {time.monotonic()}\\n")


@events.test_start.add_listener
def on_test_start(**_):
    note("load begins")


def on_first_request(**_):
    events.request.remove_listener(on_first_request)
    note("request")


events.request.add_listener(on_first_request)


@events.quitting.add_listener
def on_quitting(**_):
    note("load ends")
'''

_DEADLINE_S = 60.0


@pytest.fixture(scope="session")
def endpoint() -> Iterator[str]:
    """A running DynamoDB endpoint, the target of the sessions."""
    argv = [sys.executable, "-m", "aqp_perf.targets.moto", "--port", "0"]
    with Child("moto", argv, environment=os.environ) as moto:
        yield moto.wait_for_line("ready ", _DEADLINE_S)


@pytest.fixture(scope="session")
def dynamodb(endpoint: str) -> "DynamoDBClient":
    """A client of the endpoint."""
    return boto3.client(
        "dynamodb",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id="local",
        aws_secret_access_key="local",
    )


@pytest.fixture
def tables(dynamodb: "DynamoDBClient") -> Callable[[], set[str]]:
    """Return the names of the tables that were created since the test began."""
    before = set(dynamodb.list_tables()["TableNames"])
    return lambda: set(dynamodb.list_tables()["TableNames"]) - before


@pytest.fixture(scope="session")
def new_project(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Return a folder with a tiny load as default, the locustfile above and the given files."""

    def create(**files: str) -> Path:
        folder = tmp_path_factory.mktemp("project")
        (folder / "pytest.ini").write_text(PROJECT_INI)
        (folder / "events.py").write_text(LOCUSTFILE)
        for name, text in files.items():
            (folder / f"{name}.py").write_text(text)
        return folder

    return create


@pytest.fixture(scope="session")
def start_pytest(endpoint: str) -> Callable[..., "subprocess.Popen[str]"]:
    """Start pytest in a project, in a process group of its own."""

    def start(
        folder: Path,
        *args: str,
        names_target: bool = True,
        stdout: int = subprocess.PIPE,
        **environment: str,
    ) -> "subprocess.Popen[str]":
        inherited = {
            name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")
        }
        own = {"PERF_LOCK_FILE": str(folder / "lock"), "DIARY": str(folder / "diary")}
        command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider"]
        target = ["--perf-target", endpoint] if names_target else []
        return subprocess.Popen(
            [*command, *target, *args],
            cwd=folder,
            env={**inherited, **own, **environment},
            stdout=stdout,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    return start


@pytest.fixture(scope="session")
def finish() -> Callable[["subprocess.Popen[str]"], pytest.RunResult]:
    """Wait for a session to end; kill it when it does not."""

    def wait(session: "subprocess.Popen[str]") -> pytest.RunResult:
        began = time.monotonic()
        try:
            output, _ = session.communicate(timeout=_DEADLINE_S)
        except subprocess.TimeoutExpired:
            session.kill()
            raise
        sys.stdout.write(output)  # shown when the test fails
        return pytest.RunResult(
            session.returncode, output.splitlines(), [], time.monotonic() - began
        )

    return wait


@pytest.fixture(scope="session")
def run_pytest(
    start_pytest: Callable[..., "subprocess.Popen[str]"],
    finish: Callable[["subprocess.Popen[str]"], pytest.RunResult],
) -> Callable[..., pytest.RunResult]:
    """Run pytest in a project to its end."""

    def run(
        folder: Path, *args: str, names_target: bool = True, **environment: str
    ) -> pytest.RunResult:
        return finish(start_pytest(folder, *args, names_target=names_target, **environment))

    return run
