"""Each fault of the real AQP is found, named and counted as often as it occurs."""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple
from urllib.request import urlopen

import pytest

from aqp_perf.core.data.statements import STATUS_OPERATION, ZIPCODE_OPERATION
from aqp_perf.core.measured.failure_class import FailureClass
from aqp_perf.core.proof import WrongAnswerKind
from aqp_perf.loadgen.clients.failures import failure_class_of
from aqp_perf.workloads.locustfile import AqpStatusUser, AqpZipcodeUser
from tests.child_side.shipped_users import events_of

ROOT = Path(__file__).parents[2]
KIND_OF = {ZIPCODE_OPERATION: "zipcode", STATUS_OPERATION: "status"}
USERS = [AqpZipcodeUser, AqpStatusUser] * 2
REQUESTS = 12


class Found(NamedTuple):
    """What is wrong with the answers to one of the queries."""

    kind: str
    wrong: WrongAnswerKind


ZIPCODE, STATUS = "zipcode", "status"
Kinds = WrongAnswerKind
FAULTS = {
    "cross_talk_columns": {Found(ZIPCODE, Kinds.CROSS_TALK), Found(STATUS, Kinds.CROSS_TALK)},
    "cross_talk_partition": {Found(ZIPCODE, Kinds.CROSS_TALK), Found(STATUS, Kinds.CROSS_TALK)},
    "truncation": {Found(ZIPCODE, Kinds.TRUNCATED), Found(STATUS, Kinds.TRUNCATED)},
    "collapsed_duplicates": {Found(ZIPCODE, Kinds.COLLAPSED_DUPLICATES)},
    "rewritten_data": {Found(STATUS, Kinds.EXTRA_GROUP)},
}


@pytest.fixture(scope="module")
def urls() -> Iterator[Mapping[str, str]]:
    """Run an AQP with each fault; return their URLs.

    The data has neither of the texts that the real one rewrites, so another one vanishes.
    """
    command = [sys.executable, "-m", "tests.doubles.faulty_aqp", "--rewrite", "SHIPPED"]
    for fault in ("none", *FAULTS, "late_errors"):
        command += ["--fault", fault]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as double:
        assert double.stdout is not None
        yield json.loads(double.stdout.readline().removeprefix(b"ready "))
        double.terminate()


def asked(url: str) -> list[dict[str, Any]]:
    """Let four users ask at the same time; return the request events."""
    events = events_of(url, USERS, "--verify", "all", requests=REQUESTS)
    assert len(events) == len(USERS) * REQUESTS
    return events


def wrong_answers_of(url: str) -> Mapping[str, int]:
    """Return how many answers to each query the AQP itself knows to be wrong."""
    with urlopen(f"{url}/wrong", timeout=10) as reply:  # noqa: S310 - loopback
        counts: Mapping[str, int] = json.load(reply)
    return Counter({kind: count for kind, count in counts.items() if count})


def test_an_aqp_without_a_fault_raises_no_alarm(urls: Mapping[str, str]) -> None:
    events = asked(urls["none"])

    assert [event["exception"] for event in events] == [None] * len(events)
    assert all(event["context"]["is_checked"] for event in events)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_wrong_answer_is_found_and_called_what_it_is(urls: Mapping[str, str], fault: str) -> None:
    events = asked(urls[fault])
    failed = [event for event in events if event["exception"] is not None]
    found = Counter(
        Found(KIND_OF[event["name"]], event["context"]["wrong_answer"].kind) for event in failed
    )
    by_query = Counter(KIND_OF[event["name"]] for event in failed)

    assert found.keys() == FAULTS[fault]
    assert by_query == wrong_answers_of(urls[fault])


def test_an_error_that_comes_late_is_one_of_the_servers(urls: Mapping[str, str]) -> None:
    """Every third query fails; the others are right."""
    events = asked(urls["late_errors"])
    classes = Counter(
        failure_class_of(event["exception"], event["response"])
        for event in events
        if event["exception"] is not None
    )

    assert classes == {FailureClass.SERVER_ERROR: len(events) // 3}
    assert wrong_answers_of(urls["late_errors"]) == {}
