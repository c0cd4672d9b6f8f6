"""A run that ended before its schedule says so."""

import pytest

from aqp_perf.core.load.pacing import OpenModel, parse_pacing
from aqp_perf.loadgen.measure.soundness import schedule_reasons


def reasons(pacing: str, elapsed_s: float, scheduled_s: float) -> list[str]:
    model = parse_pacing(pacing)
    assert isinstance(model, OpenModel)
    return [*schedule_reasons(model, elapsed_s, scheduled_s)]


def test_a_stage_that_was_never_sent_is_named_with_the_run_time_it_needs() -> None:
    (reason,) = reasons("20/s@4s,200/s@4s", 8.04, 3.96)

    assert reason == (
        "the schedule began when all users were ready, after 4.1 s, and the run ended after 8.0 s: "
        "79 of the 880 requests of its stages were due by then; use a run time of 13s"
    )


@pytest.mark.parametrize(
    ("pacing", "scheduled_s", "is_short"),
    [
        ("20/s@4s,200/s@4s", 7.5, True),
        ("20/s@4s,200/s@4s", 7.7, False),
        ("0..100/s@10s,100/s", 9.9, True),
        ("0..100/s@10s,100/s", 10.1, False),
        ("100/s", 0.1, False),
    ],
)
def test_a_tenth_of_the_last_stage_may_be_missing(
    pacing: str, scheduled_s: float, *, is_short: bool
) -> None:
    assert bool(reasons(pacing, 20.0, scheduled_s)) is is_short


def test_a_schedule_that_did_not_begin_says_when_it_would_have() -> None:
    (reason,) = reasons("20/s@4s", 4.0, 0.0)

    assert reason == (
        "no request was due: the schedule begins when every user is there and through its "
        "on_start, which took longer than the run"
    )
