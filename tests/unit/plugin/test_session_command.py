"""The command of a session: as typed, without what is secret."""

import pytest

from perf.plugin.session_command import session_command
from perf.plugin.state import STATE


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
    ],
)
def test_secrets_are_hidden(arguments: list[str], shown: str) -> None:
    text = session_command(arguments, {"PERF_AQP_PASSWORD": "canary-1", "HOME": "-q", "TOKEN": ""})

    assert text.replace("'", "") == shown.replace("'", "")


def test_a_report_has_the_command_of_its_session(pytester: pytest.Pytester) -> None:
    config = pytester.parseconfigure("-p", "no:locust", "-m", "perf")

    report = config.stash[STATE].collector.report()

    assert "-p no:locust -m perf" in report.environment["command"]
