"""What workers send and the master adds up is what one process would have recorded."""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from aqp_perf.core.measured.failure_class import FailureClass
from aqp_perf.core.measured.operation import OperationResult
from aqp_perf.core.measured.operation_parts import AttemptCounts, TimeShares
from aqp_perf.core.measured.run_result import MeteredUnits
from aqp_perf.core.samples.histogram import LatencyHistogram, SizeHistogram
from aqp_perf.loadgen.clients.request_context import RequestContext
from aqp_perf.loadgen.record.recorder import Recorder

BEYOND_NS = 1_200_000_000_000
"""Twice what a histogram holds."""


class Sent(NamedTuple):
    """One request."""

    name: str
    is_warmup: bool
    latency_ns: int
    service_time_ns: int
    failure: FailureClass | None
    context: RequestContext


units = st.integers(0, 40).map(lambda half: half / 2)
times = st.fixed_dictionaries(
    {}, optional=dict.fromkeys(("retrieve", "aggregate"), st.integers(0, 10**9))
)
contexts = st.fixed_dictionaries(
    {},
    optional={
        "consumed_read_units": units,
        "consumed_write_units": units,
        "server_times": times,
        "payload_bytes": st.integers(0, 10**9),
    },
)
attempts = st.fixed_dictionaries(
    {
        "attempts": st.integers(3, 5),
        "throttled_attempts": st.integers(0, 3),
        # Halves of a second, whose sums are exact.
        "backoff_ns": st.integers(0, 4).map(lambda halves: halves * 500_000_000),
    }
)
requests = st.builds(
    Sent,
    st.sampled_from(["read", "write"]),
    st.booleans(),
    st.integers(0, BEYOND_NS),
    st.integers(0, BEYOND_NS),
    st.none() | st.sampled_from(FailureClass),
    contexts | attempts,
)


def record(recorder: Recorder, sent: Sequence[Sent]) -> None:
    for each in sent:
        operation = recorder.operation("GET", each.name)
        operation.meter(each.context, each.failure)
        if each.is_warmup:
            operation.warmup_requests += 1
            continue
        operation.record(
            each.latency_ns,
            each.service_time_ns,
            since_start_ns=each.latency_ns,
            failed=each.failure is not None,
        )
        if each.failure is not None:
            operation.record_failure(each.failure, f"{each.failure} of {each.name}")
        operation.record_details(each.context, each.latency_ns, each.service_time_ns)


@settings(max_examples=20)
@given(st.lists(st.lists(requests, max_size=8), max_size=5))
def test_reports_add_up_to_what_was_recorded(reports: list[list[Sent]]) -> None:
    direct, worker, master = Recorder(), Recorder(), Recorder()
    for report in reports:
        record(direct, report)
        record(worker, report)
        received = msgspec.msgpack.decode(
            msgspec.msgpack.encode(worker.results(1.0)), type=tuple[OperationResult, ...]
        )
        master.add(received, worker.metered)
        worker.clear()

    assert master.results(1.0) == direct.results(1.0)
    assert master.metered == direct.metered
    assert master.total_requests == direct.total_requests == sum(map(len, reports))
    assert worker.results(1.0) == ()


@settings(max_examples=50)
@given(st.lists(requests, max_size=20))
def test_results_count_the_window_alone(sent: list[Sent]) -> None:
    recorder = Recorder()
    record(recorder, sent)
    measured = [each for each in sent if not each.is_warmup]
    results = {each.name: each for each in recorder.results(1.0)}

    assert results.keys() == {each.name for each in sent}, "what only the warm-up saw is there too"
    for name, result in results.items():
        own = [each for each in measured if each.name == name]
        assert result.requests == len(own)
        for histogram in (result.latency, result.service_time):
            assert histogram.count + histogram.out_of_range_count == len(own)
        assert result.failures == sum(each.failure is not None for each in own)


def test_time_shares_add_up_to_the_nanosecond() -> None:
    recorder = Recorder()
    operation = recorder.operation("GET", "read")
    said: RequestContext = {
        "server_times": {"retrieve": 7_000_000, "aggregate": 3_000_000},
        "payload_bytes": 626,
    }
    partial: RequestContext = {"server_times": {"retrieve": 7_000_000}}
    nothing: RequestContext = {}
    for context in (said, said, partial, nothing):
        operation.record(12_345_678, 12_000_001, since_start_ns=0, failed=False)
        operation.record_details(context, 12_345_678, 12_000_001)

    (result,) = recorder.results(1.0)
    assert result.time_shares == TimeShares(
        answers=2,
        waiting_ns=2 * 345_677,
        client_and_network_ns=2 * 2_000_001,
        aggregate_ns=2 * 3_000_000,
        retrieve_ns=2 * 7_000_000,
    )
    assert result.server_times == {
        "retrieve": LatencyHistogram.of([7_000_000] * 3),
        "aggregate": LatencyHistogram.of([3_000_000] * 2),
    }
    assert result.payload == SizeHistogram.of([626, 626])


def test_attempts_are_counted_when_the_context_has_them() -> None:
    recorder = Recorder()
    once, repeated = recorder.operation("GET", "once"), recorder.operation("GET", "repeated")
    for operation in (once, repeated, repeated):
        operation.record(1_000, 1_000, since_start_ns=0, failed=False)
    for retries in (0, 2):
        context: RequestContext = {
            "attempts": 1 + retries,
            "throttled_attempts": retries,
            "backoff_ns": 10**9 * retries,
        }
        repeated.record_details(context, 1_000, 1_000)

    results = {each.name: each.attempts for each in recorder.results(1.0)}
    assert results == {
        "once": None,
        "repeated": AttemptCounts(total=4, throttled=2, backoff_s=2.0),
    }


def test_billed_units_are_metered_in_the_warm_up_too() -> None:
    recorder = Recorder()
    write, read = recorder.operation("partiQL", "write"), recorder.operation("GET", "read")
    write.meter({"consumed_write_units": 2.0}, None)
    write.meter({"consumed_write_units": 3.0, "consumed_read_units": 0.5}, None)
    write.meter({}, FailureClass.AMBIGUOUS)
    write.meter({}, FailureClass.THROTTLED)
    write.meter({"consumed_write_units": float("nan")}, None)
    read.meter({"payload_bytes": 10_000}, None)

    assert recorder.metered == MeteredUnits(read=0.5, write=6.0, estimated_read=1.5)
    assert recorder.results(1.0) == (), "none of it was measured"


def test_what_no_answer_reports_is_metered_as_planned() -> None:
    recorder = Recorder()
    read = recorder.operation("GET", "read")
    planned: RequestContext = {"planned_read_units": 3.0}
    read.meter(planned, FailureClass.WRONG_ANSWER)
    read.meter(planned, FailureClass.TIMEOUT)
    read.meter(planned | {"payload_bytes": 1}, None)
    read.meter(planned | {"consumed_read_units": 0.5}, None)

    assert recorder.metered == MeteredUnits(read=0.5, estimated_read=6.5)


def test_messages_are_bounded_but_every_failure_counts() -> None:
    operation = Recorder().operation("GET", "read")
    for number in range(150):
        operation.record(1_000, 1_000, since_start_ns=0, failed=False)
        operation.record_failure(FailureClass.OTHER, f"{number}" + "x" * 1_000)

    assert operation.failure_classes[FailureClass.OTHER] == 150
    assert len(operation.failure_messages) == 100
    assert max(map(len, operation.failure_messages)) == 200


def send(recorder: Recorder, names: Sequence[int], *, failed: bool = False) -> None:
    for number in names:
        operation = recorder.operation("GET", f"/orders/{number}")
        operation.record(1_000, 1_000, since_start_ns=0, failed=failed)
        if failed:
            operation.record_failure(FailureClass.TIMEOUT, f"order {number}")


def test_requests_of_further_names_are_recorded_as_one_operation() -> None:
    recorder = Recorder()
    send(recorder, range(700))
    send(recorder, range(700), failed=True)

    results = recorder.results(1.0)
    others, *first = results
    assert {each.name for each in first} == {f"/orders/{number}" for number in range(500)}
    assert (others.request_type, others.name) == ("", "all other names")
    assert (others.requests, others.latency.count) == (400, 400)
    assert others.failure_classes == {FailureClass.TIMEOUT: 200}
    assert all(each.requests == 2 for each in first)
    assert recorder.further_names == 200
    assert recorder.total_requests == sum(each.requests for each in results) == 1_400

    recorder.clear()
    send(recorder, range(600, 700))
    assert recorder.further_names == 0, "a new test begins"
    assert len(recorder.results(1.0)) == 100


def test_a_worker_keeps_its_first_names_from_report_to_report() -> None:
    worker, master = Recorder(), Recorder()
    for numbers in (range(600), range(599, -1, -1)):
        send(worker, numbers)
        master.add(worker.results(1.0), worker.metered, worker.further_names)
        worker.begin_report()

    others, *first = master.results(1.0)
    assert others.requests == 2 * 100
    assert {each.requests for each in first} == {2}
    assert len(first) == 500
    assert master.further_names == 100


def test_a_master_keeps_the_first_names_of_all_workers() -> None:
    master = Recorder()
    for numbers in (range(400), range(300, 1_000)):
        worker = Recorder()
        send(worker, numbers)
        master.add(worker.results(1.0), worker.metered, worker.further_names)

    results = master.results(1.0)
    assert len(results) == 501
    assert sum(each.requests for each in results) == 400 + 700
    # The second worker told 500 names, of which 100 were known and 100 fitted in, and counted 200.
    assert master.further_names == 300


def test_names_without_end_are_counted_to_a_limit() -> None:
    recorder = Recorder()
    for number in range(100_600):
        recorder.operation("GET", str(number))

    assert recorder.further_names == 100_000
