"""The progress file: how a run is doing, beside its result file, for as long as it lasts.

It is a file because a locustfile may print anything to the output of locust. Writes are atomic.
They cost the load next to nothing: after each write the writer rests for `REST_RATIO` times as long
as it took.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Final

from aqp_perf.clock import SYSTEM_CLOCK, Clock
from aqp_perf.core.measured.run_progress import Progress
from aqp_perf.core.records import to_json
from aqp_perf.files import write_whole

REST_RATIO: Final = 200
"""Half a percent of a core at most, however many operations there are."""


def write_progress(
    path: Path,
    every_s: float,
    *,
    progress: Callable[[], Progress],
    is_over: Callable[[], bool],
    clock: Clock = SYSTEM_CLOCK,
) -> None:
    """Keep writing the progress to a file until the run is over.

    Args:
        path: the file.
        every_s: shortest time between two writes.
        progress: returns how the run is doing.
        is_over: returns whether it is over.
        clock: its `sleep` lets other greenlets work, as Locust patches ``time.sleep``.
    """
    rest_s = every_s
    while True:
        clock.sleep(rest_s)
        if is_over():
            return
        began_s = clock.monotonic_s()
        write_whole(path, to_json(progress().without_details()))
        rest_s = max(every_s, REST_RATIO * (clock.monotonic_s() - began_s))
