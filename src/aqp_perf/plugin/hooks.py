"""The hooks of a session that has begun, see `start`, in the order in which pytest calls them.

A test requests the fixture ``perf_load`` and is marked ``perf``. Each of its load runs is judged
when it ends: FAIL fails the test; INVALID and NO DATA, which say nothing about the target, are
errors of the test.
"""

from collections.abc import Generator
from contextlib import AbstractContextManager, nullcontext
from functools import partial

import pytest

from aqp_perf.errors import PerfError
from aqp_perf.plugin.fixtures import marker_arguments
from aqp_perf.plugin.runs.load_request import shipped_requests
from aqp_perf.plugin.runs.load_runs import RUNS, TestRuns
from aqp_perf.plugin.runs.outcomes import complete_report
from aqp_perf.plugin.runs.state import STATE
from aqp_perf.plugin.session.exclusive import alone, among_others, lock_path
from aqp_perf.plugin.session.load_tests import may_load
from aqp_perf.plugin.session.screen import announce
from aqp_perf.workloads.order import Order


def pytest_report_header(config: pytest.Config) -> str:
    """Say where load would go."""
    state = config.stash[STATE]
    state.has_header = True
    session = state.session
    return (
        f"perf: target {session.target.url or session.target.kind}, AQP {session.aqp}, "
        f"profile {state.resolver.load({}).profile}, data seed {session.seed}, "
        f"run {session.run_id}"
    )


def pytest_report_collectionfinish(config: pytest.Config) -> str | list[str]:
    """Say it where load tests were only found by collecting."""
    return [] if config.stash[STATE].has_header else pytest_report_header(config)


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
    data = state.session.data
    if may_load(item) and data.may_fit(Order):
        state.costs.expect(*shipped_requests(load, data))
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


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Let the report show the verdicts of the test's runs, and carry them to the collector.

    It is the innermost wrapper: a project's own, and Allure's, read the outcome after it.
    """
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
            for node in state.workers.interrupt() if state.workers is not None else ():
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
