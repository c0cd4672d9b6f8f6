"""The user classes of a load run, and whether they are the shipped ones."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from aqp_perf.errors import InvalidOption
from aqp_perf.loadgen.command.run_spec import LOCUSTFILE

AQP_USERS: Final = frozenset({"AqpZipcodeUser", "AqpStatusUser"})
"""Shipped user classes that need an AQP."""


def weighted(users: str | Mapping[str, int] | None) -> dict[str, int]:
    """Return the names of user classes with their weights; empty: all of the locustfile.

    Raises:
        InvalidOption: a name or a weight is not valid.
    """
    if users is None:
        return {}
    classes = {users: 1} if isinstance(users, str) else dict(users)
    for name, weight in classes.items():
        if not name.isidentifier():
            raise InvalidOption("perf_load", name, "give the name of a locust user class")
        if type(weight) is not int or weight < 1:
            hint = "a weight is a whole number, at least 1"
            raise InvalidOption(f"perf_load: weight of {name}", weight, hint)
    return classes


def shipped_classes(
    users: str | Mapping[str, int] | None, locustfile: str | Path | None
) -> dict[str, int] | None:
    """Return the shipped user classes of a run with their weights; None: another locustfile's."""
    ships = locustfile is None or Path(locustfile).resolve() == LOCUSTFILE.resolve()
    return weighted(users) if ships else None
