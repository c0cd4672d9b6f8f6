"""The layers that values come from: command line, profiles, markers, ini file."""

from collections.abc import Container, Mapping, Sequence
from typing import Any, Final, NamedTuple

import pytest

from aqp_perf.errors import (
    ConfigError,
    InvalidComparisonRule,
    InvalidOption,
    InvalidThreshold,
    RemovedOption,
)
from aqp_perf.plugin.settings.option import Kind, Option, Scope
from aqp_perf.plugin.settings.options import OPTIONS, PROFILE
from aqp_perf.plugin.settings.profiles import Profile
from aqp_perf.plugin.settings.removed import REMOVED

_BY_KEY: Final[Mapping[str, Option]] = {option.key: option for option in OPTIONS}

Value = str | bool | tuple[str, ...]
"""Of an option of each kind, as the command line gives it."""


class Layer(NamedTuple):
    """The values of one origin.

    Args:
        values: key of an option → its text, or texts.
        origin: what messages call an option of this layer, a format of flag, ini and key.
    """

    values: Mapping[str, Value]
    origin: str

    def name(self, option: Option) -> str:
        """Return what a message calls an option of this layer."""
        return self.origin.format(flag=option.flag, ini=option.ini_key, key=option.key)

    @property
    def profile(self) -> str | None:
        """The profile that this layer chooses."""
        name = self.values.get(PROFILE.key)
        return name if isinstance(name, str) else None

    def session_keys(self) -> list[str]:
        """Return the keys that hold for the whole session."""
        return [key for key in self.values if _BY_KEY[key].scope is Scope.SESSION]

    def without(self, keys: Container[str]) -> "Layer":
        """Return this layer without the values of some options."""
        kept = {key: value for key, value in self.values.items() if key not in keys}
        return self._replace(values=kept)


def command_line_layer(config: pytest.Config) -> Layer:
    """Return the layer of the command line."""
    given = {each.key: config.getoption(each.flag) for each in OPTIONS if each.has_flag}
    return Layer(_without_none(given), "{flag}")


def ini_layer(config: pytest.Config) -> Layer:
    """Return the layer of the ini file."""
    given = {option.key: config.getini(option.ini_key) for option in OPTIONS}
    return Layer(_without_none(given), "ini key {ini}")


def arguments_layer(arguments: Mapping[str, object], origin: str) -> Layer:
    """Return the layer of a marker's or a call's keyword arguments.

    Raises:
        ConfigError: an argument is unknown, is for a whole session, or is of another type.
    """
    for option in OPTIONS:
        if option.scope is Scope.SESSION and option.key in arguments:
            setting = option.flag if option.has_flag else f"the ini key {option.ini_key}"
            hint = f"it holds for the whole session: give {setting}"
            raise InvalidOption(origin.format(key=option.key), arguments[option.key], hint)
    return _layer(arguments, origin, [each.key for each in OPTIONS if each.scope is Scope.RUN])


def profile_layer(name: str, profile: Profile) -> Layer:
    """Return the layer of a profile.

    Raises:
        ConfigError: it has an unknown option, or one of another type.
    """
    keys = [option.key for option in OPTIONS if option is not PROFILE]
    return _layer(profile, f"profile {name!r} {{key}}", keys)


def _layer(given: Mapping[str, object], origin: str, keys: Sequence[str]) -> Layer:
    values: dict[str, Value] = {}
    for key, value in given.items():
        name = origin.format(key=key)
        if key in REMOVED:
            raise RemovedOption(name, REMOVED[key])
        if key not in keys:
            raise InvalidOption(name, value, f"there is no such option: use {', '.join(keys)}")
        values[key] = _as_given(_BY_KEY[key], value, name)
    return Layer(values, origin)


def _as_given(option: Option, value: object, name: str) -> Value:
    """Return a value of Python or TOML as the command line would give it."""
    match option.kind, value:
        case Kind.LIST, dict():
            return tuple(f"{key}={each}" for key, each in value.items())
        case Kind.LIST, list() | tuple() if all(isinstance(each, str) for each in value):
            return tuple(value)
        case Kind.SWITCH, bool():
            return value
        case Kind.VALUE, str() | int() | float() if not isinstance(value, bool):
            return str(value)
    hints = {
        Kind.LIST: "give a list of texts, such as ['p99 < 300 ms']",
        Kind.SWITCH: "write true or false",
        Kind.VALUE: "write one text or number",
    }
    raise InvalidOption(name, value, hints[option.kind])


def values_of(layers: Sequence[Layer], scope: Scope) -> dict[str, Any]:
    """Return attribute of the settings → value, for all options of a scope.

    Args:
        layers: in falling precedence.
        scope: of the options.

    Raises:
        ConfigError: a value cannot be; the message names its origin.
    """
    return {option.field: value_of(option, layers) for option in OPTIONS if option.scope is scope}


def value_of(option: Option, layers: Sequence[Layer]) -> Any:  # noqa: ANN401 - as its parser returns
    """Return the value of one option: of the first layer that has it, or all layers' combined."""
    given: list[tuple[Any, str]] = [
        (layer.values[option.key], layer.name(option))
        for layer in layers
        if option.key in layer.values
    ]
    match option.kind:
        case Kind.LIST:
            combined: tuple[Any, ...] = ()
            for texts, name in reversed(given):
                higher = tuple(_parsed(option, text, name) for text in texts)
                combined = option.combine(combined, higher)
            return combined
        case Kind.SWITCH:
            return any(value is True for value, _ in given[:1])
        case Kind.VALUE if given:
            text, name = given[0]
            return _parsed(option, text, name)
    return None if option.default is None else option.parse(option.default)


def _parsed(option: Option, text: str, name: str) -> Any:  # noqa: ANN401 - as its parser returns
    try:
        return option.parse(text)
    except InvalidOption as error:
        raise InvalidOption(name, error.value, error.hint) from error
    except (InvalidThreshold, InvalidComparisonRule) as error:
        raise InvalidOption(name, text, error.hint) from error
    except ConfigError as error:
        error.add_note(f"given by {name}")
        raise
    except ValueError as error:
        raise InvalidOption(name, text, str(error)) from error


def _without_none(values: Mapping[str, Any]) -> dict[str, Value]:
    return {key: value for key, value in values.items() if value is not None}
