"""A run tells its progress without being in the way of its own load."""

import json
from datetime import UTC, datetime
from pathlib import Path

from aqp_perf.core.measured.run_progress import Progress
from aqp_perf.core.measured.run_result import GeneratorHealth, RunResult
from aqp_perf.loadgen.measure.progress_file import REST_RATIO, tell_progress
from tests.doubles.manual_clock import ManualClock


class Run:
    """A run of so many seconds, in which telling the progress takes so long."""

    def __init__(self, *, lasts_s: float, telling_takes_s: float) -> None:
        self.clock = ManualClock()
        self._lasts_s, self._telling_takes_s = lasts_s, telling_takes_s

    def is_over(self) -> bool:
        return self.clock.monotonic_s() >= self._lasts_s

    def progress(self) -> Progress:
        self.clock.time_passes(self._telling_takes_s)
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

    def tell(self, path: Path) -> None:
        tell_progress(
            path,
            1.0,
            progress=self.progress,
            is_over=self.is_over,
            clock=self.clock,
        )


def test_progress_is_told_as_often_as_asked_until_the_run_is_over(tmp_path: Path) -> None:
    run = Run(lasts_s=10, telling_takes_s=0)
    path = tmp_path / "progress.json"

    run.tell(path)

    assert run.clock.sleeps == [1.0] * 10
    assert Progress.from_json(json.loads(path.read_text())).elapsed_s == 9.0


def test_progress_that_takes_long_to_tell_is_told_less_often(tmp_path: Path) -> None:
    run = Run(lasts_s=100, telling_takes_s=0.05)

    run.tell(tmp_path / "progress.json")

    first, *others = run.clock.sleeps
    assert first == 1.0
    assert set(map(round, others)) == {round(REST_RATIO * 0.05)}
    assert len(others) == 10
