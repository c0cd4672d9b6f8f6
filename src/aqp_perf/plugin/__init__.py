"""The pytest plugin as every session has it: options, the marker and the fixtures.

The rest is imported and registered when the session turns out to have load tests: see `start`.
Until then this package does and reads nothing, so that other tests do not notice it.
"""

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

from aqp_perf.plugin.session.load_tests import may_load, uses_plugin
from aqp_perf.plugin.session.locust_plugin import keep_out
from aqp_perf.plugin.session.xdist_workers import XdistWorkers, is_controller, is_worker
from aqp_perf.plugin.settings.options import (
    add_options,
    explaining_taken_options,
    is_any_named,
)
from aqp_perf.plugin.settings.removed import add_removed_ini_keys, add_removed_options

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from aqp_perf.core.data.dataset import Dataset
    from aqp_perf.plugin.fixtures import Aqps, PerfLoad, Tables
    from aqp_perf.plugin.runs.site import Aqp
    from aqp_perf.plugin.runs.state import State
    from aqp_perf.targets import Table, Target

__all__ = ["Aqp", "PerfLoad"]

_MARKER = "perf(thresholds, profile, **overrides): a load test; run them with -m perf"


def __getattr__(name: str) -> object:
    """Import a public name at its first use."""
    if name not in __all__:
        raise AttributeError(name)
    from aqp_perf.plugin import fixtures  # noqa: PLC0415 - see above

    return getattr(fixtures, name)


def pytest_addoption(parser: pytest.Parser, pluginmanager: pytest.PytestPluginManager) -> None:
    """Add the ``--perf-*`` options, and keep Locust's own plugin out."""
    keep_out(parser, pluginmanager)
    add_options(parser, pluginmanager)
    add_removed_options(parser, pluginmanager)


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(
    early_config: pytest.Config, parser: pytest.Parser
) -> "Generator[None, object, object]":
    """Register the removed ini keys, unless ``--help`` would list them.

    A conftest may have an option of ours, too.
    """
    if not early_config.known_args_namespace.help:
        add_removed_ini_keys(parser)
    with explaining_taken_options(early_config.pluginmanager):
        return (yield)


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker, and what xdist's controller needs before it knows of load tests.

    A session that names the mark or one of our options begins at once: what is wrong with them ends
    it before anything is collected. A controller collects no tests, so it heeds the ini file, too.
    """
    config.addinivalue_line("markers", _MARKER)
    if not is_worker(config):
        config.pluginmanager.register(XdistWorkers(config, begin), XdistWorkers.NAME)
    marks = config.getoption("markexpr", "")
    names_mark = "perf" in marks and "not perf" not in marks
    is_asked_for = names_mark or is_any_named(config, ini=is_controller(config))
    if is_asked_for and _is_possible(config):
        begin(config)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Begin if a test that was not deselected needs us."""
    if any(map(uses_plugin, items)) and _is_possible(config):
        from aqp_perf.plugin import start  # noqa: PLC0415 - see above

        start.begin_collected(config, items)


def _is_possible(config: pytest.Config) -> bool:
    """Return whether load tests can run on this operating system; else they are refused."""
    from aqp_perf.plugin.session.refusal import is_refused  # noqa: PLC0415 - see above

    return not is_refused(config)


def begin(config: pytest.Config) -> "State":
    """Return the state of a session with load tests, which begins with the first call.

    Raises:
        PlatformUnusable: load tests cannot run on this operating system.
    """
    from aqp_perf.operating_system import check_platform  # noqa: PLC0415 - see above

    check_platform()
    from aqp_perf.plugin import start  # noqa: PLC0415 - it would not import elsewhere

    return start.begin(config)


@pytest.fixture(scope="session")
def perf_target(request: pytest.FixtureRequest) -> "Iterator[Target]":
    """The open target: moto, DynamoDB Local, an endpoint or AWS."""
    yield from _fixtures(request).opened_target(request)


@pytest.fixture(scope="session")
def perf_dataset(request: pytest.FixtureRequest) -> "Dataset":
    """The data that is seeded into `perf_table`, and that its workloads read and write."""
    dataset: Dataset = _fixtures(request).default_dataset(request)
    return dataset


@pytest.fixture(scope="session")
def _perf_tables(request: pytest.FixtureRequest, perf_target: "Target") -> "Iterator[Tables]":
    with ExitStack() as opened:
        yield _fixtures(request).Tables(request, perf_target, opened)


@pytest.fixture(scope="session")
def _perf_aqps(
    request: pytest.FixtureRequest, perf_target: "Target", _perf_tables: "Tables"
) -> "Iterator[Aqps]":
    with ExitStack() as opened:
        yield _fixtures(request).Aqps(request, perf_target, opened)


@pytest.fixture(scope="session")
def perf_table(_perf_tables: "Tables", perf_dataset: "Dataset") -> "Table":
    """The seeded table: a new one, deleted at the end, or the one of ``--perf-table``."""
    return _perf_tables.of(perf_dataset.item)


@pytest.fixture(scope="session")
def perf_aqp(_perf_aqps: "Aqps", perf_table: "Table", perf_dataset: "Dataset") -> "Aqp":
    """The AQP: the embedded stand-in, or the running one of ``--perf-aqp``."""
    return _perf_aqps.of(perf_table, perf_dataset.item)


@pytest.fixture
def perf_load(request: pytest.FixtureRequest) -> "PerfLoad":
    """Put load on the target: ``perf_load("PartiqlWriteUser")``.

    Raises:
        LoadNotAlone: the test requested it while it ran, and is not marked ``perf``.
    """
    if not may_load(request.node):
        from aqp_perf.errors import LoadNotAlone  # noqa: PLC0415 - see above

        raise LoadNotAlone
    load: PerfLoad = _fixtures(request).PerfLoad(request)
    return load


def _fixtures(request: pytest.FixtureRequest) -> Any:  # noqa: ANN401 - the module
    begin(request.config)
    from aqp_perf.plugin import fixtures  # noqa: PLC0415 - see above

    return fixtures
