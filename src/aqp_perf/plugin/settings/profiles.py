"""Named load profiles: those that ship, and the user's own in ``pyproject.toml``.

A profile is a table of option names (without ``--perf-``, with ``_``) and values as on the command
line; ``thresholds`` is a list, ``data`` a list or a table. ``[tool.aqp-perf.profiles.NAME]`` in the
``pyproject.toml`` of the root directory adds one, or changes some values of one that ships. Beside
them, ``[tool.aqp-perf.prices]`` has what AWS charges: see `aqp_perf.core.aws.prices`.
"""

import tomllib
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from aqp_perf.core.aws.prices import Prices, prices_of_setting
from aqp_perf.core.data.statements import STATUS_OPERATION, WRITE_OPERATION, ZIPCODE_OPERATION
from aqp_perf.errors import InvalidOption, LoadWarning
from aqp_perf.plugin.settings.options import OPTIONS

_TABLE = "aqp-perf"
_KEYS = {"profiles", "prices"}

Profile = Mapping[str, Any]
"""Name of an option → its value, a list or table of a repeatable one."""

_WRITE_LIMITS = ("failure_ratio <= 0.1%", "median <= 50 ms", "p99 <= 300 ms")
_AQP_LIMITS = (
    "failure_ratio <= 1%",
    "median <= 75 ms",
    "p99 <= 400 ms",
    "wrong_answer_ratio <= 0%",
)
_SEED_LIMITS = (
    *(f"{WRITE_OPERATION}: {limit}" for limit in _WRITE_LIMITS),
    *(
        f"{name}: {limit}"
        for name in (ZIPCODE_OPERATION, STATUS_OPERATION)
        for limit in _AQP_LIMITS
    ),
)
"""From the results of the seed document's run, with headroom: writes had no failures, a median of
35 ms and a p99 of 250 ms; AQP reads 0.92 % failures, 54 ms and 340 ms."""

DEFAULT_PROFILE = "smoke"
"""Lies below all other layers: without another limit, its threshold still fails a broken run."""

_LOAD = ("users", "spawn_rate", "run_time", "stop_timeout", "warmup", "pacing")

SHIPPED: Mapping[str, Profile] = {
    # As many users as 100/s within the shipped limit of 400 ms keep busy, all there at once. In the
    # window, half of the requests suffice for a p99, a tenth of them for a failure ratio of 1%.
    "smoke": {
        **{option.key: option.default for option in OPTIONS if option.key in _LOAD},
        "thresholds": ("failure_ratio <= 1%",),
    },
    "seed": {
        "users": "10",
        "spawn_rate": "1",
        "run_time": "5m",
        "stop_timeout": "10s",
        "warmup": "0",
        "pacing": "think",
        "thresholds": _SEED_LIMITS,
    },
    "nightly": {
        "users": "50",
        "spawn_rate": "10",
        "run_time": "10m",
        "stop_timeout": "10s",
        "warmup": "30s",
        "pacing": "100/s",
        "thresholds": _SEED_LIMITS,
    },
}


def read_profiles(pyproject: Path) -> dict[str, Profile]:
    """Return the profiles that ship, and those of a ``pyproject.toml`` if there is one.

    Raises:
        InvalidOption: ``tool.aqp-perf`` in the file is not as described above.
    """
    profiles = _own_table(pyproject).get("profiles", {})
    if not isinstance(profiles, dict) or not all(
        isinstance(each, dict) for each in profiles.values()
    ):
        hint = "write tables [tool.aqp-perf.profiles.NAME] of option names and values"
        raise InvalidOption("[tool.aqp-perf.profiles]", profiles, hint)
    changed = {name: {**SHIPPED.get(name, {}), **table} for name, table in profiles.items()}
    return {**SHIPPED, **changed}


def read_prices(pyproject: Path) -> Prices | None:
    """Return the prices of a ``pyproject.toml``; None when it has none, or there is no such file.

    Raises:
        InvalidOption: ``tool.aqp-perf.prices`` is no price list.
    """
    prices = _own_table(pyproject).get("prices")
    if prices is None:
        return None
    if not isinstance(prices, dict):
        raise InvalidOption(
            "[tool.aqp-perf.prices]", prices, "write a table of prices and their date"
        )
    return prices_of_setting(prices)


def _own_table(pyproject: Path) -> dict[str, object]:
    """Return ``tool.aqp-perf`` of a ``pyproject.toml``; empty when there is none.

    Earlier versions read ``tool.perf``, which other tools have, too.
    """
    try:
        document = tomllib.loads(pyproject.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidOption(str(pyproject), "", f"it is not TOML: {error}") from error
    tools = document.get("tool", {})
    own, former = tools.get(_TABLE), tools.get("perf")
    if own is None and isinstance(former, dict) and not former.keys() - _KEYS:
        hint = f"{pyproject.name}: [tool.perf] is now [tool.{_TABLE}]: rename it"
        warnings.warn(hint, LoadWarning, stacklevel=1)
        return former
    if own is None:
        return {}
    if not isinstance(own, dict) or own.keys() - _KEYS:
        hint = f"it may have [tool.{_TABLE}.profiles.NAME] and [tool.{_TABLE}.prices] only"
        raise InvalidOption(f"[tool.{_TABLE}]", own, hint)
    return own
