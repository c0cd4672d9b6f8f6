"""Refuses load tests in a session whose other tests run."""

from typing import Final

import pytest

from aqp_perf.errors import PlatformUnusable
from aqp_perf.operating_system import check_platform
from aqp_perf.plugin.session.load_tests import uses_plugin


class Refusal:
    """A plugin object that makes every test that needs this plugin an error."""

    NAME: Final = "aqp_perf refusal"

    def __init__(self, error: Exception) -> None:
        self._text = str(error)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Refuse the test before any fixture."""
        if uses_plugin(item):
            pytest.fail(self._text, pytrace=False)


def is_refused(config: pytest.Config) -> bool:
    """Return whether load tests cannot run on this operating system; they will be errors then."""
    if config.pluginmanager.hasplugin(Refusal.NAME):
        return True
    try:
        check_platform()
    except PlatformUnusable as error:
        config.pluginmanager.register(Refusal(error), Refusal.NAME)
        return True
    return False
