"""What the plugin keeps on pytest's configuration: settings and results of a session."""

import pytest

from aqp_perf.plugin.results.baselines import Baselines
from aqp_perf.plugin.results.collector import Collector
from aqp_perf.plugin.results.report_files import ReportFiles
from aqp_perf.plugin.results.session_history import SessionHistory
from aqp_perf.plugin.runs.audits import Audits
from aqp_perf.plugin.runs.costs import SessionCosts
from aqp_perf.plugin.session.completeness import Completeness
from aqp_perf.plugin.session.exit_code import exit_code
from aqp_perf.plugin.session.interrupts import Interrupts
from aqp_perf.plugin.session.progress_display import ProgressDisplay
from aqp_perf.plugin.session.xdist_workers import Process, XdistWorkers, random_name
from aqp_perf.plugin.settings.resolver import Resolver
from aqp_perf.workloads.order import Order


class State:
    """The objects that live as long as a session.

    Raises:
        ConfigError: an option is wrong.
    """

    def __init__(self, config: pytest.Config) -> None:
        self.process = process = Process.of(config)
        self.workers: XdistWorkers | None = config.pluginmanager.getplugin(XdistWorkers.NAME)
        own_id = self.workers.run_id if self.workers is not None else random_name()
        self.resolver = Resolver(config, run_id=process.run_id or own_id)
        self.session = session = self.resolver.session
        load = self.resolver.load({})
        if session.data.may_fit(load.item or Order):
            session.dataset(load.item)  # else a marker has to name an item that has these counts
        thresholds = load.session_thresholds
        self.baselines = Baselines(session.baselines, config.rootpath)
        history = None
        if session.history is not None and not process.is_worker:
            history = SessionHistory(session.history, session.run_id, config.rootpath)
        self.collector = Collector(config, process, ReportFiles(session, history), thresholds)
        self.audits = Audits()
        self.costs = SessionCosts(session, processes=process.workers)
        self.progress = ProgressDisplay(config, session.progress)
        self.interrupts = Interrupts(is_worker=process.is_worker)
        if self.workers is not None:
            self.workers.take_run_id(session.run_id)
        self.completeness = Completeness()
        self.has_header = False
        """Whether the terminal says where load would go."""
        self.is_option_refused = False
        """Whether an option turned out to be wrong when the target was opened."""

    def exit_code(self, status: int) -> int:
        """Return the exit code of the session; ``status`` is pytest's own."""
        return exit_code(
            status,
            interrupted_by=self.interrupts.signal,
            is_option_refused=self.is_option_refused,
            are_results_lost=self.completeness.loss is not None,
            is_incomplete=self.collector.is_incomplete or self.baselines.is_lost,
        )


STATE = pytest.StashKey[State]()
