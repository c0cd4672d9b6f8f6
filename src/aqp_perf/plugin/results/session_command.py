"""The pytest command of a session as reports may show it: with it somebody runs it again."""

import re
import shlex
from collections.abc import Collection, Iterable, Mapping
from typing import Final

from aqp_perf.core.aws.secret_texts import without_secrets

_HIDDEN: Final = "***"
_SECRET: Final = re.compile(
    "SECRET|PASSWORD|PASSWD|PASSPHRASE|PASSCODE|TOKEN|BEARER|OAUTH|CREDENTIAL|COOKIE"
    "|(ACCESS|API|PRIVATE)_?KEY|PERF_AQP_USER"
    "|(PASS|PWD)$|(^|_)AUTH(_|$)"  # as words alone: not --pass-through, not --author
)
"""In the name of a variable or an option: its value is nobody's business."""
_FOLDERS: Final = frozenset({"PWD", "OLDPWD"})
"""Variables in which a shell says where it is."""
_NAME: Final = re.compile(r"-[^=]*|[\w.-]+")
"""What may stand before an equals sign: an option, an ini key or a variable, and no node id."""
_SHORT_OPTION: Final = re.compile(r"-[A-Za-z]")
"""Its value follows without a space: ``-oapi_pass=…``."""
_USER_INFO: Final = re.compile(r"(?<=://)\S+(?=@)")
"""A password may have any character but a space, as it was typed."""
_PARAMETER: Final = re.compile(r"(?<=[?&,])([\w.-]+)=([^\s&,;#'\"]+)")
"""Of a URL, or of a list."""
_HEADER: Final = re.compile(r"(?i)\b(authorization|x-api-key|set-cookie|cookie)([\"']?: ?).+")
_SHORTEST_WITHIN: Final = 8
"""Shorter secrets are parts of harmless words: where each was hidden, all could be read off."""


def session_command(arguments: Iterable[object], environment: Mapping[str, str]) -> str:
    """Return the command as a shell takes it, without secrets.

    Args:
        arguments: of pytest.
        environment: its variables; what those with a secret's name hold is hidden.
    """
    secrets = {
        value
        for name, value in environment.items()
        if value and name not in _FOLDERS and _is_secret(name)
    }
    shown: list[str] = []
    is_value = False
    for argument in map(str, arguments):
        shown.append(_HIDDEN if is_value else _shown(argument, secrets))
        is_option = argument.startswith("-") and "=" not in argument
        is_value = is_option and not is_value and _is_secret(argument)
    # The longest first: one may be a part of another.
    ordered = sorted(secrets, key=len, reverse=True)
    long = [each for each in ordered if len(each) >= _SHORTEST_WITHIN]
    text = without_secrets(shlex.join(["pytest", *shown]), long)
    return _USER_INFO.sub(_HIDDEN, text)


def _shown(argument: str, secrets: Collection[str]) -> str:
    """Return an argument that is no secret, nor has one as its value; a value may have a value."""
    name, equals, value = argument.partition("=")
    if argument in secrets:
        return _HIDDEN
    if not equals or not _NAME.fullmatch(name):
        argument = _HEADER.sub(rf"\1\2{_HIDDEN}", argument)
        return _PARAMETER.sub(_shown_parameter, argument)
    return f"{name}={_HIDDEN if _is_secret(name) else _shown(value, secrets)}"


def _shown_parameter(pair: re.Match[str]) -> str:
    return f"{pair[1]}={_HIDDEN}" if _is_secret(pair[1]) else pair[0]


def _is_secret(name: str) -> bool:
    names = (name, _SHORT_OPTION.sub("", name, count=1) if _SHORT_OPTION.match(name) else name)
    return any(_SECRET.search(re.sub("[-.]", "_", each.upper())) for each in names)
