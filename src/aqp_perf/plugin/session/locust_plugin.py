"""Keeps out the pytest plugin that comes along with Locust.

It is there for every project that installs Locust, and takes the option ``--host`` and the fixture
``session``, which many projects have themselves. Who wants it names its module:
``-p pytest_locust.plugin``.
"""

from contextlib import suppress
from typing import Any, Final

import pytest

_NAME: Final = "locust"
_OPTION: Final = ["--host", "-H"]


def keep_out(parser: pytest.Parser, pluginmanager: pytest.PytestPluginManager) -> None:
    """Block the plugin; if it was loaded before this one, remove it, its option and fixtures."""
    was_loaded = pluginmanager.has_plugin(_NAME)
    pluginmanager.set_blocked(_NAME)
    if was_loaded:
        # Pytest has no public way. If its insides change, they stay, and do no harm where nobody
        # else has the same.
        with suppress(AttributeError):
            _forget(pluginmanager)
        with suppress(AttributeError):
            _remove_option(parser, pluginmanager.getplugin("pytestconfig"))


def _forget(pluginmanager: pytest.PytestPluginManager) -> None:
    """Keep out the fixtures, which pytest takes later from all plugins ever registered."""
    calls: Any = pluginmanager.hook.pytest_plugin_registered._call_history  # noqa: SLF001 - see above
    calls[:] = [call for call in calls if call[0]["plugin_name"] != _NAME]


def _remove_option(parser: Any, config: Any) -> None:  # noqa: ANN401 - not part of pytest's types
    group, arguments = parser._anonymous, parser.optparser  # noqa: SLF001
    for option in list(group.options):
        if sorted(option.names()) == sorted(_OPTION):
            group.options.remove(option)
            # Its default would be that of the project's own option.
            vars(config.option).pop(option.dest, None)
            group._arggroup._remove_action(arguments._option_string_actions[_OPTION[0]])  # noqa: SLF001
            for name in _OPTION:
                del parser._opt2dest[name], arguments._option_string_actions[name]  # noqa: SLF001
