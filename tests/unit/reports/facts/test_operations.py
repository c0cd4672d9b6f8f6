"""The sentences about the time of an operation, and when there are none."""

from dataclasses import replace

import pytest

from aqp_perf.core.measured.operation import OperationResult
from aqp_perf.core.measured.operation_parts import AttemptCounts, TimeShares
from aqp_perf.core.measured.stalls import TouchedRequests
from aqp_perf.core.results.judged_run import JudgedRun
from aqp_perf.core.samples.histogram import LatencyHistogram
from aqp_perf.reports.facts.operations import time_notes
from aqp_perf.reports.text.terminal import run_block

MS = 1_000_000


def notes(operation: OperationResult) -> list[str]:
    return list(time_notes(operation.name, operation))


@pytest.fixture
def read(judged: JudgedRun) -> OperationResult:
    return judged.run.operations[1]


def shares(answers: int, waiting_ms: float = 0.1, client_ms: float = 2.0) -> TimeShares:
    return TimeShares(
        answers=answers,
        waiting_ns=round(waiting_ms * MS * answers),
        client_and_network_ns=round(client_ms * MS * answers),
        aggregate_ns=round(3.2 * MS * answers),
        retrieve_ns=7 * MS * answers,
    )


def test_nothing_is_shown_of_requests_that_did_not_wait_and_targets_that_say_nothing(
    read: OperationResult,
) -> None:
    assert notes(read) == []


def test_shares_are_means_that_add_up(read: OperationResult) -> None:
    (text,) = notes(replace(read, time_shares=shares(20)))

    assert text == (
        "mean latency of select zipcode,pk,su…=? group by zipcode: 12.3 ms = 0.1 waiting to be "
        "sent + 2.0 client and network + 3.2 AQP + 7.0 DynamoDB "
        "(AQP and DynamoDB as the AQP reports them, in whole milliseconds)"
    )


def test_an_aqp_that_reports_too_much_is_not_corrected(
    read: OperationResult,
) -> None:
    (text,) = notes(replace(read, time_shares=shares(20, client_ms=-0.4)))

    assert ": 9.9 ms = 0.1 waiting to be sent + -0.4 client and network + 3.2 AQP" in text


def test_missing_statistics_are_counted_among_the_right_answers(read: OperationResult) -> None:
    (text,) = notes(replace(read, failures=2, time_shares=shares(17)))

    assert text.endswith("in whole milliseconds, for 17 of 18 answers)")


@pytest.mark.parametrize(("latency_ms", "is_shown"), [(149, False), (152, True)])
def test_the_omission_gap_is_shown_from_one_and_a_half(
    read: OperationResult,
    latency_ms: int,
    is_shown: bool,  # noqa: FBT001 - a parameter
) -> None:
    waited = replace(
        read,
        name="read",
        latency=LatencyHistogram.of([latency_ms * MS] * 20),
        service_time=LatencyHistogram.of([100 * MS] * 20),
    )

    text = (
        "p99 of read: 152 ms from the time requests were due, 100 ms from the time they were sent: "
        "requests waited, which a closed-model tool does not see"
    )
    assert notes(waited) == ([text] if is_shown else [])


def test_a_gap_of_microseconds_is_not_notes(read: OperationResult) -> None:
    prompt = replace(
        read,
        latency=LatencyHistogram.of([140_000] * 20),
        service_time=LatencyHistogram.of([60_000] * 20),
    )

    assert prompt.omission_gap == pytest.approx(2.33, abs=0.01)
    assert notes(prompt) == []


def test_attempts_are_shown_when_they_are_known(read: OperationResult) -> None:
    attempts = AttemptCounts(total=1037, throttled=37, backoff_s=1.234)

    assert notes(replace(read, name="write_to_ddb", requests=1000, attempts=attempts)) == [
        "write_to_ddb: 1000 requests took 1037 attempts, 37 of them throttled; 1.2 s in back-off"
    ]


def table_of(judged: JudgedRun, operation: OperationResult) -> list[str]:
    run = replace(judged.run, operations=(operation,))
    texts = [line.text for line in run_block(replace(judged, run=run))]
    start = next(index for index, text in enumerate(texts) if text.startswith("Type"))
    return texts[start:]


def test_service_time_stands_below_a_latency_that_it_is_not(
    judged: JudgedRun, read: OperationResult
) -> None:
    waited = replace(read, service_time=LatencyHistogram.of([20 * MS] * 20))
    header, _, latency, service_time, *_ = table_of(judged, waited)

    for column in ("Avg", "Min", "Max", "Med", "p95", "p99"):
        end = header.index(column) + len(column)
        assert latency[end - 4 : end] == "50.0"
        assert service_time[end - 4 : end] == "20.0"
    assert service_time.split() == ["service", "time", *["20.0"] * 6]


@pytest.mark.parametrize("waited_ns", [0, 90_000])
def test_a_service_time_that_looks_equal_is_not_shown(
    judged: JudgedRun, read: OperationResult, waited_ns: int
) -> None:
    service_time = LatencyHistogram.of([50 * MS - waited_ns] * 20)
    texts = table_of(judged, replace(read, service_time=service_time))

    assert not any("service time" in text for text in texts)


def test_a_gap_that_stalls_can_have_made_is_not_shown(read: OperationResult) -> None:
    latency, service_time = (LatencyHistogram.of([ms * MS] * 20) for ms in (200, 50))
    late = replace(read, latency=latency, service_time=service_time)
    touched = TouchedRequests(
        requests=20,
        latency=latency,
        least_latency=service_time,
        service_time=service_time,
        least_service_time=service_time,
    )

    assert len(notes(late)) == 1
    assert notes(replace(late, touched=touched)) == []
