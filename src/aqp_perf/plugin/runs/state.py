"""What the plugin keeps on pytest's configuration."""

from dataclasses import dataclass

import pytest

from aqp_perf.plugin.results.baselines import Baselines
from aqp_perf.plugin.results.collector import Collector
from aqp_perf.plugin.runs.audits import Audits
from aqp_perf.plugin.runs.costs import SessionCosts
from aqp_perf.plugin.session.completeness import Completeness
from aqp_perf.plugin.session.interrupts import Interrupts
from aqp_perf.plugin.session.progress_display import ProgressDisplay
from aqp_perf.plugin.session.xdist_workers import Process, XdistWorkers
from aqp_perf.plugin.settings.resolver import Resolver
from aqp_perf.plugin.settings.session_settings import SessionSettings


@dataclass(slots=True, kw_only=True)
class State:
    """Settings and results of a session."""

    process: Process
    resolver: Resolver
    collector: Collector
    audits: Audits
    costs: SessionCosts
    baselines: Baselines
    progress: ProgressDisplay
    interrupts: Interrupts
    workers: XdistWorkers
    completeness: Completeness
    is_option_refused: bool = False
    """Whether an option turned out to be wrong when the target was opened."""

    @property
    def session(self) -> SessionSettings:
        """Settings of the whole session."""
        return self.resolver.session


STATE = pytest.StashKey[State]()
