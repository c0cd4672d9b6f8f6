"""The start of a session with load tests: reads its options, and registers its hooks."""

from collections.abc import Sequence

import pytest

from aqp_perf.errors import ConfigError
from aqp_perf.operating_system import file_limit
from aqp_perf.plugin import hooks
from aqp_perf.plugin.fixtures import marker_arguments
from aqp_perf.plugin.runs.state import STATE, State
from aqp_perf.plugin.session.load_tests import may_load
from aqp_perf.plugin.session.refusal import Refusal
from aqp_perf.plugin.session.xdist_workers import is_worker
from aqp_perf.reports.lines import printable


def begin(config: pytest.Config) -> State:
    """Return the state of the session; the first call reads all options and registers the hooks.

    Raises:
        pytest.UsageError: an option is wrong.
    """
    state = config.stash.get(STATE, None)
    if state is not None:
        return state
    try:
        state = config.stash[STATE] = State(config)
    except ConfigError as error:
        raise _usage_error(error) from error
    own = (state.interrupts, state.collector, state.completeness, hooks)
    for plugin in own:
        config.pluginmanager.register(plugin)
    state.interrupts.start()
    return state


def begin_collected(config: pytest.Config, items: Sequence[pytest.Item]) -> None:
    """Begin, and check the marker of every load test, before the first one runs.

    Raises:
        pytest.UsageError: an option or a marker is wrong; in a worker of xdist each of its load
            tests is an error instead.
    """
    try:
        state = begin(config)
    except pytest.UsageError as error:
        if not is_worker(config):
            raise
        config.pluginmanager.register(Refusal(error), Refusal.NAME)
        return
    if state.process.is_worker:
        return
    for item in items:
        try:
            load = state.resolver.load(marker_arguments(item))
            if may_load(item):
                load.check_connections(file_limit())
                state.session.dataset(load.item)
                state.baselines.check_environment()
        except ConfigError as error:
            raise _usage_error(error, f"{item.nodeid}: ") from error


def _usage_error(error: ConfigError, where: str = "") -> pytest.UsageError:
    notes = "".join(f"; {note}" for note in getattr(error, "__notes__", ()))
    return pytest.UsageError(printable(f"{where}{error}{notes}"))
