"""What a session and each of its load runs use: options from all layers, checked and typed.

Precedence: command line > profile chosen there > marker > ini > default. The ``smoke`` profile is
the default. A profile that a marker or the ini file names stands on that layer, below the values
that the same layer gives itself.
"""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from perf.core.dataset import DATASET_SIZES, Dataset
from perf.core.pacing import Pacing
from perf.core.thresholds import Threshold, override, parse_threshold
from perf.errors import ConfigError, InvalidLoadProfile, InvalidOption, InvalidThreshold
from perf.loadgen.arguments import ClientKind
from perf.plugin.options import (
    KEEP_TABLE_FLAG,
    OPTIONS,
    PROFILE_FLAG,
    THRESHOLD_FLAG,
    THRESHOLDS,
    Option,
    Scope,
)
from perf.plugin.profiles import DEFAULT_PROFILE, Profile, Value, read_profiles
from perf.targets import Billing, TargetKind, TargetSpec, parse_target

_BY_NAME: Mapping[str, Option] = {option.name: option for option in OPTIONS}
_KEEP_TABLE = "keep_table"


class _Layer(NamedTuple):
    """Values of one origin: option name → text, and how messages call the origin."""

    values: Mapping[str, Value]
    origin: str

    def name(self, option: str) -> str:
        flag = THRESHOLD_FLAG if option == THRESHOLDS else "--perf-" + option.replace("_", "-")
        return self.origin.format(flag=flag, name=option)

    def without(self, names: Container[str]) -> "_Layer":
        kept = {name: value for name, value in self.values.items() if name not in names}
        return self._replace(values=kept)


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionSettings:
    """What holds for the whole session; ``aqp`` is a URL, ``embedded`` or ``none``."""

    target: TargetSpec
    aqp: str
    table: str | None
    keep_table: bool
    billing: Billing
    dataset: Dataset
    json_path: Path | None
    run_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadSettings:
    """What holds for one load run."""

    profile: str
    users: int
    spawn_rate: float
    run_time_s: float
    stop_timeout_s: float
    warmup_s: float
    pacing: Pacing
    processes: int
    expect_workers: int
    master_bind: str
    client: ClientKind
    thresholds: tuple[Threshold, ...]
    session_thresholds: tuple[Threshold, ...]
    """Those of ``thresholds`` that hold for the session's runs in general: one of them that names
    an operation is judged where that operation runs."""

    def __post_init__(self) -> None:
        if self.warmup_s >= self.run_time_s:
            raise InvalidLoadProfile(
                f"the warm-up of {self.warmup_s:g} s leaves nothing of the run time "
                f"of {self.run_time_s:g} s to measure"
            )
        if self.expect_workers and self.processes > 1:
            raise InvalidLoadProfile(
                f"{self.processes} local processes and {self.expect_workers} remote workers do "
                "not go together: start a worker on this machine too, as on the others"
            )

    def to_json(self) -> dict[str, object]:
        """Return the load profile as reports show it."""
        return {
            "name": self.profile,
            "users": self.users,
            "spawn_rate": self.spawn_rate,
            "run_time_s": self.run_time_s,
            "warmup_s": self.warmup_s,
            "stop_timeout_s": self.stop_timeout_s,
            "pacing": str(self.pacing),
            "client": str(self.client),
        }


class Resolver:
    """Reads the layers of a pytest configuration once; answers for the session and for markers.

    Raises:
        ConfigError: a value cannot be; the message names its origin.
    """

    def __init__(self, config: pytest.Config, *, run_id: str) -> None:
        self._profiles = read_profiles(config.rootpath / "pyproject.toml")
        self._command_line = _command_line(config)
        self._ini = _ini(config)
        self._chosen_profile = self._text(self._command_line, "profile")
        self._ini_profile = self._text(self._ini, "profile")
        for layer in (self._command_line, self._ini):
            _thresholds([layer])
        self.session = self._session(run_id)
        self.load({})

    def load(
        self, marker: Mapping[str, object], call: Mapping[str, object] | None = None
    ) -> LoadSettings:
        """Return the settings of a load run of a test.

        Args:
            marker: the keyword arguments of its ``perf`` marker.
            call: those of the ``perf_load`` call, each in place of the marker's.

        Raises:
            ConfigError: an argument is unknown, is not for a marker, or has a bad value.
        """
        called = _test_layer(call or {}, "perf_load({name}=…)")
        marked = _test_layer(marker, "@pytest.mark.perf({name}=…)").without(called.values)
        own = called if "profile" in called.values else marked
        test_profile = self._text(own, "profile")
        above = [self._command_line, *self._profile_layer(self._chosen_profile, PROFILE_FLAG)]
        chosen = self._run_profile_layer(test_profile, own.name("profile"))
        middle = [called, marked, *chosen]
        below = [
            self._ini,
            *self._profile_layer(self._ini_profile, self._ini.name("profile")),
            *self._profile_layer(DEFAULT_PROFILE, "default"),
        ]
        values = _values((*above, *middle, *below), Scope.RUN)
        session = override(_thresholds(below), _thresholds(above))
        thresholds = override(override(_thresholds(below), _thresholds(middle)), _thresholds(above))
        middle_selectors = {each.operation for each in _thresholds(middle)}
        return LoadSettings(
            profile=(self._chosen_profile or test_profile or self._ini_profile or DEFAULT_PROFILE),
            users=values["users"],
            spawn_rate=values["spawn_rate"],
            run_time_s=values["run_time"],
            stop_timeout_s=values["stop_timeout"],
            warmup_s=values["warmup"],
            pacing=values["pacing"],
            processes=values["processes"],
            expect_workers=values["expect_workers"],
            master_bind=values["master_bind"],
            client=values["client"],
            thresholds=thresholds,
            session_thresholds=tuple(
                each for each in session if each.operation not in middle_selectors
            ),
        )

    def _session(self, run_id: str) -> SessionSettings:
        layers = (
            self._command_line,
            *self._profile_layer(self._chosen_profile, PROFILE_FLAG),
            self._ini,
            *self._profile_layer(self._ini_profile, self._ini.name("profile")),
        )
        values = _values(layers, Scope.SESSION)
        target = parse_target(
            values["target"],
            region=values["aws_region"],
            account=values["aws_account"],
            profile=values["aws_profile"],
            role_arn=values["aws_role_arn"],
        )
        default_aqp = "none" if target.kind is TargetKind.AWS else "embedded"
        try:
            dataset = Dataset(
                seed=values["seed"],
                key_choice=values["key_choice"],
                **{name: values[name] for name in DATASET_SIZES},
            )
        except ValueError as error:
            raise InvalidOption("the data set", "", str(error)) from error
        keepers = [each.values[_KEEP_TABLE] for each in layers if _KEEP_TABLE in each.values]
        return SessionSettings(
            target=target,
            aqp=values["aqp"] or default_aqp,
            table=values["table"],
            keep_table=keepers[:1] == [True],
            billing=values["billing"],
            dataset=dataset,
            json_path=values["json"],
            run_id=run_id,
        )

    def _profile_layer(self, name: str | None, chosen_by: str) -> list[_Layer]:
        if name is None:
            return []
        if name not in self._profiles:
            hint = f"use one of {', '.join(self._profiles)}, or add [tool.perf.profiles.{name}]"
            raise InvalidOption(chosen_by, name, hint)
        profile = self._profiles[name]
        origin = f"profile {name!r} {{name}}"
        _check_names(profile, origin)
        return [_Layer(profile, origin)]

    def _run_profile_layer(self, name: str | None, chosen_by: str) -> list[_Layer]:
        layers = self._profile_layer(name, chosen_by)
        for layer in layers:
            for key in layer.values:
                if key != THRESHOLDS and _BY_NAME[key].scope is Scope.SESSION:
                    hint = f"it sets {key!r} for the whole session: choose it with {PROFILE_FLAG}"
                    raise InvalidOption(chosen_by, name, hint)
        return layers

    def _text(self, layer: _Layer, key: str) -> str | None:
        value = layer.values.get(key)
        return value if isinstance(value, str) else None


def _command_line(config: pytest.Config) -> _Layer:
    values: dict[str, Value] = {}
    for option in OPTIONS:
        given = config.getoption(option.flag)
        if given is not None:
            values[option.name] = given
    for key, flag in (
        ("profile", PROFILE_FLAG),
        (THRESHOLDS, THRESHOLD_FLAG),
        (_KEEP_TABLE, KEEP_TABLE_FLAG),
    ):
        given = config.getoption(flag)
        if given is not None:
            values[key] = given
    return _Layer(values, "{flag}")


def _ini(config: pytest.Config) -> _Layer:
    keys = [*(option.name for option in OPTIONS), "profile", THRESHOLDS, _KEEP_TABLE]
    given = {key: config.getini(f"perf_{key}") for key in keys}
    return _Layer(
        {key: value for key, value in given.items() if value is not None}, "ini key perf_{name}"
    )


def _test_layer(arguments: Mapping[str, object], origin: str) -> _Layer:
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
    return _Layer(values, origin)


def _run_names() -> str:
    names = [THRESHOLDS, "profile", *(each.name for each in OPTIONS if each.scope is Scope.RUN)]
    return ", ".join(names)


def _texts(name: str, value: object) -> tuple[str, ...]:
    if isinstance(value, (list, tuple)) and all(isinstance(each, str) for each in value):
        return tuple(value)
    raise InvalidOption(name, value, "give a list of thresholds, such as ['p99 < 300 ms']")


def _check_names(profile: Profile, origin: str) -> None:
    for key, value in profile.items():
        if key == THRESHOLDS:
            _texts(origin.format(name=key), value)
        elif key == _KEEP_TABLE:
            if not isinstance(value, bool):
                raise InvalidOption(origin.format(name=key), value, "write true or false")
        elif key not in _BY_NAME:
            known = ", ".join([THRESHOLDS, _KEEP_TABLE, *_BY_NAME])
            raise InvalidOption(origin.format(name=key), value, f"use one of {known}")


def _values(layers: Sequence[_Layer], scope: Scope) -> dict[str, Any]:
    """Return option name → parsed value, each from the first layer that has it."""
    return {option.name: _value(option, layers) for option in OPTIONS if option.scope is scope}


def _value(option: Option, layers: Sequence[_Layer]) -> Any:  # noqa: ANN401 - as its parser returns
    for layer in layers:
        if option.name in layer.values:
            text = layer.values[option.name]
            return _parsed(option, text, layer.name(option.name))
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


def _thresholds(layers: Sequence[_Layer]) -> tuple[Threshold, ...]:
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
