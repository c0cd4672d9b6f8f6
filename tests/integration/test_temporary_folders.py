"""A folder ends with its owner: at once when that closes it, else when the next one is made."""

import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from aqp_perf.children import TemporaryFolder

OWNER = """
from aqp_perf.children import TemporaryFolder
folder = TemporaryFolder()
print(folder.path, flush=True)
input()
"""
ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _own_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


def test_closing_removes_it_and_all_in_it(tmp_path: Path) -> None:
    with TemporaryFolder() as folder:
        (folder.path / "file").write_text("text")
        assert folder.path.parent == tmp_path

    assert list(tmp_path.iterdir()) == []


def test_a_killed_owner_s_folder_goes_with_the_next_one_and_a_living_owner_s_stays(
    tmp_path: Path,
) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", OWNER],
        cwd=ROOT,
        env={"TMPDIR": str(tmp_path)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as owner:
        assert owner.stdout is not None
        left = Path(owner.stdout.readline().strip())
        TemporaryFolder().close()
        assert left.is_dir(), "its owner lives"

        owner.kill()
        owner.wait()
        TemporaryFolder().close()

    assert list(tmp_path.iterdir()) == []


def test_folders_that_are_not_ours_stay(tmp_path: Path) -> None:
    unlocked, linked = tmp_path / "aqp-perf-of-another-program", tmp_path / "aqp-perf-link"
    unlocked.mkdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / ".owner").touch()
    linked.symlink_to(tmp_path / "elsewhere")

    TemporaryFolder().close()

    assert unlocked.is_dir()
    assert (linked / ".owner").exists()
