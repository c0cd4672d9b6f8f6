"""The measurement's own arguments to the locust command."""

import argparse
import re
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from locust.argument_parser import parse_locustfile_option, parse_locustfile_paths
from locust.util.load_locustfile import is_user_class

from aqp_perf.core.load.cost import parse_budget
from aqp_perf.core.load.durations import parse_duration
from aqp_perf.core.verdict.thresholds import DEFAULT_ABORT_AFTER, parse_abort_rule
from aqp_perf.loadgen.command.failed_start import UnknownName
from aqp_perf.loadgen.command.own_arguments import RESULT_FILE, OwnArguments
from aqp_perf.loadgen.command.workload_arguments import checked

_LONG: Final = re.compile(r"--[^ ]+$")
"""A word that argparse takes for an argument."""


def add_measurement_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that the instrument reads to locust's parser."""
    # The command alone says what is measured, not a locust.conf in some folder or at home.
    parser._default_config_files = []  # type: ignore[attr-defined]  # noqa: SLF001 - configargparse's
    parser.allow_abbrev = False  # else --user, which a locustfile lacks, would be Locust's --users
    _take_file_arguments(parser)
    add = OwnArguments(parser, "Measurement").add
    add(
        "result-file",
        has_short=True,
        default="",
        help="write what was measured to this file, as JSON",
    )
    add(
        "warmup",
        has_short=True,
        type=checked(lambda text: parse_duration(text, allow_zero=True)),
        default="0",
        help="time before the measurement window",
    )
    add(
        "progress",
        type=checked(parse_duration),
        default=None,
        help="how often to write the progress of the run beside the result file: '1s'",
    )
    add(
        "abort",
        type=checked(parse_abort_rule),
        action="append",
        default=[],
        help="end the run, as failed, when this is so: 'failure_ratio > 50%%'; looked at after "
        f"{DEFAULT_ABORT_AFTER} requests of an operation, or as many as the rule says: "
        "'failure_ratio > 50%% after 200'; repeatable",
    )
    add(
        "budget",
        type=checked(parse_budget),
        default=None,
        help="end the run when its requests have cost this much: USD:READ:WRITE, the last two per "
        "million request units, as in '5:0.125:0.625'",
    )
    add(
        "ends-itself",
        action="store_true",
        help="the locustfile may end the load before the run time, which is then judged",
    )
    add(
        "server-process",
        action="append",
        default=[],
        help="PID:STARTTIME of a server on this machine, the latter from /proc/PID/stat: its waits "
        "for a core are measured; repeatable, and left out where there is no such process",
    )
    for action in parser._actions:  # noqa: SLF001 - locust's messages do not name what there is
        if action.dest == "user_classes":
            action.type = known_user_class
        elif action.dest == "tags":
            action.type = known_tag


def known_user_class(name: str) -> str:
    """Return ``name`` if a locustfile has such a user class; for `argparse`, after their import.

    Locust notices an unknown class only later, and does not list the known ones.

    Raises:
        argparse.ArgumentTypeError: the locustfiles have other classes.
    """
    known = [user_class.__name__ for user_class in _user_classes()]
    return _known("user class", name, known) if known else name


def known_tag(name: str) -> str:
    """Return ``name`` if a task has such a tag; for `argparse`, after the import of locustfiles.

    With a tag that no task has, Locust starts users that can do nothing.

    Raises:
        argparse.ArgumentTypeError: the tasks have other tags.
    """
    classes = _user_classes()
    return _known("tag", name, set(_tags(classes))) if classes else name


def _known(kind: str, name: str, known: Collection[str]) -> str:
    if name not in known:
        raise argparse.ArgumentTypeError(str(UnknownName(kind, name, tuple(sorted(known)))))
    return name


def _user_classes() -> list[Any]:
    """Return the user classes of this command's locustfiles; none where only locust can know."""
    options: Any = parse_locustfile_option()  # locust types it as another function's result
    paths = [path.strip() for path in options.locustfile.split(",")]
    if not all(Path(path).exists() for path in paths):
        return []  # they come from a master or a URL
    stems = [Path(path).stem for path in parse_locustfile_paths(paths)]
    modules = [sys.modules["locustfile" if stem == "locust" else stem] for stem in stems]
    return [value for module in modules for value in vars(module).values() if is_user_class(value)]


def _tags(holders: Iterable[Any]) -> Iterator[str]:
    """Yield the tags of all tasks of user classes or task sets, and of those below them."""
    for holder in holders:
        yield from getattr(holder, "locust_tag_set", ())
        yield from _tags(getattr(holder, "tasks", ()))


def _take_file_arguments(parser: Any) -> None:  # noqa: ANN401 - its method is replaced
    """Let the parser take arguments as tests give them, and say which there are for another one."""
    others = list(parser._actions)  # noqa: SLF001 - Locust's

    def parse_args(
        args: Sequence[str] | None = None, *more: object, **options: object
    ) -> argparse.Namespace:
        words, actions = sys.argv[1:] if args is None else args, parser._option_string_actions  # noqa: SLF001
        _add_spellings(actions)
        unknown = []
        if RESULT_FILE in words:
            words = list(_repeating(words, actions))
            # Looked for first: one that is written wrong may be one that argparse says is required.
            unknown = [it for it in words if _LONG.match(it) and _name(it) not in actions]
        found = argparse.Namespace()
        if not unknown:
            found, unknown = parser.parse_known_args(words, *more, **options)
        if unknown:
            names = [
                max(action.option_strings, key=len)
                for action in parser._actions  # noqa: SLF001
                if action not in others
                and action.option_strings
                and not action.dest.startswith("perf_")
            ]
            parser.error(str(UnknownName("argument", _name(unknown[0]), tuple(names))))
        return found

    parser.parse_args = parse_args


def _name(word: str) -> str:
    return word.partition("=")[0]


def _repeating(words: Iterable[str], actions: Mapping[str, argparse.Action]) -> Iterator[str]:
    """Yield words of a command of ours, with the name before each value that is taken by itself.

    ``--header a b`` of a test's list is ``--header a --header b`` for ``action="append"``.
    """
    name, has_value = "", False
    for word in words:
        if word.startswith("-"):
            action = actions.get(word)
            is_single = isinstance(action, argparse._AppendAction) and action.nargs is None  # noqa: SLF001
            name, has_value = word if is_single else "", False
        elif name and has_value:
            yield name
        else:
            has_value = True
        yield word


def _add_spellings(actions: dict[str, argparse.Action]) -> None:
    """Let every long name be written with ``_`` for ``-``, and the other way round."""
    for name, action in list(actions.items()):
        if name.startswith("--"):
            actions.setdefault("--" + name[2:].replace("_", "-"), action)
            actions.setdefault("--" + name[2:].replace("-", "_"), action)
