"""What holds for one load run."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self

from aqp_perf.core.load.durations import format_duration
from aqp_perf.core.load.pacing import OpenModel, Pacing
from aqp_perf.core.proof.sampling import Verification
from aqp_perf.core.verdict.thresholds import Threshold
from aqp_perf.errors import InvalidLoadProfile
from aqp_perf.loadgen.command.workload_arguments import ClientKind


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadSettings:
    """How much load, how it is measured, and what it is judged by."""

    profile: str
    users: int
    spawn_rate: float
    run_time_s: float
    stop_timeout_s: float
    warmup_s: float
    pacing: Pacing
    processes: int
    expect_workers: int
    master_bind: str
    client: ClientKind
    max_attempts: int
    verification: Verification
    audited_items: int
    """Up to how many items a table is read as a whole after writes; 0: there is no audit."""
    thresholds: tuple[Threshold, ...]
    session_thresholds: tuple[Threshold, ...]
    """Those of ``thresholds`` that hold for the session's runs in general: one of them that names
    an operation is judged where that operation runs."""

    def __post_init__(self) -> None:
        if self.warmup_s >= self.run_time_s:
            raise InvalidLoadProfile(
                f"the warm-up of {self.warmup_s:g} s leaves nothing of the run time "
                f"of {self.run_time_s:g} s to measure"
            )
        if self.users / self.spawn_rate >= self.run_time_s:
            raise InvalidLoadProfile(
                f"{self.users} users at {self.spawn_rate:g} users per second are not all there "
                f"before the run time of {self.run_time_s:g} s is over"
            )
        if self.expect_workers and self.processes > 1:
            raise InvalidLoadProfile(
                f"{self.processes} local processes and {self.expect_workers} remote workers do "
                "not go together: start a worker on this machine too, as on the others"
            )
        if isinstance(self.pacing, OpenModel) and self.pacing.staged_s > self.run_time_s:
            raise InvalidLoadProfile(
                f"the stages of {self.pacing} take {format_duration(self.pacing.staged_s)}, longer "
                f"than the run time of {format_duration(self.run_time_s)}: raise --perf-run-time"
            )
        if self.max_attempts > 1 and self.client is not ClientKind.BOTO3:
            raise InvalidLoadProfile(
                f"{self.max_attempts} attempts per request are for the boto3 client; "
                f"the client {self.client} makes one: add --perf-client=boto3"
            )

    @classmethod
    def of(
        cls,
        values: Mapping[str, Any],
        *,
        profile: str,
        thresholds: tuple[Threshold, ...],
        session_thresholds: tuple[Threshold, ...],
    ) -> Self:
        """Return the settings that options make up.

        Args:
            values: every option of a run → its value.
            profile: name of the load profile.
            thresholds: of all layers.
            session_thresholds: those that no test chose.

        Raises:
            InvalidLoadProfile: the values contradict each other.
        """
        return cls(
            profile=profile,
            users=values["users"],
            spawn_rate=values["spawn_rate"],
            run_time_s=values["run_time"],
            stop_timeout_s=values["stop_timeout"],
            warmup_s=values["warmup"],
            pacing=values["pacing"],
            processes=values["processes"],
            expect_workers=values["expect_workers"],
            master_bind=values["master_bind"],
            client=values["client"],
            max_attempts=values["max_attempts"],
            verification=values["verify"],
            audited_items=values["audit"],
            thresholds=thresholds,
            session_thresholds=session_thresholds,
        )

    def doubts(self, cores: int) -> Iterator[str]:
        """Yield what may be done, but makes little sense, on a machine with so many cores."""
        if self.processes > cores:
            yield (
                f"{self.processes} load generator processes on {cores} cores slow each other down: "
                f"use at most {cores}, or auto"
            )
        if self.processes > self.users:
            yield (
                f"{self.processes} load generator processes, but users for {self.users} of them: "
                "the others send nothing"
            )

    def to_json(self) -> dict[str, object]:
        """Return the load profile as reports show it."""
        return {
            "name": self.profile,
            "users": self.users,
            "spawn_rate": self.spawn_rate,
            "run_time_s": self.run_time_s,
            "warmup_s": self.warmup_s,
            "stop_timeout_s": self.stop_timeout_s,
            "pacing": str(self.pacing),
            "processes": self.processes,
            "client": str(self.client),
            "max_attempts": self.max_attempts,
            "verify": str(self.verification),
            "audit": self.audited_items or "off",
        }
