"""The measurement's own arguments to the locust command."""

import argparse

from aqp_perf.core.load.cost import parse_budget
from aqp_perf.core.load.durations import parse_duration
from aqp_perf.core.verdict.thresholds import DEFAULT_ABORT_AFTER, parse_abort_rule
from aqp_perf.loadgen.command.user_class_names import known_user_class
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
    for action in parser._actions:  # noqa: SLF001 - locust's message does not name the known classes
        if action.dest == "user_classes":
            action.type = known_user_class
