"""The exit code of a session: one function from all that happened to the number."""

import signal

import pytest

_SHELL_OFFSET = 128
"""A shell reports a process that a signal ended as this plus the number of the signal."""


def exit_code(
    status: int,
    *,
    interrupted_by: signal.Signals | None = None,
    is_option_refused: bool = False,
    are_results_lost: bool = False,
    is_incomplete: bool = False,
) -> int:
    """Return the exit code; a session that is red for another reason keeps pytest's own.

    Args:
        status: pytest's own exit status, after all hooks of other plugins.
        interrupted_by: the signal that ended the session; None: it ran to its end.
        is_option_refused: whether an option turned out to be wrong when the target was opened.
        are_results_lost: whether a worker, a report or a load test is missing.
        is_incomplete: whether a threshold of the session never found its operation, or a report
            file, the history or the baseline could not be written.
    """
    if interrupted_by is not None:
        return signal_exit_code(interrupted_by)
    if is_option_refused:
        return pytest.ExitCode.USAGE_ERROR
    if status != pytest.ExitCode.OK:
        return status
    if are_results_lost:
        return pytest.ExitCode.INTERNAL_ERROR
    if is_incomplete:
        return pytest.ExitCode.TESTS_FAILED
    return pytest.ExitCode.OK


def signal_exit_code(number: signal.Signals) -> int:
    """Return what a shell expects of a process that a signal ended: 130 for Ctrl-C."""
    return _SHELL_OFFSET + number
