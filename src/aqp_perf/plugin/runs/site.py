"""The target, table and AQP that a load run uses."""

import os
from collections.abc import Mapping
from dataclasses import dataclass

from aqp_perf.children import ChildEnvironment
from aqp_perf.core.results.judged_run import TargetInfo
from aqp_perf.targets import Table, Target, TargetKind
from aqp_perf.targets.access.environment import isolated_environment
from aqp_perf.targets.kinds.target import DEFAULT_REGION


@dataclass(frozen=True, slots=True, kw_only=True)
class Aqp:
    """An AQP that answers and accepts our credentials."""

    url: str
    label: str
    """Its name in reports."""
    process: str | None = None
    """Its process on this machine, see `process_identity`; None: we did not start it."""

    def __str__(self) -> str:
        return f"{self.label} at {self.url}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """What a run uses of the session's fixtures."""

    target: Target | None = None
    table: Table | None = None
    aqp: Aqp | None = None

    @property
    def info(self) -> TargetInfo:
        """The target, for reports."""
        if self.target is None:
            return TargetInfo(kind=str(TargetKind.NONE), endpoint="", label="the locustfile's own")
        return TargetInfo(
            kind=str(self.target.kind), endpoint=self.target.endpoint, label=self.target.label
        )

    @property
    def kinds(self) -> dict[str, str]:
        """The part of a run's fingerprint that says where it went."""
        return {"kind": self.info.kind, "AQP": "none" if self.aqp is None else self.aqp.label}

    def without_names(self, text: str) -> str:
        """Return a text with what is new in every session by its name: table, endpoint, AQP."""
        named = {
            "table": self.table and self.table.name,
            "endpoint": self.target and self.target.endpoint,
            "AQP": self.aqp and self.aqp.url,
        }
        for name, value in named.items():
            if value:
                text = text.replace(value, f"<{name}>")
        return text

    @property
    def server_processes(self) -> list[str]:
        """The processes of the servers that we started for it."""
        processes = (each and each.process for each in (self.target, self.aqp))
        return [process for process in processes if process]

    @property
    def unverifiable(self) -> str | None:
        """Why the answers cannot be checked; None when they can."""
        if self.table is None:
            return "the run has no table of ours"
        if not self.table.is_seeded:
            return f"table {self.table.name!r} does not carry the tag of this data"
        return None

    def environment(self, chosen: TargetKind) -> Mapping[str, str]:
        """Return the environment of locust, with AWS credentials only if the user chose AWS.

        Args:
            chosen: the kind of the session's target, which this run may not use.
        """
        if self.target is not None:
            return self.target.environment()
        if chosen is TargetKind.NONE:
            return ChildEnvironment(os.environ)  # like a locust started by hand
        return isolated_environment(os.environ, DEFAULT_REGION)
