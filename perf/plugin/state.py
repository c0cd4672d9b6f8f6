"""What the plugin keeps on the pytest configuration."""

from dataclasses import dataclass

import pytest

from perf.plugin.audits import Audits
from perf.plugin.baselines import Baselines
from perf.plugin.collector import Collector
from perf.plugin.costs import SessionCosts
from perf.plugin.progress import ProgressDisplay
from perf.plugin.resolver import Resolver
from perf.plugin.session_settings import SessionSettings


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
