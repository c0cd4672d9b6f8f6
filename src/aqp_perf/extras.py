"""The extras of this package, and whether what they bring is installed."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from importlib.util import find_spec
from typing import Final

from aqp_perf.errors import ExtraMissing


class Extra(StrEnum):
    """An extra; `pyproject.toml` says which packages each brings."""

    AWS = "aws"
    EMBEDDED = "embedded"
    HISTORY = "history"

    @property
    def command(self) -> str:
        """The command that installs it."""
        return f"pip install 'aqp-perf[{self}]'"


MODULES: Final = {
    Extra.AWS: ("boto3",),
    Extra.EMBEDDED: ("moto", "boto3", "flask_cors", "lark", "sqlglot", "waitress"),
    Extra.HISTORY: ("otava",),
}
"""Extra → the modules that its packages bring and that this package imports."""


def is_installed(extra: Extra) -> bool:
    """Return whether all that an extra brings is installed; nothing is imported."""
    return not _missing(extra)


def require(extra: Extra, purpose: str) -> None:
    """Check that what an extra brings is installed, before it is imported or started.

    Args:
        extra: the extra.
        purpose: what needs it, as the user wrote it: ``--perf-target=moto``.

    Raises:
        ExtraMissing: a module of it is not there.
    """
    missing = _missing(extra)
    if missing:
        raise ExtraMissing(purpose, missing, extra.command)


@contextmanager
def imports_of_command(extra: Extra, command: str) -> Iterator[None]:
    """Import in the block what a command needs; without the extra, say so and exit with code 2.

    Args:
        extra: the extra that brings it.
        command: as the user wrote it: ``python -m aqp_perf.aqp``.
    """
    try:
        require(extra, command)
    except ExtraMissing as error:
        sys.stderr.write(f"{error}\n")
        raise SystemExit(2) from error
    yield


def _missing(extra: Extra) -> list[str]:
    return [module for module in MODULES[extra] if find_spec(module) is None]
