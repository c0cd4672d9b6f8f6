"""Checks the names of user classes in a locust command as it is read."""

import argparse
import sys
from pathlib import Path
from typing import Any

from locust.argument_parser import parse_locustfile_option, parse_locustfile_paths
from locust.util.load_locustfile import is_user_class

from aqp_perf.loadgen.command.failed_start import UnknownClass


def known_user_class(name: str) -> str:
    """Return ``name`` if a locustfile has such a user class; for `argparse`, after their import.

    Locust notices an unknown class only later, and does not list the known ones.

    Raises:
        argparse.ArgumentTypeError: the locustfiles have other classes.
    """
    known = _known_names()
    if known and name not in known:
        raise argparse.ArgumentTypeError(str(UnknownClass(name, tuple(sorted(known)))))
    return name


def _known_names() -> set[str]:
    """Return the names in the locustfiles of this command; empty where only locust can know."""
    options: Any = parse_locustfile_option()  # locust types it as another function's result
    paths = [path.strip() for path in options.locustfile.split(",")]
    if not all(Path(path).exists() for path in paths):
        return set()  # they come from a master or a URL
    return {
        name
        for path in parse_locustfile_paths(paths)
        for name, value in vars(sys.modules[_module_name(path)]).items()
        if is_user_class(value)
    }


def _module_name(path: str) -> str:
    """Return the name under which locust imports a locustfile."""
    stem = Path(path).stem
    return "locustfile" if stem == "locust" else stem
