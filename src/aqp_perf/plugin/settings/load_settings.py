"""The settings of one load run."""

from collections.abc import Iterator
from dataclasses import dataclass

from aqp_perf.core.load.durations import format_duration
from aqp_perf.core.load.pacing import OpenModel, Pacing
from aqp_perf.core.proof.sampling import Verification
from aqp_perf.core.verdict.thresholds import Threshold
from aqp_perf.errors import InvalidLoadProfile
from aqp_perf.loadgen.command.argument_values import ClientChoice
from aqp_perf.plugin.settings.options import OPTIONS


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadSettings:
    """How much load there is, how it is measured, and what it is judged by.

    The attributes are the options of a run; `aqp_perf.plugin.settings.options` says what they mean.

    Raises:
        InvalidLoadProfile: the values contradict each other.
    """

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
    client: ClientChoice
    verify: Verification
    audited_items: int
    """The largest table that is read as a whole after writes; 0: there is no audit."""
    thresholds: tuple[Threshold, ...]
    session_thresholds: tuple[Threshold, ...]
    """Those of ``thresholds`` that hold for the session's runs in general: one of them that names
    an operation is judged where that operation runs."""

    def __post_init__(self) -> None:
        if self.warmup_s >= self.run_time_s:
            raise InvalidLoadProfile(
                f"the warm-up of {self.warmup_s:g} s leaves nothing of the run time "
                f"of {self.run_time_s:g} s to measure: use a shorter --perf-warmup"
            )
        if self.users / self.spawn_rate >= self.run_time_s:
            raise InvalidLoadProfile(
                f"starting {self.users} users at {self.spawn_rate:g} users per second takes longer "
                f"than the run time of {self.run_time_s:g} s: raise --perf-spawn-rate"
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

    def doubts(self, cores: int) -> Iterator[str]:
        """Yield warnings of settings that make little sense on a machine with so many cores."""
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

    def arguments(self) -> dict[str, str]:
        """Return name → text of the options that are arguments of the locust command, too."""
        return {each.name: str(getattr(self, each.field)) for each in OPTIONS if each.is_argument}

    def to_json(self) -> dict[str, object]:
        """Return the load profile as reports show it."""
        fields = [option.field for option in OPTIONS if option.is_reported]
        values = {field: getattr(self, field) for field in fields}
        return {
            "name": self.profile,
            **{k: v if isinstance(v, int | float) else str(v) for k, v in values.items()},
            "client": str(self.client.kind),
            "max_attempts": self.client.max_attempts,
            "audit": self.audited_items or "off",
        }
