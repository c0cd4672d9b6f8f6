"""What a session says of its history where there is nothing to hold against others."""

from pathlib import Path

from perf.core.verdicts import Verdict
from perf.file_store import Place
from perf.plugin.histories import SessionHistory
from tests.doubles.past_sessions import past_run, past_session


def test_a_session_that_measured_nothing_says_that_no_series_has_it(tmp_path: Path) -> None:
    history = SessionHistory(Place(text=str(tmp_path)), run_id="r", checkout=tmp_path)

    history.add(past_session(0, past_run(verdict=Verdict.INVALID)))

    first, *_ = history.lines(100)
    assert first.text == (
        "history: no run of this session measured anything to hold against others"
    )
