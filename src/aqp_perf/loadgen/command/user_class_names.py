"""The names of user classes that a locust command may have, checked as it is read."""

import argparse
import sys
from pathlib import Path
from typing import Any

from locust.argument_parser import parse_locustfile_option, parse_locustfile_paths
from locust.util.load_locustfile import is_user_class

from aqp_perf.loadgen.command.unknown_class import UnknownClass


def known_user_class(name: str) -> str:
    """Return a name that one of the locustfiles has; for `argparse`, once they are imported.

    Locust says only later that it knows no such class, and then not which ones it knows.

    Raises:
        argparse.ArgumentTypeError: they have others.
    """
    known = _known_names()
    if known and name not in known:
        raise argparse.ArgumentTypeError(str(UnknownClass(name, tuple(sorted(known)))))
    return name


def _known_names() -> set[str]:
    """Return the names in the locustfiles of this command; none, where only locust can tell."""
    options: Any = parse_locustfile_option()  # locust types it as another function's result
    paths = [each.strip() for each in options.locustfile.split(",")]
    if not all(Path(each).exists() for each in paths):
        return set()  # they come from a master or a URL
    return {
        name
        for path in parse_locustfile_paths(paths)
        for name, value in vars(sys.modules[_module_name(path)]).items()
        if is_user_class(value)
    }


def _module_name(path: str) -> str:
    """Return under which name locust imports a locustfile."""
    stem = Path(path).stem
    return "locustfile" if stem == "locust" else stem
