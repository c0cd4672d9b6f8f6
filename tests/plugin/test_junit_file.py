"""The JUnit file as its readers take it: Jenkins, GitLab and GitHub actions, whatever a text holds.

The rules are those of junit-10.xsd, which Jenkins' xUnit plugin uses. It has no ``properties`` of a
test case, which Jenkins' JUnit plugin reads.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final
from xml.etree import ElementTree as ET

import pytest

HOSTILE: Final = (
    "nul \\x00, bell \\x07, cursor \\x1b[2J, half \\ud800, no \\ufffe, end ]]> & <error/>"
)
TESTS: Final = f"""
import pytest
from aqp_perf.errors import RunNotJudged, TargetUnavailable, ThresholdsViolated

HOSTILE = "{HOSTILE}"


@pytest.fixture
def unproven():
    yield
    raise RunNotJudged("invalid", "INVALID: the run did not measure the target\\n" + HOSTILE)


@pytest.fixture
def unavailable():
    raise TargetUnavailable("moto " + HOSTILE, 3)


def test_is_slow():
    raise ThresholdsViolated("FAIL: 0 of 1 thresholds met\\n" + HOSTILE)


def test_is_invalid(unproven):
    pass


def test_has_no_target(unavailable):
    pass


@pytest.mark.parametrize("it", [HOSTILE], ids=[HOSTILE.replace(chr(0), "")])
def test_name(it):
    raise ThresholdsViolated(it)
"""
CHILDREN: Final[Mapping[str, frozenset[str]]] = {
    "testsuites": frozenset({"testsuite"}),
    "testsuite": frozenset({"testcase", "properties", "system-out", "system-err"}),
    "testcase": frozenset(
        {"properties", "skipped", "error", "failure", "system-out", "system-err"}
    ),
    "properties": frozenset({"property"}),
    "property": frozenset(),
    "error": frozenset(),
    "failure": frozenset(),
}
ATTRIBUTES: Final[Mapping[str, frozenset[str]]] = {
    "testsuites": frozenset({"name", "time", "tests", "failures", "errors"}),
    "testsuite": frozenset(
        {"name", "tests", "failures", "errors", "skipped", "time", "timestamp", "hostname"}
    ),
    "testcase": frozenset({"name", "classname", "time"}),
    "properties": frozenset(),
    "property": frozenset({"name", "value"}),
    "error": frozenset({"message", "type"}),
    "failure": frozenset({"message", "type"}),
}


@pytest.fixture(scope="module")
def root(
    new_project: Callable[..., Path],
    run_pytest: Callable[..., pytest.RunResult],
) -> ET.Element:
    """The root of a file with failures and errors of ours, all with hostile texts, by xdist."""
    folder = new_project(test_junit=TESTS)
    result = run_pytest(folder, "-n1", "--junitxml=junit.xml")
    result.assert_outcomes(passed=1, failed=2, errors=2)
    return ET.parse(folder / "junit.xml").getroot()  # noqa: S314 - pytest wrote it


def test_file_keeps_the_rules_of_its_readers(root: ET.Element) -> None:
    for element in root.iter():
        assert {child.tag for child in element} <= CHILDREN[element.tag]
        assert element.attrib.keys() <= ATTRIBUTES[element.tag]


def test_failure_and_error_are_told_apart(root: ET.Element) -> None:
    """A reader shows the message beside the name, and the text below it."""
    cases = {case.attrib["name"].partition("[")[0]: case for case in root.iter("testcase")}
    outcomes = {name: [child.tag for child in case] for name, case in cases.items()}

    assert outcomes == {
        "test_is_slow": ["failure"],
        "test_is_invalid": ["error"],
        "test_has_no_target": ["error"],
        "test_name": ["failure"],
    }
    failure, error = cases["test_is_slow"][0], cases["test_is_invalid"][0]
    assert failure.attrib["message"] == "FAIL: 0 of 1 thresholds met"
    assert (failure.text or "").splitlines()[0] == failure.attrib["message"]
    assert "end ]]> & <error/>" in (failure.text or "")
    assert "INVALID: the run did not measure the target" in error.attrib["message"]
    suite = next(root.iter("testsuite"))
    counts = {name: suite.attrib[name] for name in ("tests", "failures", "errors", "skipped")}
    assert counts == {"tests": "4", "failures": "2", "errors": "2", "skipped": "0"}
