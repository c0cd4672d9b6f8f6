"""Locustfiles are files, folders or several of both, and what Locust would not take is named."""

import os
import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from aqp_perf.errors import InvalidOption
from aqp_perf.loadgen.command.locustfiles import locustfiles_in, parse_locustfiles


@pytest.mark.parametrize(
    "given",
    ["a.py,users", "a.py, users", ["a.py", Path("users")], (Path("a.py"), "users")],
)
def test_several_are_a_list_or_have_commas_between_them(given: Sequence[str | Path]) -> None:
    assert parse_locustfiles(given) == (Path("a.py"), Path("users"))


@pytest.mark.parametrize("given", ["", "a.py,", [], 3, {"a.py"}, ["a.py", None]])
def test_none_is_refused(given: object) -> None:
    with pytest.raises(InvalidOption, match=r"locustfile: .* give a file, a folder, or several"):
        parse_locustfiles(given)


@pytest.mark.parametrize("given", ["https://h/a.py", Path("http://h/a.py"), ["a.py", "http://h/a"]])
def test_a_url_is_refused(given: str | Path | list[str]) -> None:
    with pytest.raises(InvalidOption, match="it is a URL: download it, and give the file"):
        parse_locustfiles(given)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder, with two locustfiles in a folder, and files that are none."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "users" / "more").mkdir(parents=True)
    (tmp_path / "empty").mkdir()
    for name in ("users/shop.py", "users/more/admin.py", "users/__init__.py", "users/data.csv"):
        (tmp_path / name).touch()
    return tmp_path


def test_a_folder_has_the_files_that_locust_finds_in_it(folder: Path) -> None:
    (folder / "own.py").touch()
    found = locustfiles_in([Path("own.py"), Path("users")])

    assert set(found) == {Path("own.py"), Path("users/shop.py"), Path("users/more/admin.py")}


@pytest.mark.parametrize(
    ("paths", "text"),
    [
        (["users", "gone.py"], "locustfile: 'gone.py' is not valid: there is no such file in {}"),
        (["{}/gone.py"], "locustfile: '{}/gone.py' is not valid: there is no such file"),
        (["empty"], "locustfile: 'empty' is not valid: there is no locustfile in this folder"),
        (
            ["users/data.csv"],
            "locustfile: 'users/data.csv' is not valid: Locust takes files that end with .py",
        ),
        (
            ["users", "users/shop.py"],
            (
                "locustfile: 'users/shop.py' is not valid: Locust imports it as module 'shop', and "
                "users/shop.py, too: rename one"
            ),
        ),
    ],
)
def test_what_locust_would_not_take_is_named(folder: Path, paths: list[str], text: str) -> None:
    with pytest.raises(InvalidOption, match=f"^{re.escape(text.format(folder))}$"):
        locustfiles_in([Path(path.format(folder)) for path in paths])


def test_a_pipe_is_no_locustfile(folder: Path) -> None:
    """Locust would wait until somebody writes into it."""
    os.mkfifo(folder / "pipe.py")

    with pytest.raises(InvalidOption, match=r"'pipe\.py' is not valid: it is no regular file"):
        locustfiles_in([Path("pipe.py")])


def test_a_name_that_is_too_long_is_named() -> None:
    with pytest.raises(InvalidOption, match=r"xxx\.py' is not valid: File name too long"):
        locustfiles_in([Path("x" * 300 + ".py")])


def test_two_files_of_one_module_name_are_named(folder: Path) -> None:
    """Locust would leave one of two user classes of the same name out without a word."""
    (folder / "users" / "more" / "shop.py").touch()

    with pytest.raises(InvalidOption, match=r"imports it as module 'shop', and users/.*shop\.py, "):
        locustfiles_in([Path("users")])
