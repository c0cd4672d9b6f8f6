import json
import os
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from aqp_perf.core.results.judged_run import JudgedRun
from aqp_perf.core.results.results_file import ResultsFile
from aqp_perf.reports.json_file import write_results


def results_of(judged: JudgedRun) -> ResultsFile:
    started_at = datetime(2025, 1, 1, tzinfo=UTC)
    return ResultsFile(started_at=started_at, environment={"python": "3.11"}, runs=(judged,))


def test_written_results_are_read_back_whole(judged: JudgedRun, tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "perf.json"

    write_results(path, results_of(judged))

    assert ResultsFile.from_json(json.loads(path.read_text())) == results_of(judged)
    assert [file.name for file in path.parent.iterdir()] == ["perf.json"]


def test_an_old_file_is_replaced(judged: JudgedRun, tmp_path: Path) -> None:
    path = tmp_path / "perf.json"
    path.write_text("old")

    write_results(path, results_of(judged))

    assert json.loads(path.read_text())["schema_version"] == 1


def test_results_that_cannot_be_written_leave_the_old_file(
    judged: JudgedRun, tmp_path: Path
) -> None:
    path = tmp_path / "perf.json"
    path.write_text("old")
    broken = replace(judged, profile={"rate": float("nan")})

    with pytest.raises(ValueError, match="not JSON compliant"):
        write_results(path, results_of(broken))

    assert path.read_text() == "old"


def test_a_failed_replacement_leaves_no_draft(judged: JudgedRun, tmp_path: Path) -> None:
    (tmp_path / "perf.json").mkdir()

    with pytest.raises(IsADirectoryError):
        write_results(tmp_path / "perf.json", results_of(judged))

    assert [file.name for file in tmp_path.iterdir()] == ["perf.json"]


def test_a_pipe_is_written_to_and_stays_a_pipe(judged: JudgedRun, tmp_path: Path) -> None:
    """A rename would replace it: of /dev/null, as root, for the whole machine."""
    path = tmp_path / "pipe"
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)

    write_results(path, results_of(judged))

    with open(reader, "rb") as pipe:  # noqa: PTH123 - an open descriptor
        assert json.loads(pipe.read())["schema_version"] == 1
    assert path.is_fifo()


def test_a_link_stays_and_its_file_is_written(judged: JudgedRun, tmp_path: Path) -> None:
    (tmp_path / "real.json").write_text("old")
    (tmp_path / "link.json").symlink_to("real.json")

    write_results(tmp_path / "link.json", results_of(judged))

    assert (tmp_path / "link.json").is_symlink()
    assert json.loads((tmp_path / "real.json").read_text())["schema_version"] == 1
