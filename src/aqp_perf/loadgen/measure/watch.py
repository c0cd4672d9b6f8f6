"""Watches a run: ends one that is hopeless or has spent its budget, and writes its progress.

It runs where all requests are counted: on the master, or in the only process.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import gevent
from locust.env import Environment
from locust.runners import WorkerRunner

from aqp_perf.clock import SYSTEM_CLOCK, Clock
from aqp_perf.core.load.cost import parse_budget
from aqp_perf.core.load.durations import parse_duration
from aqp_perf.core.measured.run_progress import Progress
from aqp_perf.core.measured.run_result import MeteredUnits
from aqp_perf.core.records import to_json
from aqp_perf.core.verdict.hopeless import AbortRules
from aqp_perf.core.verdict.thresholds import parse_abort_rule
from aqp_perf.files import write_whole
from aqp_perf.loadgen.command.result_file import progress_path

REST_RATIO: Final = 200
"""Half a percent of a core at most, however many operations there are."""
_WATCH_S: Final = 0.5


class Watch:
    """Abort rules, budget and progress, as the command's arguments ask for them."""

    def __init__(
        self,
        environment: Environment,
        *,
        progress: Callable[[], Progress],
        metered: Callable[[], MeteredUnits],
        is_over: Callable[[], bool],
    ) -> None:
        options: Any = environment.parsed_options
        self._options = options
        self._runner: Any = environment.runner
        self._progress, self._metered, self._is_over = progress, metered, is_over
        self._abort_rules = tuple(parse_abort_rule(text) for text in options.perf_abort)
        self.aborted: str | None = None
        """The rule that ended the run as hopeless, with what was observed."""
        self.overspent: str | None = None
        """Why the budget ended the run."""

    @property
    def has_ended_run(self) -> bool:
        """Whether an abort rule or the budget ended the run."""
        return self.aborted is not None or self.overspent is not None

    def begin_test(self) -> None:
        """Watch a new test until it is over."""
        self.aborted = self.overspent = None
        if isinstance(self._runner, WorkerRunner):
            return
        if self._abort_rules:
            gevent.spawn(self._abort_when_hopeless)
        if self._options.perf_budget:
            gevent.spawn(self._stop_when_spent)
        if self._options.perf_progress and self._options.perf_result_file:
            gevent.spawn(self._write_progress)

    def _abort_when_hopeless(self) -> None:
        rules = AbortRules(self._abort_rules)
        self.aborted = wait_for_reason(lambda: rules.reason(self._progress().run), self._is_over)
        if self.aborted is not None:
            self._runner.quit()

    def _stop_when_spent(self) -> None:
        budget = parse_budget(self._options.perf_budget)
        self.overspent = wait_for_reason(
            lambda: budget.overspent_reason(self._metered()), self._is_over
        )
        if self.overspent is not None:
            self._runner.quit()

    def _write_progress(self) -> None:
        write_progress(
            progress_path(Path(self._options.perf_result_file)),
            parse_duration(self._options.perf_progress),
            progress=self._progress,
            is_over=self._is_over,
        )


def wait_for_reason(find: Callable[[], str | None], is_over: Callable[[], bool]) -> str | None:
    """Wait; return the first reason to stop a run, or None when the run is over before.

    A run overspends its budget by the requests of half a second. With workers it is three seconds
    more: that is how often they report.
    """
    while not is_over():
        gevent.sleep(_WATCH_S)
        reason = find()
        if reason is not None and not is_over():
            return reason
    return None


def write_progress(
    path: Path,
    every_s: float,
    *,
    progress: Callable[[], Progress],
    is_over: Callable[[], bool],
    clock: Clock = SYSTEM_CLOCK,
) -> None:
    """Keep writing the progress to a file, atomically, until the run is over.

    It is a file because a locustfile may print anything to the output of locust. It costs the load
    next to nothing: the writer rests for ``every_s``, or for `REST_RATIO` times as long as it took
    to write if that is longer. Other greenlets work meanwhile: Locust patches ``time.sleep``.
    """
    rest_s = every_s
    while True:
        clock.sleep(rest_s)
        if is_over():
            return
        began_s = clock.monotonic_s()
        write_whole(path, to_json(progress().without_details()))
        rest_s = max(every_s, REST_RATIO * (clock.monotonic_s() - began_s))
