"""The pytest command of a session as reports may show it: with it somebody runs it again."""

import re
import shlex
from collections.abc import Iterable, Mapping
from typing import Final

from perf.core.secret_texts import without_secrets

_HIDDEN: Final = "***"
_SECRET: Final = re.compile(r"SECRET|PASSWORD|TOKEN|ACCESS_KEY|API_KEY|CREDENTIAL|PERF_AQP_USER")
"""In the name of a variable or an option: its value is nobody's business."""
_USER_INFO: Final = re.compile(r"(?<=://)[^/@\s]+(?=@)")


def session_command(arguments: Iterable[object], environment: Mapping[str, str]) -> str:
    """Return the command as a shell takes it, without secrets.

    Args:
        arguments: of pytest.
        environment: its variables; what those with a secret's name hold is hidden.
    """
    shown: list[str] = []
    is_value = False
    for argument in map(str, arguments):
        name, equals, _ = argument.partition("=")
        is_secret = name.startswith("-") and _is_secret(name)
        if is_value:
            shown.append(_HIDDEN)
        else:
            shown.append(f"{name}={_HIDDEN}" if is_secret and equals else argument)
        is_value = is_secret and not equals and not is_value
    secrets = [value for name, value in environment.items() if value and _is_secret(name)]
    text = without_secrets(shlex.join(["pytest", *shown]), secrets)
    return _USER_INFO.sub(_HIDDEN, text)


def _is_secret(name: str) -> bool:
    return _SECRET.search(name.upper().replace("-", "_")) is not None
