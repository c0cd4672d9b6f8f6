"""The pytest plugin: options, fixtures and hooks; the only code that imports pytest.

A test asks for the fixture ``perf_load`` and is marked ``perf``. Its load runs are judged when its
body ends: a broken threshold fails the test, a run that proves nothing is an error.
"""

from collections.abc import Generator
from contextlib import AbstractContextManager, nullcontext

import pytest

from aqp_perf.core.load.durations import format_duration
from aqp_perf.errors import ConfigError, PerfError, RunNotJudged
from aqp_perf.plugin.fixtures import (
    STATE_RUNS,
    Aqp,
    PerfLoad,
    marker_arguments,
    perf_aqp,
    perf_dataset,
    perf_load,
    perf_table,
    perf_target,
)
from aqp_perf.plugin.results.baseline_saving import BaselineSaving
from aqp_perf.plugin.results.baselines import Baselines
from aqp_perf.plugin.results.collector import Collector, attach
from aqp_perf.plugin.results.report_files import ReportFiles
from aqp_perf.plugin.results.session_history import SessionHistory
from aqp_perf.plugin.runs.audits import Audits
from aqp_perf.plugin.runs.costs import SessionCosts
from aqp_perf.plugin.runs.judging import raise_violations
from aqp_perf.plugin.runs.load_runs import TestRuns
from aqp_perf.plugin.runs.overlooked import Reports
from aqp_perf.plugin.runs.state import STATE, State
from aqp_perf.plugin.session.completeness import Completeness, asks_for_load, may_load
from aqp_perf.plugin.session.exclusive import alone, among_others, check_lock, lock_path
from aqp_perf.plugin.session.interrupts import Interrupts
from aqp_perf.plugin.session.own_errors import show_own_error
from aqp_perf.plugin.session.progress_display import ProgressDisplay
from aqp_perf.plugin.session.screen import announce
from aqp_perf.plugin.session.workers import Workers, run_id_of
from aqp_perf.plugin.settings.options import add_options
from aqp_perf.plugin.settings.resolver import Resolver
from aqp_perf.plugin.settings.session_settings import SessionSettings
from aqp_perf.reports.lines import printable
from aqp_perf.targets import random_name

__all__ = [
    "Aqp",
    "PerfLoad",
    "perf_aqp",
    "perf_dataset",
    "perf_load",
    "perf_table",
    "perf_target",
]

_REPORTS = pytest.StashKey[Reports]()
_MARKER = "perf(thresholds, profile, **overrides): a load test; run them with -m perf"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the ``--perf-*`` options."""
    add_options(parser)


def pytest_configure(config: pytest.Config) -> None:
    """Read all options, before anything is created."""
    config.addinivalue_line("markers", _MARKER)
    try:
        check_lock(lock_path())
        resolver = Resolver(config, run_id=run_id_of(config) or random_name())
        load = resolver.load({})
    except ConfigError as error:
        raise _usage_error(error) from error
    interrupts = Interrupts(is_worker=hasattr(config, "workerinput"))
    workers = Workers(resolver.session.run_id)
    session = resolver.session
    try:
        baselines = Baselines(session.baselines, config.rootpath)
        history = _history(config, session)
    except ConfigError as error:
        raise _usage_error(error) from error
    collector = Collector(config, ReportFiles(session, history), load, interrupts, workers)
    config.stash[STATE] = State(
        resolver=resolver,
        collector=collector,
        audits=Audits(resolver.session.dataset),
        costs=SessionCosts(resolver.session, processes=_processes(config)),
        baselines=baselines,
        progress=ProgressDisplay(config, session.progress),
    )
    config.pluginmanager.register(interrupts, "perf-interrupts")
    config.pluginmanager.register(workers, "perf-workers")
    config.pluginmanager.register(collector, "perf-collector")
    config.pluginmanager.register(Completeness(), "perf-completeness")
    if session.baselines.save is not None and not collector.is_worker:
        config.pluginmanager.register(BaselineSaving(baselines, collector), "perf-baseline")


def pytest_report_header(config: pytest.Config) -> str:
    """Say where load would go."""
    state = config.stash[STATE]
    target = state.session.target
    load = state.resolver.load({})
    return (
        f"perf: target {target.url or target.kind}, AQP {state.session.aqp}, "
        f"profile {load.profile}, data seed {state.session.dataset.seed}, "
        f"run {state.session.run_id}"
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Check the marker of every load test, before the first one runs.

    A worker of xdist cannot end the session in words: there the test itself is an error.
    """
    state = config.stash[STATE]
    if state.collector.is_worker:
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
    """Let a load test run alone, and keep what it measured, however it ends."""
    with _room(item):
        try:
            return (yield)
        finally:
            runs = item.stash.get(STATE_RUNS, None)
            if runs is not None:
                runs.keep()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Make a place for the test's load runs; before any fixture, check its marker."""
    state = item.config.stash[STATE]
    load = state.resolver.load(marker_arguments(item))
    if may_load(item):
        state.costs.expect_any(load)
    item.stash[STATE_RUNS] = TestRuns(item, state)
    item.stash[_REPORTS] = Reports()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Judge the runs of a test when its body is through: too slow or wrong is a failure.

    One of our errors in the body is not: it waits for the teardown, where it is an error.
    """
    runs = item.stash[STATE_RUNS]
    result = None
    try:
        result = yield
    except PerfError as error:
        runs.error = error
    except pytest.skip.Exception:  # a skip does not undo what was measured before it
        raise_violations(runs.judge())
        raise
    raise_violations(runs.judge())
    if not runs.judge() and runs.error is None and asks_for_load(item):
        runs.error = RunNotJudged("no data", "the test put no load on anything: call perf_load")
    return result


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None, object, object]:
    """Make what proves nothing about the target an error of the test, once it is torn down."""
    runs = item.stash.get(STATE_RUNS, None)
    unproven = None if runs is None else runs.unproven()
    judged_before = 0 if runs is None else len(runs.judge())
    try:
        result = yield
    except PerfError as error:
        if unproven is not None:
            error.add_note(f"{type(unproven).__name__}: {unproven}")
        raise
    if runs is not None:  # the teardown of a fixture may have put load on, too
        unproven = runs.unproven()
        if unproven is not None:
            raise unproven
        raise_violations(runs.judge()[judged_before:])
    return result


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Let the report carry the runs, and show our own errors without our stack."""
    report = yield
    runs = item.stash.get(STATE_RUNS, None)
    if runs is not None and call.when != "setup":
        attach(report, runs.take_unreported())
    if call.excinfo is not None:
        show_own_error(report, call.excinfo, item, () if runs is None else runs.judge())
    if runs is not None:
        reports = item.stash[_REPORTS]
        reports.note(report)
        if call.when == "teardown":
            reports.correct(report, item, runs)
    return report


def _history(config: pytest.Config, session: SessionSettings) -> SessionHistory | None:
    """Return the history that the session is added to; workers of xdist add nothing."""
    if session.history is None or hasattr(config, "workerinput"):
        return None
    return SessionHistory(session.history, run_id=session.run_id, checkout=config.rootpath)


def _processes(config: pytest.Config) -> int:
    """Return how many pytest processes run tests: xdist's workers, or this one."""
    return int(getattr(config, "workerinput", {}).get("workercount", 1))


def _room(item: pytest.Item) -> AbstractContextManager[None]:
    if may_load(item):
        text = f"waiting until no other load test runs on this machine ({lock_path()})"
        return alone(
            lock_path(),
            on_wait=lambda: announce(item.config, text, item.path),
            on_enter=lambda waited_s: announce(
                item.config, f"waited {format_duration(round(waited_s))}", item.path
            ),
        )
    if item.config.stash[STATE].collector.is_worker:
        return among_others(lock_path())
    return nullcontext()


def _usage_error(error: ConfigError, where: str = "") -> pytest.UsageError:
    notes = "".join(f"; {note}" for note in getattr(error, "__notes__", ()))
    return pytest.UsageError(printable(f"{where}{error}{notes}"))
