"""How the texts of options are read: whatever cannot be is refused with what would be right.

Every function here raises ValueError or ConfigError for a text that it does not take. Options whose
values belong to another module are read there: see `aqp_perf.plugin.settings.options`.
"""

import os
import re
from collections.abc import Callable
from enum import StrEnum
from math import isfinite
from pathlib import Path
from typing import Final

from aqp_perf.aqp.base_url import parse_base_url
from aqp_perf.core.comparison.rules import ComparisonRule
from aqp_perf.core.json_reader import MOST
from aqp_perf.core.load.durations import parse_duration
from aqp_perf.errors import InvalidComparisonRule, InvalidOption
from aqp_perf.files import check_takes_file
from aqp_perf.targets import TargetKind, parse_target
from aqp_perf.targets.tables.table import checked_name

_RUN_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,39}")
_LONGEST_S: Final = 30 * 86_400
_MOST_PROCESSES: Final = 1_024
"""Each is a locust of its own: more than one machine has room for."""
_TOO_LONG: Final = "it must be a whole number of at most 24 digits"


def parse_target_name(text: str) -> str:
    """Return the name or URL of a target; what `aws` needs beside it is looked at elsewhere."""
    if text != TargetKind.AWS:
        parse_target(text)
    return text


def parse_aqp(text: str) -> str:
    """Return ``embedded``, ``none`` or the URL of an AQP."""
    if text in {"embedded", "none"}:
        return text
    try:
        parse_base_url("--perf-aqp", text)
    except InvalidOption as error:
        hint = f"use embedded, none, or the URL of an AQP: {error.hint}"
        raise InvalidOption(error.option, error.value, hint) from error
    return text.rstrip("/")


def parse_table(text: str) -> str:
    """Return the name of a table."""
    return checked_name("--perf-table", text)


def parse_run_id(text: str) -> str:
    """Return what may be a part of table names."""
    if not _RUN_ID.fullmatch(text):
        raise ValueError("write up to 40 letters, digits, '_', '.' or '-', a letter or digit first")
    if "_1" in f"_{text}" or "json" in text:
        # The name of the table would not reach DynamoDB as it is.
        raise ValueError("the real AQP rewrites '_1' and 'json' in queries: choose another name")
    return text


def parse_new_file(text: str) -> Path:
    """Return the path of a report; a folder that takes no files is known before any load."""
    path = Path(text).absolute()
    try:
        if path.is_dir():
            raise ValueError("it is a folder: give a file")
        check_takes_file(path)
    except OSError as error:
        raise ValueError(f"give a file in a folder that takes files: {error.strerror}") from error
    return path


def parse_comparison_rule(text: str) -> ComparisonRule:
    """Return a rule to compare by."""
    try:
        return ComparisonRule.parse(text)
    except InvalidComparisonRule as error:
        raise ValueError(error.hint) from error


def parse_audit(text: str) -> int:
    """Return up to how many items a table is read as a whole; 0: there is no audit."""
    if text == "off":
        return 0
    try:
        return whole_number(1)(text)
    except ValueError as error:
        raise ValueError(
            "write 'off', or up to how many items a table is read as a whole: 1000000"
        ) from error


def parse_seed(text: str) -> int:
    """Return any whole number that a report can hold."""
    try:
        seed = int(text)
    except ValueError:
        raise ValueError("it must be a whole number") from None
    if not -MOST <= seed <= MOST:
        raise ValueError(_TOO_LONG)
    return seed


def whole_number(least: int) -> Callable[[str], int]:
    """Return what reads whole numbers from ``least`` on that a report can hold."""

    def parse(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            number = least - 1
        if number < least:
            raise ValueError(f"it must be a whole number, at least {least}")
        if number > MOST:
            raise ValueError(_TOO_LONG)
        return number

    return parse


def one_of(kind: type[StrEnum]) -> Callable[[str], StrEnum]:
    """Return what reads the members of an enumeration."""

    def parse(text: str) -> StrEnum:
        try:
            return kind(text)
        except ValueError:
            raise ValueError(f"use one of {', '.join(kind)}") from None

    return parse


def parse_processes(text: str) -> int:
    """Return a number of processes; ``auto`` leaves a core of this machine for the target."""
    if text == "auto":
        return max(1, len(os.sched_getaffinity(0)) - 1)
    try:
        number = whole_number(1)(text)
    except ValueError as error:
        raise ValueError(f"{error}, or auto: one less than there are cores") from error
    if number > _MOST_PROCESSES:
        raise ValueError(f"use at most {_MOST_PROCESSES}, or auto: one less than there are cores")
    return number


def parse_spawn_rate(text: str) -> float:
    """Return users per second."""
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not (isfinite(number) and number > 0):
        raise ValueError("it must be a number above 0, users per second")
    return number


def parse_time(text: str) -> float:
    """Return seconds, more than none."""
    return _bounded(parse_duration(text))


def parse_time_or_zero(text: str) -> float:
    """Return seconds."""
    return _bounded(parse_duration(text, allow_zero=True))


def parse_run_time(text: str) -> float:
    """Return whole seconds, at least one."""
    seconds = parse_time(text)
    if seconds != int(seconds):
        raise ValueError("locust takes whole seconds")
    return seconds


def parse_address(text: str) -> str:
    """Return a host with a port."""
    host, colon, port = text.rpartition(":")
    if not (colon and host and port.isdecimal() and 0 < int(port) < 1 << 16):
        raise ValueError("write it like '0.0.0.0:5557'")
    return text


def _bounded(seconds: float) -> float:
    if seconds > _LONGEST_S:
        raise ValueError(f"it must be at most {_LONGEST_S // 86_400} days")
    return seconds
