"""Load runs with every answer checked report exactly the faults that were injected."""

import json
import os
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from aqp_perf.core.data.compiled_item import Attributes
from aqp_perf.core.data.statements import (
    READ_OPERATION,
    STATUS_OPERATION,
    WRITE_OPERATION,
    ZIPCODE_OPERATION,
    insert_statement,
    query_path,
    zipcode_query,
)
from aqp_perf.core.load.pacing import OpenModel
from aqp_perf.core.measured.run_result import RunResult
from aqp_perf.loadgen.command.launcher import LoadRun
from aqp_perf.loadgen.command.run_spec import RunSpec
from tests.doubles.fault_plan import Fault, FaultPlan, Kind, is_possible
from tests.doubles.journal import Entry
from tests.doubles.orders import key_text, orders
from tests.doubles.running import RunningProxy, fault_proxy

OPERATIONS = {
    Kind.WRITE: WRITE_OPERATION,
    Kind.SELECT: READ_OPERATION,
    Kind.ZIPCODE: ZIPCODE_OPERATION,
    Kind.STATUS: STATUS_OPERATION,
}
TOO_SLOW = {Fault.NEVER, Fault.LATE}
"""They last until a client gives up."""
FAULTS = {kind: [each for each in Fault if is_possible(kind, each)] for kind in Kind}
EVERY = 3
"""Each fault meets one request of its kind; between two of them, some go well."""
PLAN = FaultPlan(
    stall_s=0.05,
    listed={
        kind: {
            EVERY * number: fault
            for number, fault in enumerate(each for each in faults if each not in TOO_SLOW)
        }
        for kind, faults in FAULTS.items()
    },
)
USERS = ("PartiqlWriteUser", "PartiqlReadUser", "AqpZipcodeUser", "AqpStatusUser")
ENVIRONMENT = {
    **os.environ,
    "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "secret",
    "AWS_REGION": "eu-west-1",
}


class Run(NamedTuple):
    """A run that is done, and what the double did with each of its requests."""

    result: RunResult
    entries: list[Entry]

    def reported(self, kind: Kind) -> Mapping[str, int]:
        """Return how often each failure class and each kind of wrong answer was reported."""
        operation = self.result.operation(OPERATIONS[kind])
        assert operation.requests == sum(each.kind is kind for each in self.entries)
        wrong = {} if operation.answers is None else operation.answers.wrong
        return {
            **{str(each): count for each, count in operation.failure_classes.items()},
            **{f"answers: {each}": count for each, count in wrong.items()},
        }

    def injected(self, kind: Kind) -> Mapping[str, int]:
        """Return how often each one had to be."""
        reports = [each.report for each in self.entries if each.kind is kind]
        failed = Counter(str(each.failure_class) for each in reports if each.failure_class)
        return failed + Counter(
            f"answers: {each.wrong_kind}" for each in reports if each.wrong_kind
        )


def run(folder: Path, plan: FaultPlan) -> Run:
    """Let the four shipped users send 500 requests a second, more than the plan has faults for."""
    with fault_proxy(folder, plan) as proxy:
        spec = RunSpec(
            user_classes=dict.fromkeys(USERS, 1),
            users=12,
            spawn_rate=100,
            run_time_s=2,
            stop_timeout_s=5,
            warmup_s=0,
            pacing=OpenModel.at(500.0),
            host=proxy.url,
            workload={"endpoint-url": proxy.url, "verify": "all"},
        )
        with LoadRun(spec, environment=ENVIRONMENT) as load:
            result = load.wait().result
        return Run(result, proxy.entries())


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return run(tmp_path_factory.mktemp("clean"), FaultPlan())


@pytest.fixture(scope="module")
def faulty(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return run(tmp_path_factory.mktemp("faulty"), PLAN)


def test_a_clean_run_raises_no_alarm(clean: Run) -> None:
    assert clean.result.invalid_reasons == ()
    assert [clean.reported(kind) for kind in Kind] == [{}] * len(Kind)


@pytest.mark.parametrize("kind", [Kind.SELECT, Kind.ZIPCODE, Kind.STATUS])
def test_every_answer_of_a_clean_run_is_checked(clean: Run, kind: Kind) -> None:
    operation = clean.result.operation(OPERATIONS[kind])

    assert operation.answers is not None
    assert operation.answers.checked == operation.requests > 0


@pytest.mark.parametrize("kind", Kind)
def test_every_fault_is_reported_once_as_what_it_was(faulty: Run, kind: Kind) -> None:
    met = {each.fault for each in faulty.entries if each.kind is kind}

    assert met == {None, *FAULTS[kind]} - TOO_SLOW
    assert faulty.reported(kind) == faulty.injected(kind)


def test_faults_do_not_make_a_run_invalid(faulty: Run) -> None:
    assert faulty.result.invalid_reasons == ()


def test_no_order_is_sent_twice_however_often_a_connection_breaks(faulty: Run) -> None:
    sent = [each.request_id for each in faulty.entries if each.kind is Kind.WRITE]

    assert len(set(sent)) == len(sent) > 0


class Proxied(NamedTuple):
    """A proxy in front of another one."""

    upstream: RunningProxy
    front: RunningProxy


@pytest.fixture(scope="module")
def proxied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxied]:
    folder = tmp_path_factory.mktemp("proxied")
    (folder / "upstream").mkdir()
    plan = FaultPlan(
        listed={
            Kind.ZIPCODE: {1: Fault.THROTTLE},
            Kind.WRITE: {0: Fault.RESET_BEFORE, 1: Fault.RESET_AFTER},
        }
    )
    with (
        fault_proxy(folder / "upstream", FaultPlan()) as upstream,
        fault_proxy(folder, plan, "--upstream", upstream.url) as front,
    ):
        yield Proxied(upstream, front)


def test_a_proxy_passes_on_what_its_upstream_answers(proxied: Proxied) -> None:
    path = query_path(zipcode_query("t", key_text(orders(), 3)))
    answers = []
    for proxy in proxied:
        with urlopen(proxy.url + path, timeout=10) as reply:  # noqa: S310 - loopback
            answers.append(json.load(reply))
    with pytest.raises(HTTPError, match="429") as refused:
        urlopen(proxied.front.url + path, timeout=10)  # noqa: S310 - as above
    refused.value.close()

    assert answers[0] == answers[1]
    assert len(answers[0]["response"][0]["resultSet"]) > 1
    # The one that was asked for directly, and the one that was not throttled.
    assert [each.kind for each in proxied.upstream.entries()].count(Kind.ZIPCODE) == 2


def test_a_reset_comes_before_or_after_a_write_is_done(proxied: Proxied) -> None:
    items = [orders().written_item("proxied", index) for index in range(3)]
    for item in items[:2]:
        with pytest.raises(ConnectionError):
            insert(proxied.front.url, item)
    insert(proxied.front.url, items[2])
    written = [each.request_id for each in proxied.upstream.entries() if each.kind is Kind.WRITE]

    assert written == [item["sk"]["S"] for item in items[1:]]


def insert(url: str, item: Attributes) -> None:
    body = {"Statement": insert_statement("t", tuple(item)), "Parameters": [*item.values()]}
    with urlopen(Request(url, json.dumps(body).encode()), timeout=10) as reply:  # noqa: S310 - loopback
        reply.read()
