"""A plan meets its parts, is the same every time, and refuses what cannot be."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.doubles.fault_plan import NOT_DONE, Fault, FaultPlan, Kind, is_possible, report_of

MET = st.sampled_from([(kind, each) for kind in Kind for each in Fault if is_possible(kind, each)])


@given(st.integers(), MET, st.integers(0, 10**6), st.floats(0, 1), st.floats(0, 100))
def test_a_plan_comes_back_from_its_json(
    seed: int, met: tuple[Kind, Fault], number: int, ratio: float, stall_s: float
) -> None:
    kind, fault = met
    plan = FaultPlan(
        seed=seed,
        ratios={kind: {fault: ratio}},
        listed={kind: {number: fault}},
        stall_s=stall_s,
    )

    assert FaultPlan.from_json(plan.to_json()) == plan
    assert plan.fault(kind, number) is fault


def test_each_fault_meets_its_part_of_the_requests() -> None:
    ratios = {Fault.THROTTLE: 0.1, Fault.HTML: 0.3}
    plan = FaultPlan(seed=3, ratios={Kind.WRITE: ratios})
    met = Counter(plan.fault(Kind.WRITE, number) for number in range(10_000))

    assert met[Fault.THROTTLE] == pytest.approx(1_000, abs=100)
    assert met[Fault.HTML] == pytest.approx(3_000, abs=150)
    assert met.keys() == {None, Fault.THROTTLE, Fault.HTML}
    assert plan.fault(Kind.SELECT, 0) is None


@pytest.mark.parametrize("kind", Kind)
def test_whatever_was_not_done_is_reported_as_no_right_answer(kind: Kind) -> None:
    assert all(report_of(kind, fault).failure_class is not None for fault in NOT_DONE)


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({"ratios": {"write": {"throttle": 1.1}}}, "within 0 to 1, got .*1.1"),
        ({"ratios": {"write": {"throttle": -0.1}}}, "within 0 to 1, got .*-0.1"),
        ({"ratios": {"write": {"unavailable": 0.1}}}, "no write can meet the fault unavailable"),
        ({"ratios": {"read": {"html": 0.1}}}, "'read' is not a valid Kind"),
        ({"listed": {"write": {"0": "explode"}}}, "'explode' is not a valid Fault"),
        ({"stall_s": -1}, "stall_s must be 0 or more seconds, got -1"),
    ],
)
def test_a_plan_that_cannot_be_says_why(document: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        FaultPlan.from_json(document)
