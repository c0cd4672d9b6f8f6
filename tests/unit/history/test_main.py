"""``python -m perf.history``."""

from pathlib import Path

import pytest

from perf.core.history import history_name
from perf.file_store import FolderStore
from perf.history.__main__ import main
from perf.reports.json_file import report_text
from tests.doubles.past_sessions import past_run, past_session


def test_changes_of_a_history_are_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store = FolderStore(tmp_path / "history")
    for night in range(20):
        session = past_session(night, past_run(10.0 if night < 12 else 13.0))
        store.add(history_name(session, "n"), report_text(session))
    (tmp_path / "history" / "notes.txt").write_text("")

    assert main([str(tmp_path / "history"), "--checkout", str(tmp_path)]) == 0

    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "sessions: 20, series: 4"
    assert lines[1] == "passed over: notes.txt: it is not a result file in JSON"
    changed = [line for line in lines if "changed" in line]
    assert [line.split()[0] for line in changed] == ["median", "p99"]
    assert "at 2026-11-13" in changed[0]


def test_empty_history_is_shown_as_such(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path / "nothing")]) == 0
    assert capsys.readouterr().out == "sessions: 0, series: 0\n"


def test_file_is_no_history(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "results.json").write_text("{}")

    assert main([str(tmp_path / "results.json")]) == 2
    assert "it is a file: give a folder, or s3:" in capsys.readouterr().err
