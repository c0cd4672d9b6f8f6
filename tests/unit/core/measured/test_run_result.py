import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from copy import deepcopy
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aqp_perf.core.measured.attempt_counts import AttemptCounts
from aqp_perf.core.measured.failure_class import FailureClass
from aqp_perf.core.measured.merged_operations import merge_operations
from aqp_perf.core.measured.operation import OperationResult
from aqp_perf.core.measured.run_result import GeneratorHealth, RunResult, format_instant
from aqp_perf.core.measured.time_shares import AGGREGATE, RETRIEVE, TimeShares
from aqp_perf.core.samples.histogram import LatencyHistogram, SizeHistogram
from aqp_perf.core.samples.timeline import Timeline
from aqp_perf.errors import ResultError

law = settings(max_examples=30)
STARTED_AT = datetime(2025, 1, 2, 3, 4, 5, 678900, tzinfo=UTC)


def operation(  # noqa: PLR0913 - a builder with a default for every field a test may care about
    name: str = "write_to_ddb",
    *,
    request_type: str = "partiQL",
    latencies_ms: tuple[int, ...] = (10, 20, 30, 40),
    failures: int = 0,
    failure_class: FailureClass = FailureClass.THROTTLED,
    duration_s: float = 2.0,
    write_units: float | None = None,
    details: Mapping[str, Any] = MappingProxyType({}),
) -> OperationResult:
    return OperationResult(
        request_type=request_type,
        name=name,
        duration_s=duration_s,
        requests=len(latencies_ms),
        failures=failures,
        failure_classes={failure_class: failures} if failures else {},
        failure_messages={"slow down": failures} if failures else {},
        consumed_write_units=write_units,
        latency=LatencyHistogram.of(value * 1_000_000 for value in latencies_ms),
        service_time=LatencyHistogram.of(value * 500_000 for value in latencies_ms),
        **details,
    )


def details(answers: int = 4) -> dict[str, Any]:
    """Return what a target and a client may say besides."""
    return {
        "server_times": {
            RETRIEVE: LatencyHistogram.of([7_000_000] * answers),
            AGGREGATE: LatencyHistogram.of([0] * answers),
        },
        "payload": SizeHistogram.of([626] * answers),
        "time_shares": TimeShares(
            answers=answers,
            waiting_ns=12_500_000 * answers,
            client_and_network_ns=5_500_000 * answers,
            aggregate_ns=0,
            retrieve_ns=7_000_000 * answers,
        ),
        "attempts": AttemptCounts(total=2 * answers, throttled=answers, backoff_s=0.5 * answers),
    }


def run_of(*operations: OperationResult) -> RunResult:
    return RunResult(
        command=("locust", "-f", "perf/locustfile.py"),
        started_at=STARTED_AT,
        duration_s=2.0,
        users=10,
        invalid_reasons=("worker w2 was lost",),
        generator=GeneratorHealth(
            processes=2,
            cpu_ratio_max=0.4,
            loop_lag_p99_ms=0.8,
            arrivals_due=1000,
            arrivals_sent=999,
            arrivals_caught_up=2,
            connections_opened=10,
            pool_waits=0,
        ),
        operations=operations,
    )


RUN = run_of(operation(failures=1, write_units=4.0), operation("read_from_ddb", details=details()))


def test_what_is_answered_after_the_window_is_no_throughput() -> None:
    late = replace(operation(), answered=1)

    assert (operation().throughput_per_s, late.throughput_per_s) == (2.0, 0.5)


def test_throughput_counts_right_answers_and_the_ratio_counts_failures() -> None:
    result = operation(failures=1)

    assert result.throughput_per_s == 1.5
    assert result.failure_ratio == 0.25


def test_an_operation_that_never_ran_has_neither() -> None:
    result = operation(latencies_ms=(), duration_s=0.0)

    assert (result.throughput_per_s, result.failure_ratio) == (0, 0)
    assert result.latency_ms["p99"] is None


def test_summaries_are_in_milliseconds() -> None:
    result = operation()

    assert result.latency_ms["p50"] == pytest.approx(20, rel=0.001)
    assert result.service_time_ms["p50"] == pytest.approx(10, rel=0.001)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"failures": 5}, "'write_to_ddb': 5 failures of 4 requests"),
        ({"failures": -1}, "-1 failures of 4 requests"),
        ({"duration_s": 0.0}, "4 requests in 0 s"),
        ({"duration_s": float("nan")}, "4 requests in nan s"),
    ],
)
def test_figures_that_contradict_each_other_are_refused(
    changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(ResultError, match=message):
        operation(**changes)


def test_merged_operations_hold_the_requests_of_all_workers() -> None:
    ours = operation(latencies_ms=(10, 20), failures=1, write_units=2.0)
    theirs = operation(latencies_ms=(30,), failures=1, duration_s=3.0)
    other = operation(request_type="GET", latencies_ms=(7,))

    merged = merge_operations([ours, other, theirs])

    together = operation(latencies_ms=(10, 20, 30), failures=2, duration_s=3.0, write_units=2.0)
    assert merged == (together, other)


def test_what_targets_and_clients_say_adds_up_over_workers() -> None:
    ours, silent = operation(details=details(3)), operation()
    theirs = operation(details=details(1))

    (merged,) = merge_operations([ours, silent, theirs])

    together = operation(latencies_ms=(10, 20, 30, 40) * 3, details=details(4))
    assert merged == together


def test_means_of_time_shares_add_up_to_the_mean_latency() -> None:
    shares = operation(details=details()).time_shares
    assert shares is not None

    assert shares.means_ms == {
        "latency": 25.0,
        "waiting": 12.5,
        "client_and_network": 5.5,
        "aggregate": 0.0,
        "retrieve": 7.0,
    }


def test_the_omission_gap_is_how_far_a_p99_from_the_sending_falls_short() -> None:
    assert operation().omission_gap == pytest.approx(2, rel=0.002)
    assert operation(latencies_ms=(), duration_s=0.0).omission_gap is None


@pytest.mark.parametrize(
    "make",
    [
        lambda: AttemptCounts(total=1, throttled=2, backoff_s=0.0),
        lambda: replace(details()["time_shares"], answers=0),
    ],
)
def test_details_that_contradict_themselves_are_refused(make: Callable[[], object]) -> None:
    with pytest.raises(ResultError):
        make()


def test_units_that_no_worker_reported_stay_unknown() -> None:
    (merged,) = merge_operations([operation(), operation()])

    assert merged.consumed_write_units is None


def test_an_operation_is_found_by_name_and_by_a_glob_with_one_match() -> None:
    assert RUN.operation("write_to_ddb") is RUN.operations[0]
    assert RUN.operation("read*") is RUN.operations[1]


@pytest.mark.parametrize(
    ("selector", "message"),
    [
        ("delete", "'delete': no such operation; this run has write_to_ddb, read_from_ddb"),
        ("*_ddb", "several operations match: write_to_ddb, read_from_ddb; this run has"),
    ],
)
def test_a_selector_of_none_or_several_lists_what_there_is(selector: str, message: str) -> None:
    with pytest.raises(ResultError) as caught:
        RUN.operation(selector)

    assert message in str(caught.value)


def test_a_run_without_operations_says_so() -> None:
    with pytest.raises(ResultError, match="no such operation; this run has none"):
        run_of().operation("write_to_ddb")


def test_operations_that_share_a_name_are_labelled_with_their_type() -> None:
    get, post = operation("/cart", request_type="GET"), operation("/cart", request_type="POST")

    run = run_of(get, post, operation())

    assert list(run.labelled) == ["GET /cart", "POST /cart", "write_to_ddb"]
    assert run.operation("POST /cart") is post
    assert run.requests == 12


@pytest.mark.parametrize(
    "operations",
    [
        (operation(), operation()),
        (
            operation("GET /cart"),
            operation("/cart", request_type="GET"),
            operation("/cart", request_type="POST"),
        ),
    ],
)
def test_no_operation_hides_another(operations: tuple[OperationResult, ...]) -> None:
    with pytest.raises(ResultError, match="some of these operations occur twice"):
        run_of(*operations)


def test_a_run_has_every_field_of_the_report() -> None:
    data = RUN.to_json()

    assert data["command"] == ["locust", "-f", "perf/locustfile.py"]
    assert data["started_at"] == "2025-01-02T03:04:05.678900Z"
    assert data["invalid_reasons"] == ["worker w2 was lost"]
    assert data["generator"] == {
        "processes": 2,
        "cpu_ratio_max": 0.4,
        "loop_lag_p99_ms": 0.8,
        "arrivals_due": 1000,
        "arrivals_sent": 999,
        "arrivals_caught_up": 2,
        "connections_opened": 10,
        "pool_waits": 0,
    }
    operations: Any = data["operations"]
    written = operations["write_to_ddb"]
    assert written["latency_ms"].keys() == written["service_time_ms"].keys()
    assert list(written["latency_ms"]) == [
        "min",
        "mean",
        "p50",
        "p90",
        "p95",
        "p99",
        "p99_9",
        "max",
    ]
    assert LatencyHistogram.decode(written["histogram"]) == RUN.operations[0].latency
    figures = {
        "type": "partiQL",
        "requests": 4,
        "failures": 1,
        "failure_ratio": 0.25,
        "failure_classes": {"throttled": 1},
        "throughput_per_s": 1.5,
        "consumed_read_units": None,
        "consumed_write_units": 4.0,
    }
    assert {key: written[key] for key in figures} == figures


@law
@given(
    st.lists(
        st.tuples(
            st.text(max_size=8),
            st.lists(st.integers(0, 2_000) | st.just(700_000), min_size=1, max_size=4).map(tuple),
            st.sampled_from(FailureClass),
        ),
        unique_by=lambda each: each[0],
        max_size=2,
    )
)
def test_from_json_undoes_to_json(
    shapes: list[tuple[str, tuple[int, ...], FailureClass]],
) -> None:
    run = run_of(
        *(
            operation(name, latencies_ms=latencies_ms, failures=1, failure_class=each)
            for name, latencies_ms, each in shapes
        )
    )

    text = json.dumps(run.to_json(), allow_nan=False)

    assert RunResult.from_json(json.loads(text)) == run


def test_details_survive_a_report_and_are_none_in_an_older_one() -> None:
    data: Any = RUN.to_json()
    assert RunResult.from_json(json.loads(json.dumps(data, allow_nan=False))) == RUN
    for each in data["operations"].values():
        for added in ("server_times", "payload", "time_shares", "attempts", "omission_gap"):
            del each[added]

    older = run_of(operation(failures=1, write_units=4.0), operation("read_from_ddb"))
    assert RunResult.from_json(data) == older


def test_derived_figures_are_not_taken_from_the_file() -> None:
    data: Any = RUN.to_json()
    data["operations"]["write_to_ddb"] |= {"failure_ratio": 0.0, "throughput_per_s": 1e9}

    assert RunResult.from_json(data) == RUN


def timeline_of(requests: int) -> str:
    timeline = Timeline()
    for _ in range(requests):
        timeline.record(0, 10_000_000, failed=False)
    return timeline.encode()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("histogram", LatencyHistogram.of([10_000_000]).encode()),
        ("histogram", LatencyHistogram().encode()),
        ("service_time_histogram", LatencyHistogram().encode()),
        ("out_of_range", 1),
        ("timeline", timeline_of(5)),
    ],
)
def test_a_run_that_contradicts_itself_is_refused(field: str, value: object) -> None:
    """Percentiles of one request beside the count of four would be compared as those of four."""
    data: Any = RUN.to_json()
    data["operations"]["write_to_ddb"][field] = value

    with pytest.raises(ResultError, match=r"write_to_ddb\.\w+: it has \d of the 4 requests"):
        RunResult.from_json(data)


def test_requests_that_no_histogram_has_room_for_are_counted_too() -> None:
    slow = operation(latencies_ms=(10, 700_000))

    assert RunResult.from_json(run_of(slow).to_json()) == run_of(slow)


def test_a_window_shorter_than_clocks_tell_is_refused() -> None:
    data: Any = RUN.to_json() | {"duration_s": 5e-324}

    with pytest.raises(ResultError, match=r"4 requests in 4\.94066e-324 s"):
        RunResult.from_json(data)


def test_an_unknown_failure_class_is_refused() -> None:
    data: Any = RUN.to_json()
    data["operations"]["write_to_ddb"]["failure_classes"] = {"throttled": 1, "bored": 1}

    with pytest.raises(ResultError, match=r"write_to_ddb\.failure_classes: unknown bored"):
        RunResult.from_json(data)


def paths_in(data: object, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    items: Iterable[tuple[object, object]] = ()
    if isinstance(data, dict):
        items = data.items()
    elif isinstance(data, list):
        items = enumerate(data)
    for key, value in items:
        yield (*path, key)
        yield from paths_in(value, (*path, key))


RUN_JSON = RUN.to_json()
PATHS = list(paths_in(RUN_JSON))
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=4,
)


@law
@given(st.sampled_from(PATHS), json_values)
def test_a_run_with_any_value_replaced_is_read_or_refused(
    path: tuple[Any, ...], value: object
) -> None:
    data = deepcopy(RUN_JSON)
    place: Any = data
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value

    try:
        read = RunResult.from_json(data)
    except ResultError:
        return

    assert RunResult.from_json(read.to_json()) == read


@pytest.mark.parametrize(
    "field", ["command", "started_at", "duration_s", "users", "interrupted", "aborted", "generator"]
)
def test_a_run_with_a_field_missing_is_refused_by_its_name(field: str) -> None:
    data = RUN.to_json()
    del data[field]

    with pytest.raises(ResultError, match=rf"^run\.{field} is missing"):
        RunResult.from_json(data)


@pytest.mark.parametrize("data", [None, [], "run", 1])
def test_what_is_no_object_is_no_run(data: object) -> None:
    with pytest.raises(ResultError, match=r"^run: expected an object"):
        RunResult.from_json(data)


def test_instants_are_written_in_utc() -> None:
    instant = datetime(2025, 1, 1, 1, tzinfo=timezone(timedelta(hours=2)))

    assert format_instant(instant) == "2024-12-31T23:00:00Z"
