"""The exit code of a session, as a table of what happened."""

from dataclasses import replace
from signal import SIGHUP, SIGINT, SIGTERM
from typing import Any

import pytest

from aqp_perf.plugin.session.exit_code import SessionFacts, exit_code

GREEN = SessionFacts(status=pytest.ExitCode.OK)
LOSSES = (
    replace(GREEN, are_results_lost=True),
    replace(GREEN, is_threshold_unjudged=True),
    replace(GREEN, is_file_missing=True),
    replace(GREEN, is_baseline_lost=True),
)


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
        ({"status": 0, "are_results_lost": True, "is_file_missing": True}, 3),
        ({"status": 0, "is_threshold_unjudged": True}, 1),
        ({"status": 0, "is_file_missing": True}, 1),
        ({"status": 0, "is_baseline_lost": True}, 1),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, dict) else "",
)
def test_exit_code_follows_from_facts(facts: dict[str, Any], code: int) -> None:
    assert exit_code(SessionFacts(**facts)) == code


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("status", [1, 2, 6])
def test_red_session_keeps_the_exit_code_of_pytest(status: int, loss: SessionFacts) -> None:
    assert exit_code(replace(loss, status=status)) == status


@pytest.mark.parametrize("loss", LOSSES)
def test_session_that_lost_anything_is_not_green(loss: SessionFacts) -> None:
    assert exit_code(loss) != pytest.ExitCode.OK
