import pytest
from botocore.exceptions import ClientError

from aqp_perf.targets.access.backoff import Backoff, unless_throttled
from tests.doubles.manual_clock import ManualClock


def refusal(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "no"}}, "Any")


def test_pauses_are_random_below_a_bound_that_doubles() -> None:
    clock = ManualClock()
    backoff = Backoff(1_000, clock)
    for _ in range(9):
        assert backoff.pause()
    bounds = [0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 2, 2, 2]
    assert all(0 <= pause <= bound for pause, bound in zip(clock.sleeps, bounds, strict=True))
    assert len(set(clock.sleeps)) == len(clock.sleeps)


def test_there_is_no_pause_after_the_limit() -> None:
    clock = ManualClock()
    backoff = Backoff(10, clock)
    while backoff.pause():
        assert sum(clock.sleeps[:-1]) < 10
    assert 10 <= clock.monotonic_s() < 12


def test_a_throttled_request_is_repeated() -> None:
    answers = iter([refusal("ThrottlingException"), refusal("RequestLimitExceeded"), None])

    def ask() -> str:
        if error := next(answers):
            raise error
        return "done"

    clock = ManualClock()
    assert unless_throttled(ask, clock) == "done"
    assert len(clock.sleeps) == 2


@pytest.mark.parametrize(
    ("code", "waited_s"), [("AccessDeniedException", 0), ("ThrottlingException", 60)]
)
def test_other_refusals_and_those_of_a_minute_are_raised(code: str, waited_s: float) -> None:
    def ask() -> None:
        raise refusal(code)

    clock = ManualClock()
    with pytest.raises(ClientError, match=code):
        unless_throttled(ask, clock)
    assert waited_s <= clock.monotonic_s() < waited_s + 2
