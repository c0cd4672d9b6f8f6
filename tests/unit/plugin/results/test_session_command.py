"""The command of a session: as typed, without the values of options that are not known."""

import shlex

import pytest

from aqp_perf.plugin import begin
from aqp_perf.plugin.results.session_command import session_command
from aqp_perf.plugin.settings.options import OPTIONS


def test_a_shell_takes_the_command_as_it_was_typed() -> None:
    text = session_command(["-m", "perf", "--perf-threshold=p99 < 300 ms", "a'b"])

    assert text == """pytest -m perf '--perf-threshold=p99 < 300 ms' 'a'"'"'b'"""


@pytest.mark.parametrize(
    ("arguments", "shown"),
    [
        (["--db-password=other", "-q"], "--db-password=*** -q"),
        (["--api-token", "other", "-q"], "--api-token *** -q"),
        (["--flag", "-x", "t.py"], "--flag -x t.py"),
        (["-o", "api_token=other", "t.py"], "-o *** t.py"),
        (["-oapi_pass=other"], "-o***"),
        (["--override-ini=api_token=other"], "--override-ini=***"),
        (["--header", "Cookie: other"], "--header ***"),
        (["--perf-aqp=http://me:other@host/"], "--perf-aqp=http://***@host/"),
        (["--perf-aqp", "http://me:p@ss@host", "a@b"], "--perf-aqp http://***@host a@b"),
        (["--perf-aqp=http://me:p/other@host"], "--perf-aqp=http://***@host"),
        (["--token=a\nb"], "--token=***"),
    ],
)
def test_secrets_are_left_out(arguments: list[str], shown: str) -> None:
    assert session_command(arguments).replace("'", "") == f"pytest {shown}"


@pytest.mark.parametrize(
    "arguments",
    [
        ["-vvx", "-n2", "-kpartiql and not slow", "-rA", "-pno:locust"],
        ["-n", "2", "-k", "aqp", "-m", "perf"],
        ["--tb=short", "--maxfail", "1", "--junitxml=junit.xml", "--junit-xml=junit.xml"],
        ["t.py::test_token[a=shown]", "/home/me/tests"],
        ["--perf-threshold=read_token: p99 <= 3 ms", "--perf-keep-table"],
        ["-o", "perf_compare_missing=pass", "-operf_users=2", "--override-ini=perf_users=3"],
        *([f"{option.flag}=shown", option.flag, "shown"] for option in OPTIONS),
    ],
)
def test_known_options_are_shown(arguments: list[str]) -> None:
    assert shlex.split(session_command(arguments)) == ["pytest", *arguments]


def test_a_report_has_the_command_of_its_session(pytester: pytest.Pytester) -> None:
    config = pytester.parseconfigure("-m", "perf")

    report = begin(config).collector.results()

    assert "-m perf" in report.environment["command"]
