"""What a run will take follows from its pacing, its users and its data."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aqp_perf.core.aws.capacity_units import Units
from aqp_perf.core.data.dataset import Dataset
from aqp_perf.core.load.pacing import ClosedModel, Pacing, parse_pacing
from aqp_perf.core.load.planned_load import USER_WORK, LoadShape, PlannedLoad, plan_load
from tests.doubles.orders import orders

CEILING = Units(read=100, write=40)
WRITES = {"PartiqlWriteUser": 1}


def plan(
    classes: Mapping[str, int],
    pacing: str | Pacing,
    *,
    users: int = 10,
    run_time_s: float = 60,
    dataset: Dataset | None = None,
) -> PlannedLoad:
    pacing = parse_pacing(pacing) if isinstance(pacing, str) else pacing
    shape = LoadShape(users=users, run_time_s=run_time_s, pacing=pacing)
    return plan_load(classes, shape, dataset or orders(), CEILING)


def test_open_model_takes_its_arrivals_those_of_the_ramp_included() -> None:
    load = plan(WRITES, "0..200/s@20s,200/s")
    assert load.total == Units(write=20 * 100 + 40 * 200)
    assert load.peak_per_s == Units(write=200)
    assert load.writes == 10_000


def test_users_that_think_send_at_once_and_then_as_often_as_they_think() -> None:
    load = plan(WRITES, "think", users=3, run_time_s=10)
    assert load.total == Units(write=3 * (10 / 0.5 + 1))
    assert load.peak_per_s == Units(write=6)


def test_users_that_nothing_paces_take_what_the_table_gives() -> None:
    load = plan({"PartiqlWriteUser": 1, "AqpStatusUser": 1, "AqpZipcodeUser": 1}, "none")
    assert load.total == CEILING.times(60)
    assert load.peak_per_s is None


def test_aggregate_reads_its_whole_partition() -> None:
    dataset = orders(items_per_partition=100)  # 18,600 bytes: five blocks, half a unit each
    assert plan({"AqpStatusUser": 1}, "10/s", dataset=dataset).total == Units(read=600 * 2.5)


def test_select_costs_no_less_than_one_status_of_an_empty_partition() -> None:
    load = plan({"PartiqlReadUser": 1}, "10/s", dataset=orders(items_per_partition=0))
    assert load.total == Units(read=600 * 1.0)


def test_classes_that_do_not_ship_are_named_and_in_no_figure() -> None:
    load = plan({"CheckoutUser": 1, "PartiqlWriteUser": 1}, "10/s")
    assert load.unknown == ("CheckoutUser",)
    assert load.total == Units(write=300)


def test_no_class_means_all_that_ship() -> None:
    assert plan({}, "100/s") == plan(dict.fromkeys(USER_WORK, 1), "100/s")


@given(
    st.dictionaries(st.sampled_from(sorted(USER_WORK)), st.integers(1, 5), min_size=1),
    st.sampled_from(
        [ClosedModel.THINK, ClosedModel.UNPACED, parse_pacing("5/s"), parse_pacing("1..9/s@3s,2/s")]
    ),
    st.integers(1, 50),
    st.integers(3, 1_000),
)
def test_longer_run_takes_no_less(
    classes: Mapping[str, int], pacing: Pacing, users: int, run_time_s: int
) -> None:
    short = plan(classes, pacing, users=users, run_time_s=run_time_s)
    long = plan(classes, pacing, users=users, run_time_s=2 * run_time_s)
    assert short.total.read <= long.total.read
    assert short.total.write <= long.total.write
    assert short.peak_per_s == long.peak_per_s


@given(
    st.dictionaries(st.sampled_from(sorted(USER_WORK)), st.integers(1, 5), min_size=1),
    st.integers(1, 50),
)
def test_classes_together_are_planned_no_less_than_the_rate(
    classes: Mapping[str, int], users: int
) -> None:
    dataset = orders(items_per_partition=0)  # each request is at least half a unit
    load = plan(classes, "100/s", users=users, dataset=dataset)
    assert load.total.read * 2 + load.total.write >= 6_000 - 1e-6


@pytest.mark.parametrize("pacing", ["100/s", "50..100/s@10s", "100..50/s@10s"])
def test_peak_is_the_highest_rate_of_all_stages(pacing: str) -> None:
    assert plan(WRITES, pacing).peak_per_s == Units(write=100)
