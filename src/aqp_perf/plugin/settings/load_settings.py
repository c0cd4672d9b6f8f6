"""The settings of one load run."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil, floor, isfinite

from aqp_perf.core.data.declared_item import Item
from aqp_perf.core.load.durations import format_duration
from aqp_perf.core.load.pacing import OpenModel, Pacing
from aqp_perf.core.proof.sampling import Verification
from aqp_perf.core.verdict.confidence import proof_text, takes_proof
from aqp_perf.core.verdict.observations import samples_needed
from aqp_perf.core.verdict.thresholds import Threshold
from aqp_perf.errors import InvalidLoadProfile
from aqp_perf.extras import Extra, require
from aqp_perf.loadgen.command.argument_values import ClientChoice, ClientKind
from aqp_perf.loadgen.command.file_arguments import FileArgument
from aqp_perf.operating_system import OTHER_FILES, FileLimit
from aqp_perf.plugin.settings.options import OPTIONS


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadSettings:
    """How much load there is, how it is measured, and what it is judged by.

    The attributes are the options of a run; `aqp_perf.plugin.settings.options` says what they mean.

    Raises:
        InvalidLoadProfile: the values contradict each other.
        ExtraMissing: the client is boto3, which is not installed.
    """

    profile: str
    users: int
    spawn_rate: float
    run_time_s: float
    stop_timeout_s: float
    ends_itself: bool
    warmup_s: float
    pacing: Pacing
    host: str | None
    tags: tuple[str, ...]
    arguments: tuple[FileArgument, ...]
    processes: int
    expect_workers: int
    master_bind: str
    client: ClientChoice
    verify: Verification
    item: type[Item] | None
    """What the table of other locustfiles holds; None: the orders of the one that ships."""
    proof: float | None
    """Confidence with which a limit must be kept or broken; None: the observed figure decides."""
    audited_items: int
    """The largest table that is read as a whole after writes; 0: there is no audit."""
    thresholds: tuple[Threshold, ...]
    session_thresholds: tuple[Threshold, ...]
    """Those of ``thresholds`` that hold for the session's runs in general: one of them that names
    an operation is judged where that operation runs."""

    def __post_init__(self) -> None:
        if self.client.kind is ClientKind.BOTO3:
            require(Extra.AWS, f"--perf-client={self.client}")
        if self.users / self.spawn_rate >= self.run_time_s:
            raise InvalidLoadProfile(
                f"starting {self.users} users at {self.spawn_rate:g} users per second takes longer "
                f"than the run time of {self.run_time_s:g} s: raise --perf-spawn-rate"
            )
        self._check_times(begin_s=0.0)
        if self.expect_workers and self.processes > 1:
            raise InvalidLoadProfile(
                f"{self.processes} local processes and {self.expect_workers} remote workers do "
                "not go together: start a worker on this machine too, as on the others"
            )

    @property
    def begin_s(self) -> float:
        """When the schedule begins, in s from the start: when all users are there.

        Locust starts as many users at once as the spawn rate says, and then pauses.
        """
        if not isinstance(self.pacing, OpenModel):
            return 0.0
        step = max(1, floor(self.spawn_rate))
        return (ceil(self.users / step) - 1) * step / self.spawn_rate

    def check_times(self) -> None:
        """Check that warm-up and stages end in time, of a run whose users are known.

        Raises:
            InvalidLoadProfile: they do not; it says what would do.
        """
        self._check_times(self.begin_s)

    def _check_times(self, begin_s: float) -> None:
        begins = f", which begins after {begin_s:g} s with all users," if begin_s else ""
        if begin_s + self.warmup_s >= self.run_time_s:
            raise InvalidLoadProfile(
                f"the warm-up of {self.warmup_s:g} s{begins} leaves nothing of the run time "
                f"of {self.run_time_s:g} s to measure: use a shorter --perf-warmup"
            )
        pacing = self.pacing
        if isinstance(pacing, OpenModel) and begin_s + pacing.staged_s > self.run_time_s:
            together = f" and begin after {begin_s:g} s with all users" if begin_s else ""
            needed = format_duration(ceil(begin_s + pacing.staged_s))
            raise InvalidLoadProfile(
                f"the stages of {pacing} take {format_duration(pacing.staged_s)}{together}, longer "
                f"than the run time of {format_duration(self.run_time_s)}: raise --perf-run-time "
                f"to {needed}"
            )

    def check_requests(self) -> None:
        """Check that the requests that are due in the window can prove each threshold.

        All of them count for each operation: which user class sends which operation is not known.
        A threshold of the session that names an operation is left out, because it may belong to
        another run. In a closed model no request is due.

        Raises:
            InvalidLoadProfile: there are too few; it says which run time would do.
        """
        if not isinstance(self.pacing, OpenModel):
            return
        before = self.pacing.arrivals_within(self.warmup_s)
        due = round(self.pacing.arrivals_within(self.run_time_s) - before)
        for rule in self.thresholds:
            is_of_any_run = rule in self.session_thresholds and rule.names_operation
            needed = samples_needed(rule, self.proof if takes_proof(rule) else None)
            needed = max(needed, rule.min_samples or 0)
            if rule.aborts or is_of_any_run or due >= needed:
                continue
            # The schedule begins when all users have started.
            needed_s = self.pacing.time_of(before + needed) + self.users / self.spawn_rate
            enough = f"--perf-run-time={ceil(needed_s)}s" if isfinite(needed_s) else "a higher rate"
            raise InvalidLoadProfile(
                f"{rule} needs {needed:,} requests, and {self.pacing} has {due:,} due after the "
                f"warm-up of {format_duration(self.warmup_s)}: use {enough}"
            )

    def check_connections(self, limit: FileLimit) -> None:
        """Check that each user can have a connection in its load generator process.

        With remote load generators no user is on this machine.

        Args:
            limit: of this process, which load generators inherit, and raise as Locust does.

        Raises:
            InvalidLoadProfile: it is too low; it says what would do.
        """
        needed = ceil(self.users / self.processes) + OTHER_FILES
        if self.expect_workers or needed <= limit.raised:
            return
        if needed <= limit.hard:
            remedy = f"run 'ulimit -n {needed}' before pytest"
        else:
            remedy = f"have the hard limit of {limit.hard:,} (ulimit -Hn) raised"
        room = limit.raised - OTHER_FILES
        if room > 0:
            remedy += f", or use --perf-processes={ceil(self.users / room)}"
        raise InvalidLoadProfile(
            f"{self.users:,} users have a connection each: a load generator process needs "
            f"{needed:,} files and may open {limit.raised:,} (ulimit -n): {remedy}"
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

    def workload_arguments(self) -> dict[str, str]:
        """Return name → text of the options that are arguments of the locust command, too."""
        return {each.name: str(getattr(self, each.field)) for each in OPTIONS if each.is_argument}

    def to_json(self) -> dict[str, object]:
        """Return the load profile as reports show it."""
        fields = [option.field for option in OPTIONS if option.is_reported]
        values = {field: getattr(self, field) for field in fields}
        return {
            "name": self.profile,
            **{key: _shown(value) for key, value in values.items() if value not in (None, ())},
            "client": str(self.client.kind),
            "max_attempts": self.client.max_attempts,
            "audit": self.audited_items or "off",
            "proof": proof_text(self.proof),
        }


def _shown(value: object) -> object:
    """Return a setting as reports show it: a number, or text."""
    if isinstance(value, tuple):
        return " ".join(map(str, value))
    return value if isinstance(value, int | float) else str(value)
