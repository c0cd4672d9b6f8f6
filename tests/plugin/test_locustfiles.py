"""A run that locust cannot start is an error of its test that says why, never a failure."""

from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

TESTS = """
import pytest

def test_missing(perf_load):
    perf_load(locustfile="nowhere.py")

def test_import_error(perf_load):
    perf_load(locustfile="broken.py")

def test_unknown_class(perf_load):
    perf_load("QuikUser", locustfile="events.py")

def test_no_class_name(perf_load):
    perf_load("events.QuickUser", locustfile="events.py")

def test_weight(perf_load):
    perf_load({"QuickUser": 0}, locustfile="events.py")

def test_argument(perf_load):
    perf_load("QuickUser", locustfile="events.py", usres=1)

def test_session_argument(perf_load):
    perf_load("QuickUser", locustfile="events.py", target="aws")

def test_unknown_of_file(perf_load):
    perf_load(locustfile="own.py", arguments={"tabel": "x"})

def test_refused_by_file(perf_load):
    perf_load(locustfile=["events.py", "own.py"], arguments={"size": "big"})

def test_tag(perf_load):
    perf_load(locustfile="own.py", tags="slwo")

def test_same_class(perf_load):
    perf_load(locustfile="own.py,folder")

def test_two_hosts(perf_load):
    perf_load("AqpStatusUser", host="http://127.0.0.1:9")
"""

OWN = """
from locust import User, events, tag, task

@events.init_command_line_parser.add_listener
def add_arguments(parser):
    parser.add_argument("--table")
    parser.add_argument("--size", type=int)

class Shopper(User):
    @tag("slow")
    @task
    def buy(self):
        pass
"""

BROKEN = """
from locust import User
import nothing_of_this_name
"""


@pytest.fixture(scope="module")
def folder(new_project: Callable[..., Path]) -> Path:
    project = new_project(test_it=TESTS, broken=BROKEN, own=OWN)
    (project / "folder").mkdir()
    (project / "folder" / "other.py").write_text(OWN)
    return project


@pytest.fixture(scope="module")
def session(folder: Path, run_pytest: Callable[..., pytest.RunResult]) -> pytest.RunResult:
    return run_pytest(folder, "--junitxml=junit.xml")


@pytest.fixture(scope="module")
def errors(folder: Path, session: pytest.RunResult) -> dict[str, str]:
    """The error of every test case, by its name."""
    assert session.duration
    root = ET.parse(folder / "junit.xml").getroot()  # noqa: S314 - pytest wrote it
    return {case.attrib["name"]: case.findtext("error") or "" for case in root.iter("testcase")}


def test_nothing_is_a_failure_of_the_target(session: pytest.RunResult) -> None:
    assert session.ret == pytest.ExitCode.TESTS_FAILED
    session.assert_outcomes(passed=12, errors=12)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("missing", "InvalidOption: locustfile: 'nowhere.py' is not valid: there is no such file"),
        (
            "no_class_name",
            (
                "InvalidOption: perf_load: 'events.QuickUser' is not valid: "
                "give the name of a locust user class"
            ),
        ),
        (
            "weight",
            (
                "InvalidOption: perf_load: weight of QuickUser: 0 is not valid: "
                "a weight is a whole number, at least 1"
            ),
        ),
        (
            "argument",
            (
                "InvalidOption: perf_load(usres=…): 1 is not valid: "
                "there is no such option: use profile, users, "
            ),
        ),
        (
            "session_argument",
            (
                "InvalidOption: perf_load(target=…): 'aws' is not valid: "
                "it holds for the whole session: give --perf-target"
            ),
        ),
    ],
)
def test_wrong_argument_is_told_before_locust_starts(
    errors: dict[str, str], name: str, text: str
) -> None:
    assert text in errors[f"test_{name}"]


def test_locustfile_that_does_not_import_shows_its_own_traceback(
    folder: Path, errors: dict[str, str]
) -> None:
    assert (
        "LocustfileFailed: broken.py could not be loaded\n"
        "Traceback (most recent call last):\n"
        f'  File "{folder}/broken.py", line 3, in <module>\n'
    ) in errors["test_import_error"]
    assert "No module named 'nothing_of_this_name'" in errors["test_import_error"]
    assert "locust/" not in errors["test_import_error"]


def test_unknown_class_is_told_with_the_known_ones(errors: dict[str, str]) -> None:
    said = "InvalidOption: user class: 'QuikUser' is not valid: events.py has "
    assert said in errors["test_unknown_class"]
    assert "QuickUser, " in errors["test_unknown_class"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (
            "unknown_of_file",
            "arguments: 'tabel' is not valid: own.py has no such argument; it has --table, --size",
        ),
        (
            "refused_by_file",
            (
                "arguments: size: 'big' is not valid: events.py, own.py refuses it: invalid int "
                "value: 'big'"
            ),
        ),
        ("tag", "tags: 'slwo' is not valid: own.py has slow"),
        (
            "same_class",
            (
                "locustfile: 'own.py, folder' is not valid: two of its files have a user class "
                "Shopper: rename one"
            ),
        ),
        (
            "two_hosts",
            (
                "host: 'http://127.0.0.1:9' is not valid: this test loads the AQP, which is "
                "Locust's --host: leave out one of the two"
            ),
        ),
    ],
)
def test_what_the_file_does_not_take_is_told_before_the_load(
    errors: dict[str, str], name: str, text: str
) -> None:
    assert f"InvalidOption: {text}" in errors[f"test_{name}"]


def test_error_names_the_line_of_the_test(errors: dict[str, str]) -> None:
    assert errors["test_missing"].endswith("\ntest_it.py:5")
