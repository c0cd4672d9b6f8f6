"""The table of options: command line, ini keys, profiles, settings and docs follow from it.

A new option is a row here, and the attribute of `LoadSettings` or `SessionSettings` that takes its
value; its parser has a name in `option_values`. With scope `Scope.RUN` it is an argument of the
marker, too.
"""

import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, Final

import pytest

from aqp_perf.plugin.settings.option import Kind, Option, Scope

_run: Final = partial(Option, scope=Scope.RUN)
_load: Final = partial(_run, is_reported=True)

PROFILE: Final = _run(
    "profile",
    "parse_text",
    "smoke|seed|nightly|NAME",
    "load profile: values of other options under one name; NAME is one of your own",
    default="smoke",
)
THRESHOLD: Final = _run(
    "threshold",
    "parse_threshold",
    "RULE",
    "what every run is judged by, '[operation:] metric op limit [unit]' as in 'p99 < 300 ms', or "
    "'all: p95 < 300 ms' for all requests together; or what ends a hopeless run: "
    "'abort: failure_ratio > 50% after 200'",
    kind=Kind.LIST,
    combiner="override",
    key="thresholds",
    field="thresholds",
    otherwise="those of profile and marker",
)

ARGUMENTS: Final = _load(
    "locust_arg",
    "parse_argument",
    "NAME=VALUE|NAME",
    "an argument of the locustfile's own, or of Locust, for every run; NAME is a flag",
    kind=Kind.LIST,
    combiner="by_name",
    key="arguments",
    field="arguments",
)
AWS_PROFILE: Final = Option(
    "aws_profile", "parse_text", "NAME", "AWS profile", otherwise="as boto3 finds it"
)

OPTION_GROUPS: Final[Mapping[str, Sequence[Option]]] = {
    "target": (
        Option(
            "target",
            "parse_target_name",
            "moto|dynamodb-local|aws|none|URL",
            "where the load goes: an embedded moto, DynamoDB Local, AWS, a running endpoint at a "
            "URL; none if the tests bring their own system",
            default="moto",
        ),
        Option(
            "aqp",
            "parse_aqp",
            "embedded|none|URL",
            "the AQP under test",
            otherwise="embedded; none if the target is aws or none",
        ),
        Option(
            "table",
            "parse_table",
            "NAME",
            "use this existing table, which is then never created, seeded or deleted",
            otherwise="a new table",
        ),
        Option(
            "keep_table",
            "parse_text",
            "",
            "do not delete the table that the session created",
            kind=Kind.SWITCH,
        ),
        Option(
            "run_id",
            "parse_run_id",
            "ID",
            "names the session and what it creates",
            otherwise="a random one, shown at the start",
        ),
    ),
    "load": (
        PROFILE,
        _load("users", "parse_users", "N", "concurrent users", default="40"),
        _load("spawn_rate", "parse_spawn_rate", "RATE", "users started per second", default="40"),
        _load(
            "run_time",
            "parse_run_time",
            "TIME",
            "how long the load lasts, the warm-up included, in whole seconds",
            default="12s",
            field="run_time_s",
        ),
        _load(
            "warmup",
            "parse_warmup",
            "TIME",
            "time at the start of the load that is left out of all figures",
            default="1s",
            field="warmup_s",
        ),
        _load(
            "stop_timeout",
            "parse_time",
            "TIME",
            "how long the end of a run waits for requests under way",
            default="10s",
            field="stop_timeout_s",
            has_flag=False,
        ),
        _run(
            "ends_itself",
            "parse_text",
            "",
            "the locustfile may end the load before the run time: it is judged until then",
            kind=Kind.SWITCH,
            has_flag=False,
        ),
        _load(
            "pacing",
            "parse_pacing",
            "think|none|RATE",
            "when requests are due: after random think times or at once (closed models), or at "
            "RATE arrivals per second in all (open model), as in '200/s', at random "
            "'200/s:poisson', in stages '0..200/s@30s,200/s@2m'",
            default="100/s",
        ),
        _load(
            "host",
            "parse_host",
            "URL",
            "Locust's --host: where users go, in place of their own host",
        ),
        _load(
            "tags",
            "parse_tag",
            "TAG",
            "run only the tasks with one of these tags",
            kind=Kind.LIST,
            takes_text=True,
            has_flag=False,
        ),
        ARGUMENTS,
        _run(
            "client",
            "parse_client",
            "fast|boto3|boto3:N",
            "what sends the PartiQL statements; boto3 makes up to N attempts per request",
            default="fast",
            is_argument=True,
        ),
        _load(
            "processes",
            "parse_processes",
            "N|auto",
            "load generator processes on this machine; auto: one less than there are cores",
            default="1",
        ),
        _run(
            "expect_workers",
            "parse_workers",
            "N",
            "load generators on other machines to wait for",
            default="0",
        ),
        _run(
            "master_bind",
            "parse_address",
            "HOST:PORT",
            "where those load generators connect to",
            default="0.0.0.0:5557",
        ),
    ),
    "judging": (
        THRESHOLD,
        _run(
            "proof",
            "parse_proof",
            "CONFIDENCE|off",
            "PASS needs the bound of the confidence interval to keep the limit, and FAIL the other "
            "one to break it; between them is NO DATA: 50% to 99.9%, as in '95%'",
            default="off",
        ),
        _load(
            "verify",
            "parse_verification",
            "all|sample:10%|off",
            "which answers are checked against those that follow from the data seed",
            default="all",
            is_argument=True,
            has_flag=False,
        ),
        _run(
            "audit",
            "parse_audit",
            "ITEMS|off",
            "look for every acknowledged write after a run, in the whole table if it has at most "
            "this many items, else in a random sample of the writes",
            default="1000000",
            field="audited_items",
            has_flag=False,
        ),
    ),
    "data": (
        Option("seed", "parse_seed", "N", "seed of all data, shown in every report", default="1"),
        Option(
            "data",
            "parse_data",
            "KEY=VALUE",
            "size and use of the data: partitions, items_per_partition, key_choice, and the counts "
            "of the item; of the shipped one accounts, customers, zipcodes, usernames",
            kind=Kind.LIST,
            combiner="both",
            otherwise="accounts=100, customers=100, zipcodes=100, usernames=1000, partitions=20, "
            "items_per_partition=50, key_choice=uniform",
        ),
        _run(
            "item",
            "find_item",
            "FILE.py:CLASS",
            "what the table of your locustfile holds: an item of your own, as FILE.py:CLASS or "
            "MODULE:CLASS; in a marker, the class itself, too",
            otherwise="orders, as those of the shipped workloads",
            has_flag=False,
        ),
    ),
    "reports": (
        Option("json", "parse_new_file", "FILE", "write all results as JSON", field="json_path"),
        Option("html", "parse_new_file", "FILE", "write a page with charts", field="html_path"),
        Option(
            "markdown",
            "parse_new_file",
            "FILE",
            "write a summary in Markdown, for the comment of a pull request",
            field="markdown_path",
        ),
        Option(
            "progress",
            "parse_progress",
            "auto|plain|off",
            "how a running load is shown: a block on a terminal and lines elsewhere (auto), or "
            "lines (plain)",
            default="auto",
            has_flag=False,
        ),
    ),
    "baselines and history": (
        Option(
            "save",
            "parse_baseline_name",
            "NAME",
            "save the results as a baseline if all runs pass and the session is green",
        ),
        Option(
            "compare",
            "parse_baseline",
            "NAME|FILE",
            "compare the results with a baseline, or with a results file",
        ),
        Option(
            "compare_fail",
            "parse_rule",
            "RULE",
            "FAIL a run that is worse than the baseline by more than this: "
            "'[operation:] metric > percent[, floor]', as in 'p99 > 10%'",
            kind=Kind.LIST,
        ),
        Option(
            "compare_allow",
            "parse_parts",
            "PARTS",
            "what may differ from the run of the baseline: one or more of "
            "target,profile,data,versions,machine",
            has_flag=False,
        ),
        Option(
            "anchor",
            "parse_anchor",
            "NAME|FILE|best:N",
            "hold the rules of the comparison against these results, too, which no session "
            "replaces: a baseline, a results file, or the best of the last N sessions of the "
            "history that passed",
            has_flag=False,
        ),
        Option(
            "compare_missing",
            "parse_missing",
            "error|pass",
            "whether a missing baseline, or a run or operation that the baseline lacks, is an "
            "error, or passes with a warning",
            default="error",
            has_flag=False,
        ),
        Option(
            "baselines",
            "parse_place",
            "FOLDER|s3://BUCKET/PREFIX",
            "where baselines are kept",
            default=".perf-baselines",
            has_flag=False,
        ),
        Option(
            "history",
            "parse_place",
            "FOLDER|s3://BUCKET/PREFIX",
            "add the results to this history, and report where a figure took another level",
        ),
    ),
    "AWS": (
        Option(
            "aws_account", "parse_text", "ID", "the only account that may be used; required on AWS"
        ),
        Option("aws_region", "parse_text", "REGION", "AWS region", otherwise="as boto3 finds it"),
        AWS_PROFILE,
        Option("aws_role_arn", "parse_text", "ARN", "AWS role to assume"),
        Option(
            "billing",
            "parse_billing",
            "on-demand[:RCU,WCU]|provisioned:RCU,WCU",
            "how the created table is billed, and its ceiling or capacity in units per second; "
            "on-demand alone is on-demand:40000,40000",
            default="on-demand",
        ),
        Option(
            "max_cost",
            "parse_usd",
            "USD",
            "the most that a session may cost on AWS: a load that is estimated above it does not "
            "begin, one that has spent it is stopped",
            default="5",
            field="max_cost_usd",
        ),
    ),
}
"""Title → options, in the order of ``--help`` and of the reference page."""

INI_VALUE: Final[Any] = str | float if pytest.version_tuple >= (9, 2) else "string"
"""Type of an ini key: text, or a number of TOML, which pytest takes as text only before 9.2."""
_INI_TYPES: Final[Mapping[Kind, Any]] = {
    Kind.VALUE: INI_VALUE,
    Kind.LIST: "linelist",
    Kind.SWITCH: "bool",
}

OPTIONS: Final = tuple(option for group in OPTION_GROUPS.values() for option in group)
"""All options."""


def add_options(parser: pytest.Parser, plugins: pytest.PytestPluginManager) -> None:
    """Add every command line option and ini key to pytest's.

    Raises:
        pytest.UsageError: another plugin has an option of the same name.
    """
    for title, options in OPTION_GROUPS.items():
        group = parser.getgroup(f"perf-{title}", f"performance tests: {title}")
        for option in options:
            if option.has_flag:
                check_free(option.flag, plugins)
                text = _help(option).replace("%", "%%")
                if option.kind is Kind.SWITCH:
                    group.addoption(option.flag, action="store_true", default=None, help=text)
                else:
                    action = "append" if option.kind is Kind.LIST else "store"
                    group.addoption(option.flag, metavar=option.form, action=action, help=text)
            help_ = f"as {option.flag}" if option.has_flag else _help(option)
            parser.addini(option.ini_key, help_, _INI_TYPES[option.kind], default=None)


@contextmanager
def explaining_taken_options(plugins: pytest.PytestPluginManager) -> Iterator[None]:
    """Name the option of ours that a plugin or a conftest adds again in this block.

    Raises:
        pytest.UsageError: pytest refused one.
    """
    try:
        yield
    except ValueError as error:
        taken = next((it.flag for it in OPTIONS if repr(it.flag) in str(error)), None)
        if taken is None:
            raise
        raise _taken(taken, plugins) from error


def check_free(flag: str, plugins: pytest.PytestPluginManager) -> None:
    """Raise pytest.UsageError if a plugin has added a command line option of this name."""
    if hasattr(plugins.getplugin("pytestconfig").option, flag.strip("-").replace("-", "_")):
        raise _taken(flag, plugins)


def _taken(flag: str, plugins: pytest.PytestPluginManager) -> pytest.UsageError:
    """Return the error that another plugin has this option, too: the one whose hook spells it."""
    hooks = [
        (name, getattr(it, "pytest_addoption", None)) for name, it in plugins.list_name_plugin()
    ]
    owner = next(
        (
            name
            for name, hook in hooks
            if flag in getattr(getattr(hook, "__code__", None), "co_consts", ())
        ),
        "of another package",
    )
    return pytest.UsageError(
        f"{flag}: the plugin {owner} has an option of this name, too: rename that one, or leave "
        "out one of the two plugins, this one with -p no:aqp_perf.plugin"
    )


def is_any_named(config: pytest.Config, *, ini: bool) -> bool:
    """Return whether the command line has an option of ours, or with ``ini`` the ini file."""
    overridden = config.getoption("override_ini", None) or ()
    return any(text.startswith("perf_") for text in overridden) or any(
        (option.has_flag and config.getoption(option.flag) is not None)
        or (ini and has_ini_key(config, option.ini_key))
        for option in OPTIONS
    )


def has_ini_key(config: pytest.Config, key: str) -> bool:
    """Return whether the ini file has a key that is registered, also with a value of a bad type."""
    try:
        with warnings.catch_warnings():  # of such a value, which the resolver refuses
            warnings.simplefilter("ignore")
            return config.getini(key) is not None
    except ValueError:
        return False
    except (TypeError, pytest.UsageError):
        return True


def default_text(option: Option) -> str:
    """Return what holds if an option is not given, as text for people; empty: nothing."""
    return option.otherwise if option.default is None else option.default


def _help(option: Option) -> str:
    default = default_text(option)
    text = f"{option.meaning}; repeatable" if option.kind is Kind.LIST else option.meaning
    return f"{text} (default: {default})" if default else text
