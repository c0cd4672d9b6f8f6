import math
import re

import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from aqp_perf.core.measured.failure_class import FailureClass
from aqp_perf.core.measured.selectors import matching_operations
from aqp_perf.core.verdict.thresholds import Threshold, override, parse_threshold
from aqp_perf.errors import InvalidThreshold

law = settings(max_examples=60)
ZIPCODE = (
    "select zipcode,pk,sum(amount) as total from performance_test_table where pk=? group by zipcode"
)


def threshold(  # noqa: PLR0913 - a builder of all that a threshold has
    metric: str,
    op: str,
    limit: float,
    *,
    operation: str | None = None,
    min_samples: int | None = None,
    abort_after: int | None = None,
) -> Threshold:
    return Threshold(
        operation=operation,
        metric=metric,
        op=op,
        limit=limit,
        min_samples=min_samples,
        abort_after=abort_after,
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("p99 < 250 ms", threshold("p99", "<", 250)),
        ("p99<250", threshold("p99", "<", 250)),
        ("  p99.9 <= .25s ", threshold("p99.9", "<=", 250)),
        ("max < 1e3 us", threshold("max", "<", 1)),
        ("max < 1500 µs", threshold("max", "<", 1.5)),
        ("max < 1500 μs", threshold("max", "<", 1.5)),
        ("mean <= +5. ms", threshold("mean", "<=", 5)),
        ("failure_ratio <= 0.1%", threshold("failure_ratio", "<=", 0.001)),
        ("failure_ratio <= 0.001", threshold("failure_ratio", "<=", 0.001)),
        ("failure_ratio <= 0", threshold("failure_ratio", "<=", 0)),
        ("throttled_ratio > 0", threshold("throttled_ratio", ">", 0)),
        ("throughput > 50", threshold("throughput", ">", 50)),
        ("throughput >= 50 /s", threshold("throughput", ">=", 50)),
        ("throughput < 50/s", threshold("throughput", "<", 50)),
        ("p50 < 1 ms", threshold("median", "<", 1)),
        ("p99.00 < 1 ms", threshold("p99", "<", 1)),
        ("p5 < 1 ms", threshold("p5", "<", 1)),
        ("write_to_ddb: max < 1 s", threshold("max", "<", 1000, operation="write_to_ddb")),
        (f"{ZIPCODE}: p99 < 400 ms", threshold("p99", "<", 400, operation=ZIPCODE)),
        (
            "select a <= 5: b : median < 4",
            threshold("median", "<", 4, operation="select a <= 5: b"),
        ),
        (
            "GET http://x:8080/y:median<4",
            threshold("median", "<", 4, operation="GET http://x:8080/y"),
        ),
        ("abort: failure_ratio > 50%", threshold("failure_ratio", ">", 0.5, abort_after=100)),
        ("abort: max > 2 after 7", threshold("max", ">", 2, abort_after=7)),
        (
            " abort :write: p99>=2s  after  200 ",
            threshold("p99", ">=", 2000, operation="write", abort_after=200),
        ),
        ("abor[t]: p99 < 2s", threshold("p99", "<", 2000, operation="abor[t]")),
        ("all: p95 < 300 ms", threshold("p95", "<", 300, operation="all")),
        (
            "abort: all :failure_ratio > 50%",
            threshold("failure_ratio", ">", 0.5, operation="all", abort_after=100),
        ),
        ("p99 < 300 ms min_samples 100", threshold("p99", "<", 300, min_samples=100)),
        (
            "a min_samples 5: failure_ratio<=1%min_samples  1 ",
            threshold("failure_ratio", "<=", 0.01, operation="a min_samples 5", min_samples=1),
        ),
    ],
)
def test_a_threshold_is_read_into_base_units(text: str, expected: Threshold) -> None:
    assert parse_threshold(text) == expected


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("", "write it like 'p99 < 250 ms'"),
        ("p99", "write it like 'p99 < 250 ms'"),
        ("p99 < 250 < 300", "write it like 'p99 < 250 ms'"),
        ("p99 < 250 ms: write_to_ddb", "write it like 'p99 < 250 ms'"),
        ("< 250 ms", "unknown metric ''. Metrics are failure_ratio, throughput, median,"),
        ("failure_ration < 1%", "unknown metric 'failure_ration', did you mean 'failure_ratio'?"),
        ("throtled_ratio < 1%", "did you mean 'throttled_ratio'?"),
        ("P99 < 1 ms", "unknown metric 'P99', did you mean 'p99'?"),
        ("p100 < 1 ms", "percentiles above p0 and below p100 like p99.9"),
        ("p0.0 < 1 ms", "a percentile is above p0 and below p100"),
        ("p99 = 1 ms", "unknown operator '=': use one of <, <=, >, >="),
        ("p99 => 1 ms", "unknown operator '=>'"),
        ("p99 <", "the limit '' is not a finite number with a unit"),
        ("p99 < fast", "the limit 'fast' is not a finite number with a unit"),
        ("p99 < nan", "the limit 'nan' is not a finite number with a unit"),
        ("p99 < -inf ms", "the limit '-inf ms' is not a finite number with a unit"),
        ("p99 < 1e999 ms", "the limit 1e999 is larger than any measurement"),
        ("p99 < 1e99999999999 ms", "the limit 1e99999999999 is larger than any measurement"),
        ("throughput < 1e308999", "larger than any measurement"),
        ("p99 < 1e-99999999999999999999 s", "is smaller than any measurement"),
        ("p99.9999999 < 1 s", "percentiles above p0 and below p100 like p99.9"),
        ("p99 < 1.7e308 s", "the limit inf is not a finite number of 0 or more"),
        ("p99 < -1 ms", "the limit -1.0 is not a finite number of 0 or more"),
        ("p99 < 1 m", "unknown unit 'm' for p99: use ms or s or us"),
        ("p99 < 1%", "unknown unit '%' for p99: use ms or s or us"),
        ("throughput > 1 ms", "unknown unit 'ms' for throughput: use /s"),
        ("failure_ratio < 5 ms", "unknown unit 'ms' for failure_ratio: use %"),
        ("failure_ratio < 5", "a ratio without % is a number from 0 to 1: did you mean 5%?"),
        ("failure_ratio < 500%", "a ratio is a number from 0 to 1, or from 0 % to 100 %"),
        ("all p95 < 200 ms", "did you mean 'all: p95 < 200 ms'?"),
        ("abort: get it p95 > 2 s after 5", "did you mean 'get it: p95 > 2 s after 5'?"),
        (": p99 < 1 ms", "the operation in front of ':' is empty"),
        ("failure_ratio <= 100%", "every run meets it: failure_ratio is always from 0% to 100%"),
        ("failure_ratio < 0", "no run can meet it"),
        ("failure_ratio > 100%", "no run can meet it"),
        ("throughput >= 0", "every run meets it: throughput is never below 0/s"),
        ("throughput < 0", "no run can meet it"),
        ("p99 > 0", "every run meets it: p99 is always from 0.001 ms to 600 s"),
        ("p99 <= 0", "no run can meet it"),
        ("p99 < 601 s", "every run meets it"),
        ("abort: failure_ratio < 50%", "an abort rule says what is too much: use > or >="),
        ("abort: throughput > 5", "an abort rule takes no throughput: it is low when a run begins"),
        ("abort: abort: p99 > 5", "'abort' is a keyword: write an operation of that name as"),
        ("abort: p99 > 601 s", "no run can meet it"),
        ("abort: p99", "write it like"),
        ("abort: p99 > 2 s after 0", "write the number of requests like 'after 200'"),
        ("abort: p99 > 2 s after", "write the number of requests like 'after 200'"),
        ("abort: p99 > 2 s after 5s", "write the number of requests like 'after 200'"),
        ("p99 > 2 s after 200", "only an abort rule takes 'after': put 'abort:' in front"),
        ("p99 < 2 s min_samples", "write the number of requests like 'min_samples 100'"),
        ("p99 < 2 s min_samples 0", "write the number of requests like 'min_samples 100'"),
        ("p99 < 2 s min_samples 1e3", "write the number of requests like 'min_samples 100'"),
        ("p99 < 2 s min_samples 5 min_samples 5", "like 'min_samples 100'"),
        ("p99 < 2 s min_samples 5 after 200", "only an abort rule takes 'after'"),
        (
            "abort: p99 > 2 s min_samples 100",
            "an abort rule takes no min_samples: write 'after 200'",
        ),
        ("abort: all: throughput > 5", "an abort rule takes no throughput"),
    ],
)
def test_a_bad_threshold_is_rejected_with_a_hint(text: str, hint: str) -> None:
    with pytest.raises(InvalidThreshold, match=re.escape(hint)) as caught:
        parse_threshold(text)

    assert repr(text) in str(caught.value)


def test_a_percentile_near_a_known_one_is_suggested() -> None:
    with pytest.raises(InvalidThreshold, match=r"did you mean 'p99\.9'"):
        parse_threshold("p99,9 < 1 ms")


metrics = st.sampled_from(
    ["failure_ratio", "throughput", "median", "mean", "max", "p1", "p99", "p99.95"]
    + [f"{each}_ratio" for each in FailureClass]
)
operations = st.none() | (
    st.just("all")
    | st.text(min_size=1, max_size=20)
    | st.text("ab :<>=%?*[](),.'", min_size=1, max_size=20)
    | st.just(ZIPCODE)
).map(str.strip).filter(bool)


@law
@given(
    operations,
    metrics,
    st.sampled_from(["<", "<=", ">", ">="]),
    st.floats(0, 1) | st.floats(0, 600_000) | st.integers(1, 500).map(float),
    st.dictionaries(st.sampled_from(["min_samples", "abort_after"]), st.integers(1, 10**12 - 1)),
)
def test_parse_undoes_str(
    operation: str | None, metric: str, op: str, limit: float, counts: dict[str, int]
) -> None:
    try:
        written = threshold(metric, op, limit, operation=operation, **counts)
    except ValueError:
        reject()

    assert parse_threshold(str(written)) == written


@law
@given(
    st.text(max_size=30)
    | st.text("p9.<>= ms%/:e-+0_", max_size=15)
    | st.text("min_samples after19 ", max_size=15).map("all: p99 < 5".__add__)
)
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        read = parse_threshold(text)
    except InvalidThreshold:
        return

    assert parse_threshold(str(read)) == read


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("failure_ratio<=0.001", "failure_ratio <= 0.1%"),
        ("w: p50<.3s", "w: median < 300 ms"),
        ("throughput>1e3", "throughput > 1000/s"),
        ("all:p95<.3s min_samples 20", "all: p95 < 300 ms min_samples 20"),
    ],
)
def test_a_threshold_is_shown_in_one_form(text: str, shown: str) -> None:
    assert str(parse_threshold(text)) == shown


@pytest.mark.parametrize("text", ["write_to_ddb: p99 < 300 ms", "p99 < 300 ms min_samples 100"])
def test_a_rule_is_what_an_operation_is_judged_by(text: str) -> None:
    assert parse_threshold(text).rule == "p99 < 300 ms"


@pytest.mark.parametrize(
    ("text", "is_of_all", "names_operation"),
    [
        ("p99 < 1 s", False, False),
        ("all: p99 < 1 s", True, False),
        ("al*: p99 < 1 s", False, True),
        ("GET all: p99 < 1 s", False, True),
    ],
)
def test_all_is_a_keyword(text: str, *, is_of_all: bool, names_operation: bool) -> None:
    read = parse_threshold(text)

    assert (read.is_of_all, read.names_operation) == (is_of_all, names_operation)


@pytest.mark.parametrize(
    ("op", "met"),
    [
        ("<", [True, False, False]),
        ("<=", [True, True, False]),
        (">", [False, False, True]),
        (">=", [False, True, True]),
    ],
)
def test_an_operator_compares_the_observed_value_with_the_limit(op: str, met: list[bool]) -> None:
    read = threshold("max", op, 5)

    assert [read.is_met_by(observed) for observed in (4, 5, 6)] == met
    assert read.is_upper_limit is met[0]


@pytest.mark.parametrize(
    ("metric", "op", "limit", "operation"),
    [
        ("max", "==", 1.0, None),
        ("speed", "<", 1.0, None),
        ("max", "<", math.nan, None),
        ("max", "<", math.inf, None),
        ("max", "<", 1.0, " padded"),
        ("max", "<", 1.0, ""),
    ],
)
def test_an_impossible_threshold_is_rejected(
    metric: str, op: str, limit: float, operation: str | None
) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        threshold(metric, op, limit, operation=operation)


@pytest.mark.parametrize(
    ("selector", "matches"),
    [
        ("write_to_ddb", ("write_to_ddb",)),
        (ZIPCODE, (ZIPCODE,)),
        ("select *", (ZIPCODE, "select status")),
        ("*status", ("select status",)),
        ("WRITE*", ()),
        ("write", ()),
        ("a[1]", ("a[1]",)),
    ],
)
def test_a_selector_is_a_full_name_before_it_is_a_glob(
    selector: str, matches: tuple[str, ...]
) -> None:
    names = ["write_to_ddb", ZIPCODE, "select status", "a[1]", "a1"]

    assert matching_operations(selector, names) == matches


def parsed(*texts: str) -> list[Threshold]:
    return [parse_threshold(text) for text in texts]


@pytest.mark.parametrize(
    ("lower", "higher", "result"),
    [
        (["p99 < 1", "max < 2"], [], ["p99 < 1", "max < 2"]),
        (["p99 < 1", "max < 2"], ["p99 < 3"], ["max < 2", "p99 < 3"]),
        (["w: p99 < 1", "r: p99 < 2"], ["w: p99 < 3"], ["r: p99 < 2", "w: p99 < 3"]),
        (["w: p99 < 1", "r: p99 < 2"], ["p99 < 3"], ["p99 < 3"]),
        (["p99 < 1"], ["w: p99 < 3"], ["p99 < 1", "w: p99 < 3"]),
        (["median < 1"], ["p50 < 3"], ["median < 3"]),
        (["p99 > 1", "p99 < 9"], ["p99 < 3"], ["p99 < 3"]),
        ([], ["p99 > 1", "p99 < 3"], ["p99 > 1", "p99 < 3"]),
        (["all: p99 < 1"], ["all: p99 < 3"], ["all: p99 < 3"]),
        (["all: p99 < 1"], ["p99 < 3"], ["p99 < 3"]),
        (["p99 < 1", "w: p99 < 2"], ["all: p99 < 3"], ["w: p99 < 2", "all: p99 < 3"]),
        (["all: p99 < 1"], ["w: p99 < 3"], ["all: p99 < 1", "w: p99 < 3"]),
        ([], ["p99 < 1", "all: p99 < 3"], ["p99 < 1", "all: p99 < 3"]),
        (["p99 < 1"], ["p99 < 1 min_samples 9"], ["p99 < 1 min_samples 9"]),
        (["p99 < 1 min_samples 9"], ["p99 < 1"], ["p99 < 1"]),
    ],
)
def test_a_higher_threshold_replaces_the_lower_ones_it_covers(
    lower: list[str], higher: list[str], result: list[str]
) -> None:
    assert override(parsed(*lower), parsed(*higher)) == tuple(parsed(*result))
