"""The layers that values come from: command line, profiles, markers, ini file."""

from collections.abc import Container, Mapping, Sequence
from typing import Any, Final, NamedTuple

import pytest

from aqp_perf.errors import ConfigError, InvalidComparisonRule, InvalidOption, InvalidThreshold
from aqp_perf.plugin.settings.option import Kind, Option, Scope
from aqp_perf.plugin.settings.options import OPTIONS, PROFILE
from aqp_perf.plugin.settings.profiles import Profile, Value
from aqp_perf.plugin.settings.removed import check_key

_BY_KEY: Final[Mapping[str, Option]] = {option.key: option for option in OPTIONS}
_IN_PROFILES: Final = _BY_KEY.keys() - {PROFILE.key}


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
        ConfigError: an argument is unknown, is for a whole session, or is no list where it must be.
    """
    values: dict[str, Value] = {}
    for key, value in arguments.items():
        name, option = origin.format(key=key), _BY_KEY.get(key)
        check_key(key, name)
        if option is None:
            keys = ", ".join(each.key for each in OPTIONS if each.scope is Scope.RUN)
            raise InvalidOption(name, value, f"there is no such argument: use {keys}")
        if option.scope is Scope.SESSION:
            given = option.flag if option.has_flag else f"the ini key {option.ini_key}"
            raise InvalidOption(name, value, f"it holds for the whole session: give {given}")
        values[key] = _texts(name, value) if option.kind is Kind.LIST else str(value)
    return Layer(values, origin)


def profile_layer(name: str, profile: Profile) -> Layer:
    """Return the layer of a profile.

    Raises:
        ConfigError: it has an unknown option, or one of another type.
    """
    layer = Layer(profile, f"profile {name!r} {{key}}")
    for key, value in profile.items():
        called = layer.origin.format(key=key)
        check_key(key, called)
        if key not in _IN_PROFILES:
            raise InvalidOption(called, value, f"use one of {', '.join(sorted(_IN_PROFILES))}")
        match _BY_KEY[key].kind:
            case Kind.LIST:
                _texts(called, value)
            case Kind.SWITCH if not isinstance(value, bool):
                raise InvalidOption(called, value, "write true or false")
            case Kind.VALUE if not isinstance(value, str):
                raise InvalidOption(called, value, "write one value")
    return layer


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
    given = [
        (layer.values[option.key], layer.name(option))
        for layer in layers
        if option.key in layer.values
    ]
    match option.kind:
        case Kind.LIST:
            combined: tuple[Any, ...] = ()
            for texts, name in reversed(given):
                higher = tuple(_parsed(option, text, name) for text in _texts(name, texts))
                combined = option.combine(combined, higher)
            return combined
        case Kind.SWITCH:
            return any(value is True for value, _ in given[:1])
        case Kind.VALUE if given:
            value, name = given[0]
            return _parsed(option, str(value), name)
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


def _texts(name: str, value: object) -> tuple[str, ...]:
    if isinstance(value, (list, tuple)) and all(isinstance(text, str) for text in value):
        return tuple(value)
    raise InvalidOption(name, value, "give a list of texts, such as ['p99 < 300 ms']")


def _without_none(values: Mapping[str, Any]) -> dict[str, Value]:
    return {key: value for key, value in values.items() if value is not None}
