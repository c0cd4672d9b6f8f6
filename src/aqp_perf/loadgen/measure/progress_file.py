"""Tells how a run is doing, in a file beside the result file, for as long as it lasts.

A file, because a locustfile may print what it likes to the output of locust. It is always whole,
whoever reads it and when. Its writer takes care that it costs the load next to nothing: after each
time it rests for `REST_RATIO` times as long as that took.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Final

from aqp_perf.clock import SYSTEM_CLOCK, Clock
from aqp_perf.core.measured.run_progress import Progress
from aqp_perf.files import write_whole

REST_RATIO: Final = 200
"""Half a percent of a core at most, with ever so many operations."""


def tell_progress(
    path: Path,
    every_s: float,
    *,
    progress: Callable[[], Progress],
    is_over: Callable[[], bool],
    clock: Clock = SYSTEM_CLOCK,
) -> None:
    """Write what ``progress`` returns into a file again and again, until the run is over.

    Args:
        path: the file.
        every_s: how often, at most.
        progress: tells how the run is doing.
        is_over: tells whether it is over.
        clock: its `sleep` lets other greenlets work, as Locust patches ``time.sleep``.
    """
    rest_s = every_s
    while True:
        clock.sleep(rest_s)
        if is_over():
            return
        began_s = clock.monotonic_s()
        write_whole(path, json.dumps(progress().to_json(), allow_nan=False))
        rest_s = max(every_s, REST_RATIO * (clock.monotonic_s() - began_s))
