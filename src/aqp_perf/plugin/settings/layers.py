"""The layers that options come from: what each says, and how messages call it."""

from collections.abc import Container, Mapping, Sequence
from typing import Any, NamedTuple

import pytest

from aqp_perf.core.verdict.thresholds import Threshold, override, parse_threshold
from aqp_perf.errors import ConfigError, InvalidOption, InvalidThreshold
from aqp_perf.plugin.settings.option import Option, Scope, ini_key
from aqp_perf.plugin.settings.options import (
    KEEP_TABLE_FLAG,
    OPTIONS,
    PROFILE_FLAG,
    THRESHOLD_FLAG,
    THRESHOLDS,
)
from aqp_perf.plugin.settings.profiles import Profile, Value

KEEP_TABLE = "keep_table"
"""The one option that is yes or no."""

_BY_NAME: Mapping[str, Option] = {option.name: option for option in OPTIONS}


class Layer(NamedTuple):
    """Values of one origin: option name → text, and how messages call the origin."""

    values: Mapping[str, Value]
    origin: str

    def name(self, option: str) -> str:
        """Return how a message calls an option of this layer."""
        flag = _flag(option)
        return self.origin.format(flag=flag, ini=ini_key(flag), name=option)

    def text(self, option: str) -> str | None:
        """Return the text of an option, None when there is none."""
        value = self.values.get(option)
        return value if isinstance(value, str) else None

    def session_options(self) -> list[str]:
        """Return the options here that hold for the whole session."""
        return [
            name
            for name in self.values
            if name == KEEP_TABLE or (name in _BY_NAME and _BY_NAME[name].scope is Scope.SESSION)
        ]

    def without(self, names: Container[str]) -> "Layer":
        """Return this layer, silent on some options."""
        kept = {name: value for name, value in self.values.items() if name not in names}
        return self._replace(values=kept)


def command_line_layer(config: pytest.Config) -> Layer:
    """Return what the command line says."""
    values: dict[str, Value] = {}
    for option in OPTIONS:
        given = config.getoption(option.flag)
        if given is not None:
            values[option.name] = given
    for key, flag in (
        ("profile", PROFILE_FLAG),
        (THRESHOLDS, THRESHOLD_FLAG),
        (KEEP_TABLE, KEEP_TABLE_FLAG),
    ):
        given = config.getoption(flag)
        if given is not None:
            values[key] = given
    return Layer(values, "{flag}")


def ini_layer(config: pytest.Config) -> Layer:
    """Return what the ini file says."""
    keys = [*(option.name for option in OPTIONS), "profile", THRESHOLDS, KEEP_TABLE]
    given = {key: config.getini(ini_key(_flag(key))) for key in keys}
    return Layer({key: value for key, value in given.items() if value is not None}, "ini key {ini}")


def _flag(option: str) -> str:
    return THRESHOLD_FLAG if option == THRESHOLDS else "--perf-" + option.replace("_", "-")


def arguments_layer(arguments: Mapping[str, object], origin: str) -> Layer:
    """Return what the keyword arguments of a marker or a call say.

    Raises:
        InvalidOption: one is unknown, or is not for a single run.
    """
    values: dict[str, Value] = {}
    for key, value in arguments.items():
        name = origin.format(name=key)
        if key == THRESHOLDS:
            values[key] = _texts(name, value)
        elif key == "profile" or (key in _BY_NAME and _BY_NAME[key].scope is Scope.RUN):
            values[key] = str(value)
        elif key in _BY_NAME:
            hint = f"it holds for the whole session: give {_BY_NAME[key].flag}"
            raise InvalidOption(name, value, hint)
        else:
            raise InvalidOption(name, value, f"there is no such argument: use {_run_names()}")
    return Layer(values, origin)


def _run_names() -> str:
    names = [THRESHOLDS, "profile", *(each.name for each in OPTIONS if each.scope is Scope.RUN)]
    return ", ".join(names)


def _texts(name: str, value: object) -> tuple[str, ...]:
    if isinstance(value, (list, tuple)) and all(isinstance(each, str) for each in value):
        return tuple(value)
    raise InvalidOption(name, value, "give a list of texts, such as ['p99 < 300 ms']")


def profile_layer(name: str, profile: Profile) -> Layer:
    """Return what a profile says.

    Raises:
        InvalidOption: it has an unknown option, or one of another type.
    """
    origin = f"profile {name!r} {{name}}"
    for key, value in profile.items():
        if key == THRESHOLDS:
            _texts(origin.format(name=key), value)
        elif key == KEEP_TABLE:
            if not isinstance(value, bool):
                raise InvalidOption(origin.format(name=key), value, "write true or false")
        elif key not in _BY_NAME:
            known = ", ".join([THRESHOLDS, KEEP_TABLE, *_BY_NAME])
            raise InvalidOption(origin.format(name=key), value, f"use one of {known}")
    return Layer(profile, origin)


def values_of(layers: Sequence[Layer], scope: Scope) -> dict[str, Any]:
    """Return option name → parsed value, each from the first layer that has it."""
    return {option.name: _value(option, layers) for option in OPTIONS if option.scope is scope}


def _value(option: Option, layers: Sequence[Layer]) -> Any:  # noqa: ANN401 - as its parser returns
    for layer in layers:
        if option.name in layer.values:
            value, name = layer.values[option.name], layer.name(option.name)
            if option.is_repeatable:
                return tuple(_parsed(option, each, name) for each in _texts(name, value))
            return _parsed(option, value, name)
    if option.is_repeatable:
        return ()
    return None if option.default is None else option.parse(option.default)


def _parsed(option: Option, text: Value, name: str) -> Any:  # noqa: ANN401 - as its parser returns
    if not isinstance(text, str):
        raise InvalidOption(name, text, "write one value")
    try:
        return option.parse(text)
    except InvalidOption as error:
        raise InvalidOption(name, error.value, error.hint) from error
    except ConfigError as error:
        error.add_note(f"given by {name}")
        raise
    except ValueError as error:
        raise InvalidOption(name, text, str(error)) from error


def thresholds_of(layers: Sequence[Layer]) -> tuple[Threshold, ...]:
    """Return the thresholds of layers in falling precedence, combined."""
    combined: tuple[Threshold, ...] = ()
    for layer in reversed(layers):
        name, texts = layer.name(THRESHOLDS), layer.values.get(THRESHOLDS, ())
        if isinstance(texts, (list, tuple)):
            combined = override(combined, [_rule(name, text) for text in texts])
    return combined


def _rule(name: str, text: str) -> Threshold:
    try:
        return parse_threshold(text)
    except InvalidThreshold as error:
        raise InvalidOption(name, text, error.hint) from error
