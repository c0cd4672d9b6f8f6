"""The exit code of a session: one function from all that happened to the number."""

import signal
from dataclasses import dataclass

import pytest

_SHELL_OFFSET = 128
"""A shell reports a process that a signal ended as this plus the number of the signal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionFacts:
    """What decides the exit code.

    Args:
        status: pytest's own exit status, after all hooks of other plugins.
        interrupted_by: the signal that ended the session; None: it ran to its end.
        is_option_refused: whether an option turned out to be wrong when the target was opened.
        are_results_lost: whether a worker, a report or a load test is missing.
        is_threshold_unjudged: whether a threshold of the session never found its operation.
        is_file_missing: whether a report file or the history could not be written.
        is_baseline_lost: whether the baseline should have been saved and could not be.
    """

    status: int
    interrupted_by: signal.Signals | None = None
    is_option_refused: bool = False
    are_results_lost: bool = False
    is_threshold_unjudged: bool = False
    is_file_missing: bool = False
    is_baseline_lost: bool = False


def exit_code(facts: SessionFacts) -> int:
    """Return the exit code; a session that is red for another reason keeps pytest's own."""
    if facts.interrupted_by is not None:
        return signal_exit_code(facts.interrupted_by)
    if facts.is_option_refused:
        return pytest.ExitCode.USAGE_ERROR
    if facts.status != pytest.ExitCode.OK:
        return facts.status
    if facts.are_results_lost:
        return pytest.ExitCode.INTERNAL_ERROR
    if facts.is_threshold_unjudged or facts.is_file_missing or facts.is_baseline_lost:
        return pytest.ExitCode.TESTS_FAILED
    return pytest.ExitCode.OK


def signal_exit_code(number: signal.Signals) -> int:
    """Return what a shell expects of a process that a signal ended: 130 for Ctrl-C."""
    return _SHELL_OFFSET + number
