"""The document of ``--perf-json``: its keys, what is read back, and files of before."""

import json
from collections.abc import Iterable, Iterator
from copy import deepcopy
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aqp_perf.core.comparison.outcome import not_compared
from aqp_perf.core.comparison.rules import ComparisonRule
from aqp_perf.core.load.cost import CostEstimate, RunCost
from aqp_perf.core.load.pacing import OWN_PACING
from aqp_perf.core.measured.failure_class import FailureClass
from aqp_perf.core.measured.operation import OperationResult
from aqp_perf.core.measured.run_result import GeneratorHealth, MeteredUnits, RunResult
from aqp_perf.core.measured.stalls import ClassCounts, FreezeCause, LessExact, TouchedRequests
from aqp_perf.core.proof.write_audit import WriteAudit
from aqp_perf.core.results.judged_run import JudgedRun, ResultsFile, TargetInfo
from aqp_perf.core.results.results_document import (
    read_results,
    results_document,
    results_text,
    run_document,
)
from aqp_perf.core.results.run_fingerprint import RunFingerprint
from aqp_perf.core.samples.histogram import LatencyHistogram
from aqp_perf.core.samples.timeline import Timeline
from aqp_perf.core.verdict.thresholds import parse_threshold
from aqp_perf.core.verdict.verdicts import judge
from aqp_perf.errors import IncompatibleResult, ResultError

STARTED_AT = datetime(2025, 1, 1, tzinfo=UTC)
LATENCY = LatencyHistogram.of([1_000_000] * 1000)
TIMELINE = Timeline()
for number in range(1000):
    TIMELINE.record(number * 10_000_000, 1_000_000, failed=False)
RUN = RunResult(
    command=("locust", "--headless"),
    started_at=STARTED_AT,
    duration_s=10.0,
    users=10,
    generator=GeneratorHealth(processes=1),
    operations=(
        OperationResult(
            request_type="partiQL",
            name="write_to_ddb",
            duration_s=10.0,
            requests=1000,
            failures=0,
            latency=LATENCY,
            service_time=LATENCY,
            timeline=TIMELINE,
        ),
    ),
)
THRESHOLDS = [
    parse_threshold(text) for text in ("w*: p99 < 300 ms", "throughput >= 200", "x: max < 1 s")
]
JUDGED = JudgedRun(
    test="perf/test_write.py::test_partiql_write",
    target=TargetInfo(kind="moto", endpoint="http://127.0.0.1:5000", label="not AWS"),
    profile={"users": 10, "pacing": "100/s"},
    seed=-7,
    run=RUN,
    verdict=judge(RUN, THRESHOLDS),
    write_audit=WriteAudit(
        acknowledged=1000,
        checked=1000,
        found=1000,
        lost=0,
        ambiguous=0,
        ambiguous_landed=0,
        unexpected=0,
    ),
    fingerprint=RunFingerprint(machine={"cores": "2"}, profile={"users": "10"}),
    comparison=not_compared("main", [ComparisonRule.parse("p99 > 10%")], "no such run"),
)
REPORT = ResultsFile(started_at=STARTED_AT, environment={"python": "3.11"}, runs=(JUDGED,))

OLD_TEXT = (Path(__file__).parent / "schema_1.json").read_text()
"""Two runs with every kind of figure, as the version before msgspec wrote them."""


def read_run(document: object) -> JudgedRun:
    """Return the run with this document, read from a file of its own."""
    file = {"schema_version": 1, "started_at": "2025-01-01T00:00:00Z", "environment": {}}
    (judged,) = read_results(json.dumps(file | {"runs": [document]})).runs
    return judged


def test_the_fingerprint_of_an_older_file_has_the_pacing_that_users_had() -> None:
    profile = {"users": "10", "pacing": "100/s"}
    older = replace(
        JUDGED, profile={"pacing": OWN_PACING}, fingerprint=RunFingerprint(profile=profile)
    )

    read = read_run(run_document(older)).fingerprint

    assert read == RunFingerprint(profile={"users": "10", "pacing": OWN_PACING})


def test_a_document_has_every_key_of_its_schema() -> None:
    data = json.loads(json.dumps(results_document(REPORT)))

    runs: Any = data.pop("runs")
    assert data == {
        "schema_version": 1,
        "started_at": "2025-01-01T00:00:00Z",
        "environment": {"python": "3.11"},
    }
    fields = {
        "test": "perf/test_write.py::test_partiql_write",
        "command": ["locust", "--headless"],
        "target": {"kind": "moto", "endpoint": "http://127.0.0.1:5000", "label": "not AWS"},
        "profile": {"users": 10, "pacing": "100/s"},
        "seed": -7,
        "verdict": "fail",
        "invalid_reasons": [],
        "write_audit": {
            "acknowledged": 1000,
            "checked": 1000,
            "found": 1000,
            "lost": 0,
            "ambiguous": 0,
            "ambiguous_landed": 0,
            "unexpected": 0,
            "lost_keys": [],
            "unexpected_keys": [],
            "consumed_read_units": None,
        },
    }
    assert {key: runs[0][key] for key in fields} == fields
    assert runs[0].keys() - fields.keys() == {
        "aqp",
        "unverified",
        "started_at",
        "duration_s",
        "further_names",
        "users",
        "interrupted",
        "aborted",
        "exit_code",
        "anchor_comparison",
        "comparison",
        "cost",
        "fingerprint",
        "generator",
        "left_out",
        "log_errors",
        "metered_units",
        "notes",
        "operations",
        "superseded",
        "thresholds",
    }


def test_thresholds_have_their_figures() -> None:
    data = json.loads(json.dumps(run_document(JUDGED)))

    assert data["thresholds"] == [
        {
            "operation": "write_to_ddb",
            "text": "p99 < 300 ms",
            "limit": 300.0,
            "observed": 1.0,
            "margin_ratio": pytest.approx(299 / 300),
            "ci95": [1.0, 1.0],
            "bounds": [1.0, 1.0],
            "touched": 0,
            "samples": 1000,
            "verdict": "pass",
            "reason": "",
        },
        {
            "operation": "write_to_ddb",
            "text": "throughput >= 200/s",
            "limit": 200.0,
            "observed": 100.0,
            "margin_ratio": -0.5,
            "ci95": None,
            "bounds": [100.0, 100.0],
            "touched": 0,
            "samples": 1000,
            "verdict": "fail",
            "reason": "",
        },
        {
            "operation": "x",
            "text": "max < 1 s",
            "limit": 1000.0,
            "observed": None,
            "margin_ratio": None,
            "ci95": None,
            "bounds": None,
            "touched": 0,
            "samples": 0,
            "verdict": "no data",
            "reason": "no such operation ran, only write_to_ddb",
        },
    ]


def kept(written: Any, old: Any) -> Any:  # noqa: ANN401 - any JSON
    """Return what was written, without keys that the old document does not have."""
    if isinstance(old, dict):
        return {key: kept(written[key], value) for key, value in old.items()}
    if isinstance(old, list):
        return [kept(new, one) for new, one in zip(written, old, strict=True)]
    return written


def test_a_file_of_an_earlier_version_is_read_and_written_with_all_its_values() -> None:
    old = json.loads(OLD_TEXT)

    assert kept(json.loads(json.dumps(results_document(read_results(OLD_TEXT)))), old) == old


def test_what_stalls_touched_is_read_back() -> None:
    histogram = LatencyHistogram.of([5_000_000] * 3)
    touched = TouchedRequests(
        requests=3,
        failures={FailureClass.TIMEOUT: 1},
        latency=histogram,
        least_latency=LatencyHistogram.of([2_000_000] * 3),
        service_time=histogram,
        least_service_time=histogram,
    )
    generator = GeneratorHealth(
        processes=1,
        frozen_s=0.25,
        freezes=((1.0, 0.25),),
        freeze_causes={FreezeCause.STOPPED: 0.25},
        user_classes={"Writer": ClassCounts(due=10, sent=9, unrecorded=1)},
        peak_per_s=100.0,
        less_exact=(LessExact.TIMERS,),
    )
    operation = replace(RUN.operations[0], touched=touched, user_classes=("Writer",))
    run = replace(RUN, operations=(operation,), generator=generator)
    verdict = replace(
        JUDGED.verdict,
        notes=("the load generator used 95% of a core",),
        left_out=("left out of p99 < 1 ms: 1 operation with fewer than 5 requests: read",),
    )

    read = read_run(run_document(replace(JUDGED, run=run, verdict=verdict)))

    assert read.run.operations[0].touched == touched
    assert read.run.operations[0].user_classes == ("Writer",)
    assert read.run.generator == generator
    assert read.verdict.remarks == verdict.remarks


def test_thresholds_on_all_requests_and_with_min_samples_are_read_back() -> None:
    texts = ("all: p95 < 300 ms", "max < 1 s min_samples 2")
    verdict = judge(JUDGED.run, [parse_threshold(text) for text in texts])

    document = run_document(replace(JUDGED, verdict=verdict))

    first, second, *_ = document["thresholds"]
    assert (first["operation"], first["text"]) == ("all", "p95 < 300 ms")
    assert second["text"] == texts[1]
    assert read_run(document).verdict.judgements == verdict.judgements


ADDED_TO_RUNS = (
    *("unverified", "cost", "fingerprint", "comparison", "anchor_comparison", "metered_units"),
)
ADDED_TO_OPERATIONS = (
    *("server_times", "payload", "time_shares", "attempts", "answers", "answer_sizes"),
    *("timeline", "omission_gap", "warmup_requests", "answered"),
)


def test_keys_that_were_added_to_schema_1_may_be_missing() -> None:
    document = json.loads(OLD_TEXT)
    for run in document["runs"]:
        for key in ADDED_TO_RUNS:
            run.pop(key, None)
        for operation in run["operations"].values():
            for key in ADDED_TO_OPERATIONS:
                del operation[key]

    for judged in read_results(json.dumps(document)).runs:
        assert (judged.cost, judged.fingerprint, judged.comparisons) == (None, None, ())
        assert judged.run.metered is None
        for operation in judged.run.operations:
            assert (operation.attempts, operation.answers, operation.answer_sizes) == (None,) * 3
            assert operation.timeline == Timeline()
            assert operation.latency.count == operation.requests


def test_metered_units_and_cost_are_read_back() -> None:
    estimate = CostEstimate(parts={"load": Decimal("0.38")}, tariff="on-demand")
    cost = RunCost(
        estimate=estimate,
        spent_parts={"load": Decimal("0.36")},
        is_partly_estimated=False,
        limit=Decimal(5),
    )
    run = replace(RUN, metered=MeteredUnits(read=0.5, write=2.0))

    read = read_run(run_document(replace(JUDGED, run=run, cost=cost)))

    assert (read.run.metered, read.cost) == (run.metered, cost)


amounts = st.dictionaries(
    st.sampled_from(["seeding", "load", "audit"]), st.decimals("0.000001", "100000", places=6)
)


@settings(max_examples=30)
@given(parts=amounts, spent=amounts, is_partly_estimated=st.booleans())
def test_amounts_of_money_survive_a_round_trip(
    parts: dict[str, Decimal], spent: dict[str, Decimal], *, is_partly_estimated: bool
) -> None:
    cost = RunCost(
        estimate=CostEstimate(parts=parts, tariff="on-demand", gaps=("storage",)),
        spent_parts=spent,
        is_partly_estimated=is_partly_estimated,
        limit=Decimal(5),
    )

    assert read_run(run_document(replace(JUDGED, cost=cost))).cost == cost


@pytest.mark.parametrize("audit", [JUDGED.write_audit, None])
def test_results_survive_a_round_trip(audit: WriteAudit | None) -> None:
    report = replace(REPORT, runs=(replace(JUDGED, write_audit=audit),))

    assert read_results(results_text(report)) == report


def test_a_figure_that_is_not_finite_is_refused() -> None:
    broken = replace(JUDGED, profile={"rate": float("nan")})

    with pytest.raises(ValueError, match="not JSON compliant"):
        results_text(replace(REPORT, runs=(broken,)))


def test_a_run_read_back_has_every_invalid_reason() -> None:
    interrupted = replace(RUN, interrupted=True)
    judged = replace(JUDGED, run=interrupted, verdict=judge(interrupted, THRESHOLDS))

    read = read_run(run_document(judged))

    assert read.verdict == judged.verdict
    assert read.run.invalid_reasons == judged.verdict.invalid_reasons
    assert run_document(read) == run_document(judged)


def test_derived_figures_are_not_taken_from_the_file() -> None:
    document = run_document(JUDGED)
    document["operations"]["write_to_ddb"] |= {"failure_ratio": 0.5, "throughput_per_s": 1e9}

    assert read_run(document) == JUDGED


def test_requests_outside_the_range_of_a_histogram_count_as_recorded() -> None:
    latency = LatencyHistogram.of([10_000_000, 700_000_000_000])
    (operation,) = RUN.operations
    slow = replace(
        operation, requests=2, latency=latency, service_time=latency, timeline=Timeline()
    )
    judged = replace(JUDGED, run=replace(RUN, operations=(slow,)))

    assert read_run(run_document(judged)) == judged


@pytest.mark.parametrize("found", [2, "1", None, True, 1.0])
def test_another_schema_is_refused(found: object) -> None:
    text = json.dumps(results_document(REPORT) | {"schema_version": found})

    with pytest.raises(IncompatibleResult) as caught:
        read_results(text)

    assert str(caught.value) == f"result has schema_version {found!r}, this version reads 1"


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("verdict", "fine", r"\.verdict: Invalid enum value 'fine'"),
        ("target", {"kind": "moto"}, r"\.target\.endpoint is missing"),
        ("write_audit", {"acknowledged": -1}, r"\.write_audit\.lost_keys is missing"),
        ("write_audit", {"lost_keys": 1}, r"\.write_audit\.lost_keys: Expected"),
        ("thresholds", [{"text": "p99 ~ 3"}], r"\.thresholds\[0\]\.text: threshold 'p99 ~ 3'"),
        ("profile", [], r"\.profile: Expected `object`, got `array`, found \[\]"),
        ("started_at", "0001-01-01T00:00:00+14:00", r"\.started_at: 0001-.* is not in UTC"),
        ("duration_s", 5e-324, r"write_to_ddb: 1000 requests in 4\.94066e-324 s"),
        ("comparison", {"judgements": [{"rule": "p99"}]}, r"\.comparison\.judgements\[0\]\.rule: "),
    ],
)
def test_a_damaged_run_is_refused_by_its_path(key: str, value: object, message: str) -> None:
    with pytest.raises(ResultError, match=r"^results\.runs\[0\].*" + message):
        read_run(run_document(JUDGED) | {key: value})


@pytest.mark.parametrize("key", ["command", "started_at", "duration_s", "users", "generator"])
def test_a_run_with_a_key_missing_is_refused_by_its_name(key: str) -> None:
    document = run_document(JUDGED)
    del document[key]

    with pytest.raises(ResultError, match=rf"^results\.runs\[0\]\.{key} is missing"):
        read_run(document)


def timeline_of(requests: int) -> str:
    timeline = Timeline()
    for _ in range(requests):
        timeline.record(0, 10_000_000, failed=False)
    return timeline.encode()


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("histogram", LatencyHistogram().encode(), r"has \d of the 1000 requests"),
        ("histogram", "damaged", "not a histogram that this version reads"),
        ("service_time_histogram", LatencyHistogram().encode(), "has 0 of the 1000 requests"),
        ("out_of_range", 1, "has 1001 of the 1000 requests"),
        ("out_of_range", -1, "Expected `int` >= 0, found -1"),
        ("timeline", timeline_of(5), "has 5 of the 1000 requests"),
        ("timeline", "damaged", "a timeline cannot be read"),
        ("failures", 1001, "1001 failures of 1000 requests"),
        ("failure_classes", {"throttled": 1, "bored": 1}, "Invalid enum value 'bored'"),
        ("answers", {"checked": 1, "wrong": {"truncated": 2}}, "2 wrong answers of 1 checked"),
        ("attempts", {"total": 1, "throttled": 2, "backoff_s": 0.0}, "2 throttled of 1 attempts"),
    ],
)
def test_an_operation_that_contradicts_itself_is_refused(
    key: str, value: object, message: str
) -> None:
    """Percentiles of one request beside the count of many would be compared as those of many."""
    document = run_document(JUDGED)
    document["operations"]["write_to_ddb"][key] = value

    with pytest.raises(ResultError, match=rf"runs\[0\]\.operations\.write_to_ddb.*{message}"):
        read_run(document)


@pytest.mark.parametrize("text", ["null", "[]", "{}", '{"schema_version": 1}', "1"])
def test_other_documents_are_refused(text: str) -> None:
    with pytest.raises(ResultError):
        read_results(text)


def paths_in(data: object, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    items: Iterable[tuple[object, object]] = ()
    if isinstance(data, dict):
        items = data.items()
    elif isinstance(data, list):
        items = enumerate(data)
    for key, value in items:
        yield (*path, key)
        yield from paths_in(value, (*path, key))


OLD = json.loads(OLD_TEXT)
PATHS = list(paths_in(OLD))
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=4,
)


@settings(max_examples=100)
@given(st.sampled_from(PATHS), json_values)
def test_a_file_with_any_value_replaced_is_read_or_refused(
    path: tuple[Any, ...], value: object
) -> None:
    document = deepcopy(OLD)
    place: Any = document
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value

    try:
        read = read_results(json.dumps(document))
    except ResultError:
        return

    assert read_results(results_text(read)) == read
