"""Tells how a run is doing, in a file beside the result file, for as long as it lasts.

A file, because a locustfile may print what it likes to the output of locust. It is always whole,
whoever reads it and when. Its writer takes care that it costs the load next to nothing: after each
time it rests for `REST_RATIO` times as long as that took.
"""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import gevent

from aqp_perf.core.measured.run_progress import Progress
from aqp_perf.files import write_whole

REST_RATIO: Final = 200
"""Half a percent of a core at most, with ever so many operations."""


def tell_progress(  # noqa: PLR0913 - named, and each another thing
    path: Path,
    every_s: float,
    *,
    progress: Callable[[], Progress],
    is_over: Callable[[], bool],
    clock: Callable[[], float] = time.perf_counter,
    sleep: Callable[[float], None] = gevent.sleep,
) -> None:
    """Write what ``progress`` returns into a file again and again, until the run is over.

    Args:
        path: the file.
        every_s: how often, at most.
        progress: tells how the run is doing.
        is_over: tells whether it is over.
        clock: in seconds.
        sleep: lets others work for so many seconds.
    """
    rest_s = every_s
    while True:
        sleep(rest_s)
        if is_over():
            return
        began_s = clock()
        write_whole(path, json.dumps(progress().to_json(), allow_nan=False))
        rest_s = max(every_s, REST_RATIO * (clock() - began_s))
