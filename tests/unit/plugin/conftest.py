from collections.abc import Callable

import pytest

from aqp_perf.plugin.settings.resolver import Resolver


@pytest.fixture
def resolver(pytester: pytest.Pytester) -> Callable[..., Resolver]:
    """Return what resolves the options of a project: its ini file, its profiles, its command."""

    def create(*args: str, ini: str = "", pyproject: str = "") -> Resolver:
        pytester.makeini(f"[pytest]\n{ini}")
        pytester.makepyprojecttoml(pyproject)
        return Resolver(pytester.parseconfig(*args), run_id="run")

    return create
