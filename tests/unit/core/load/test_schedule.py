import heapq
import math
from itertools import accumulate, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aqp_perf.core.load.pacing import OpenModel, Stage, parse_pacing
from aqp_perf.core.load.schedule import ArrivalSchedule, shares_of

law = settings(max_examples=100)

rates = st.floats(0.01, 1e6)
STAGED = "10..40/s@5s,40/s@1s,40..5/s@2s"


def schedule(pacing: str, *, first: int = 0, count: int = 1, total: int = 1) -> ArrivalSchedule:
    model = parse_pacing(pacing)
    assert isinstance(model, OpenModel)
    return ArrivalSchedule(model=model, first=first, count=count, total=total)


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
    first = draw(st.integers(0, total - 1))
    count = draw(st.integers(1, total - first))
    ratio = draw(st.sampled_from([1.0, 0.5, 0.3]))
    return ArrivalSchedule(
        model=draw(model), ratio=ratio, seed="1", first=first, count=count, total=total
    )


@pytest.mark.parametrize(
    ("share", "due_ms"),
    [
        (schedule("100/s"), [0, 10, 20, 30, 40]),
        (schedule("100/s", first=1, count=2, total=4), [10, 20, 50, 60, 90]),
        (schedule("0.5/s"), [0, 2_000, 4_000, 6_000, 8_000]),
        (schedule("2/s@1s,4/s@1s"), [0, 500, 1_000, 1_250, 1_500]),
        (schedule("0..8/s@4s"), [0, 1_000, 1_414.213562, 1_732.050808, 2_000]),
    ],
)
def test_arrivals_are_due_when_the_rate_says(share: ArrivalSchedule, due_ms: list[float]) -> None:
    assert [share.due_ns(index) for index in range(5)] == [round(ms * 1e6) for ms in due_ms]


@law
@given(models, st.lists(st.integers(1, 4), min_size=1, max_size=5), st.integers(1, 20))
def test_shares_together_are_exactly_the_whole(
    model: OpenModel, counts: list[int], stripes: int
) -> None:
    total = sum(counts)
    starts = accumulate(counts, initial=0)
    parts = [
        ArrivalSchedule(model=model, first=first, count=count, total=total)
        for first, count in zip(starts, counts, strict=False)
    ]
    merged = heapq.merge(
        *([due(part, index) for index in range(stripes * part.count)] for part in parts)
    )
    whole = ArrivalSchedule(model=model)
    assert list(merged) == [due(whole, index) for index in range(stripes * total)]


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


def test_a_ratio_takes_its_part_of_every_stage() -> None:
    model = schedule(STAGED).model
    third = ArrivalSchedule(model=model, ratio=1 / 3)

    for elapsed_s in (1, 4, 5.5, 7, 20):
        expected = int(model.arrivals_within(elapsed_s) / 3) + 1
        assert abs(third.due_count(round(elapsed_s * 1e9)) - expected) <= 1


def test_a_seed_decides_a_poisson_process() -> None:
    model = schedule("100/s:poisson").model
    one, again, other = (ArrivalSchedule(model=model, seed=seed) for seed in ("1", "1", "2"))

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


@pytest.mark.parametrize("ratio", [0, -1, 1.1, float("nan")])
def test_a_schedule_takes_a_part_of_the_rate(ratio: float) -> None:
    model = OpenModel((Stage(from_per_s=1, to_per_s=1),))
    with pytest.raises(ValueError, match="ratio must be above 0 and at most 1"):
        ArrivalSchedule(model=model, ratio=ratio)


@pytest.mark.parametrize(
    ("first", "count", "total"), [(-1, 1, 1), (0, 0, 1), (1, 1, 1), (0, 2, 1), (3, 2, 4)]
)
def test_a_share_lies_within_its_stripe(first: int, count: int, total: int) -> None:
    with pytest.raises(ValueError, match=rf"no share: {first}\+{count} of {total}"):
        schedule("1/s", first=first, count=count, total=total)


worker_counts = st.dictionaries(
    st.sampled_from(["w0", "w1", "w2", "w3"]),
    st.dictionaries(st.sampled_from(["Reader", "Writer", "Other"]), st.integers(0, 6)),
    max_size=4,
)


@settings(max_examples=200)
@given(worker_counts)
def test_shares_partition_the_users_of_each_class(counts: dict[str, dict[str, int]]) -> None:
    shares = shares_of(counts)

    for name in ("Reader", "Writer", "Other"):
        total = sum(classes.get(name, 0) for classes in counts.values())
        positions = [
            position
            for worker in counts
            if name in shares[worker]
            for first, count, _ in [shares[worker][name]]
            for position in range(first, first + count)
        ]
        assert sorted(positions) == list(range(total))
        assert all(share[name][2] == total for share in shares.values() if name in share)


@settings(max_examples=200)
@given(worker_counts)
def test_a_worker_has_as_many_arrivals_as_users(counts: dict[str, dict[str, int]]) -> None:
    for worker, share in shares_of(counts).items():
        got = {name: count for name, (_, count, _) in share.items() if count}
        assert got == {name: count for name, count in counts[worker].items() if count}
