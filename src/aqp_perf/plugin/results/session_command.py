"""The pytest command of a session as reports show it: enough to run it again, and no secret."""

import re
import shlex
from collections.abc import Iterable
from typing import Final

_HIDDEN: Final = "***"
_SHOWN: Final = re.compile(
    "--(perf-[^=]*|basetemp|collect-only|color|confcutdir|deselect|dist|durations|exitfirst"
    "|failed-first|ignore|import-mode|junit-?xml|last-failed|log-level|maxfail|no-header"
    "|numprocesses|quiet|reruns|rootdir|runxfail|setup-only|showlocals|strict-config"
    "|strict-markers|tb|verbose)(=.*)?"
    "|-[lqsvx]+|-[ckmnprW].*|(-o|--override-ini=)perf_.*",
    re.DOTALL,
)
"""Our options, and common ones of pytest, xdist and rerunfailures: none holds a secret."""
_OWN_INI_KEY: Final = "perf_"
_USER_INFO: Final = re.compile(r"(?<=://)\S+(?=@)")


def session_command(arguments: Iterable[object]) -> str:
    """Return the command as a shell takes it.

    Args:
        arguments: of pytest. The value of an option that is not known here is left out, and so is
            the user in a URL.
    """
    shown: list[str] = []
    may_be_value = False
    for argument in map(str, arguments):
        is_option = argument.startswith("-")
        if is_option and not _SHOWN.fullmatch(argument):
            head, equals, _ = argument.partition("=")
            name = head + equals if argument.startswith("--") else argument[:2]
            may_be_value = name == argument
            shown.append(name if may_be_value else name + _HIDDEN)
        else:
            is_shown = is_option or not may_be_value or argument.startswith(_OWN_INI_KEY)
            shown.append(argument if is_shown else _HIDDEN)
            may_be_value = False
    return _USER_INFO.sub(_HIDDEN, shlex.join(["pytest", *shown]))
