"""The JSON document of ``--perf-json``, schema 1; `docs/results.md` lists its keys.

Most keys are fields of the records. What differs stands here: some names, histograms as text of
HdrHistogram, rules as users write them, and figures that are derived for other readers and not read
back.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any, Final, TypeVar

import msgspec

from aqp_perf.core.comparison.outcome import Comparison
from aqp_perf.core.comparison.rules import ComparisonRule
from aqp_perf.core.load.cost import RunCost
from aqp_perf.core.measured.operation import OperationResult
from aqp_perf.core.measured.run_result import RunResult
from aqp_perf.core.proof.write_audit import WriteAudit
from aqp_perf.core.records import Count, Figure, from_builtins, parse_json
from aqp_perf.core.results.judged_run import JudgedRun, ResultsFile
from aqp_perf.core.samples.histogram import LatencyHistogram, SizeHistogram
from aqp_perf.core.samples.timeline import Timeline
from aqp_perf.core.verdict.thresholds import parse_threshold
from aqp_perf.core.verdict.verdicts import Judgement, RunVerdict, Verdict
from aqp_perf.errors import IncompatibleResult, InvalidComparisonRule, InvalidThreshold, ResultError

SCHEMA_VERSION: Final = 1

Document = dict[str, Any]
_TOUCHED_SAMPLES: Final = (
    *("latency", "least_latency"),
    *("service_time", "least_service_time"),
)
_COMPARISONS: Final = ("comparison", "anchor_comparison")
Samples = TypeVar("Samples", LatencyHistogram, SizeHistogram)


def results_document(results: ResultsFile) -> Document:
    """Return the document of a session: dicts, lists, texts and finite numbers."""
    return {
        "schema_version": SCHEMA_VERSION,
        **msgspec.to_builtins(replace(results, runs=())),
        "runs": [run_document(judged) for judged in results.runs],
    }


def results_text(results: ResultsFile) -> str:
    """Return the document as strict JSON; raise ValueError when a figure is not finite."""
    return json.dumps(results_document(results), allow_nan=False, indent=2) + "\n"


def read_results(text: str | bytes) -> ResultsFile:
    """Return the results in a document, of this version or an older one with the same schema.

    A run that is read back has all its invalid reasons in ``run.invalid_reasons`` too, those of the
    verdict included.

    Raises:
        IncompatibleResult: another ``schema_version``.
        ResultError: not JSON, or a field is missing or wrong; it names the path and the value.
    """
    path = "results"
    document = from_builtins(parse_json(text), Document, path)
    version = document.get("schema_version")
    if type(version) is not int or version != SCHEMA_VERSION:  # true and 1.0 are equal to 1
        raise IncompatibleResult(version, SCHEMA_VERSION)
    runs = _field(document, "runs", list[Document], path)
    read = tuple(_read_run(run, f"{path}.runs[{index}]") for index, run in enumerate(runs))
    results = from_builtins(document | {"runs": read}, ResultsFile, path)
    _check_utc(results.started_at, path)
    return results


def run_document(judged: JudgedRun) -> Document:
    """Return one entry of ``runs``."""
    document: Document = msgspec.to_builtins(
        replace(judged, run=replace(judged.run, operations=()))
    )
    document |= document.pop("run")
    document["metered_units"] = document.pop("metered")
    document["operations"] = {
        label: _operation_document(operation) for label, operation in judged.run.labelled.items()
    }
    verdict = judged.verdict
    document["verdict"] = str(verdict.verdict)
    document["invalid_reasons"] = list(verdict.invalid_reasons)
    document["notes"] = list(verdict.notes)
    document["left_out"] = list(verdict.left_out)
    document["thresholds"] = [_judgement_document(judgement) for judgement in verdict.judgements]
    if judged.write_audit is not None:
        document["write_audit"] |= {
            "lost_keys": [key._asdict() for key in judged.write_audit.lost_keys],
            "unexpected_keys": [key._asdict() for key in judged.write_audit.unexpected_keys],
        }
    if judged.cost is not None:
        document["cost"] = _cost_document(judged.cost)
    for key in _COMPARISONS:
        comparison: Comparison | None = getattr(judged, key)
        if comparison is not None:
            entries = document[key]["judgements"]
            for entry, judgement in zip(entries, comparison.judgements, strict=True):
                entry["rule"] = str(judgement.rule)
    return document


def _read_run(document: Document, path: str) -> JudgedRun:
    duration_s = _field(document, "duration_s", Figure, path)
    operations = tuple(
        _read_operation(operation, duration_s, f"{path}.operations.{label}")
        for label, operation in _field(document, "operations", dict[str, Document], path).items()
    )
    metered = document.get("metered_units")
    run = from_builtins(document | {"operations": operations, "metered": metered}, RunResult, path)
    _check_utc(run.started_at, path)
    thresholds = _field(document, "thresholds", list[Document], path)
    verdict = RunVerdict(
        verdict=_field(document, "verdict", Verdict, path),
        judgements=tuple(
            _read_judgement(threshold, f"{path}.thresholds[{index}]")
            for index, threshold in enumerate(thresholds)
        ),
        invalid_reasons=run.invalid_reasons,
        notes=_texts(document, "notes", path),
        left_out=_texts(document, "left_out", path),
    )
    parts: Document = {"run": run, "verdict": verdict}
    for key, read in _READERS.items():
        if document.get(key) is not None:  # older files do not have every key
            parts[key] = read(_field(document, key, Document, path), f"{path}.{key}")
    judged = from_builtins(document | parts, JudgedRun, path)
    if judged.fingerprint is None:
        return judged
    # Older files have the arrivals in it that were asked for, even where users did not take them.
    return replace(judged, fingerprint=judged.fingerprint.measured(judged.profile))


def _texts(document: Document, name: str, path: str) -> tuple[str, ...]:
    return from_builtins(document.get(name, []), tuple[str, ...], f"{path}.{name}")


def _operation_document(operation: OperationResult) -> Document:
    document: Document = msgspec.to_builtins(operation)
    del document["duration_s"], document["latency"], document["service_time"]
    document["type"] = document.pop("request_type")
    document |= {
        "failure_ratio": operation.failure_ratio,
        "throughput_per_s": operation.throughput_per_s,
        "latency_ms": operation.latency_ms,
        "service_time_ms": operation.service_time_ms,
        "omission_gap": operation.omission_gap,
        **_samples_document(operation.latency),
        **_samples_document(operation.service_time, "service_time_"),
        "server_times": {
            name: {"summary_ms": histogram.summary_ms(), **_samples_document(histogram)}
            for name, histogram in operation.server_times.items()
        },
        "payload": {
            "summary_bytes": operation.payload.summary_bytes(),
            **_samples_document(operation.payload),
        },
        "timeline": operation.timeline.encode(),
    }
    if operation.touched is not None:
        for name in _TOUCHED_SAMPLES:
            histogram = getattr(operation.touched, name)
            document["touched"][name] = _samples_document(histogram)
    if operation.time_shares is not None:
        document["time_shares"]["means_ms"] = operation.time_shares.means_ms
    if operation.answer_sizes is not None:
        document["answer_sizes"]["mean_bytes"] = operation.answer_sizes.mean_bytes
        document["answer_sizes"]["mean_items"] = operation.answer_sizes.mean_items
    return document


def _read_operation(document: Document, duration_s: float, path: str) -> OperationResult:
    parts: Document = {
        "request_type": _field(document, "type", str, path),
        "duration_s": duration_s,
        "latency": _read_samples(LatencyHistogram, document, path),
        "service_time": _read_samples(LatencyHistogram, document, path, "service_time_"),
    }
    if "server_times" in document:
        parts["server_times"] = {
            name: _read_samples(LatencyHistogram, samples, f"{path}.server_times.{name}")
            for name, samples in _field(document, "server_times", dict[str, Document], path).items()
        }
    if "payload" in document:
        payload = _field(document, "payload", Document, path)
        parts["payload"] = _read_samples(SizeHistogram, payload, f"{path}.payload")
    if document.get("touched") is not None:
        touched = _field(document, "touched", Document, path)
        for name in _TOUCHED_SAMPLES:
            inner = f"{path}.touched.{name}"
            samples = _field(touched, name, Document, f"{path}.touched")
            touched[name] = _read_samples(LatencyHistogram, samples, inner)
        parts["touched"] = touched
    if "timeline" in document:
        text = _field(document, "timeline", str, path)
        with _errors_at(f"{path}.timeline"):
            parts["timeline"] = Timeline.decode(text)
    operation = from_builtins(document | parts, OperationResult, path)
    _check_samples(operation, path)
    return operation


def _check_samples(operation: OperationResult, path: str) -> None:
    """Raise ResultError unless both histograms and the timeline, if there is one, are complete.

    Otherwise one file could hold two results: the requests of one and the percentiles of another.
    """
    latency, service_time = operation.latency, operation.service_time
    recorded = {
        "histogram": latency.count + latency.out_of_range_count,
        "service_time_histogram": service_time.count + service_time.out_of_range_count,
    }
    if operation.timeline.slices:  # older files have none
        recorded["timeline"] = operation.timeline.requests
    timed = operation.requests - operation.untimed
    for name, samples in recorded.items():
        if samples != timed:
            raise ResultError(f"{path}.{name}: has {samples} of the {timed} requests")


def _samples_document(histogram: LatencyHistogram | SizeHistogram, prefix: str = "") -> Document:
    return {
        f"{prefix}histogram": histogram.encode(),
        f"{prefix}out_of_range": histogram.out_of_range_count,
    }


def _read_samples(kind: type[Samples], document: Document, path: str, prefix: str = "") -> Samples:
    encoded = _field(document, f"{prefix}histogram", str, path)
    outside = _field(document, f"{prefix}out_of_range", Count, path)
    with _errors_at(f"{path}.{prefix}histogram"):
        return kind.decode(encoded, out_of_range_count=outside)


def _judgement_document(judgement: Judgement) -> Document:
    document: Document = msgspec.to_builtins(judgement)
    del document["threshold"]
    document["text"] = str(judgement.threshold)
    document["limit"] = judgement.threshold.limit
    document["margin_ratio"] = judgement.margin_ratio
    return document


def _read_judgement(document: Document, path: str) -> Judgement:
    text = _field(document, "text", str, path)
    with _errors_at(f"{path}.text"):
        threshold = parse_threshold(text)
    return from_builtins(document | {"threshold": threshold}, Judgement, path)


def _read_comparison(document: Document, path: str) -> Comparison:
    judgements = _field(document, "judgements", list[Document], path)
    for index, judgement in enumerate(judgements):
        inner = f"{path}.judgements[{index}]"
        text = _field(judgement, "rule", str, inner)
        with _errors_at(f"{inner}.rule"):
            judgement["rule"] = ComparisonRule.parse(text)
    return from_builtins(document | {"judgements": judgements}, Comparison, path)


def _read_audit(document: Document, path: str) -> WriteAudit:
    for name in ("lost_keys", "unexpected_keys"):
        keys = _field(document, name, list[Document], path)
        document[name] = [(key.get("pk"), key.get("sk")) for key in keys]
    return from_builtins(document, WriteAudit, path)


def _cost_document(cost: RunCost) -> Document:
    return {
        "estimate_usd": float(cost.estimate.total),
        "estimate_parts_usd": {name: float(usd) for name, usd in cost.estimate.parts.items()},
        "tariff": cost.estimate.tariff,
        "gaps": list(cost.estimate.gaps),
        "spent_usd": float(cost.spent),
        "spent_parts_usd": {name: float(usd) for name, usd in cost.spent_parts.items()},
        "is_partly_estimated": cost.is_partly_estimated,
        "limit_usd": float(cost.limit),
    }


def _read_cost(document: Document, path: str) -> RunCost:
    parts = {
        "estimate": {
            "parts": _field(document, "estimate_parts_usd", dict[str, Figure], path),
            "tariff": _field(document, "tariff", str, path),
            "gaps": _field(document, "gaps", list[str], path),
        },
        "spent_parts": _field(document, "spent_parts_usd", dict[str, Figure], path),
        "limit": _field(document, "limit_usd", Figure, path),
    }
    return from_builtins(document | parts, RunCost, path)


_READERS: Final[Mapping[str, Callable[[Document, str], object]]] = {
    "write_audit": _read_audit,
    "cost": _read_cost,
    **dict.fromkeys(_COMPARISONS, _read_comparison),
}


def _field(document: Document, key: str, kind: Any, path: str) -> Any:  # noqa: ANN401 - of any type
    if key not in document:
        raise ResultError(f"{path}.{key} is missing")
    return from_builtins(document[key], kind, f"{path}.{key}")


@contextmanager
def _errors_at(path: str) -> Iterator[None]:
    try:
        yield
    except (ResultError, InvalidThreshold, InvalidComparisonRule) as error:
        raise ResultError(f"{path}: {error}") from error


def _check_utc(instant: datetime, path: str) -> None:
    if instant.utcoffset():
        raise ResultError(f"{path}.started_at: {instant.isoformat()} is not in UTC")
