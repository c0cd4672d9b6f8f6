"""Which value of an option holds, of all layers that give one.

Precedence: command line > profile chosen there > marker > ini > default. The ``smoke`` profile is
the default. A profile that a marker or the ini file names stands on that layer, below the values
that the same layer gives itself.
"""

from collections.abc import Mapping

import pytest

from aqp_perf.core.verdict.thresholds import override
from aqp_perf.errors import InvalidOption
from aqp_perf.plugin.settings.layers import (
    KEEP_TABLE,
    Layer,
    arguments_layer,
    command_line_layer,
    ini_layer,
    profile_layer,
    thresholds_of,
    values_of,
)
from aqp_perf.plugin.settings.load_settings import LoadSettings
from aqp_perf.plugin.settings.option import Scope
from aqp_perf.plugin.settings.options import PROFILE_FLAG
from aqp_perf.plugin.settings.profiles import DEFAULT_PROFILE, read_prices, read_profiles
from aqp_perf.plugin.settings.session_settings import SessionSettings
from aqp_perf.plugin.settings.written_files import check_written_files


class Resolver:
    """Reads the layers of a pytest configuration once; answers for the session and for markers.

    Raises:
        ConfigError: a value cannot be; the message names its origin.
    """

    def __init__(self, config: pytest.Config, *, run_id: str) -> None:
        self._profiles = read_profiles(config.rootpath / "pyproject.toml")
        self._prices = read_prices(config.rootpath / "pyproject.toml")
        self._command_line = command_line_layer(config)
        self._ini = ini_layer(config)
        self._chosen_profile = self._command_line.text("profile")
        self._ini_profile = self._ini.text("profile")
        for layer in (self._command_line, self._ini):
            thresholds_of([layer])
        self.session = self._session(run_id)
        check_written_files(self.session, config)
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
        called = arguments_layer(call or {}, "perf_load({name}=…)")
        marked = arguments_layer(marker, "@pytest.mark.perf({name}=…)").without(called.values)
        own = called if "profile" in called.values else marked
        test_profile = own.text("profile")
        above = [self._command_line, *self._profile_layer(self._chosen_profile, PROFILE_FLAG)]
        chosen = self._run_profile_layer(test_profile, own.name("profile"))
        middle = [called, marked, *chosen]
        below = [
            self._ini,
            *self._profile_layer(self._ini_profile, self._ini.name("profile")),
            *self._profile_layer(DEFAULT_PROFILE, "default"),
        ]
        values = values_of((*above, *middle, *below), Scope.RUN)
        session = override(thresholds_of(below), thresholds_of(above))
        thresholds = override(
            override(thresholds_of(below), thresholds_of(middle)), thresholds_of(above)
        )
        middle_selectors = {each.operation for each in thresholds_of(middle)}
        return LoadSettings.of(
            values,
            profile=self._chosen_profile or test_profile or self._ini_profile or DEFAULT_PROFILE,
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
            *self._profile_layer(DEFAULT_PROFILE, "default"),
        )
        keepers = [each.values[KEEP_TABLE] for each in layers if KEEP_TABLE in each.values]
        return SessionSettings.of(
            values_of(layers, Scope.SESSION),
            names_target=any("target" in each.values for each in layers),
            keep_table=keepers[:1] == [True],
            prices=self._prices,
            run_id=run_id,
        )

    def _profile_layer(self, name: str | None, chosen_by: str) -> list[Layer]:
        if name is None:
            return []
        if name not in self._profiles:
            hint = f"use one of {', '.join(self._profiles)}, or add [tool.perf.profiles.{name}]"
            raise InvalidOption(chosen_by, name, hint)
        return [profile_layer(name, self._profiles[name])]

    def _run_profile_layer(self, name: str | None, chosen_by: str) -> list[Layer]:
        layers = self._profile_layer(name, chosen_by)
        for key in (key for layer in layers for key in layer.session_options()):
            hint = f"it sets {key!r} for the whole session: choose it with {PROFILE_FLAG}"
            raise InvalidOption(chosen_by, name, hint)
        return layers
