"""What a session prints about its history where there is nothing to compare."""

import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Barrier, Thread

import boto3
import pytest
from moto import mock_aws

from aqp_perf.core.results.series import history_name
from aqp_perf.core.verdict.verdicts import Verdict
from aqp_perf.errors import InvalidOption, TargetUnusable
from aqp_perf.history.reading import read_history
from aqp_perf.plugin.results.session_history import SessionHistory
from aqp_perf.reports.lines import Style
from aqp_perf.stores.file_store import FolderStore, Place
from tests.doubles.past_sessions import past_run, past_session


@pytest.fixture(params=["folder", "bucket"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    """An empty place of each kind, S3 as moto plays it."""
    if request.param == "folder":
        yield Place(text=str(tmp_path))
        return
    with mock_aws(), pytest.MonkeyPatch.context() as patched:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patched.setenv(name, "testing")
        boto3.client("s3", region_name="us-east-1").create_bucket(Bucket="nights")
        yield Place(text="s3://nights/main", region="us-east-1")


def test_a_session_that_measured_nothing_says_that_no_series_has_it(tmp_path: Path) -> None:
    history = SessionHistory(Place(text=str(tmp_path)), run_id="r", checkout=tmp_path)

    history.add(past_session(0, past_run(verdict=Verdict.INVALID)))

    first, *_ = history.lines(100)
    assert first.text == ("history: no run of this session measured anything to compare")


def test_a_session_is_kept_whatever_keeps_it_from_being_held_against_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    history = SessionHistory(Place(text=str(tmp_path)), run_id="r", checkout=tmp_path)
    (tmp_path / "notes.txt").write_text("")
    monkeypatch.setitem(sys.modules, "otava.analysis", None)  # as one that is half installed

    history.add(past_session(0, past_run()))

    assert (history.has_failed, history.trends) == (True, ())
    skipped, error = history.lines(100)
    assert skipped.text == "skipped: 1 file not named like the results of a session"
    assert error.style is Style.BAD
    assert error.text.startswith(
        "ERROR: --perf-history: this session was added, but not compared with the others: "
        "ModuleNotFoundError: "
    )
    assert len(list(tmp_path.glob("2026-11-01*.json"))) == 1


def test_sessions_that_end_at_once_are_all_added(tmp_path: Path) -> None:
    place = Place(text=str(tmp_path))
    histories = [SessionHistory(place, run_id=f"r{each}", checkout=tmp_path) for each in range(8)]
    session = past_session(0, past_run(verdict=Verdict.INVALID))
    ready = Barrier(len(histories))

    def add(history: SessionHistory) -> None:
        ready.wait()
        history.add(session)

    threads = [Thread(target=add, args=(each,)) for each in histories]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [each.has_failed for each in histories] == [False] * 8
    whole = read_history(FolderStore(tmp_path))
    assert (whole.sessions, whole.skipped) == ((session,) * 8, ())


def test_two_sessions_of_one_run_id_in_one_second_need_another_id(place: Place) -> None:
    first, second = (SessionHistory(place, run_id="same", checkout=Path.cwd()) for _ in range(2))
    session = past_session(0, past_run(verdict=Verdict.INVALID), commit="a1b2c3d")
    first.add(session)

    second.add(past_session(0, past_run(), commit="a1b2c3d"))

    assert (first.has_failed, second.has_failed) == (False, True)
    (line,) = second.lines(100)
    assert line.text == (
        "ERROR: --perf-history: this session was not added: --perf-run-id: 'same' is not valid: "
        "a session of this id, commit and second is there already, as "
        f"{history_name(session, 'same')}: give another"
    )
    assert read_history(place.open(Path.cwd())).sessions == (session,)


@pytest.mark.parametrize(
    ("method", "action"),
    [("names", "s3:ListBucket"), ("read", "s3:GetObject"), ("check_writable", "s3:PutObject")],
)
def test_a_permission_that_a_history_lacks_is_known_before_its_session(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, method: str, action: str
) -> None:
    def denied(*_: object) -> None:
        raise TargetUnusable("s3://kept", f"the credentials lack the permission {action}")

    monkeypatch.setattr(FolderStore, method, denied)

    with pytest.raises(InvalidOption, match=f"written, listed and read: .* permission {action}"):
        SessionHistory(Place(text=str(tmp_path)), run_id="r", checkout=tmp_path)
