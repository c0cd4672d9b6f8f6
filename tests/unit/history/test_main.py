"""``python -m aqp_perf.history``."""

import sys
from pathlib import Path

import pytest

from aqp_perf.core.results.results_document import results_text
from aqp_perf.core.results.series import history_name
from aqp_perf.history.__main__ import main
from aqp_perf.stores.file_store import FolderStore
from tests.doubles.past_sessions import past_run, past_session


def test_changes_of_a_history_are_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store = FolderStore(tmp_path / "history")
    for night in range(20):
        session = past_session(night, past_run(10.0 if night < 12 else 13.0))
        store.add(history_name(session, "n"), results_text(session))
    (tmp_path / "history" / "notes.txt").write_text("")

    assert main([str(tmp_path / "history"), "--checkout", str(tmp_path)]) == 0

    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "sessions: 20, series: 4"
    assert lines[1] == "skipped: 1 file not named like the results of a session"
    changed = [line for line in lines if "changed" in line]
    assert [line.split()[0] for line in changed] == ["median", "p99"]
    assert "on 2026-11-13" in changed[0]


def test_a_place_without_a_session_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "wiki.txt").write_text("")
    (tmp_path / "results.json").write_text("{}")
    monkeypatch.chdir(tmp_path)
    for place, why in (
        ("nowhere", "no session was found"),
        (
            "notes",
            "no session was found; skipped: 1 file not named like the results of a session",
        ),
        ("results.json", "it is a file: give a folder, or s3://bucket/prefix"),
        ("", "it is empty: give a folder, or s3://bucket/prefix"),
    ):
        assert main([place]) == 2
        assert capsys.readouterr() == ("", f"{place}: {why}\n")


def test_an_otava_that_cannot_be_loaded_is_an_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    session = past_session(0, past_run())
    FolderStore(tmp_path).add(history_name(session, "n"), results_text(session))
    monkeypatch.setitem(sys.modules, "otava.analysis", None)

    assert main([str(tmp_path)]) == 2

    out, err = capsys.readouterr()
    assert (out, err.startswith(f"{tmp_path}: ModuleNotFoundError: ")) == ("", True)
