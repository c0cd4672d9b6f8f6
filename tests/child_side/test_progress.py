"""A run reports its progress without slowing its own load."""

from datetime import UTC, datetime
from pathlib import Path

from aqp_perf.core.measured.run_progress import Progress
from aqp_perf.core.measured.run_result import GeneratorHealth, RunResult
from aqp_perf.core.records import from_json
from aqp_perf.loadgen.measure.watch import REST_RATIO, write_progress
from tests.doubles.manual_clock import ManualClock


class Run:
    """A run of so many seconds, in which writing the progress takes so long."""

    def __init__(self, *, lasts_s: float, writing_takes_s: float) -> None:
        self.clock = ManualClock()
        self._lasts_s, self._writing_takes_s = lasts_s, writing_takes_s

    def is_over(self) -> bool:
        return self.clock.monotonic_s() >= self._lasts_s

    def progress(self) -> Progress:
        self.clock.time_passes(self._writing_takes_s)
        now_s = self.clock.monotonic_s()
        run = RunResult(
            command=(),
            started_at=datetime(2025, 1, 1, tzinfo=UTC),
            duration_s=now_s,
            users=1,
            generator=GeneratorHealth(processes=1),
            operations=(),
        )
        return Progress(elapsed_s=now_s, users=1, run=run)

    def write(self, path: Path) -> None:
        write_progress(
            path,
            1.0,
            progress=self.progress,
            is_over=self.is_over,
            clock=self.clock,
        )


def test_progress_is_written_as_often_as_asked_until_the_run_is_over(tmp_path: Path) -> None:
    run = Run(lasts_s=10, writing_takes_s=0)
    path = tmp_path / "progress.json"

    run.write(path)

    assert run.clock.sleeps == [1.0] * 10
    assert from_json(path.read_text(), Progress, "progress").elapsed_s == 9.0


def test_progress_that_takes_long_to_write_is_written_less_often(tmp_path: Path) -> None:
    run = Run(lasts_s=100, writing_takes_s=0.05)

    run.write(tmp_path / "progress.json")

    first, *others = run.clock.sleeps
    assert first == 1.0
    assert set(map(round, others)) == {round(REST_RATIO * 0.05)}
    assert len(others) == 10
