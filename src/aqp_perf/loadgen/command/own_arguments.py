"""Our arguments in Locust's parser, under names that no locustfile has.

A locustfile adds its arguments to the same parser, and reads them from the same options. Ours are
``--perf-NAME``, and ``perf_NAME`` among the options: no value of ours reaches an argument of the
file. For commands by hand some have a short name, too, where nothing else has it.
"""

import argparse
import sys
from collections.abc import Sequence
from typing import Any, Final

RESULT_FILE: Final = "--perf-result-file"
"""Every command that this package builds has it. There, ours have no short names: a ``--table`` is
the locustfile's own, or an error."""


class OwnArguments:
    """A group of our arguments in a parser of Locust's.

    Args:
        parser: Locust's, before the locustfiles add to it.
        title: of the group.
    """

    def __init__(self, parser: argparse.ArgumentParser, title: str) -> None:
        self._parser = parser
        self._group = parser.add_argument_group(title)
        self._short: dict[str, argparse.Action] = {}
        self._read: list[argparse.Action] = []
        self._parse_known_args: Any = parser.parse_known_args
        # Only when the command is read are the arguments of all locustfiles known.
        parser.parse_known_args = self._parse  # type: ignore[assignment, method-assign]

    def add(
        self,
        name: str,
        *,
        has_short: bool = False,
        is_read: bool = False,
        **options: Any,  # noqa: ANN401 - as argparse takes them
    ) -> None:
        """Add ``--perf-NAME``.

        Args:
            name: with ``-``.
            has_short: whether a command by hand may call it ``--NAME``.
            is_read: whether locustfiles read it as ``parsed_options.NAME``.
            options: as `argparse.ArgumentParser.add_argument` takes them.
        """
        dest = "perf_" + name.replace("-", "_")
        action = self._group.add_argument(f"--perf-{name}", dest=dest, **options)
        if has_short:
            self._short[f"--{name}"] = action
        if is_read:
            self._read.append(action)

    def _parse(
        self,
        args: Sequence[str] | None = None,
        *more: Any,  # noqa: ANN401 - as argparse takes them
        **options: Any,  # noqa: ANN401
    ) -> tuple[argparse.Namespace, list[str]]:
        if RESULT_FILE not in (sys.argv[1:] if args is None else args):
            self._add_short_names()
        found, rest = self._parse_known_args(args, *more, **options)
        taken = {action.dest for action in self._parser._actions} | vars(found).keys()  # noqa: SLF001
        for action in self._read:
            name = action.dest.removeprefix("perf_")
            if name not in taken:
                setattr(found, name, getattr(found, action.dest))
        return found, rest

    def _add_short_names(self) -> None:
        by_name = self._parser._option_string_actions  # noqa: SLF001
        for name, action in self._short.items():
            if name not in by_name:
                by_name[name] = action
                action.option_strings = [*action.option_strings, name]
