"""Locust's own statistics, and whether the locustfile began them anew."""

from collections.abc import Callable
from typing import Any

from locust.env import Environment


class LocustStats:
    """Notices that somebody resets or clears Locust's statistics during a test."""

    def __init__(self, environment: Environment) -> None:
        self.were_reset = False
        stats: Any = environment.stats
        stats.reset_all, stats.clear_all = map(self._noting, (stats.reset_all, stats.clear_all))

    def _noting(self, function: Callable[[], None]) -> Callable[[], None]:
        def call() -> None:
            self.were_reset = True
            function()

        return call
