from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

import pytest

from aqp_perf.core.measured.failure_class import FailureClass
from aqp_perf.core.measured.merging import merge
from aqp_perf.core.measured.operation import (
    MOST_MESSAGES,
    SHORTEST_S,
    OperationResult,
    all_together,
    merge_operations,
)
from aqp_perf.core.measured.operation_parts import (
    AGGREGATE,
    MOST_EVIDENCE,
    RETRIEVE,
    AnswerChecks,
    AnswerSizes,
    AttemptCounts,
    TimeShares,
)
from aqp_perf.core.measured.run_result import GeneratorHealth, RunResult
from aqp_perf.core.measured.stalls import FreezeCause, LessExact
from aqp_perf.core.proof.wrong_answer import WrongAnswer, WrongAnswerKind
from aqp_perf.core.samples.histogram import LatencyHistogram, SizeHistogram
from aqp_perf.errors import ResultError

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
        consumed_write_units=write_units,
        latency=LatencyHistogram.of(value * 1_000_000 for value in latencies_ms),
        service_time=LatencyHistogram.of(value * 500_000 for value in latencies_ms),
        **{"failure_messages": {"slow down": failures} if failures else {}, **details},
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


def test_answers_after_the_window_are_not_throughput() -> None:
    late = replace(operation(), answered=1)

    assert (operation().throughput_per_s, late.throughput_per_s) == (2.0, 0.5)


def test_a_window_that_was_not_open_has_no_rate() -> None:
    """Requests that come after such a run are over its shortest length, of a nanosecond."""
    assert operation(duration_s=SHORTEST_S).throughput_per_s == 0


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
        ({"failures": 5}, "^5 failures of 4 requests"),
        ({"failures": -1}, "-1 failures of 4 requests"),
        ({"duration_s": 0.0}, "4 requests in 0 s"),
        ({"duration_s": float("nan")}, "4 requests in nan s"),
    ],
)
def test_figures_that_contradict_each_other_are_refused(
    changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        operation(**changes)


def test_merged_operations_hold_the_requests_of_all_workers() -> None:
    ours = operation(latencies_ms=(10, 20), failures=1, write_units=2.0)
    theirs = operation(latencies_ms=(30,), failures=1, duration_s=3.0)
    other = operation(request_type="GET", latencies_ms=(7,))

    merged = merge_operations([ours, other, theirs])

    together = operation(latencies_ms=(10, 20, 30), failures=2, duration_s=3.0, write_units=2.0)
    assert merged == (replace(together, answered=1), replace(other, answered=1))


def test_answers_of_a_part_that_did_not_count_them_are_its_requests_without_failures() -> None:
    counted, uncounted = operation(details={"answered": 3}), operation(failures=2)

    (merged,) = merge_operations([counted, uncounted])

    assert merged.answered == 5
    assert merged.throughput_per_s == 5 / 2.0


def test_details_of_targets_and_clients_add_up_over_workers() -> None:
    ours, silent = operation(details=details(3)), operation()
    theirs = operation(details=details(1))

    (merged,) = merge_operations([ours, silent, theirs])

    together = operation(latencies_ms=(10, 20, 30, 40) * 3, details=details(4))
    assert merged == replace(together, answered=12)


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


def test_the_omission_gap_is_p99_latency_over_p99_service_time() -> None:
    assert operation().omission_gap == pytest.approx(2, rel=0.002)
    assert operation(latencies_ms=(), duration_s=0.0).omission_gap is None


@pytest.mark.parametrize(
    "make",
    [
        lambda: AttemptCounts(total=1, throttled=2, backoff_s=0.0),
        lambda: AnswerChecks(checked=0, wrong={WrongAnswerKind.MALFORMED: 1}),
        lambda: replace(details()["time_shares"], answers=0),
    ],
)
def test_details_that_contradict_themselves_are_refused(make: Callable[[], object]) -> None:
    with pytest.raises(ValueError, match=r"^\d throttled of|^1 wrong|^time shares of 0"):
        make()


def test_evidence_and_messages_of_many_workers_stay_bounded() -> None:
    rare, *frequent = [
        WrongAnswer(kind=kind, query=f"q{number}", expected="e", got="g")
        for kind, count in ((WrongAnswerKind.CROSS_TALK, 1), (WrongAnswerKind.MALFORMED, 5))
        for number in range(count)
    ]
    found = {rare.kind: 1, frequent[0].kind: 3}
    seen = (frequent[0], *frequent, rare)
    checks = AnswerChecks(checked=9, wrong=found, evidence=seen)
    parts = [
        operation(
            details={"answers": checks, "failure_messages": {f"{worker} {n}": 1 for n in range(60)}}
        )
        for worker in range(2)
    ]

    (merged,) = merge_operations(parts)

    assert merged.answers == AnswerChecks(
        checked=18,
        wrong={kind: 2 * count for kind, count in found.items()},
        evidence=(*frequent[:MOST_EVIDENCE], rare),
    )
    assert len(merged.failure_messages) == MOST_MESSAGES


def test_health_is_that_of_the_worst_process_and_the_sum_of_all_counts() -> None:
    ours = GeneratorHealth(processes=1, cpu_ratio_max=0.4, arrivals_due=3, pool_waits=1)
    theirs = GeneratorHealth(processes=1, cpu_ratio_max=0.9, loop_lag_p99_ms=2.0, pool_waits=2)

    assert merge([ours, theirs]) == GeneratorHealth(
        processes=2, cpu_ratio_max=0.9, loop_lag_p99_ms=2.0, arrivals_due=3, pool_waits=3
    )


def test_what_any_process_lacks_is_less_exact() -> None:
    linux = GeneratorHealth(processes=1)
    mac = GeneratorHealth(processes=1, less_exact=tuple(LessExact))

    assert merge([linux, mac, mac]).less_exact == tuple(LessExact)
    assert merge([linux, linux]).less_exact == ()


def test_items_that_were_counted_by_some_workers_add_up() -> None:
    counted, uncounted = AnswerSizes(answers=1, bytes=9, items=2), AnswerSizes(answers=2, bytes=1)

    assert merge([counted, uncounted]) == AnswerSizes(answers=3, bytes=10, items=2)


def test_merging_leaves_the_parts_as_they_were() -> None:
    ours, theirs = operation(details=details()), operation(details=details())

    merge_operations([ours, theirs])

    assert ours == theirs == operation(details=details())


def test_units_that_no_worker_reported_stay_unknown() -> None:
    (merged,) = merge_operations([operation(), operation()])

    assert merged.consumed_write_units is None


def test_an_operation_is_found_by_name_and_by_a_glob_with_one_match() -> None:
    assert RUN.operation("write_to_ddb") is RUN.operations[0]
    assert RUN.operation("read*") is RUN.operations[1]


@pytest.mark.parametrize(
    ("selector", "message"),
    [
        ("delete", "'delete': no such operation ran, only write_to_ddb, read_from_ddb"),
        ("*_ddb", "'*_ddb': several operations match: write_to_ddb, read_from_ddb"),
    ],
)
def test_a_selector_that_does_not_match_exactly_one_lists_the_labels(
    selector: str, message: str
) -> None:
    with pytest.raises(ResultError) as caught:
        RUN.operation(selector)

    assert message in str(caught.value)


def test_a_run_without_operations_says_so() -> None:
    with pytest.raises(ResultError, match="no operation ran"):
        run_of().operation("write_to_ddb")


def test_operations_that_share_a_name_are_labelled_with_their_type() -> None:
    get, post = operation("/cart", request_type="GET"), operation("/cart", request_type="POST")

    run = run_of(get, post, operation())

    assert list(run.labelled) == ["GET /cart", "POST /cart", "write_to_ddb"]
    assert run.operation("POST /cart") is post
    assert run.requests == 12


def test_no_operation_has_the_label_of_all_requests_together() -> None:
    run = run_of(operation("all", request_type="GET"), operation())

    assert list(run.labelled) == ["GET all", "write_to_ddb"]


def test_operations_of_several_types_are_one_together() -> None:
    parts = (operation("/", request_type="GET", failures=1), operation("/", request_type="POST"))

    whole = all_together(parts)

    assert (whole.requests, whole.failures, whole.answered) == (8, 1, 7)
    assert whole.latency == LatencyHistogram.of([10**7, 2 * 10**7, 3 * 10**7, 4 * 10**7] * 2)


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
    with pytest.raises(ValueError, match="some of these operations occur twice"):
        run_of(*operations)


def test_a_server_that_waited_is_no_cause_of_the_generators_freezes() -> None:
    health = GeneratorHealth(
        processes=1,
        freezes=((0.0, 0.2), (1.0, 0.3)),
        freeze_causes={
            FreezeCause.SERVER: 2.0,
            FreezeCause.UNKNOWN: 0.2,
            FreezeCause.STOPPED: 0.3,
        },
    )

    assert health.main_cause is FreezeCause.STOPPED
    assert health.servers_waited_s == 2.0
    assert health.longest_freeze_s == 0.3
    assert GeneratorHealth(processes=1).main_cause is None


def test_requests_in_flight_are_the_time_that_they_took_by_that_of_the_run() -> None:
    run = RunResult(
        command=(),
        started_at=STARTED_AT,
        duration_s=0.05,
        users=1,
        generator=GeneratorHealth(processes=1),
        operations=(operation(), operation("other", latencies_ms=(100,))),
    )

    assert run.mean_in_flight == pytest.approx((5 + 10 + 15 + 20 + 50) / 50, rel=0.01)
    assert replace(run, operations=()).mean_in_flight == 0.0
