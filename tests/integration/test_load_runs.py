"""Load runs of the real locust command: nothing sent is uncounted, nothing counted was not sent."""

import os
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pytest

from aqp_perf.core.data.statements import READ_OPERATION, WRITE_OPERATION, ZIPCODE_OPERATION
from aqp_perf.core.load.pacing import ClosedModel, OpenModel
from aqp_perf.core.measured.failure_class import FailureClass
from aqp_perf.core.measured.run_progress import Progress
from aqp_perf.core.measured.run_result import RunResult
from aqp_perf.loadgen.command.launcher import LoadRun
from aqp_perf.loadgen.command.run_spec import RunSpec
from tests.doubles.counting_server import CountingServer, counting_server

WRITES, READS, AGGREGATES = WRITE_OPERATION, READ_OPERATION, ZIPCODE_OPERATION
NS_PER_MS = 1_000_000
SLOW_USERS = """
import os, time

import gevent
from locust import events

from aqp_perf.loadgen.users.paced_user import PacedUser
from aqp_perf.loadgen.workload.workload import install

install(events)


class SlowUser(PacedUser):
    def send(self, index, due_ns):
        with open(os.environ["BEGUN"], "a") as begun:
            begun.write(".")
        context = self.timing(due_ns)
        gevent.sleep(1.5)
        self.report("SLOW", "slow", context)
"""
BASE = RunSpec(
    users=6, spawn_rate=100, run_time_s=3, stop_timeout_s=2, warmup_s=0, pacing=ClosedModel.THINK
)
ENVIRONMENT = {
    **os.environ,
    "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "secret",
    "AWS_REGION": "eu-west-1",
}


class Run(NamedTuple):
    """A run that is done, and the server's own view of it."""

    result: RunResult
    server: CountingServer
    told: Progress | None = None
    """What the run told of its progress last."""


@pytest.fixture(scope="module")
def server() -> Iterator[CountingServer]:
    with counting_server() as running:
        yield running


def run(spec: RunSpec, **environment: str) -> RunResult:
    with LoadRun(spec, environment=ENVIRONMENT | environment) as load:
        try:
            return load.wait().result
        finally:
            print(load._child.output_tail)  # noqa: T201 - shown when the test fails


@pytest.fixture(scope="module")
def two_workers() -> Iterator[Run]:
    """200 arrivals a second in all for 5 s, half of them writes, from two processes."""
    spec = replace(
        BASE,
        user_classes={"PartiqlWriteUser": 2, "PartiqlReadUser": 1, "AqpZipcodeUser": 1},
        users=8,
        run_time_s=5,
        pacing=OpenModel.at(200.0),
        processes=2,
    )
    with counting_server() as server:
        workload = {"endpoint-url": server.url}
        spec = replace(spec, workload=workload, host=server.url, progress_s=0.5)
        with LoadRun(spec, environment=ENVIRONMENT) as load:
            yield Run(load.wait().result, server, load.progress())


class TestTwoWorkers:
    def test_nothing_spoiled_the_run(self, two_workers: Run) -> None:
        assert two_workers.result.invalid_reasons == ()
        assert not two_workers.result.interrupted
        assert two_workers.result.generator.processes == 2
        assert two_workers.result.users == 8

    def test_counts_are_the_servers_own(self, two_workers: Run) -> None:
        result, server, _ = two_workers
        assert result.operation(WRITES).requests == server.counts["INSERT"]
        assert result.operation(READS).requests == server.counts["SELECT"]
        assert result.operation(AGGREGATES).requests == server.counts["aggregate"]
        assert sum(each.failures for each in result.operations) == 0

    def test_progress_is_that_of_all_workers(self, two_workers: Run) -> None:
        """The master hears from its workers every three seconds: it lags behind."""
        told, result = two_workers.told, two_workers.result
        assert told is not None
        assert told.users == 8
        assert told.elapsed_s > 0
        assert told.run.requests <= result.requests
        assert told.run.labelled.keys() <= result.labelled.keys()

    def test_capacity_adds_up(self, two_workers: Run) -> None:
        writes, reads = (two_workers.result.operation(name) for name in (WRITES, READS))
        assert (writes.consumed_write_units, writes.consumed_read_units) == (writes.requests, None)
        assert (reads.consumed_write_units, reads.consumed_read_units) == (None, reads.requests)

    def test_what_the_aqp_says_of_its_time_adds_up(self, two_workers: Run) -> None:
        reads = two_workers.result.operation(AGGREGATES)
        shares = reads.time_shares
        assert shares is not None
        assert shares.answers == reads.payload.count == reads.requests
        assert shares.retrieve_ns == 2 * NS_PER_MS * shares.answers
        assert shares.aggregate_ns == 0
        assert shares.means_ms["latency"] == pytest.approx(reads.latency_ms["mean"], rel=0.002)
        assert two_workers.result.operation(WRITES).time_shares is None

    def test_what_was_due_was_sent(self, two_workers: Run) -> None:
        health = two_workers.result.generator
        assert health.arrivals_due is not None
        assert health.arrivals_sent == two_workers.result.requests
        assert 0.99 * health.arrivals_due <= health.arrivals_sent <= health.arrivals_due

    def test_all_workers_send_the_schedule_of_one(self, two_workers: Run) -> None:
        """200/s from when the arrivals begin, in each worker's own window."""
        due = two_workers.result.generator.arrivals_due
        assert due is not None
        assert due == pytest.approx(200 * two_workers.result.duration_s, rel=0.02)

    def test_connections_are_as_many_as_users(self, two_workers: Run) -> None:
        health = two_workers.result.generator
        assert health.connections_opened is not None
        assert 1 <= health.connections_opened <= two_workers.result.users
        assert health.pool_waits == 0

    def test_each_class_sends_its_share(self, two_workers: Run) -> None:
        counts = two_workers.server.counts
        assert counts["INSERT"] == pytest.approx(2 * counts["SELECT"], rel=0.02)

    def test_no_order_is_written_twice(self, two_workers: Run) -> None:
        keys = two_workers.server.sort_keys
        assert len(set(keys)) == len(keys) > 0


@pytest.fixture(scope="module")
def stalled() -> Iterator[Run]:
    """100 arrivals a second for 4 s, one of warm-up, at a server that stalls 0.3 s a second."""
    with counting_server() as server:
        server.stall_s = 0.3
        spec = replace(
            BASE,
            user_classes={"PartiqlWriteUser": 1},
            users=2,
            run_time_s=4,
            warmup_s=1,
            pacing=OpenModel.at(100.0),
            workload={"endpoint-url": server.url},
        )
        yield Run(run(spec), server)


class TestStalls:
    def test_latency_counts_from_when_a_request_was_due(self, stalled: Run) -> None:
        """Two users meet two stalled answers a second; thirty requests a second wait behind."""
        writes = stalled.result.operation(WRITES)
        latency_ns, service_ns = (
            each.quantile_ns(0.9) for each in (writes.latency, writes.service_time)
        )
        assert latency_ns is not None
        assert service_ns is not None
        assert latency_ns > 100 * NS_PER_MS
        assert service_ns < latency_ns / 4
        assert writes.latency_ms["p99"] > 200  # type: ignore[operator]  # there are samples

    def test_the_warmup_is_cut_by_due_time(self, stalled: Run) -> None:
        due = stalled.result.generator.arrivals_due
        assert due is not None
        assert due == pytest.approx(100 * stalled.result.duration_s, abs=1)

    def test_the_late_are_no_throughput(self, stalled: Run) -> None:
        """Right answers in the window: without those after it, with those to the warm-up's end.

        A stall over the end of the warm-up leaves at most what was due in it, and both users.
        """
        writes = stalled.result.operation(WRITES)
        assert writes.answered is not None
        late = stalled.result.generator.arrivals_caught_up or 0
        left_over = 100 * stalled.server.stall_s + 2
        assert writes.requests - late - 2 <= writes.answered <= writes.requests + left_over
        assert writes.warmup_requests == pytest.approx(100, abs=10)

    def test_the_late_are_sent_and_counted(self, stalled: Run) -> None:
        result, server, *_ = stalled
        assert result.invalid_reasons == ()
        assert result.requests == result.generator.arrivals_sent
        assert server.counts["INSERT"] - result.requests == pytest.approx(100, abs=10)


PLAIN = """
import os
import signal
from locust import FastHttpUser, HttpUser, constant_throughput, events, task


@events.request.add_listener
def break_down(**_):
    raise LookupError("a bug in a listener")


class Visitor(HttpUser):
    wait_time = constant_throughput(20)

    @task(3)
    def look(self):
        self.client.get("/look")

    @task
    def busy(self):
        self.client.get("/busy")


class FastVisitor(FastHttpUser):
    wait_time = constant_throughput(20)

    @task
    def look(self):
        self.client.get("/fast")


class Clumsy(HttpUser):
    wait_time = constant_throughput(20)

    @task
    def fall(self):
        self.client.get("/fall")
        return int("a bug in a task")


class Mortal(HttpUser):
    wait_time = constant_throughput(20)

    @task
    def live(self):
        self.client.get("/live")
        if self.environment.runner.worker_index == 1:
            os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture(scope="module")
def locustfile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a locustfile that knows nothing of this package."""
    file = tmp_path_factory.mktemp("plain") / "plain.py"
    file.write_text(PLAIN)
    return file


@pytest.fixture(scope="module")
def visits(locustfile: Path) -> Iterator[Run]:
    spec = replace(BASE, locustfile=locustfile, user_classes={"Visitor": 2, "FastVisitor": 1})
    with counting_server() as server:
        yield Run(run(replace(spec, host=server.url, run_time_s=2)), server)


class TestAnyLocustfile:
    def test_it_is_measured_whatever_its_listeners_do(self, visits: Run) -> None:
        result, server, *_ = visits
        counted = {each.name: each.requests for each in result.operations}
        assert counted == server.counts
        assert counted.keys() == {"/look", "/busy", "/fast"}
        reason = "a request listener raised LookupError: a bug in a listener (plain.py:9)"
        assert result.invalid_reasons == (reason,)

    def test_its_failures_have_a_class(self, visits: Run) -> None:
        busy = visits.result.operation("/busy")
        assert busy.failure_classes == {FailureClass.SERVER_ERROR: busy.requests}
        assert visits.result.operation("/look").failures == 0

    def test_its_latency_is_its_service_time(self, visits: Run) -> None:
        look = visits.result.operation("/look")
        assert look.latency == look.service_time
        assert visits.result.generator.arrivals_due is None
        assert visits.result.generator.connections_opened is None


def test_an_exception_in_a_task_makes_the_run_invalid(
    tmp_path: Path, server: CountingServer
) -> None:
    locustfile = tmp_path / "plain.py"
    locustfile.write_text(PLAIN.replace("@events.request.add_listener\n", ""))
    spec = replace(BASE, locustfile=locustfile, user_classes={"Clumsy": 1}, host=server.url)
    result = run(replace(spec, run_time_s=1))

    (reason,) = result.invalid_reasons
    assert re.fullmatch(
        r"the locustfile raised \d+ exceptions, the first: ValueError: invalid literal for int\(\) "
        r"with base 10: 'a bug in a task' \(plain\.py:\d+\)",
        reason,
    )
    assert result.operation("/fall").requests == server.counts["/fall"]


def test_workers_report_what_was_under_way_at_the_end(tmp_path: Path) -> None:
    """Locust's master leaves half a second after the stop; these requests end later than that."""
    begun = tmp_path / "begun"
    (tmp_path / "slow.py").write_text(SLOW_USERS)
    spec = replace(
        BASE,
        locustfile=tmp_path / "slow.py",
        users=4,
        run_time_s=2,
        stop_timeout_s=10,
        pacing=ClosedModel.UNPACED,
        processes=2,
    )
    result = run(spec, BEGUN=str(begun))

    assert result.invalid_reasons == ()
    assert result.operation("slow").requests == len(begun.read_text()) >= 4


def test_a_worker_that_is_killed_makes_the_run_invalid(
    locustfile: Path, server: CountingServer
) -> None:
    spec = replace(BASE, locustfile=locustfile, user_classes={"Mortal": 1}, host=server.url)
    result = run(replace(spec, processes=2))  # and it ends: LoadRun.wait has a deadline

    assert "lost 1 of 2 workers during the run" in result.invalid_reasons
    assert result.generator.processes == 2
    assert 0 < result.operation("/live").requests < server.counts["/live"]


@pytest.mark.parametrize("processes", [1, 2])
def test_an_interrupted_run_keeps_what_it_measured(processes: int) -> None:
    with counting_server() as server:
        spec = replace(
            BASE,
            user_classes={"PartiqlWriteUser": 1},
            run_time_s=60,
            pacing=OpenModel.at(50.0),
            processes=processes,
            workload={"endpoint-url": server.url},
        )
        with LoadRun(spec, environment=ENVIRONMENT) as load:
            assert server.has_request.wait(30)
            outcome = load.interrupt()
        count = server.counts["INSERT"]

    assert outcome is not None
    result = outcome.result
    assert result.interrupted
    assert result.invalid_reasons == ()
    assert result.requests == count > 0


def test_workers_that_are_late_to_say_what_they_run_have_their_share() -> None:
    """Locust waits for their reports for a second at most; here it does not wait at all."""
    with counting_server() as server:
        spec = replace(
            BASE,
            user_classes={"PartiqlWriteUser": 1},
            run_time_s=3,
            pacing=OpenModel.at(100.0),
            processes=2,
            workload={"endpoint-url": server.url},
        )
        result = run(spec, LOCUST_WAIT_FOR_WORKERS_REPORT_AFTER_RAMP_UP="0")

    due = result.generator.arrivals_due
    assert due is not None
    # One worker alone would be due half of it; a slow machine starts the schedule late.
    assert 60 * result.duration_s <= due <= 100 * result.duration_s + 1
    assert result.operation(WRITES).requests == server.counts["INSERT"] == len(server.sort_keys)
