"""The ``--perf-*`` options: one table, from which the command line, ini keys and help are made.

A value is read from the first of these that has one: command line, the profile chosen there, the
test's marker, ini file, default. Thresholds of all of them are combined: see
`aqp_perf.plugin.settings.resolver`.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest

from aqp_perf.core.aws.prices import parse_usd
from aqp_perf.core.data.dataset import DATASET_SIZES, Dataset, KeyChoice
from aqp_perf.core.load.pacing import parse_pacing
from aqp_perf.core.proof.sampling import parse_verification
from aqp_perf.core.results.run_fingerprint import PARTS, parse_parts
from aqp_perf.loadgen.command.run_spec import DEFAULT_MASTER_BIND
from aqp_perf.loadgen.command.workload_arguments import ClientKind
from aqp_perf.plugin.settings.baseline_settings import (
    DEFAULT_PLACE,
    MissingBaseline,
    parse_baseline,
    parse_baseline_name,
)
from aqp_perf.plugin.settings.option import Option, Scope, ini_key
from aqp_perf.plugin.settings.option_values import (
    one_of,
    parse_address,
    parse_aqp,
    parse_audit,
    parse_comparison_rule,
    parse_new_file,
    parse_processes,
    parse_run_id,
    parse_run_time,
    parse_seed,
    parse_spawn_rate,
    parse_table,
    parse_target_name,
    parse_time,
    parse_time_or_zero,
    whole_number,
)
from aqp_perf.plugin.settings.profiles import DEFAULT_PROFILE
from aqp_perf.plugin.settings.progress_kind import ProgressKind
from aqp_perf.stores.file_store import parse_place
from aqp_perf.targets import parse_billing

THRESHOLDS = "thresholds"
"""In profiles and markers, the list of what ``--perf-threshold`` gives one by one."""


_Row = tuple[str, Callable[[str], Any], str | None, str, str]
"""Name, parse, default, metavar and meaning of an `Option`."""


def _options(scope: Scope, *rows: _Row) -> Iterator[Option]:
    for name, parse, default, metavar, meaning in rows:
        yield Option(
            name=name, scope=scope, parse=parse, default=default, metavar=metavar, meaning=meaning
        )


def _sizes() -> Iterator[_Row]:
    defaults = Dataset()
    for name, meaning in DATASET_SIZES.items():
        least = 0 if name == "items_per_partition" else 1
        yield name, whole_number(least), str(getattr(defaults, name)), "N", meaning


OPTIONS: Sequence[Option] = (
    *_options(
        Scope.SESSION,
        (
            "target",
            parse_target_name,
            "moto",
            "TARGET",
            "moto, dynamodb-local, aws, none, or a URL",
        ),
        (
            "aqp",
            parse_aqp,
            None,
            "AQP",
            "embedded (default, but not on aws), none, or an AQP's URL",
        ),
        (
            "table",
            parse_table,
            None,
            "NAME",
            "use this table; it is never created, seeded or deleted",
        ),
        ("seed", parse_seed, "1", "N", "seed of all data"),
        ("billing", parse_billing, "on-demand", "MODE", "on-demand[:RCU,WCU], provisioned:RCU,WCU"),
        ("max_cost", parse_usd, "5", "USD", "AWS only: the most that a session may cost"),
        (
            "run_id",
            parse_run_id,
            None,
            "ID",
            "names what the session creates (default: a random one)",
        ),
        ("json", parse_new_file, None, "FILE", "write all results to FILE"),
        (
            *("progress", one_of(ProgressKind), "auto", "HOW"),
            "show a load under way: auto (a block on a terminal, else lines), plain (lines), off",
        ),
        ("html", parse_new_file, None, "FILE", "write a report with charts to FILE, for a browser"),
        ("markdown", parse_new_file, None, "FILE", "write a summary to FILE, for a pull request"),
        (
            "history",
            parse_place,
            None,
            "DIR",
            "add the results to a history, and tell what changed",
        ),
        ("baselines", parse_place, DEFAULT_PLACE, "DIR", "where baselines are: a folder, s3://…"),
        ("save", parse_baseline_name, None, "NAME", "save the results as a baseline"),
        ("compare", parse_baseline, None, "BASELINE", "compare with it: a name, or a file"),
        (
            *("compare_allow", parse_parts, None, "PARTS"),
            f"what may differ from a baseline: {','.join(PARTS)}",
        ),
        (
            *("compare_missing", one_of(MissingBaseline), "error", "HOW"),
            "what a baseline does not have, or none at all, is an error, or is let pass",
        ),
        ("aws_account", str, None, "ID", "the only AWS account that may be used"),
        ("aws_region", str, None, "REGION", "AWS region (default: boto3's own)"),
        ("aws_profile", str, None, "NAME", "AWS profile (default: boto3's own)"),
        ("aws_role_arn", str, None, "ARN", "AWS role to assume"),
        ("key_choice", one_of(KeyChoice), "uniform", "HOW", "uniform, zipf or hot partitions"),
        *_sizes(),
    ),
    Option(
        name="compare_fail",
        scope=Scope.SESSION,
        parse=parse_comparison_rule,
        default=None,
        metavar="RULE",
        meaning="'[operation:] metric > percent[, floor]', as in 'p99 > 10%%': what is worse than "
        "the baseline FAILs; repeatable",
        is_repeatable=True,
    ),
    *_options(
        Scope.RUN,
        ("users", whole_number(1), None, "N", "concurrent users"),
        ("spawn_rate", parse_spawn_rate, None, "RATE", "users started per second"),
        ("run_time", parse_run_time, None, "TIME", "how long the load lasts, the warm-up included"),
        ("stop_timeout", parse_time, None, "TIME", "how long requests under way may take"),
        ("warmup", parse_time_or_zero, None, "TIME", "time before the measurement starts"),
        (
            *("pacing", parse_pacing, None, "PACING"),
            "think, none, or arrivals per second like 200/s, 200/s:poisson, 0..200/s@30s,200/s@2m",
        ),
        ("processes", parse_processes, "1", "N", "worker processes on this machine, or auto"),
        ("expect_workers", whole_number(0), "0", "N", "workers on other machines to wait for"),
        ("master_bind", parse_address, DEFAULT_MASTER_BIND, "ADDR", "where they connect to"),
        ("client", one_of(ClientKind), "fast", "CLIENT", "DynamoDB client: fast or boto3"),
        ("max_attempts", whole_number(1), "1", "N", "attempts per request of the boto3 client"),
        (
            "verify",
            parse_verification,
            "all",
            "ANSWERS",
            "answers to check against the data seed: all, sample:10%%, off",
        ),
        (
            "audit",
            parse_audit,
            "1000000",
            "ITEMS",
            (
                "look for acknowledged writes: the table is read as a whole up to so many items, "
                "above them a random sample is looked for; or off"
            ),
        ),
    ),
)

PROFILE_FLAG = "--perf-profile"
THRESHOLD_FLAG = "--perf-threshold"
KEEP_TABLE_FLAG = "--perf-keep-table"


def add_options(parser: pytest.Parser) -> None:
    """Add every option and its ini key."""
    group = parser.getgroup("perf", "performance tests of DynamoDB and the AQP")
    group.addoption(PROFILE_FLAG, metavar="NAME", help=f"load profile (default: {DEFAULT_PROFILE})")
    parser.addini(ini_key(PROFILE_FLAG), f"as {PROFILE_FLAG}", default=None)
    group.addoption(
        THRESHOLD_FLAG,
        metavar="RULE",
        action="append",
        help="'[operation:] metric op limit [unit]', as in 'p99 < 300 ms', or what ends a hopeless "
        "run, as in 'abort: failure_ratio > 50%%'; repeatable",
    )
    parser.addini(
        ini_key(THRESHOLD_FLAG), f"as {THRESHOLD_FLAG}, one per line", "linelist", default=None
    )
    group.addoption(
        KEEP_TABLE_FLAG, action="store_true", default=None, help="do not delete the created table"
    )
    parser.addini(ini_key(KEEP_TABLE_FLAG), f"as {KEEP_TABLE_FLAG}", "bool", default=None)
    for option in OPTIONS:
        meaning, key = option.meaning, ini_key(option.flag)
        if option.default is not None:
            meaning += f" (default: {option.default})"
        if option.is_repeatable:
            group.addoption(option.flag, metavar=option.metavar, help=meaning, action="append")
            parser.addini(key, f"as {option.flag}, one per line", "linelist", default=None)
        else:
            group.addoption(option.flag, metavar=option.metavar, help=meaning)
            parser.addini(key, f"as {option.flag}", default=None)
