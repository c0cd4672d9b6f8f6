"""What lies in a history is read, named, or left for older."""

from pathlib import Path

from perf.core.history import history_name
from perf.file_store import FolderStore
from perf.history import reading
from perf.history.reading import read_history
from perf.reports.json_file import report_text
from tests.doubles.past_sessions import past_run, past_session


def filled(folder: Path, nights: int) -> FolderStore:
    store = FolderStore(folder)
    for night in range(nights):
        session = past_session(night, past_run(10.0))
        store.add(history_name(session, f"n{night}"), report_text(session))
    return store


def test_sessions_come_back_oldest_first(tmp_path: Path) -> None:
    history = read_history(filled(tmp_path, 3))

    assert history.sessions == tuple(past_session(night, past_run(10.0)) for night in range(3))
    assert history.skipped == ()


def test_what_is_no_result_file_is_named_and_passed_over(tmp_path: Path) -> None:
    store = filled(tmp_path, 1)
    whole = (tmp_path / store.names()[0]).read_text()
    contents = {
        "half.json": whole[: len(whole) // 2],
        "later.json": whole.replace('"schema_version": 1', '"schema_version": 2'),
        "list.json": "[]",
        "again.json": whole.replace('"runs": [', '"runs": [], "runs": [', 1),
        "deep.json": "[" * 100_000,
        "notes.txt": "see the wiki",
    }
    for name, text in contents.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "bytes.json").write_bytes(b"\xff\xfe\x00")

    history = read_history(store)

    assert len(history.sessions) == 1
    foreign = "it is not a result file in JSON"
    assert history.skipped == (
        f"notes.txt: {foreign}",
        "list.json: report: expected an object, found []",
        "later.json: result has schema_version 2, this version reads 1",
        f"half.json: {foreign}",
        f"deep.json: {foreign}",
        f"bytes.json: {foreign}",
        "again.json: an object has the key 'runs' more than once",
    )


def test_only_the_newest_sessions_are_read(tmp_path: Path) -> None:
    nights = reading.MOST_SESSIONS + 1

    history = read_history(filled(tmp_path, nights))

    assert len(history.sessions) == reading.MOST_SESSIONS
    assert history.sessions[0].started_at == past_session(1).started_at
