"""The command of a session: as typed, without what is secret."""

import shlex

import pytest

from aqp_perf.plugin.results.session_command import session_command
from aqp_perf.plugin.runs.state import STATE
from aqp_perf.plugin.settings.options import OPTIONS


def test_a_shell_takes_the_command_as_it_was_typed() -> None:
    text = session_command(["-m", "perf", "--perf-threshold=p99 < 300 ms", "a'b"], {})

    assert text == """pytest -m perf '--perf-threshold=p99 < 300 ms' 'a'"'"'b'"""


@pytest.mark.parametrize(
    ("arguments", "shown"),
    [
        (["--x=canary-1"], "pytest '--x=***'"),
        (["--db-password=other", "-q"], "pytest '--db-password=***' -q"),
        (["--api-token", "other", "-q"], "pytest --api-token '***' -q"),
        (["--perf-aqp=http://me:other@host/"], "pytest '--perf-aqp=http://***@host/'"),
        (["--proxy=http://u:p@ss@host", "a@b"], "pytest --proxy=http://***@host a@b"),
        (["--proxy=http://u:p/other@host"], "pytest --proxy=http://***@host"),
        (["-o", "api_token=other"], "pytest -o api_token=***"),
        (["-oapi_pass=other"], "pytest -oapi_pass=***"),
        (["-opass=other"], "pytest -opass=***"),
        (["--override-ini=api_token=other"], "pytest --override-ini=api_token=***"),
        (["--override-ini", "site.auth=other"], "pytest --override-ini site.auth=***"),
        (["-o", "addopts=--cookie=other"], "pytest -o addopts=--cookie=***"),
        (["--db-pass=other"], "pytest --db-pass=***"),
        (["--pass", "other"], "pytest --pass ***"),
        (["--auth=user:other"], "pytest --auth=***"),
        (["--auth-header=other"], "pytest --auth-header=***"),
        (["--db-pwd=other", "--passwd=other"], "pytest --db-pwd=*** --passwd=***"),
        (["--apikey=other", "--dbpass", "other"], "pytest --apikey=*** --dbpass ***"),
        (["--bearer=other", "--oauth2=other"], "pytest --bearer=*** --oauth2=***"),
        (["--url", "https://h/?a=1&token=other&b=2"], "pytest --url https://h/?a=1&token=***&b=2"),
        (["--url=https://h/?password=other"], "pytest --url=https://h/?password=***"),
        (["--opts=a=1,password=other"], "pytest --opts=a=1,password=***"),
        (["--header=Authorization: Bearer other"], "pytest --header=Authorization: ***"),
        (["--header", "Cookie: other"], "pytest --header Cookie: ***"),
        (["--private-key=other", "--cookie=other"], "pytest --private-key=*** --cookie=***"),
    ],
)
def test_secrets_are_hidden(arguments: list[str], shown: str) -> None:
    text = session_command(arguments, {"PERF_AQP_PASSWORD": "canary-1", "HOME": "-q", "TOKEN": ""})

    assert text.replace("'", "") == shown.replace("'", "")


def test_a_short_secret_hides_no_part_of_a_word() -> None:
    variables = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "TOKEN": "1234567"}
    arguments = ["--perf-target=aws", "-k", "partiql", "b", "--x=a", "--y=01234567"]

    text = session_command(arguments, variables)

    assert text.replace("'", "") == ("pytest --perf-target=aws -k partiql *** --x=*** --y=01234567")


@pytest.mark.parametrize(
    "argument",
    [
        "--pass-through=shown",
        "--author=shown",
        "--bypass-cache=shown",
        "-koauth",
        "t.py::test_token[a=shown]",
        "--perf-threshold=read_token: p99 <= 3 ms",
        "/home/me/tests",
        *(f"{option.flag}=shown" for option in OPTIONS),
    ],
)
def test_what_is_no_secret_is_shown(argument: str) -> None:
    text = session_command([argument], {"PWD": "/home/me", "OLDPWD": "/home"})

    assert shlex.split(text) == ["pytest", argument]


def test_a_report_has_the_command_of_its_session(pytester: pytest.Pytester) -> None:
    config = pytester.parseconfigure("-p", "no:locust", "-m", "perf")

    report = config.stash[STATE].collector.report()

    assert "-p no:locust -m perf" in report.environment["command"]
