"""Which value of an option holds when several layers give one.

Precedence: command line > profile chosen there > marker > ini > default. The profile ``smoke`` is
the default. A profile that a marker or the ini file chooses lies directly below that layer's own
values.
"""

import warnings
from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePath
from typing import Any, Final, NamedTuple

import pytest

from aqp_perf import targets
from aqp_perf.core.data.declared_item import Item, item_name
from aqp_perf.errors import (
    ConfigError,
    InvalidComparisonRule,
    InvalidOption,
    InvalidThreshold,
    RemovedOption,
)
from aqp_perf.plugin.settings.load_settings import LoadSettings
from aqp_perf.plugin.settings.option import Kind, Option, Scope
from aqp_perf.plugin.settings.options import (
    ARGUMENTS,
    AWS_PROFILE,
    INI_VALUE,
    OPTIONS,
    PROFILE,
    THRESHOLD,
)
from aqp_perf.plugin.settings.profiles import DEFAULT_PROFILE, Profile, read_prices, read_profiles
from aqp_perf.plugin.settings.removed import REMOVED, check_removed
from aqp_perf.plugin.settings.session_settings import SessionSettings
from aqp_perf.plugin.settings.written_files import check_written_files

_BY_KEY: Final[Mapping[str, Option]] = {option.key: option for option in OPTIONS}

_HINTS: Final = {
    Kind.SWITCH: "write true or false",
    Kind.VALUE: "write one text or number",
}

_EXAMPLES: Final = {
    "threshold": "p99 < 300 ms",
    "locust_arg": "table=orders",
    "tags": "checkout",
    "data": "partitions=50",
    "compare_fail": "p99 > 10%",
}
"""Name of a list → one of its texts."""

Value = str | bool | tuple[str, ...]
"""Of an option of each kind, as the command line gives it."""


class Layer(NamedTuple):
    """The values of one origin.

    Args:
        values: key of an option → its text, or texts; None: it is not given.
        origin: what messages call an option of this layer, a format of flag, ini and key.
    """

    values: Mapping[str, Value | None]
    origin: str

    def name(self, option: Option) -> str:
        """Return what a message calls an option of this layer."""
        return self.origin.format(flag=option.flag, ini=option.ini_key, key=option.key)


class Resolver:
    """Reads the layers of a pytest configuration once; resolves the session and every load run.

    Raises:
        ConfigError: a value cannot be; the message names its origin.
    """

    def __init__(self, config: pytest.Config, *, run_id: str) -> None:
        check_removed(config)
        pyproject = config.rootpath / "pyproject.toml"
        self._profiles = read_profiles(pyproject)
        flags = {option.key: config.getoption(option.flag) for option in OPTIONS if option.has_flag}
        command_line, ini = Layer(flags, "{flag}"), _ini_layer(config)
        for layer in (command_line, ini):
            _value_of(THRESHOLD, [layer])  # a mistake is blamed on the layer that makes it
        self._above = (command_line, *self._chosen_profile(command_line))
        default = _profile_layer(DEFAULT_PROFILE, self._profiles)
        self._below = (ini, *self._chosen_profile(ini), default)
        layers = (*self._above, *self._below)
        self.session = SessionSettings.of(
            _values_of(layers, Scope.SESSION),
            names_target=any(layer.values.get("target") is not None for layer in layers),
            prices=read_prices(pyproject),
            run_id=run_id,
        )
        if self.session.uses_aws:
            profile, origin = next(_given(AWS_PROFILE, layers), (None, ""))
            targets.check_profile(profile, origin)
        check_written_files(self.session, config)
        self.load({})

    def load(
        self, marker: Mapping[str, object], call: Mapping[str, object] | None = None
    ) -> LoadSettings:
        """Return the settings of a load run of a test.

        Args:
            marker: the keyword arguments of its ``perf`` marker.
            call: those of the ``perf_load`` call; each replaces the marker's.

        Raises:
            ConfigError: an argument is unknown, is not for a marker, or has a bad value.
        """
        called = _arguments_layer(call or {}, "perf_load({key}=…)")
        kept = {key: value for key, value in marker.items() if key not in called.values}
        marked = _arguments_layer(kept, "@pytest.mark.perf({key}=…)")
        chooser = called if PROFILE.key in called.values else marked
        profile = self._chosen_profile(chooser)
        for key in (key for layer in profile for key in layer.values):
            if _BY_KEY[key].scope is Scope.SESSION:
                hint = f"it sets {key!r} for the whole session: choose it with {PROFILE.flag}"
                raise InvalidOption(chooser.name(PROFILE), chooser.values[PROFILE.key], hint)
        middle = (called, marked, *profile)
        layers = (*self._above, *middle, *self._below)
        # A test often computes its arguments, such as the name of its table.
        arguments = _value_of(ARGUMENTS, (*middle, *self._above, *self._below))
        selected_by_test = {rule.operation for rule in _value_of(THRESHOLD, middle)}
        return LoadSettings(
            **_values_of(layers, Scope.RUN) | {ARGUMENTS.field: arguments},
            session_thresholds=tuple(
                rule
                for rule in _value_of(THRESHOLD, (*self._above, *self._below))
                if rule.operation not in selected_by_test
            ),
        )

    def _chosen_profile(self, chooser: Layer) -> list[Layer]:
        """Return the layer of the profile that a layer chooses; empty: it chooses none."""
        name = chooser.values.get(PROFILE.key)
        if name is None:
            return []
        if name not in self._profiles:
            hint = f"use one of {', '.join(self._profiles)}, or add [tool.aqp-perf.profiles.{name}]"
            raise InvalidOption(chooser.name(PROFILE), name, hint)
        return [_profile_layer(str(name), self._profiles)]


def _ini_layer(config: pytest.Config) -> Layer:
    """Return the layer of the ini file, or of a TOML file, whose values have types.

    Raises:
        ConfigError: a value has another type; pytest's own words say which.
    """
    values: dict[str, Value] = {}
    layer = Layer(values, "ini key {ini}")
    for option in OPTIONS:
        name = layer.name(option)
        try:
            with warnings.catch_warnings():  # of a list instead of a text, which is refused here
                warnings.simplefilter("ignore")
                value = config.getini(option.ini_key)
        except (pytest.UsageError, TypeError, ValueError) as error:  # the last two: before 9.2
            takes_text = option.kind is Kind.VALUE and INI_VALUE == "string"
            hint = "write it in quotes" if takes_text else _hint(option)
            raise ConfigError(f"{name}: {error}: {hint}") from error
        if value is not None:
            values[option.key] = _as_given(option, value, name)
    return layer


def _arguments_layer(arguments: Mapping[str, object], origin: str) -> Layer:
    """Return the layer of a marker's or a call's keyword arguments."""
    for option in OPTIONS:
        if option.scope is Scope.SESSION and option.key in arguments:
            setting = option.flag if option.has_flag else f"the ini key {option.ini_key}"
            hint = f"it holds for the whole session: give {setting}"
            raise InvalidOption(origin.format(key=option.key), arguments[option.key], hint)
    return _layer(arguments, origin, [option for option in OPTIONS if option.scope is Scope.RUN])


def _profile_layer(name: str, profiles: Mapping[str, Profile]) -> Layer:
    options = [option for option in OPTIONS if option is not PROFILE]
    return _layer(profiles[name], f"profile {name!r} {{key}}", options)


def _layer(given: Mapping[str, object], origin: str, options: Sequence[Option]) -> Layer:
    values: dict[str, Value] = {}
    known = {option.key: option for option in options}
    for key, value in given.items():
        name = origin.format(key=key)
        if key in REMOVED:
            raise RemovedOption(name, REMOVED[key])
        if key not in known:
            raise InvalidOption(name, value, f"there is no such option: use {', '.join(known)}")
        values[key] = _as_given(known[key], value, name)
    return Layer(values, origin)


def _as_given(option: Option, value: object, name: str) -> Value:
    """Return a value of Python or TOML as the command line would give it."""
    match option.kind, value:
        case Kind.LIST, dict():
            return tuple(text for key in value for text in _pair_texts(str(key), value[key], name))
        case Kind.LIST, str() if option.takes_text:
            return (value,)
        case Kind.LIST, list() | tuple() if all(isinstance(text, str) for text in value):
            return tuple(value)
        case Kind.SWITCH, bool():
            return value
        case Kind.VALUE, type() if issubclass(value, Item):
            return item_name(value)
        case Kind.VALUE, str() | int() | float() if not isinstance(value, bool):
            return str(value)
    raise InvalidOption(name, value, _hint(option, takes_pairs=True))


def _hint(option: Option, *, takes_pairs: bool = False) -> str:
    """Return what would have been right; pytest's own ini keys take no names and values."""
    if option.kind is not Kind.LIST:
        return _HINTS[option.kind]
    example = _EXAMPLES.get(option.name, option.form)
    key, are_pairs, value = example.partition("=")
    if takes_pairs and are_pairs:
        return f"give names and values, such as {{{key!r}: {value!r}}}"
    return f"give a list of texts, such as [{example!r}]"


def _pair_texts(key: str, value: object, name: str) -> Iterator[str]:
    """Yield ``KEY=VALUE`` for each value of a key; ``KEY`` alone if it has none, as a flag."""
    values = value if isinstance(value, list | tuple) else [value]
    if value is True or not values:
        yield key
        return
    for each in values:
        if isinstance(each, bool) or not isinstance(each, str | int | float | PurePath):
            hint = f"give {key} a text, a number, a list of them, or True for a flag"
            raise InvalidOption(name, {key: value}, hint)
        yield f"{key}={each}"


def _values_of(layers: Sequence[Layer], scope: Scope) -> dict[str, Any]:
    """Return attribute of the settings → value for a scope; layers in falling precedence."""
    return {option.field: _value_of(option, layers) for option in OPTIONS if option.scope is scope}


def _value_of(option: Option, layers: Sequence[Layer]) -> Any:  # noqa: ANN401 - as its parser returns
    """Return the value of one option: of the first layer that has it, or all layers' combined."""
    given = [*_given(option, layers)]
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


def _given(option: Option, layers: Sequence[Layer]) -> Iterator[tuple[Any, str]]:
    """Yield each value that is given, and what a message calls it there."""
    for layer in layers:
        value = layer.values.get(option.key)
        if value is not None:
            yield value, layer.name(option)


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
