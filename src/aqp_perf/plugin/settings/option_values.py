"""Parsers of option values.

Every function here raises ValueError or ConfigError for a text that it does not take; the message
says what would be right. Values that belong to another module are parsed there. The table in
`aqp_perf.plugin.settings.options` names every parser by its name here.
"""

import operator
import re
from collections.abc import Callable
from enum import StrEnum
from functools import partial
from math import isfinite
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from aqp_perf.base_url import parse_base_url, shown_url
from aqp_perf.core.aws.prices import parse_usd
from aqp_perf.core.comparison.rules import ComparisonRule
from aqp_perf.core.load.durations import parse_duration
from aqp_perf.core.load.pacing import parse_pacing
from aqp_perf.core.proof.sampling import parse_verification
from aqp_perf.core.results.run_fingerprint import parse_parts
from aqp_perf.core.verdict.confidence import parse_proof
from aqp_perf.core.verdict.thresholds import override, parse_threshold
from aqp_perf.errors import InvalidOption
from aqp_perf.files import check_takes_file
from aqp_perf.find_item import find_item
from aqp_perf.history.reading import MOST_SESSIONS
from aqp_perf.loadgen.command.argument_values import parse_client, parse_data, whole_number
from aqp_perf.loadgen.command.file_arguments import by_name, parse_argument
from aqp_perf.operating_system import usable_cores
from aqp_perf.stores.file_store import parse_place
from aqp_perf.targets import TargetKind, parse_billing, parse_target
from aqp_perf.targets.tables.table import checked_name

__all__ = [
    "MissingBaseline",
    "ProgressKind",
    "best_sessions",
    "both",
    "by_name",
    "find_item",
    "higher",
    "is_path",
    "override",
    "parse_address",
    "parse_anchor",
    "parse_aqp",
    "parse_argument",
    "parse_audit",
    "parse_baseline",
    "parse_baseline_name",
    "parse_billing",
    "parse_client",
    "parse_data",
    "parse_host",
    "parse_missing",
    "parse_new_file",
    "parse_pacing",
    "parse_parts",
    "parse_place",
    "parse_processes",
    "parse_progress",
    "parse_proof",
    "parse_rule",
    "parse_run_id",
    "parse_run_time",
    "parse_seed",
    "parse_spawn_rate",
    "parse_table",
    "parse_tag",
    "parse_target_name",
    "parse_text",
    "parse_threshold",
    "parse_time",
    "parse_usd",
    "parse_users",
    "parse_verification",
    "parse_warmup",
    "parse_workers",
]

SUFFIX: Final = ".json"
"""Of the file of a baseline."""
_BEST: Final = "best:"
_BASELINE_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")
_RUN_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,39}")
_LONGEST_S: Final = 30 * 86_400
_MOST_PROCESSES: Final = 1_024
"""Each is a locust process: no machine has room for more."""


class ProgressKind(StrEnum):
    """How a running load is shown."""

    AUTO = "auto"
    """A block on a terminal, lines elsewhere; nothing with ``-q``."""
    PLAIN = "plain"
    """Lines, on a terminal too."""
    OFF = "off"


class MissingBaseline(StrEnum):
    """What follows if there is no baseline, or it lacks a run or an operation."""

    ERROR = "error"
    """A run that should be compared and cannot be is an error."""
    PASS = "pass"  # noqa: S105 - no password
    """A run without a counterpart passes with a warning, so that a first session can be saved."""


def higher(_lower: tuple[Any, ...], higher: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return the values of the higher layer alone."""
    return higher


def one_of(kind: type[StrEnum]) -> Callable[[str], StrEnum]:
    """Return a parser of the members of an enumeration."""

    def parse(text: str) -> StrEnum:
        try:
            return kind(text)
        except ValueError:
            raise ValueError(f"use one of {', '.join(kind)}") from None

    return parse


both: Final = operator.add
parse_text: Final = str
parse_rule: Final = ComparisonRule.parse
parse_users: Final = whole_number(1)
parse_workers: Final = whole_number(0)
parse_seed: Final = whole_number()
parse_progress: Final = one_of(ProgressKind)
parse_missing: Final = one_of(MissingBaseline)
parse_table: Final = partial(checked_name, "--perf-table")


def parse_target_name(text: str) -> str:
    """Return the name or URL of a target; the account that ``aws`` needs is checked elsewhere."""
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


def parse_host(text: str) -> str:
    """Return a value of Locust's ``--host``: a URL, or whatever else a client of users takes."""
    hint = "write what Locust's --host takes, such as 'https://shop.example'"
    if text.startswith("-"):  # Locust would take it for another argument
        raise InvalidOption("host", text, hint)
    try:
        url = urlsplit(text)
        has_password, host = url.password is not None, url.hostname
    except ValueError as error:
        raise InvalidOption("host", shown_url(text), hint) from error
    if has_password:  # reports show the command
        hint = "credentials come from the environment, not from the URL"
        raise InvalidOption("host", shown_url(text), hint)
    is_web = url.scheme in {"http", "https"}
    if not text or not text.isprintable() or " " in text or (is_web and not host):
        raise ValueError(hint)
    return text


def parse_tag(text: str) -> str:
    """Return a tag of tasks, as a word of the command."""
    if not text or text.startswith("-") or not text.isprintable():
        raise ValueError("write a tag, as in @tag('checkout')")
    return text


def parse_run_id(text: str) -> str:
    """Return a run id, which becomes part of table names."""
    if not _RUN_ID.fullmatch(text):
        raise ValueError("write up to 40 letters, digits, '_', '.' or '-', a letter or digit first")
    if "_1" in f"_{text}" or "json" in text:
        # The AQP would ask DynamoDB for a table of another name.
        raise ValueError("the real AQP rewrites '_1' and 'json' in queries: choose another name")
    return text


def parse_baseline_name(text: str) -> str:
    """Return the name of a baseline, which is a file name on every system."""
    if not _BASELINE_NAME.fullmatch(text):
        raise ValueError(
            "write up to 100 letters, digits, '_', '.' or '-', a letter or digit first"
        )
    return text


def parse_baseline(text: str) -> str:
    """Return the name of a baseline or the path of a results file."""
    return text if is_path(text) else parse_baseline_name(text)


def parse_anchor(text: str) -> str:
    """Return what `parse_baseline` does, or ``best:N``."""
    if best_sessions(text) is not None:
        return text
    if text.startswith(_BEST) and not is_path(text):
        raise ValueError(
            f"write best:N, the best of the last N sessions of the history: 1 to {MOST_SESSIONS}"
        )
    return parse_baseline(text)


def best_sessions(text: str) -> int | None:
    """Return N of ``best:N``; None: it is not that."""
    number = text.removeprefix(_BEST)
    is_best = text != number and number.isascii() and number.isdecimal()
    return int(number) if is_best and 1 <= int(number) <= MOST_SESSIONS else None


def is_path(text: str) -> bool:
    """Whether ``text`` is the path of a results file, and not the name of a baseline."""
    return text.endswith(SUFFIX) or "/" in text


def parse_new_file(text: str) -> Path:
    """Return the path of a file to write; checks before any load that its folder takes files."""
    if not text.strip():
        raise ValueError("it is empty: give a file")
    path = Path(text).absolute()
    try:
        if path.is_dir():
            raise ValueError("it is a folder: give a file")
        check_takes_file(path)
    except OSError as error:
        raise ValueError(f"give a file in a folder that takes files: {error.strerror}") from error
    return path


def parse_audit(text: str) -> int:
    """Return the largest number of items that are read as a whole table; 0: there is no audit."""
    if text == "off":
        return 0
    try:
        return whole_number(1)(text)
    except ValueError as error:
        raise ValueError(
            "write 'off', or up to how many items the whole table is read: 1000000"
        ) from error


def parse_processes(text: str) -> int:
    """Return a number of processes; ``auto`` leaves a core of this machine for the target."""
    if text == "auto":
        return max(1, usable_cores() - 1)
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


def parse_time(text: str, *, allow_zero: bool = False) -> float:
    """Return seconds: above 0, or 0 too."""
    seconds = parse_duration(text, allow_zero=allow_zero)
    if seconds > _LONGEST_S:
        raise ValueError(f"it must be at most {_LONGEST_S // 86_400} days")
    return seconds


parse_warmup: Final = partial(parse_time, allow_zero=True)


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
