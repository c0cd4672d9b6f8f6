import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from perf.core.report import JudgedRun, ReportFile
from perf.reports.json_file import write_report


def report_of(judged: JudgedRun) -> ReportFile:
    started_at = datetime(2025, 1, 1, tzinfo=UTC)
    return ReportFile(started_at=started_at, environment={"python": "3.11"}, runs=(judged,))


def test_a_written_report_is_read_back_whole(judged: JudgedRun, tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "perf.json"

    write_report(path, report_of(judged))

    assert ReportFile.from_json(json.loads(path.read_text())) == report_of(judged)
    assert [each.name for each in path.parent.iterdir()] == ["perf.json"]


def test_an_old_report_is_replaced(judged: JudgedRun, tmp_path: Path) -> None:
    path = tmp_path / "perf.json"
    path.write_text("old")

    write_report(path, report_of(judged))

    assert json.loads(path.read_text())["schema_version"] == 1


def test_a_report_that_cannot_be_written_leaves_the_old_one(
    judged: JudgedRun, tmp_path: Path
) -> None:
    path = tmp_path / "perf.json"
    path.write_text("old")
    broken = replace(judged, profile={"rate": float("nan")})

    with pytest.raises(ValueError, match="not JSON compliant"):
        write_report(path, report_of(broken))

    assert path.read_text() == "old"


def test_a_failed_replacement_leaves_no_draft(judged: JudgedRun, tmp_path: Path) -> None:
    (tmp_path / "perf.json").mkdir()

    with pytest.raises(IsADirectoryError):
        write_report(tmp_path / "perf.json", report_of(judged))

    assert [each.name for each in tmp_path.iterdir()] == ["perf.json"]
