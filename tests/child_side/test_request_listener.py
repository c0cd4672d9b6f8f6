"""A request is measured by when it was due, and throughput by when its answer came."""

import time
from datetime import timedelta
from decimal import Decimal
from typing import NamedTuple

import pytest

from aqp_perf.core.measured.failure_class import FailureClass
from aqp_perf.core.measured.operation import OperationResult
from aqp_perf.core.measured.stalls import FreezeCause
from aqp_perf.loadgen.record.freezes import BEAT_NS, Freezes
from aqp_perf.loadgen.record.recorder import Recorder
from aqp_perf.loadgen.record.request_listener import RequestListener
from aqp_perf.loadgen.record.window import Window
from aqp_perf.loadgen.workload.workload import Workload, workload_of
from aqp_perf.workloads.locustfile import PartiqlWriteUser
from tests.child_side.fixtures import Open

MS = 1_000_000
NS = 1_000_000_000
HOUR_S = 3_600.0


class Listening(NamedTuple):
    """A listener, what it records, and the window and workload that it asks."""

    listener: RequestListener
    recorder: Recorder
    window: Window
    workload: Workload
    freezes: Freezes

    def hear(self, **event: object) -> None:
        """Hear of a request that took 3 ms."""
        event = {"request_type": "GET", "name": "a", "response_time": 3.0, **event}
        self.listener.on_request(**event)  # type: ignore[arg-type]

    @property
    def result(self) -> OperationResult:
        """What was recorded."""
        (result,) = self.recorder.results(1.0)
        return result


@pytest.fixture
def listening(open_environment: Open) -> Listening:
    """A listener in a window that is open."""
    workload = workload_of(open_environment(users=[PartiqlWriteUser]))
    recorder, window = Recorder(), Window(workload)
    window.begin_test(0.0)
    freezes = Freezes(lambda _: FreezeCause.UNKNOWN)
    listener = RequestListener(recorder, window, freezes)
    return Listening(listener, recorder, window, workload, freezes)


def timing(due_ns: int, waited_ns: int = 0) -> dict[str, int]:
    return {"due_ns": due_ns, "start_ns": due_ns + waited_ns}


def test_latency_counts_from_the_due_time_and_service_time_from_the_start(
    listening: Listening,
) -> None:
    listening.hear(context=timing(listening.window.from_ns, waited_ns=40 * MS))

    assert listening.result.latency.quantile_ns(1) == pytest.approx(43 * MS, rel=1e-3)
    assert listening.result.service_time.quantile_ns(1) == pytest.approx(3 * MS, rel=1e-3)


def test_a_request_without_a_due_time_was_due_when_it_was_sent(listening: Listening) -> None:
    now_ns = time.perf_counter_ns()
    while time.perf_counter_ns() < now_ns + 4 * MS:
        pass  # or it was due before the window
    listening.hear()

    assert listening.result.requests == 1
    assert listening.result.latency == listening.result.service_time


def test_a_request_that_was_sent_before_it_was_due_has_no_latency(listening: Listening) -> None:
    listening.hear(context=timing(listening.window.from_ns + 9 * MS, waited_ns=-MS))

    assert listening.result.requests == 1
    assert (listening.result.latency.count, listening.result.latency.out_of_range_count) == (0, 1)


@pytest.mark.parametrize(("early_ns", "measured"), [(1, 0), (0, 1)])
def test_what_was_due_in_the_warm_up_is_counted_alone(
    listening: Listening, early_ns: int, measured: int
) -> None:
    """Its answer came within the window all the same."""
    listening.hear(context=timing(listening.window.from_ns - early_ns))

    result = listening.result
    assert (result.requests, result.warmup_requests) == (measured, 1 - measured)
    assert result.answered == 1


@pytest.mark.parametrize("response_time", [5_000.0, 1e12])
def test_a_time_that_began_before_the_test_counts_when_it_is_reported(
    listening: Listening, response_time: float
) -> None:
    """Such as the age of a message: it is no request of the warm-up that can be left out."""
    listening.hear(response_time=response_time)
    listening.window.begin_test(HOUR_S)
    listening.hear(response_time=response_time)

    result = listening.result
    assert (result.requests, result.warmup_requests) == (1, 1)
    assert result.latency.count + result.latency.out_of_range_count == 1


@pytest.mark.parametrize("length", [-1, 10**30])
def test_an_impossible_length_is_no_size(listening: Listening, length: int) -> None:
    listening.window.from_ns = 0

    listening.hear(response_length=length)
    listening.hear(response_length=7)

    sizes = listening.result.answer_sizes
    assert sizes is not None
    assert (listening.result.requests, sizes.answers, sizes.bytes) == (2, 1, 7)


def test_an_answer_of_the_warm_up_is_no_throughput(listening: Listening) -> None:
    listening.window.begin_test(HOUR_S)
    listening.hear(context=timing(time.perf_counter_ns()))

    assert (listening.result.answered, listening.result.warmup_requests) == (0, 1)


def test_an_answer_after_the_stop_is_measured_but_no_throughput(listening: Listening) -> None:
    listening.workload.ending.stop()
    listening.hear(context=timing(listening.window.from_ns))
    listening.window.end()

    assert (listening.result.answered, listening.result.requests) == (0, 1)
    assert listening.window.stopped_ns == listening.workload.ending.stopped_ns


def test_a_failure_is_no_throughput_and_keeps_its_class(listening: Listening) -> None:
    listening.hear(context=timing(listening.window.from_ns), exception=TimeoutError("late"))

    assert (listening.result.answered, listening.result.failures) == (0, 1)
    assert [str(each) for each in listening.result.failure_classes] == ["timeout"]


@pytest.mark.parametrize(
    "context",
    [
        {"consumed_write_units": 2.0, "items": ["mine"], "server_times": 1},
        {"due_ns": "noon", "start_ns": 1},
        {"due_ns": 1},
        ["mine"],
        {},
        None,
    ],
    ids=str,
)
def test_a_context_of_the_file_s_own_is_not_read(listening: Listening, context: object) -> None:
    listening.window.from_ns = 0

    listening.hear(context=context)

    assert (listening.result.requests, listening.result.consumed_write_units) == (1, None)


def test_known_keys_of_a_context_are_read(listening: Listening) -> None:
    listening.hear(context={**timing(listening.window.from_ns), "consumed_write_units": 2.0})

    assert listening.result.consumed_write_units == 2.0


@pytest.mark.parametrize("exception", [None, False, "", 0])
def test_what_is_false_is_no_failure(listening: Listening, exception: object) -> None:
    listening.window.from_ns = 0

    listening.hear(exception=exception)

    assert (listening.result.requests, listening.result.failures) == (1, 0)


def test_a_text_is_a_failure_with_that_text(listening: Listening) -> None:
    listening.window.from_ns = 0

    listening.hear(exception="the basket is empty")

    assert listening.result.failure_messages == {"the basket is empty": 1}


class Hidden:
    def __str__(self) -> str:
        raise RuntimeError("no text")


@pytest.mark.parametrize(
    ("name", "label"),
    [
        (404, "404"),
        (None, "None"),
        (Hidden(), "Hidden"),
        (FailureClass.OTHER, "other"),
        (["a"], "['a']"),
        ("", ""),
    ],
    ids=["number", "none", "object", "enum", "list", "empty"],
)
def test_names_that_are_no_text_are_recorded_as_text(
    listening: Listening, name: object, label: str
) -> None:
    listening.window.from_ns = 0

    listening.hear(request_type=name, name=name)

    assert (listening.result.request_type, listening.result.name) == (label, label)


def test_a_request_without_a_response_time_is_counted_and_in_no_latency(
    listening: Listening,
) -> None:
    listening.window.from_ns = 0

    listening.hear(response_time=None)
    listening.hear(response_time=None, exception=TimeoutError("late"))
    listening.hear()

    result = listening.result
    assert (result.requests, result.untimed, result.failures, result.answered) == (3, 2, 1, 2)
    assert result.latency.count == result.service_time.count == result.timeline.requests == 1


def test_a_decimal_is_a_response_time(listening: Listening) -> None:
    listening.window.from_ns = 0

    listening.hear(response_time=Decimal("2.5"))

    assert listening.result.latency.quantile_ns(1.0) == pytest.approx(2.5 * MS, rel=0.01)


class WithoutTruth:
    def __bool__(self) -> bool:
        raise ValueError("neither true nor false")


def test_what_is_neither_true_nor_false_is_a_failure(listening: Listening) -> None:
    listening.window.from_ns = 0

    listening.hear(exception=WithoutTruth())

    assert listening.result.failures == 1


@pytest.mark.parametrize(
    "response_time",
    [float("nan"), float("inf"), Decimal("NaN"), "3", timedelta(seconds=1), object()],
    ids=["nan", "inf", "decimal", "text", "timedelta", "object"],
)
def test_a_response_time_that_is_no_number_is_no_valid_latency(
    listening: Listening, response_time: object
) -> None:
    listening.window.from_ns = 0

    listening.hear(response_time=response_time)

    assert listening.result.requests == listening.result.latency.out_of_range_count == 1


def test_a_request_that_a_freeze_touched_is_counted_with_and_without_its_credit(
    listening: Listening,
) -> None:
    """A freeze of 100 ms begins 10 ms after the request was due; it is read 1 ms after the end."""
    due_ns = listening.window.from_ns - 1_000 * MS
    listening.window.from_ns = due_ns
    listening.freezes.beat(due_ns + 10 * MS)
    listening.hear(context=timing(due_ns, waited_ns=108 * MS))
    listening.freezes.beat(due_ns + 112 * MS)
    for late_ms in range(115, 405, 5):
        listening.freezes.beat(due_ns + late_ms * MS)
    listening.hear(context=timing(due_ns + 400 * MS))

    result = listening.result
    assert result.touched is not None
    assert (result.requests, result.touched.requests) == (2, 1)
    assert result.latency.quantile_ns(1) == pytest.approx(111 * MS, rel=1e-3)
    assert result.least_latency.quantile_ns(1) == pytest.approx(10 * MS, rel=1e-3)
    assert result.least_service_time.quantile_ns(0) == 1_000


def test_a_beat_in_time_touches_nothing(listening: Listening) -> None:
    due_ns = listening.window.from_ns
    for number in range(5):
        listening.freezes.beat(due_ns + number * BEAT_NS)
        listening.hear(context=timing(due_ns + number * BEAT_NS))

    assert listening.result.touched is None


def test_a_time_that_has_not_passed_is_no_freeze(listening: Listening) -> None:
    """A locustfile may report times that it did not wait for."""
    now_ns = time.perf_counter_ns()
    listening.freezes.beat(now_ns)

    listening.hear(context=timing(now_ns, waited_ns=60 * NS))

    assert listening.result.touched is None


def test_an_operation_knows_the_classes_of_its_users(listening: Listening) -> None:
    """Those of the warm-up, too: what they send in the window may never be answered."""
    due_ns = listening.window.from_ns
    for user_class, due in (("A", due_ns), ("B", due_ns - MS), ("A", due_ns)):
        listening.hear(context={**timing(due), "user_class": user_class})
    listening.hear()

    assert listening.result.user_classes == ("A", "B")


@pytest.mark.parametrize(("under_way_ms", "is_touched"), [(90, True), (2_000, False)])
def test_a_failure_is_the_generators_if_it_made_half_of_its_time(
    listening: Listening, under_way_ms: int, *, is_touched: bool
) -> None:
    """The freeze of 100 ms begins when the request has been under way for so long."""
    due_ns = listening.window.from_ns
    listening.freezes.beat(due_ns + under_way_ms * MS)
    listening.freezes.beat(due_ns + (under_way_ms + 100) * MS)
    listening.hear(
        context=timing(due_ns, waited_ns=(under_way_ms + 100) * MS), exception=TimeoutError()
    )

    touched = listening.result.touched
    assert touched is not None
    assert dict(touched.failures) == ({FailureClass.TIMEOUT: 1} if is_touched else {})
