"""The exit code of a session, as a table of what happened."""

from signal import SIGHUP, SIGINT, SIGTERM
from typing import Any

import pytest

from aqp_perf.plugin.session.exit_code import exit_code

LOSSES: list[dict[str, Any]] = [{"are_results_lost": True}, {"is_incomplete": True}]


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        ({"status": 0}, 0),
        ({"status": 1}, 1),
        ({"status": 5}, 5),
        ({"status": 0, "interrupted_by": SIGINT}, 130),
        ({"status": 2, "interrupted_by": SIGTERM}, 143),
        ({"status": 2, "interrupted_by": SIGHUP}, 129),
        ({"status": 1, "is_option_refused": True}, 4),
        ({"status": 2, "is_option_refused": True, "interrupted_by": SIGINT}, 130),
        ({"status": 0, "are_results_lost": True}, 3),
        ({"status": 0, "are_results_lost": True, "is_incomplete": True}, 3),
        ({"status": 0, "is_incomplete": True}, 1),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, dict) else "",
)
def test_exit_code_follows_from_facts(facts: dict[str, Any], code: int) -> None:
    assert exit_code(**facts) == code


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("status", [1, 2, 6])
def test_red_session_keeps_the_exit_code_of_pytest(status: int, loss: dict[str, Any]) -> None:
    assert exit_code(status, **loss) == status


@pytest.mark.parametrize("loss", LOSSES)
def test_session_that_lost_anything_is_not_green(loss: dict[str, Any]) -> None:
    assert exit_code(pytest.ExitCode.OK, **loss) != pytest.ExitCode.OK
