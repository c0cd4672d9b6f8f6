"""What the clients of foreign locustfiles report is counted as Locust counts it, and classified."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

TESTS = """
import pytest

REFUSED = ["throttled_ratio <= 0", "timeout_ratio <= 0", "failure_ratio <= 60%"]

@pytest.mark.perf(thresholds=REFUSED)
def test_throttled(perf_load):
    perf_load("Throttled", locustfile="clients.py")

@pytest.mark.perf(thresholds=REFUSED)
def test_late(perf_load):
    perf_load("Late", locustfile="clients.py")

@pytest.mark.perf(thresholds=["failure_ratio <= 50%"])
def test_events(perf_load):
    perf_load("Anything", locustfile="clients.py")

def test_many_names(perf_load):
    perf_load("Unnamed", locustfile="clients.py", thresholds=[])

def test_number(perf_load):
    perf_load("Numbered", locustfile="clients.py", thresholds=[])
"""

CLIENTS = """
import itertools

from botocore.exceptions import ClientError, ReadTimeoutError
from locust import User, constant, task

class Sender(User):
    abstract = True
    wait_time = constant(0.02)

    def fire(self, **changes):
        event = {
            "request_type": "ws", "name": "op", "response_time": 2, "response_length": 0,
            "exception": None, "context": {},
        }
        self.environment.events.request.fire(**event | changes)

class Throttled(Sender):
    refusal = ClientError(
        {"Error": {"Code": "ThrottlingException"}, "ResponseMetadata": {"HTTPStatusCode": 400}},
        "PutItem",
    )

    @task
    def put(self):
        self.fire(exception=self.refusal)
        self.fire()

class Late(Throttled):
    refusal = ReadTimeoutError(endpoint_url="http://127.0.0.1")

class Anything(Sender):
    @task
    def send(self):
        self.fire(name="untimed", response_time=None)
        self.fire(name="untyped", request_type=None)
        self.fire(name="false", exception=False)
        self.fire(name="empty", exception="")
        self.fire(name="own context", context={"items": "three", "due_ns": "noon"})
        self.fire(name="text", exception="no basket")
        self.fire(name="text")

class Unnamed(Sender):
    numbers = itertools.count()

    @task
    def send(self):
        for number in itertools.islice(self.numbers, 50):
            self.fire(name=f"/orders/{min(number, 699)}")

class Numbered(Sender):
    @task
    def send(self):
        self.fire(name=404)
"""


@pytest.fixture(scope="module")
def runs(
    new_project: Callable[..., Path], run_pytest: Callable[..., pytest.RunResult]
) -> dict[str, dict[str, Any]]:
    """The runs of a session by the name of their test."""
    folder = new_project(test_it=TESTS, clients=CLIENTS)
    options = ["--perf-target=none", "--perf-json=results.json"]
    assert run_pytest(folder, *options, names_target=False).ret == pytest.ExitCode.TESTS_FAILED
    results = json.loads((folder / "results.json").read_text())
    return {run["test"].rpartition("::")[2]: run for run in results["runs"]}


@pytest.mark.parametrize(
    ("test", "failure_class"), [("test_throttled", "throttled"), ("test_late", "timeout")]
)
def test_a_client_s_own_exception_breaks_the_limit_on_its_class(
    runs: dict[str, dict[str, Any]], test: str, failure_class: str
) -> None:
    broken = [it["text"] for it in runs[test]["thresholds"] if it["verdict"] == "fail"]

    assert broken == [f"{failure_class}_ratio <= 0%"]


def test_events_are_counted_as_locust_counts_them(runs: dict[str, dict[str, Any]]) -> None:
    run = runs["test_events"]
    operations = run["operations"]
    failed = {name for name, operation in operations.items() if operation["failures"]}
    untimed = {name for name, operation in operations.items() if operation["untimed"]}

    assert run["verdict"] == "pass"
    assert (failed, untimed) == ({"text"}, {"untimed"})
    assert "untyped" in operations
    assert set(runs["test_number"]["operations"]) == {"404"}


def test_the_first_names_are_recorded_and_the_others_as_one(
    runs: dict[str, dict[str, Any]],
) -> None:
    run = runs["test_many_names"]
    counts = {label: it["requests"] for label, it in run["operations"].items()}

    assert run["further_names"] == 200
    assert len(counts) == 501
    assert counts["all other names"] >= 200
    (note,) = (note for note in run["notes"] if "dynamic URLs" in note)
    assert note.startswith("700 operations: give requests with dynamic URLs a name=…")
