"""Which tests are load tests, by what is known once they are collected."""

from typing import Final

import pytest

_FIXTURES: Final = {"perf_aqp", "perf_dataset", "perf_load", "perf_table", "perf_target"}


def may_load(item: pytest.Item) -> bool:
    """Return whether a test can run load: a marked one may request the fixture while it runs."""
    names_fixture = "perf_load" in getattr(item, "fixturenames", ())
    return names_fixture or item.get_closest_marker("perf") is not None


def uses_plugin(item: pytest.Item) -> bool:
    """Return whether a test can run load, or names a fixture of this plugin."""
    return may_load(item) or not _FIXTURES.isdisjoint(getattr(item, "fixturenames", ()))
