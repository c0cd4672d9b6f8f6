import heapq
import math
import re
from collections.abc import Iterable
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aqp_perf.core.load.pacing import OpenModel, parse_pacing
from aqp_perf.core.load.schedule import ArrivalSchedule, shares_of

law = settings(max_examples=100)

rates = st.floats(0.01, 1e6)
STAGED = "10..40/s@5s,40/s@1s,40..5/s@2s"


def schedule(pacing: str, *, positions: tuple[int, ...] = (0,), total: int = 1) -> ArrivalSchedule:
    model = parse_pacing(pacing)
    assert isinstance(model, OpenModel)
    return ArrivalSchedule(model=model, positions=positions, total=total)


def due(share: ArrivalSchedule, index: int) -> int:
    due_ns = share.due_ns(index)
    assert due_ns is not None
    return due_ns


constant_models = st.builds(OpenModel.at, rates)
models = st.one_of(
    constant_models,
    st.builds(OpenModel.at, rates, is_poisson=st.just(value=True)),
    st.sampled_from([STAGED, f"{STAGED}:poisson", "0..1000/s@1s"]).map(
        lambda text: schedule(text).model
    ),
)


@st.composite
def shares(
    draw: st.DrawFn, model: st.SearchStrategy[OpenModel] = constant_models
) -> ArrivalSchedule:
    total = draw(st.integers(1, 8))
    positions = draw(st.sets(st.integers(0, total - 1), min_size=1))
    return ArrivalSchedule(model=draw(model), positions=tuple(sorted(positions)), total=total)


@pytest.mark.parametrize(
    ("share", "due_ms"),
    [
        (schedule("100/s"), [0, 10, 20, 30, 40]),
        (schedule("100/s", positions=(1, 3), total=4), [10, 30, 50, 70, 90]),
        (schedule("0.5/s"), [0, 2_000, 4_000, 6_000, 8_000]),
        (schedule("2/s@1s,4/s@1s"), [0, 500, 1_000, 1_250, 1_500]),
        (schedule("0..8/s@4s"), [0, 1_000, 1_414.213562, 1_732.050808, 2_000]),
    ],
)
def test_arrivals_are_due_when_the_rate_says(share: ArrivalSchedule, due_ms: list[float]) -> None:
    assert [share.due_ns(index) for index in range(5)] == [round(ms * 1e6) for ms in due_ms]


def merged(parts: Iterable[ArrivalSchedule], stripes: int) -> list[int]:
    """Return the due times of all parts in so many stripes, in order."""
    return list(
        heapq.merge(
            *(
                [due(part, index) for index in range(stripes * len(part.positions))]
                for part in parts
            )
        )
    )


def parts_of(counts: dict[str, dict[str, int]], model: OpenModel) -> list[ArrivalSchedule]:
    """Return the schedules of all user classes on all workers."""
    return [
        ArrivalSchedule(model=model, positions=positions, total=total)
        for classes in shares_of(counts).values()
        for positions, total in classes.values()
    ]


worker_counts = st.dictionaries(
    st.sampled_from(["w0", "w1", "w2", "w3"]),
    st.dictionaries(st.sampled_from(["Reader", "Writer", "Other"]), st.integers(0, 6)),
    max_size=4,
)


@law
@given(models, worker_counts, st.integers(1, 20))
def test_shares_together_are_exactly_the_whole(
    model: OpenModel, counts: dict[str, dict[str, int]], stripes: int
) -> None:
    users = sum(count for classes in counts.values() for count in classes.values())
    whole = ArrivalSchedule(model=model)

    assert merged(parts_of(counts, model), stripes) == [
        due(whole, index) for index in range(stripes * users)
    ]


def test_a_mix_has_an_instant_for_each_of_its_requests() -> None:
    model = schedule("100/s").model
    mix = {"": {"Writer": 6, "Reader": 2, "Zipcode": 1, "Status": 1}}

    assert merged(parts_of(mix, model), 10) == [index * 10_000_000 for index in range(100)]


MIX = {"Writer": 28, "Reader": 14, "Status": 7}


@pytest.mark.parametrize("elapsed_s", [0.37, 4.99, 5.5, 7.3])
@pytest.mark.parametrize("pacing", ["70/s", STAGED, "70/s:poisson"])
@pytest.mark.parametrize("workers", [2, 4, 7])
def test_a_class_has_the_same_requests_in_any_number_of_processes(
    workers: int, pacing: str, elapsed_s: float
) -> None:
    model = schedule(pacing).model
    users = {name: count // workers for name, count in MIX.items()}
    rest = {name: count % workers for name, count in MIX.items()}
    split = {str(number): users for number in range(workers)} | {"rest": rest}

    def due_counts(counts: dict[str, dict[str, int]]) -> dict[str, int]:
        due_count = dict.fromkeys(MIX, 0)
        for classes in shares_of(counts).values():
            for name, (positions, total) in classes.items():
                part = ArrivalSchedule(model=model, positions=positions, total=total)
                due_count[name] += part.due_count(int(elapsed_s * 1e9))
        return due_count

    assert due_counts(split) == due_counts({"": MIX})


@law
@given(shares(models), st.integers(0, 10**4))
def test_due_times_rise(share: ArrivalSchedule, index: int) -> None:
    due_ns = [due(share, index + step) for step in range(10)]
    assert due_ns[0] >= 0
    assert all(a <= b for a, b in pairwise(due_ns))


@law
@given(shares(models), st.floats(0, 100))
def test_due_count_counts_the_due_times(share: ArrivalSchedule, arrivals: float) -> None:
    """Counted one by one, for an instant anywhere in the first hundred arrivals of the whole."""
    elapsed_ns = int(share.model.time_of(arrivals) * 1e9)
    expected = sum(due(share, index) <= elapsed_ns for index in range(300))
    assert share.due_count(elapsed_ns) == expected


@law
@given(shares(st.builds(OpenModel.at, st.floats(0.01, 1e5))), st.integers(0, 10**8))
def test_due_count_is_the_inverse_of_due_ns(share: ArrivalSchedule, index: int) -> None:
    """Up to 10**5 arrivals per second no two are due at one instant."""
    due_ns = due(share, index)
    assert share.due_count(due_ns) == index + 1
    assert share.due_count(due_ns - 1) == index


@law
@given(shares(models), st.floats(0, 50), st.floats(0, 50), st.integers(0, 60))
def test_requests_sent_in_a_window_were_due_in_it(
    share: ArrivalSchedule, begin: float, end: float, sent_count: int
) -> None:
    """Counted one by one; the window's ends lie anywhere in the first fifty arrivals."""
    from_ns, until_ns = (int(share.model.time_of(arrivals) * 1e9) for arrivals in (begin, end))
    in_window = [from_ns <= due(share, index) <= until_ns for index in range(60)]

    assert share.counts_between(from_ns, until_ns, sent_count) == (
        sum(in_window),
        sum(in_window[:sent_count]),
    )


def test_nothing_is_due_before_the_start() -> None:
    assert schedule("1000000/s").due_count(-1) == 0


def test_nothing_is_due_after_a_rate_that_fell_to_zero() -> None:
    share = schedule("20..0/s@1s")

    assert [share.due_ns(index) is None for index in (0, 10, 11, 50)] == [False, False, True, True]
    assert share.due_count(10**12) == 11


def test_a_seed_decides_a_poisson_process() -> None:
    model = schedule("100/s:poisson").model
    one, again, other = (ArrivalSchedule(model=model, seed=seed) for seed in (1, 1, 2))

    assert [one.due_ns(i) for i in range(600)] == [again.due_ns(i) for i in range(600)]
    assert [one.due_ns(i) for i in range(600)] != [other.due_ns(i) for i in range(600)]


def test_an_index_is_due_at_one_time_whatever_was_asked_before() -> None:
    one, other = schedule("100/s:poisson"), schedule("100/s:poisson")
    backwards = [one.due_ns(index) for index in (5_000, 700, 0, 5_000)]
    other.due_count(10**9)

    assert backwards == [other.due_ns(index) for index in (5_000, 700, 0, 5_000)]


def test_the_gaps_of_a_poisson_process_are_exponential() -> None:
    """Kolmogorov's distance of 20,000 gaps stays below the bound of one in a thousand, 1.95/√n."""
    share = schedule("50/s:poisson")
    instants_s = [due(share, index) / 1e9 for index in range(20_000)]
    gaps = sorted(b - a for a, b in pairwise([0.0, *instants_s]))
    count = len(gaps)
    distance = max(
        max((rank + 1) / count - expected, expected - rank / count)
        for rank, gap in enumerate(gaps)
        for expected in [1 - math.exp(-50 * gap)]
    )

    assert distance < 1.95 / math.sqrt(count)


@pytest.mark.parametrize(
    ("positions", "total"), [((-1,), 1), ((), 1), ((1,), 1), ((0, 0), 2), ((1, 0), 2), ((0,), 0)]
)
def test_a_share_lies_within_its_stripe(positions: tuple[int, ...], total: int) -> None:
    with pytest.raises(ValueError, match=rf"no share: {re.escape(str(positions))} of {total}"):
        schedule("1/s", positions=positions, total=total)


@settings(max_examples=200)
@given(worker_counts)
def test_a_worker_has_as_many_arrivals_as_users(counts: dict[str, dict[str, int]]) -> None:
    for worker, share in shares_of(counts).items():
        got = {name: len(positions) for name, (positions, _) in share.items()}
        assert got == {name: count for name, count in counts[worker].items() if count}


@settings(max_examples=200)
@given(st.lists(st.integers(1, 9), min_size=1, max_size=4))
def test_the_arrivals_of_a_class_are_evenly_spread(users: list[int]) -> None:
    """Each is off its place by at most half of a position for each class."""
    counts = {f"Class{number}": count for number, count in enumerate(users)}
    shares = shares_of({"": counts})[""]

    for name, count in counts.items():
        positions, total = shares[name]
        places = [(number + 0.5) / count * total - 0.5 for number in range(count)]
        assert positions == pytest.approx(places, abs=len(users) / 2)


def test_the_arrivals_of_a_class_are_spread_over_its_workers() -> None:
    shares = shares_of({"w0": {"Writer": 2}, "w1": {"Writer": 2}})

    assert [share["Writer"] for share in shares.values()] == [((0, 2), 4), ((1, 3), 4)]
