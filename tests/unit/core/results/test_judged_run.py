import json
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from aqp_perf.core.comparison.outcome import not_compared
from aqp_perf.core.comparison.rules import ComparisonRule
from aqp_perf.core.load.cost import CostEstimate, RunCost
from aqp_perf.core.load.pacing import OWN_PACING
from aqp_perf.core.measured.metered_units import MeteredUnits
from aqp_perf.core.measured.operation import OperationResult
from aqp_perf.core.measured.run_result import GeneratorHealth, RunResult
from aqp_perf.core.proof.write_audit import WriteAudit
from aqp_perf.core.results.judged_run import JudgedRun, TargetInfo
from aqp_perf.core.results.results_file import ResultsFile
from aqp_perf.core.results.run_fingerprint import RunFingerprint
from aqp_perf.core.samples.histogram import LatencyHistogram
from aqp_perf.core.verdict.thresholds import parse_threshold
from aqp_perf.core.verdict.verdicts import judge
from aqp_perf.errors import IncompatibleResult, ResultError

STARTED_AT = datetime(2025, 1, 1, tzinfo=UTC)
LATENCY = LatencyHistogram.of([1_000_000] * 1000)
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


def test_an_older_report_says_what_paced_its_users_and_not_what_was_asked_for() -> None:
    profile = {"users": "10", "pacing": "100/s"}
    older = replace(
        JUDGED, profile={"pacing": OWN_PACING}, fingerprint=RunFingerprint(profile=profile)
    )

    read = JudgedRun.from_json(older.to_json()).fingerprint

    assert read == RunFingerprint(profile={"users": "10", "pacing": OWN_PACING})


def test_a_report_has_every_field_of_its_schema() -> None:
    data = REPORT.to_json()

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
        "users",
        "interrupted",
        "aborted",
        "comparison",
        "cost",
        "fingerprint",
        "generator",
        "metered_units",
        "operations",
        "thresholds",
    }


def test_thresholds_are_reported_with_their_figures() -> None:
    data: Any = JUDGED.to_json()

    assert data["thresholds"] == [
        {
            "operation": "write_to_ddb",
            "text": "p99 < 300 ms",
            "limit": 300.0,
            "observed": 1.0,
            "margin_ratio": pytest.approx(299 / 300),
            "ci95": [1.0, 1.0],
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
            "samples": 0,
            "verdict": "no data",
            "reason": "no such operation ran; the run has write_to_ddb",
        },
    ]


def test_what_was_metered_and_cost_is_read_back() -> None:
    estimate = CostEstimate(parts={"load": Decimal("0.38")}, tariff="on-demand")
    cost = RunCost(
        estimate=estimate,
        spent_parts={"load": Decimal("0.36")},
        is_partly_estimated=False,
        limit=Decimal(5),
    )
    run = replace(RUN, metered=MeteredUnits(read=0.5, write=2.0))
    read = JudgedRun.from_json(replace(JUDGED, run=run, cost=cost).to_json())

    assert (read.run.metered, read.cost) == (run.metered, cost)


@pytest.mark.parametrize("audit", [JUDGED.write_audit, None])
def test_from_json_undoes_to_json(audit: WriteAudit | None) -> None:
    report = replace(REPORT, runs=(replace(JUDGED, write_audit=audit),))

    text = json.dumps(report.to_json(), allow_nan=False)

    assert ResultsFile.from_json(json.loads(text)) == report


def test_a_run_read_back_knows_every_invalid_reason() -> None:
    interrupted = replace(RUN, interrupted=True)
    judged = replace(JUDGED, run=interrupted, verdict=judge(interrupted, THRESHOLDS))

    read = JudgedRun.from_json(judged.to_json())

    assert read.verdict == judged.verdict
    assert read.run.invalid_reasons == judged.verdict.invalid_reasons
    assert read.to_json() == judged.to_json()


@pytest.mark.parametrize("found", [2, "1", None, True, 1.0])
def test_another_schema_is_refused(found: object) -> None:
    data = REPORT.to_json() | {"schema_version": found}

    with pytest.raises(IncompatibleResult) as caught:
        ResultsFile.from_json(data)

    assert str(caught.value) == f"result has schema_version {found!r}, this version reads 1"


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("verdict", "fine", r"run\.verdict: expected one of pass, fail, invalid, no data"),
        ("target", {"kind": "moto"}, r"run\.target\.endpoint is missing"),
        ("write_audit", {"acknowledged": -1}, r"run\.write_audit\.acknowledged: expected"),
        ("thresholds", [{"text": "p99 ~ 3"}], r"run\.thresholds\[0\]\.text: threshold 'p99 ~ 3'"),
        ("profile", [], r"run\.profile: expected an object"),
    ],
)
def test_a_damaged_run_is_refused_by_its_field(field: str, value: object, message: str) -> None:
    data = JUDGED.to_json() | {field: value}

    with pytest.raises(ResultError, match=message):
        JudgedRun.from_json(data)


@pytest.mark.parametrize("data", [None, [], {}])
def test_what_is_no_report_is_refused(data: object) -> None:
    with pytest.raises(ResultError):
        ResultsFile.from_json(data)
