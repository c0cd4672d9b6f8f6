"""What the plugin keeps on the pytest configuration."""

from dataclasses import dataclass

import pytest

from aqp_perf.plugin.results.baselines import Baselines
from aqp_perf.plugin.results.collector import Collector
from aqp_perf.plugin.runs.audits import Audits
from aqp_perf.plugin.runs.costs import SessionCosts
from aqp_perf.plugin.session.progress_display import ProgressDisplay
from aqp_perf.plugin.settings.resolver import Resolver
from aqp_perf.plugin.settings.session_settings import SessionSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """Settings and results of a session."""

    resolver: Resolver
    collector: Collector
    audits: Audits
    costs: SessionCosts
    baselines: Baselines
    progress: ProgressDisplay

    @property
    def session(self) -> SessionSettings:
        """What holds for the whole session."""
        return self.resolver.session


STATE = pytest.StashKey[State]()
