"""The measurement's own arguments to the locust command."""

import argparse
import sys
from pathlib import Path
from typing import Any

from locust.argument_parser import parse_locustfile_option, parse_locustfile_paths
from locust.util.load_locustfile import is_user_class

from aqp_perf.core.load.cost import parse_budget
from aqp_perf.core.load.durations import parse_duration
from aqp_perf.core.verdict.thresholds import DEFAULT_ABORT_AFTER, parse_abort_rule
from aqp_perf.loadgen.command.failed_start import UnknownClass
from aqp_perf.loadgen.command.workload_arguments import checked


def add_measurement_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that the instrument reads to locust's parser."""
    # The command alone says what is measured, not a locust.conf in some folder or at home.
    parser._default_config_files = []  # type: ignore[attr-defined]  # noqa: SLF001 - configargparse's
    parser.conflict_handler = "resolve"  # a locustfile may have an argument of one of our names
    add = parser.add_argument_group("Measurement").add_argument
    add("--result-file", default="", help="write what was measured to this file, as JSON")
    add(
        "--warmup",
        type=checked(lambda text: parse_duration(text, allow_zero=True)),
        default="0",
        help="time before the measurement window",
    )
    add(
        "--progress",
        type=checked(parse_duration),
        default=None,
        help="how often to write the progress of the run beside the result file: '1s'",
    )
    add(
        "--abort",
        type=checked(parse_abort_rule),
        action="append",
        default=[],
        help="end the run, as failed, when this is so: 'failure_ratio > 50%%'; looked at after "
        f"{DEFAULT_ABORT_AFTER} requests of an operation, or as many as the rule says: "
        "'failure_ratio > 50%% after 200'; repeatable",
    )
    add(
        "--budget",
        type=checked(parse_budget),
        default=None,
        help="end the run when its requests have cost this much: USD:READ:WRITE, the last two per "
        "million request units, as in '5:0.125:0.625'",
    )
    add(
        "--server-process",
        action="append",
        default=[],
        help="PID:STARTTIME of a server on this machine, the latter from /proc/PID/stat: its waits "
        "for a core are measured; repeatable, and left out where there is no such process",
    )
    for action in parser._actions:  # noqa: SLF001 - locust's message does not name the known classes
        if action.dest == "user_classes":
            action.type = known_user_class


def known_user_class(name: str) -> str:
    """Return ``name`` if a locustfile has such a user class; for `argparse`, after their import.

    Locust notices an unknown class only later, and does not list the known ones.

    Raises:
        argparse.ArgumentTypeError: the locustfiles have other classes.
    """
    known = _known_names()
    if known and name not in known:
        raise argparse.ArgumentTypeError(str(UnknownClass(name, tuple(sorted(known)))))
    return name


def _known_names() -> set[str]:
    """Return the names in the locustfiles of this command; empty where only locust can know."""
    options: Any = parse_locustfile_option()  # locust types it as another function's result
    paths = [path.strip() for path in options.locustfile.split(",")]
    if not all(Path(path).exists() for path in paths):
        return set()  # they come from a master or a URL
    stems = [Path(path).stem for path in parse_locustfile_paths(paths)]
    return {
        name
        for stem in stems
        for name, value in vars(sys.modules["locustfile" if stem == "locust" else stem]).items()
        if is_user_class(value)
    }
