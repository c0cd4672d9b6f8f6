"""The ``--perf-*`` options: one table, from which the command line, ini keys and help are made.

A value is read from the first of these that has one: command line, the profile chosen there, the
test's marker, ini file, default. Thresholds of all of them are combined: see
`perf.plugin.settings`.
"""

import os
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import isfinite
from pathlib import Path
from typing import Any

import pytest

from perf.aqp.base_url import parse_base_url
from perf.core.comparison_rules import ComparisonRule
from perf.core.dataset import DATASET_SIZES, Dataset, KeyChoice
from perf.core.durations import parse_duration
from perf.core.pacing import parse_pacing
from perf.core.prices import parse_usd
from perf.core.run_fingerprint import PARTS, parse_parts
from perf.core.thresholds import DEFAULT_ABORT_AFTER
from perf.core.verification import parse_verification
from perf.errors import InvalidComparisonRule, InvalidOption
from perf.file_store import parse_place
from perf.files import check_takes_files
from perf.loadgen.arguments import ClientKind
from perf.loadgen.run_spec import DEFAULT_MASTER_BIND
from perf.plugin.baseline_files import (
    DEFAULT_PLACE,
    parse_baseline,
    parse_baseline_name,
)
from perf.plugin.profiles import DEFAULT_PROFILE
from perf.plugin.progress import ProgressKind
from perf.targets import TargetKind, parse_billing, parse_target
from perf.targets.table import checked_name


class Scope(StrEnum):
    """For how much an option holds."""

    SESSION = "session"
    """The whole pytest session: a target is opened once."""
    RUN = "run"
    """A load run: a test's marker may set it too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One option.

    Args:
        name: with ``_``, as in ini keys and profiles, without ``perf_``.
        scope: for how much it holds.
        parse: text → value; raises ValueError or ConfigError with what would be right.
        default: as text; None: no value.
        metavar: what the help calls its value.
        meaning: one line of help.
        is_repeatable: whether it may be given several times; its value is a tuple then.
    """

    name: str
    scope: Scope
    parse: Callable[[str], Any]
    default: str | None
    metavar: str
    meaning: str
    is_repeatable: bool = False

    @property
    def flag(self) -> str:
        """The command line option."""
        return "--perf-" + self.name.replace("_", "-")

    @property
    def ini(self) -> str:
        """The ini key."""
        return f"perf_{self.name}"


_RUN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,39}")

THRESHOLDS = "thresholds"
"""The one option that is a list: ``--perf-threshold`` on the command line."""


def _target(text: str) -> str:
    if text != TargetKind.AWS:  # that one needs more options to be right
        parse_target(text)
    return text


def _aqp(text: str) -> str:
    if text in {"embedded", "none"}:
        return text
    try:
        parse_base_url("--perf-aqp", text)
    except InvalidOption as error:
        hint = f"use embedded, none, or the URL of an AQP: {error.hint}"
        raise InvalidOption(error.option, error.value, hint) from error
    return text.rstrip("/")


def _audit(text: str) -> int:
    """Return up to how many items a table is read as a whole; 0: there is no audit."""
    if text == "off":
        return 0
    if not text.isdecimal() or not int(text):
        raise ValueError("write 'off', or up to how many items a table is read as a whole: 1000000")
    return int(text)


def _run_id(text: str) -> str:
    if not _RUN_ID.fullmatch(text):
        raise ValueError("write up to 40 letters, digits, '_', '.' or '-', a letter or digit first")
    if "_1" in f"_{text}" or "json" in text:
        # The name of the table would not reach DynamoDB as it is.
        raise ValueError("the real AQP rewrites '_1' and 'json' in queries: choose another name")
    return text


def _table(text: str) -> str:
    return checked_name("--perf-table", text)


def _new_file(text: str) -> Path:
    """Return the path of a report; a folder that takes no files is known before any load."""
    path = Path(text).absolute()
    if path.is_dir():
        raise ValueError("it is a folder: give a file")
    try:
        check_takes_files(path.parent)
    except OSError as error:
        raise ValueError(f"give a file in a folder that takes files: {error.strerror}") from error
    return path


def _comparison_rule(text: str) -> ComparisonRule:
    try:
        return ComparisonRule.parse(text)
    except InvalidComparisonRule as error:
        raise ValueError(error.hint) from error


def _whole(least: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            number = least - 1
        if number < least:
            raise ValueError(f"it must be a whole number, at least {least}")
        return number

    return parse


def _processes(text: str) -> int:
    if text == "auto":
        return max(1, len(os.sched_getaffinity(0)) - 1)
    try:
        return _whole(1)(text)
    except ValueError as error:
        raise ValueError(f"{error}, or auto: one less than there are cores") from error


def _seed(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise ValueError("it must be a whole number") from None


_LONGEST_S = 30 * 86_400


def _rate(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not (isfinite(number) and number > 0):
        raise ValueError("it must be a number above 0, users per second")
    return number


def _bounded(seconds: float) -> float:
    if seconds > _LONGEST_S:
        raise ValueError(f"it must be at most {_LONGEST_S // 86_400} days")
    return seconds


def _time(text: str) -> float:
    return _bounded(parse_duration(text))


def _time_or_zero(text: str) -> float:
    return _bounded(parse_duration(text, allow_zero=True))


def _run_time(text: str) -> float:
    seconds = _time(text)
    if seconds != int(seconds):
        raise ValueError("locust takes whole seconds")
    return seconds


def _one_of(kind: type[StrEnum]) -> Callable[[str], StrEnum]:
    def parse(text: str) -> StrEnum:
        try:
            return kind(text)
        except ValueError:
            raise ValueError(f"use one of {', '.join(kind)}") from None

    return parse


def _host_and_port(text: str) -> str:
    host, colon, port = text.rpartition(":")
    if not (colon and host and port.isdecimal() and 0 < int(port) < 1 << 16):
        raise ValueError("write it like '0.0.0.0:5557'")
    return text


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
        yield name, _whole(least), str(getattr(defaults, name)), "N", meaning


OPTIONS: Sequence[Option] = (
    *_options(
        Scope.SESSION,
        (
            "target",
            _target,
            "moto",
            "TARGET",
            "moto, dynamodb-local, aws, none, or a URL",
        ),
        ("aqp", _aqp, None, "AQP", "embedded (default, but not on aws), none, or an AQP's URL"),
        ("table", _table, None, "NAME", "use this table; it is never created, seeded or deleted"),
        ("seed", _seed, "1", "N", "seed of all data"),
        ("billing", parse_billing, "on-demand", "MODE", "on-demand[:RCU,WCU], provisioned:RCU,WCU"),
        ("max_cost", parse_usd, "5", "USD", "AWS only: the most that a session may cost"),
        ("run_id", _run_id, None, "ID", "names what the session creates (default: a random one)"),
        ("json", _new_file, None, "FILE", "write all results to FILE"),
        (
            *("progress", _one_of(ProgressKind), "auto", "HOW"),
            "show a load under way: auto (a block on a terminal, else lines), plain (lines), off",
        ),
        ("html", _new_file, None, "FILE", "write a report with charts to FILE, for a browser"),
        ("markdown", _new_file, None, "FILE", "write a summary to FILE, for a pull request"),
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
        ("aws_account", str, None, "ID", "the only AWS account that may be used"),
        ("aws_region", str, None, "REGION", "AWS region (default: boto3's own)"),
        ("aws_profile", str, None, "NAME", "AWS profile (default: boto3's own)"),
        ("aws_role_arn", str, None, "ARN", "AWS role to assume"),
        ("key_choice", _one_of(KeyChoice), "uniform", "HOW", "uniform, zipf or hot partitions"),
        *_sizes(),
    ),
    Option(
        name="compare_fail",
        scope=Scope.SESSION,
        parse=_comparison_rule,
        default=None,
        metavar="RULE",
        meaning="'[operation:] metric > percent[, floor]', as in 'p99 > 10%%': what is worse than "
        "the baseline FAILs; repeatable",
        is_repeatable=True,
    ),
    *_options(
        Scope.RUN,
        ("users", _whole(1), None, "N", "concurrent users"),
        ("spawn_rate", _rate, None, "RATE", "users started per second"),
        ("run_time", _run_time, None, "TIME", "how long the load lasts, the warm-up included"),
        ("stop_timeout", _time, None, "TIME", "how long requests under way may take"),
        ("warmup", _time_or_zero, None, "TIME", "time before the measurement starts"),
        (
            *("pacing", parse_pacing, None, "PACING"),
            "think, none, or arrivals per second like 200/s, 200/s:poisson, 0..200/s@30s,200/s@2m",
        ),
        ("abort_after", _whole(1), str(DEFAULT_ABORT_AFTER), "N", "requests before abort rules"),
        ("processes", _processes, "1", "N", "worker processes on this machine, or auto"),
        ("expect_workers", _whole(0), "0", "N", "workers on other machines to wait for"),
        ("master_bind", _host_and_port, DEFAULT_MASTER_BIND, "ADDR", "where they connect to"),
        ("client", _one_of(ClientKind), "fast", "CLIENT", "DynamoDB client: fast or boto3"),
        ("max_attempts", _whole(1), "1", "N", "attempts per request of the boto3 client"),
        (
            "verify",
            parse_verification,
            "all",
            "ANSWERS",
            "answers to check against the data seed: all, sample:10%%, off",
        ),
        (
            "audit",
            _audit,
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
    parser.addini("perf_profile", f"as {PROFILE_FLAG}", default=None)
    group.addoption(
        THRESHOLD_FLAG,
        metavar="RULE",
        action="append",
        help="'[operation:] metric op limit [unit]', as in 'p99 < 300 ms', or what ends a hopeless "
        "run, as in 'abort: failure_ratio > 50%%'; repeatable",
    )
    parser.addini("perf_thresholds", f"as {THRESHOLD_FLAG}, one per line", "linelist", default=None)
    group.addoption(
        KEEP_TABLE_FLAG, action="store_true", default=None, help="do not delete the created table"
    )
    parser.addini("perf_keep_table", f"as {KEEP_TABLE_FLAG}", "bool", default=None)
    for option in OPTIONS:
        meaning = option.meaning
        if option.default is not None:
            meaning += f" (default: {option.default})"
        if option.is_repeatable:
            group.addoption(option.flag, metavar=option.metavar, help=meaning, action="append")
            parser.addini(option.ini, f"as {option.flag}, one per line", "linelist", default=None)
        else:
            group.addoption(option.flag, metavar=option.metavar, help=meaning)
            parser.addini(option.ini, f"as {option.flag}", default=None)
