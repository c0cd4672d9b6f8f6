"""Files of a history are read, or named as skipped."""

from dataclasses import dataclass, field
from pathlib import Path

from aqp_perf.core.results.results_document import results_text
from aqp_perf.core.results.series import history_name
from aqp_perf.history import reading
from aqp_perf.history.reading import read_history
from aqp_perf.stores.file_store import FolderStore
from tests.doubles.past_sessions import past_run, past_session


def filled(folder: Path, nights: int) -> FolderStore:
    store = FolderStore(folder)
    for night in range(nights):
        session = past_session(night, past_run(10.0))
        store.add(history_name(session, f"n{night}"), results_text(session))
    return store


def test_sessions_come_back_oldest_first(tmp_path: Path) -> None:
    history = read_history(filled(tmp_path, 3))

    assert history.sessions == tuple(past_session(night, past_run(10.0)) for night in range(3))
    assert history.skipped == ()


def test_damaged_files_are_named_and_skipped(tmp_path: Path) -> None:
    store = filled(tmp_path, 1)
    whole = (tmp_path / store.names()[0]).read_text()
    no_json = "not JSON, or cut short: "
    damaged = [
        (whole[: len(whole) // 2], no_json),
        (
            whole.replace('"schema_version": 1', '"schema_version": 2'),
            "result has schema_version 2",
        ),
        (whole.replace('"schema_version": 1', f'"schema_version": "{"9" * 99}"'), f"'{'9' * 39},"),
        ("[]", "results: Expected `object`, got `array`, found []"),
        (whole.replace('"runs": [', '"runs": [], "runs": [', 1), "has the key 'runs' more than"),
        ("[" * 100_000, no_json),
        (
            whole.replace("2026-11-01T02:00:00Z", "0001-01-01T02:00:00+14:00"),
            "started_at: 0001-01-01T02:00:00+14:00 is not in UTC",
        ),
        ("\x00", no_json),
    ]
    for text, why in damaged:
        name = history_name(past_session(1), "n")
        (tmp_path / name).write_text(text)

        history = read_history(store)

        (skipped,) = history.skipped
        assert len(history.sessions) == 1
        assert skipped.startswith(f"{name}: ")
        assert why in skipped


def test_of_many_damaged_files_the_newest_are_named_and_the_others_counted(tmp_path: Path) -> None:
    store = filled(tmp_path, 10)
    for name in store.names()[1:]:
        store.write(name, "")

    history = read_history(store)

    assert len(history.sessions) == 1
    *named, more = history.skipped
    assert [text.partition(": ")[0] for text in named] == store.names()[:4:-1]
    assert more == "4 more files that cannot be read as results"


@dataclass(frozen=True)
class Watched(FolderStore):
    """A folder that records which files were read."""

    opened: list[str] = field(default_factory=list)

    def read(self, name: str, most_bytes: int) -> bytes | None:
        """See `FileStore`."""
        self.opened.append(name)
        return FolderStore.read(self, name, most_bytes)


def test_a_file_without_the_name_of_a_session_is_counted_and_not_opened(tmp_path: Path) -> None:
    (own,) = filled(tmp_path, 1).names()
    for name in ("notes.txt", "main.json", f"{own}.bak", f"copy-of-{own}", own.replace("T", " ")):
        (tmp_path / name).write_text((tmp_path / own).read_text())
    store = Watched(tmp_path)

    history = read_history(store)

    assert (len(history.sessions), store.opened) == (1, [own])
    assert history.skipped == ("5 files not named like the results of a session",)


def test_only_the_newest_files_are_opened_whatever_they_hold(tmp_path: Path) -> None:
    names = filled(tmp_path, reading.MOST_SESSIONS + 2).names()
    (tmp_path / names[-1]).write_text("")
    store = Watched(tmp_path)

    history = read_history(store)

    assert sorted(store.opened) == names[2:]
    assert len(history.sessions) == reading.MOST_SESSIONS - 1
    assert history.sessions[0].started_at == past_session(2).started_at
