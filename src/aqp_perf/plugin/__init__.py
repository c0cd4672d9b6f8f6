"""The pytest plugin: its hooks, in the order in which pytest calls them, and its fixtures.

A test requests the fixture ``perf_load`` and is marked ``perf``. Each of its load runs is judged
when it ends: FAIL fails the test; INVALID and NO DATA, which say nothing about the target, are
errors of the test.
"""

from collections.abc import Generator
from contextlib import AbstractContextManager, nullcontext
from functools import partial

import pytest

from aqp_perf.errors import ConfigError, PerfError
from aqp_perf.plugin.fixtures import (
    PerfLoad,
    marker_arguments,
    perf_aqp,
    perf_dataset,
    perf_load,
    perf_table,
    perf_target,
)
from aqp_perf.plugin.runs.load_request import shipped_requests
from aqp_perf.plugin.runs.load_runs import RUNS, TestRuns
from aqp_perf.plugin.runs.outcomes import complete_report
from aqp_perf.plugin.runs.site import Aqp
from aqp_perf.plugin.runs.state import STATE, State
from aqp_perf.plugin.session.completeness import may_load
from aqp_perf.plugin.session.exclusive import alone, among_others, check_lock, lock_path
from aqp_perf.plugin.session.screen import announce
from aqp_perf.plugin.settings.options import add_options, explaining_taken_options
from aqp_perf.plugin.settings.removed import add_removed_ini_keys, add_removed_options
from aqp_perf.reports.lines import printable

__all__ = [
    "Aqp",
    "PerfLoad",
    "perf_aqp",
    "perf_dataset",
    "perf_load",
    "perf_table",
    "perf_target",
]

_MARKER = "perf(thresholds, profile, **overrides): a load test; run them with -m perf"


def pytest_addoption(parser: pytest.Parser, pluginmanager: pytest.PytestPluginManager) -> None:
    """Add the ``--perf-*`` options."""
    add_options(parser, pluginmanager)
    add_removed_options(parser)


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(
    early_config: pytest.Config, parser: pytest.Parser
) -> Generator[None, object, object]:
    """Register the removed ini keys, unless ``--help`` would list them.

    A conftest may have an option of ours, too.
    """
    if not early_config.known_args_namespace.help:
        add_removed_ini_keys(parser)
    with explaining_taken_options(early_config.pluginmanager):
        return (yield)


def pytest_configure(config: pytest.Config) -> None:
    """Read all options, before anything is created, and register the other plugin objects."""
    config.addinivalue_line("markers", _MARKER)
    try:
        check_lock(lock_path())
        state = config.stash[STATE] = State(config)
    except ConfigError as error:
        raise _usage_error(error) from error
    for plugin in (state.interrupts, state.workers, state.collector, state.completeness):
        config.pluginmanager.register(plugin)


def pytest_report_header(config: pytest.Config) -> str:
    """Say where load would go."""
    state = config.stash[STATE]
    session = state.session
    return (
        f"perf: target {session.target.url or session.target.kind}, AQP {session.aqp}, "
        f"profile {state.resolver.load({}).profile}, data seed {session.dataset.seed}, "
        f"run {session.run_id}"
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Check the marker of every load test, before the first one runs.

    A worker of xdist cannot end the session with a usage error: there, the test is an error.
    """
    state = config.stash[STATE]
    if state.process.is_worker:
        return
    for item in items:
        try:
            state.resolver.load(marker_arguments(item))
            if may_load(item):
                state.baselines.check_environment()
        except ConfigError as error:
            raise _usage_error(error, f"{item.nodeid}: ") from error


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Run a load test alone on the machine, and keep its runs however it ends."""
    with _lock(item):
        try:
            return (yield)
        finally:
            left = item.stash[RUNS].take_unreported() if RUNS in item.stash else ()
            if left:
                item.config.stash[STATE].collector.keep(left)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Check the marker of the test, and what its load may cost, before any fixture."""
    state = item.config.stash[STATE]
    load = state.resolver.load(marker_arguments(item))
    if may_load(item):
        state.costs.expect(*shipped_requests(load))
    item.stash[RUNS] = TestRuns(item, state)
    # An attempt that pytest-rerunfailures repeats leaves its figures here.
    own = [pair for pair in item.user_properties if not pair[0].startswith("perf.")]
    item.user_properties[:] = own


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Keep an error of ours in the body for the teardown: it is no failure of the target."""
    try:
        return (yield)
    except PerfError as error:
        item.stash[RUNS].error = error
        return None


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Let the report show the verdicts of the test's runs, and carry them to the collector."""
    report = yield
    complete_report(report, call, item, item.stash.get(RUNS, None))
    return report


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> Generator[None, object, object]:
    """Write the reports first and save a baseline last, then set the exit code.

    The hooks in between may still make the session red, and a red session is no baseline.
    """
    state = session.config.stash[STATE]
    reports = not (state.process.is_worker or session.config.option.collectonly)
    with state.interrupts.finishing():
        if state.interrupts.signal is not None:
            for node in state.workers.interrupt():
                state.collector.pytest_testnodedown(node)
        if reports:
            state.collector.write_files()
        result = yield
        if reports and state.session.baselines.save is not None:
            is_green = state.exit_code(session.exitstatus) == pytest.ExitCode.OK
            is_whole = not state.interrupts.is_cut_short
            state.collector.save_baseline(state.baselines, is_green=is_green and is_whole)
    session.exitstatus = state.exit_code(session.exitstatus)
    return result


def _lock(item: pytest.Item) -> AbstractContextManager[None]:
    if may_load(item):
        return alone(lock_path(), partial(announce, item.config))
    if item.config.stash[STATE].process.is_worker:
        return among_others(lock_path())
    return nullcontext()


def _usage_error(error: ConfigError, where: str = "") -> pytest.UsageError:
    notes = "".join(f"; {note}" for note in getattr(error, "__notes__", ()))
    return pytest.UsageError(printable(f"{where}{error}{notes}"))
