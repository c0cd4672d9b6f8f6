"""The measurement's own arguments to the locust command."""

import argparse

from aqp_perf.core.load.cost import parse_budget
from aqp_perf.core.load.durations import parse_duration
from aqp_perf.core.verdict.thresholds import parse_abort_rule
from aqp_perf.errors import InvalidThreshold
from aqp_perf.loadgen.command.user_class_names import known_user_class


def add_measurement_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that the instrument reads to locust's parser."""
    # A measured run is what its command says, not what lies in a folder or at home.
    parser._default_config_files = []  # type: ignore[attr-defined]  # noqa: SLF001 - configargparse's
    parser.conflict_handler = "resolve"  # a locustfile may have an argument of one of our names
    group = parser.add_argument_group("Measurement")
    group.add_argument("--result-file", default="", help="write what was measured, as JSON")
    group.add_argument(
        "--warmup", type=_duration, default="0", help="time before the measurement window"
    )
    group.add_argument(
        "--progress",
        type=_positive_duration,
        default=None,
        help="write how the run is doing beside the result file, so often: 1s",
    )
    group.add_argument(
        "--abort",
        type=_abort_rule,
        action="append",
        default=[],
        help="end the run, as failed, when this is so: 'failure_ratio > 50%%', or "
        "'failure_ratio > 50%% after 200' requests of an operation (default: 100); repeatable",
    )
    group.add_argument(
        "--budget",
        type=_budget,
        default=None,
        help="end the run when its requests have cost so much: USD:READ:WRITE, the last two per "
        "million request units, as in '5:0.125:0.625'",
    )
    for action in parser._actions:  # noqa: SLF001 - locust's message does not name those there are
        if action.dest == "user_classes":
            action.type = known_user_class


def _duration(text: str, *, allow_zero: bool = True) -> str:
    try:
        parse_duration(text, allow_zero=allow_zero)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    return text


def _positive_duration(text: str) -> str:
    return _duration(text, allow_zero=False)


def _abort_rule(text: str) -> str:
    try:
        parse_abort_rule(text)
    except InvalidThreshold as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    return text


def _budget(text: str) -> str:
    try:
        parse_budget(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    return text
