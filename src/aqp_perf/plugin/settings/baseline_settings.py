"""The settings of baselines, and how a baseline is named."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from aqp_perf.core.comparison.rules import ComparisonRule
from aqp_perf.stores.file_store import Place

DEFAULT_PLACE: Final = ".perf-baselines"
SUFFIX: Final = ".json"

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")


class MissingBaseline(StrEnum):
    """What follows if there is no baseline, or it lacks a run or an operation."""

    ERROR = "error"
    """A run that should be compared and cannot be is an error."""
    PASS = "pass"  # noqa: S105 - no password
    """A run without a counterpart passes with a warning, so that a first session can be saved."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BaselineSettings:
    """What the session does with baselines."""

    place: Place
    save: str | None
    """Name to save the results under."""
    compare: str | None
    """Name of a baseline, or path of a results file."""
    rules: tuple[ComparisonRule, ...]
    allowed: frozenset[str]
    """Parts of a fingerprint that may differ."""
    missing: MissingBaseline


def parse_baseline_name(text: str) -> str:
    """Return a name that is a file name on every system.

    Raises:
        ValueError: it is not; the message says what would be right.
    """
    if not _NAME.fullmatch(text):
        raise ValueError(
            "write up to 100 letters, digits, '_', '.' or '-', a letter or digit first"
        )
    return text


def parse_baseline(text: str) -> str:
    """Return the name of a baseline or the path of a results file; raise as above."""
    return text if is_path(text) else parse_baseline_name(text)


def is_path(text: str) -> bool:
    """Whether ``text`` is the path of a results file, and not the name of a baseline."""
    return text.endswith(SUFFIX) or "/" in text
