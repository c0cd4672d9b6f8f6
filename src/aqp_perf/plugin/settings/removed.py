"""Options of earlier versions: using one is an error that names its replacement."""

import argparse
from collections.abc import Mapping
from typing import Final

import pytest

from aqp_perf.plugin.settings.option import flag_of
from aqp_perf.plugin.settings.options import INI_VALUE, OPTIONS, check_free, has_ini_key

_SIZES: Final = (
    "accounts",
    "customers",
    "usernames",
    "zipcodes",
    "partitions",
    "items_per_partition",
)
REMOVED: Final[Mapping[str, str]] = {
    "abort_after": "write the number into the rule, 'abort: failure_ratio > 50% after 200'",
    "max_attempts": "write the number into the client, --perf-client=boto3:3",
    "key_choice": "use --perf-data=key_choice=zipf",
    **{size: f"use --perf-data={size}=N" for size in _SIZES},
}
"""Name → what replaced it, as a command line option, ini key, profile key and marker argument."""

REMOVED_FLAGS: Final[Mapping[str, str]] = {
    **{flag_of(name): replacement for name, replacement in REMOVED.items()},
    **{
        option.flag: f"use the ini key {option.ini_key}, or -o {option.ini_key}=…"
        for option in OPTIONS
        if not option.has_flag
    },
}
"""Command line option → what replaced it."""


def add_removed_options(parser: pytest.Parser, plugins: pytest.PytestPluginManager) -> None:
    """Accept removed command line options, so that `check_removed` can refuse them."""
    group = parser.getgroup("perf-removed")
    for flag in REMOVED_FLAGS:
        check_free(flag, plugins)
        group.addoption(flag, nargs="?", const="", default=None, help=argparse.SUPPRESS)


def add_removed_ini_keys(parser: pytest.Parser) -> None:
    """Register removed ini keys, so that `check_removed` sees them; ``--help`` would list them."""
    for name in REMOVED:
        parser.addini(f"perf_{name}", "removed", INI_VALUE, default=None)


def check_removed(config: pytest.Config) -> None:
    """Refuse removed command line options and ini keys.

    Raises:
        RemovedOption: one is used; the message names its replacement.
    """
    from aqp_perf.errors import RemovedOption  # noqa: PLC0415 - every session imports this module

    for flag, replacement in REMOVED_FLAGS.items():
        if config.getoption(flag, None) is not None:
            raise RemovedOption(flag, replacement)
    for name, replacement in REMOVED.items():
        if has_ini_key(config, f"perf_{name}"):
            raise RemovedOption(f"ini key perf_{name}", replacement)
