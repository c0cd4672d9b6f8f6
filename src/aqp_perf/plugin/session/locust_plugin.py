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
    """Block the plugin; if it was loaded before this one, remove it and its option."""
    was_loaded = pluginmanager.has_plugin(_NAME)
    pluginmanager.set_blocked(_NAME)
    if was_loaded:
        # Pytest has no public way. If its insides change, the option stays, and does no harm
        # where no other plugin adds the same.
        with suppress(AttributeError):
            _remove_option(parser, pluginmanager.getplugin("pytestconfig"))


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
