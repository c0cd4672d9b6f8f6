"""Which value of an option holds when several layers give one.

Precedence: command line > profile chosen there > marker > ini > default. The profile ``smoke`` is
the default. A profile that a marker or the ini file chooses lies directly below that layer's own
values.
"""

from collections.abc import Mapping

import pytest

from aqp_perf.errors import InvalidOption
from aqp_perf.plugin.settings.layers import (
    Layer,
    arguments_layer,
    command_line_layer,
    ini_layer,
    profile_layer,
    value_of,
    values_of,
)
from aqp_perf.plugin.settings.load_settings import LoadSettings
from aqp_perf.plugin.settings.option import Scope
from aqp_perf.plugin.settings.options import PROFILE, THRESHOLD
from aqp_perf.plugin.settings.profiles import DEFAULT_PROFILE, read_prices, read_profiles
from aqp_perf.plugin.settings.removed import check_removed
from aqp_perf.plugin.settings.session_settings import SessionSettings
from aqp_perf.plugin.settings.written_files import check_written_files


class Resolver:
    """Reads the layers of a pytest configuration once; resolves the session and every load run.

    Raises:
        ConfigError: a value cannot be; the message names its origin.
    """

    def __init__(self, config: pytest.Config, *, run_id: str) -> None:
        check_removed(config)
        pyproject = config.rootpath / "pyproject.toml"
        self._profiles = read_profiles(pyproject)
        command_line, ini = command_line_layer(config), ini_layer(config)
        for layer in (command_line, ini):
            value_of(THRESHOLD, [layer])  # a mistake is blamed on the layer that makes it
        self._above = (command_line, *self._profile_layer(command_line))
        default = profile_layer(DEFAULT_PROFILE, self._profiles[DEFAULT_PROFILE])
        self._below = (ini, *self._profile_layer(ini), default)
        layers = (*self._above, *self._below)
        self.session = SessionSettings.of(
            values_of(layers, Scope.SESSION),
            names_target=any("target" in layer.values for layer in layers),
            prices=read_prices(pyproject),
            run_id=run_id,
        )
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
        called = arguments_layer(call or {}, "perf_load({key}=…)")
        marked = arguments_layer(marker, "@pytest.mark.perf({key}=…)").without(called.values)
        chooser = marked if called.profile is None else called
        profile = self._profile_layer(chooser)
        for key in (key for layer in profile for key in layer.session_keys()):
            hint = f"it sets {key!r} for the whole session: choose it with {PROFILE.flag}"
            raise InvalidOption(chooser.name(PROFILE), chooser.profile, hint)
        middle = (called, marked, *profile)
        selected_by_test = {rule.operation for rule in value_of(THRESHOLD, middle)}
        return LoadSettings(
            **values_of((*self._above, *middle, *self._below), Scope.RUN),
            session_thresholds=tuple(
                rule
                for rule in value_of(THRESHOLD, (*self._above, *self._below))
                if rule.operation not in selected_by_test
            ),
        )

    def _profile_layer(self, chooser: Layer) -> list[Layer]:
        """Return the profile that a layer chooses, if it does."""
        name = chooser.profile
        if name is None:
            return []
        if name not in self._profiles:
            hint = f"use one of {', '.join(self._profiles)}, or add [tool.perf.profiles.{name}]"
            raise InvalidOption(chooser.name(PROFILE), name, hint)
        return [profile_layer(name, self._profiles[name])]
