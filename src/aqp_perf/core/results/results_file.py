"""The results file of a session: ``--perf-json``, baselines and histories."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Self

from aqp_perf.core.json_reader import JsonReader
from aqp_perf.core.measured.run_result import format_instant
from aqp_perf.core.results.judged_run import JudgedRun
from aqp_perf.errors import IncompatibleResult

SCHEMA_VERSION: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultsFile:
    """The whole report of one pytest session."""

    started_at: datetime
    environment: Mapping[str, str]
    """Versions, machine, commit and the command of pytest; free of secrets."""
    runs: tuple[JudgedRun, ...]

    def to_json(self) -> dict[str, object]:
        """Return the report; it is strict JSON, without NaN."""
        return {
            "schema_version": SCHEMA_VERSION,
            "started_at": format_instant(self.started_at),
            "environment": dict(self.environment),
            "runs": [each.to_json() for each in self.runs],
        }

    @classmethod
    def from_json(cls, data: object) -> Self:
        """Return what `to_json` wrote.

        Raises:
            IncompatibleResult: the report has another ``schema_version``.
            ResultError: a field is missing or cannot be; it names the field.
        """
        reader = JsonReader.of(data, "report")
        version = reader.fields.get("schema_version")
        if type(version) is not int or version != SCHEMA_VERSION:  # true and 1.0 are equal to 1
            raise IncompatibleResult(version, SCHEMA_VERSION)
        environment = reader.child("environment")
        return cls(
            started_at=reader.instant("started_at"),
            environment={key: environment.text(key) for key in environment.fields},
            runs=tuple(JudgedRun.from_json(each.fields) for each in reader.children("runs")),
        )
