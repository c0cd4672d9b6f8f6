from dataclasses import replace
from datetime import UTC, datetime

import pytest

from aqp_perf.core.results.judged_run import JudgedRun
from aqp_perf.core.results.results_document import read_results
from aqp_perf.core.results.results_file import ResultsFile
from aqp_perf.reports.json_file import results_text, write_aside


def results_of(judged: JudgedRun) -> ResultsFile:
    started_at = datetime(2025, 1, 1, tzinfo=UTC)
    return ResultsFile(started_at=started_at, environment={"python": "3.11"}, runs=(judged,))


def test_results_are_read_back_whole(judged: JudgedRun) -> None:
    text = results_text(results_of(judged))

    assert read_results(text) == results_of(judged)


def test_a_figure_that_is_not_finite_is_refused(judged: JudgedRun) -> None:
    broken = replace(judged, profile={"rate": float("nan")})

    with pytest.raises(ValueError, match="not JSON compliant"):
        results_text(results_of(broken))


def test_results_are_written_aside_under_a_new_name(judged: JudgedRun) -> None:
    first, second = write_aside(results_of(judged)), write_aside(results_of(judged))
    texts = {first.read_text(), second.read_text()}
    first.unlink()
    second.unlink()

    assert first != second
    assert texts == {results_text(results_of(judged))}
