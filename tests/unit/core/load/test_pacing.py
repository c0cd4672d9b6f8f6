import math
import re
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aqp_perf.core.load.pacing import (
    PACING_HINT,
    ClosedModel,
    OpenModel,
    Pacing,
    Stage,
    parse_pacing,
)

law = settings(max_examples=100)

rates = st.floats(1e-3, 1e6)
ends = st.tuples(st.floats(0, 1e4), st.floats(0, 1e4)).filter(lambda pair: max(pair) > 1e-3)


@st.composite
def stages(draw: st.DrawFn) -> Stage:
    from_per_s, to_per_s = draw(st.one_of(ends, rates.map(lambda rate: (rate, rate))))
    duration_s = draw(st.integers(1, 10**6)) / 1000
    return Stage(from_per_s=from_per_s, to_per_s=to_per_s, duration_s=duration_s)


models = st.builds(
    OpenModel, st.lists(stages(), min_size=1, max_size=4).map(tuple), is_poisson=st.booleans()
)


def stage(from_per_s: float, to_per_s: float, duration_s: float = math.inf) -> Stage:
    return Stage(from_per_s=from_per_s, to_per_s=to_per_s, duration_s=duration_s)


@pytest.mark.parametrize(
    ("text", "pacing"),
    [
        ("think", ClosedModel.THINK),
        ("none", ClosedModel.UNPACED),
        ("200/s", OpenModel.at(200)),
        ("0.5/s", OpenModel.at(0.5)),
        (" 7/s ", OpenModel.at(7)),
        ("200/s:poisson", OpenModel.at(200, is_poisson=True)),
        ("50/s@30s", OpenModel((stage(50, 50, 30),))),
        ("50/s@30s,200/s@2m", OpenModel((stage(50, 50, 30), stage(200, 200, 120)))),
        (
            "0..200/s@1m, 200/s@90 , 200..0/s@1m30s:poisson",
            OpenModel((stage(0, 200, 60), stage(200, 200, 90), stage(200, 0, 90)), is_poisson=True),
        ),
    ],
)
def test_a_pacing_is_a_word_or_stages_of_rates(text: str, pacing: Pacing) -> None:
    assert parse_pacing(text) == pacing


@law
@given(
    st.one_of(
        st.just(ClosedModel.THINK),
        st.just(ClosedModel.UNPACED),
        st.builds(OpenModel.at, rates),
        models,
    )
)
def test_the_text_of_a_pacing_means_the_pacing(pacing: Pacing) -> None:
    assert parse_pacing(str(pacing)) == pacing


@pytest.mark.parametrize(
    "text",
    [
        *("", "fast", "200", "200 /s", "-1/s", "1e3/s", "200/m", "/s", "50/s,", ",50/s"),
        *("50/s:uniform", "50...60/s@1s", "think:poisson", "50/s@"),
    ],
)
def test_anything_else_is_rejected_with_a_hint(text: str) -> None:
    with pytest.raises(ValueError, match=re.escape(PACING_HINT)):
        parse_pacing(text)


@pytest.mark.parametrize("text", ["0/s", "0.0/s", "1" * 400 + "/s", "0..0/s@1s", "5/s@1s,0/s@1s"])
def test_a_rate_is_above_zero_and_finite(text: str) -> None:
    with pytest.raises(ValueError, match="the arrival rate must be above 0/s"):
        parse_pacing(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("50/s,200/s@2m", "the stage 50/s needs a time, as in '50/s@30s'"),
        ("0..50/s", "the stage 0..50/s needs a time, as in '0..200/s@30s'"),
        ("50/s@0s", "'0s' must be more than 0"),
        ("50/s@soon", "'soon' is not a duration"),
    ],
)
def test_a_stage_needs_its_time(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        parse_pacing(text)


def test_a_model_has_a_stage() -> None:
    with pytest.raises(ValueError, match="at least one stage"):
        OpenModel(())


@pytest.mark.parametrize("duration_s", [0, -1, math.nan])
def test_a_stage_takes_time(duration_s: float) -> None:
    with pytest.raises(ValueError, match="lasts longer than 0 s"):
        stage(1, 1, duration_s)


@pytest.mark.parametrize("rate_per_s", [-1, math.nan, math.inf])
def test_a_stage_has_a_rate(rate_per_s: float) -> None:
    with pytest.raises(ValueError, match="the arrival rate must be above 0/s"):
        stage(rate_per_s, 1, 1)


@pytest.mark.parametrize(
    ("elapsed_s", "arrivals"),
    [(0, 0), (5, 25), (10, 100), (11, 120), (13, 160), (14, 170), (15, 170), (99, 170)],
)
def test_stages_bring_the_area_under_their_rates(elapsed_s: float, arrivals: float) -> None:
    """By hand: a triangle of 100, a plateau of 20/s, a fall by 20/s² that ends at 0."""
    model = OpenModel((stage(0, 20, 10), stage(20, 20, 3), stage(20, 0, 1)))

    assert model.arrivals_within(elapsed_s) == pytest.approx(arrivals)


def test_the_last_rate_goes_on() -> None:
    model = OpenModel((stage(10, 10, 1), stage(10, 30, 1)))

    assert model.arrivals_within(4) == pytest.approx(10 + 20 + 60)
    assert model.time_of(90) == pytest.approx(4)


def test_nothing_arrives_after_a_rate_of_zero() -> None:
    model = OpenModel((stage(20, 0, 1),))

    assert model.time_of(10) == pytest.approx(1)
    assert model.time_of(10.001) == math.inf


@law
@given(models, st.floats(0, 1))
def test_time_undoes_arrivals(model: OpenModel, part: float) -> None:
    elapsed_s = part * model.staged_s
    arrivals = model.arrivals_within(elapsed_s)

    assert model.arrivals_within(model.time_of(arrivals)) == pytest.approx(arrivals, abs=1e-5)


@law
@given(models)
def test_time_rises_with_arrivals(model: OpenModel) -> None:
    highest = model.arrivals_within(model.staged_s)
    times = [model.time_of(highest * step / 50) for step in range(51)]

    assert times[0] == 0
    assert all(a <= b + 1e-9 for a, b in pairwise(times))


def test_stages_last_as_long_as_they_say() -> None:
    assert OpenModel.at(5).staged_s == 0
    assert OpenModel((stage(1, 2, 30), stage(2, 2, 60))).staged_s == 90


def test_a_tenth_of_the_last_stage_may_be_missing() -> None:
    """Of a last stage without an end some part is sent after the others, or it is missing."""
    assert OpenModel((stage(1, 2, 30), stage(2, 2, 60))).least_s == 84
    assert OpenModel((stage(1, 2, 30), stage(2, 2, math.inf))).least_s == 30
    assert OpenModel.at(5).least_s == 0


def test_the_peak_is_the_highest_rate_of_any_stage() -> None:
    assert OpenModel((stage(1, 20, 30), stage(2, 5, 60))).peak_per_s == 20
