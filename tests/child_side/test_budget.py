"""A run is stopped when its budget is spent, and not before."""

from collections.abc import Callable, Iterator

import gevent
import pytest

from aqp_perf.core.load.cost import parse_budget
from aqp_perf.core.load.planned_load import USER_WORK
from aqp_perf.core.measured.run_result import MeteredUnits
from aqp_perf.loadgen.measure import watch
from aqp_perf.loadgen.measure.watch import wait_for_reason
from aqp_perf.loadgen.users.paced_user import PacedUser
from aqp_perf.workloads.locustfile import (
    AqpStatusUser,
    AqpZipcodeUser,
    PartiqlReadUser,
    PartiqlWriteUser,
)

BUDGET = parse_budget("1:0.125:1")
"""A million writes."""


def wait_until_spent(
    metered: Callable[[], MeteredUnits], is_over: Callable[[], bool]
) -> str | None:
    return wait_for_reason(lambda: BUDGET.overspent_reason(metered()), is_over)


@pytest.fixture(autouse=True)
def quick_watch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "_WATCH_S", 0)


def growing(steps: int) -> Iterator[MeteredUnits]:
    """Yield what was metered so far, a hundred thousand writes more each time."""
    return (MeteredUnits(write=1e5 * step) for step in range(1, steps + 1))


def test_watch_tells_when_the_budget_is_spent() -> None:
    looks = growing(20)
    reason = wait_until_spent(lambda: next(looks), is_over=lambda: False)
    assert reason is not None
    assert reason.startswith("stopped when the budget of 1.00 USD was spent: 1000000 write units")
    assert len(list(looks)) == 10, "it looked no further"


def test_run_that_ends_within_its_budget_is_not_stopped() -> None:
    looks = list(growing(9))
    reason = wait_until_spent(lambda: looks.pop(0), is_over=lambda: not looks)
    assert reason is None


def test_run_that_is_over_when_the_budget_is_spent_needs_no_stop() -> None:
    over = iter([False, True, True])
    spent = MeteredUnits(write=2e6)
    assert wait_until_spent(lambda: spent, is_over=lambda: next(over)) is None


def test_watch_lets_the_users_run() -> None:
    looks = growing(20)
    users = gevent.spawn(lambda: next(looks))
    wait_until_spent(lambda: next(looks), is_over=lambda: False)
    assert users.value == MeteredUnits(write=1e5), "they ran before the first look"


@pytest.mark.parametrize("user", [PartiqlWriteUser, PartiqlReadUser, AqpZipcodeUser, AqpStatusUser])
def test_planned_think_time_is_the_mean_of_the_users_own(user: type[PacedUser]) -> None:
    shortest, longest = user.think_time_s
    assert USER_WORK[user.__name__].mean_think_s == (shortest + longest) / 2
