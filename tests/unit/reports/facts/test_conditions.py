from dataclasses import replace
from datetime import datetime, timedelta, timezone

from aqp_perf.core.results.judged_run import JudgedRun
from aqp_perf.reports.facts.conditions import origin_facts
from aqp_perf.reports.figures import Fact


def test_the_start_of_a_measurement_is_shown_in_utc(judged: JudgedRun) -> None:
    started_at = datetime(2025, 1, 1, 1, tzinfo=timezone(timedelta(hours=2)))

    facts = list(origin_facts(replace(judged, run=replace(judged.run, started_at=started_at))))

    assert Fact("measurement began", "2024-12-31T23:00:00Z") in facts
