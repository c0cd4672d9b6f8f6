"""Output to a closed terminal is dropped; an open one is left alone."""

import os
import pty
from collections.abc import Iterator
from contextlib import suppress

import pytest

from aqp_perf.plugin.session.screen import drop_gone_terminals


@pytest.fixture
def terminal() -> Iterator[tuple[int, int]]:
    """Return both ends of a terminal: that of a window, and that of a program."""
    ends = pty.openpty()
    yield ends
    for each in ends:
        with suppress(OSError):
            os.close(each)


def test_writing_to_every_copy_of_a_gone_terminal_succeeds(terminal: tuple[int, int]) -> None:
    window, program = terminal
    copy = os.dup(program)
    os.close(window)
    with pytest.raises(OSError, match="Input/output error"):
        os.write(program, b"text")

    drop_gone_terminals()

    assert os.write(program, b"text") == os.write(copy, b"text") == 4
    os.close(copy)


def test_a_terminal_that_is_there_stays(terminal: tuple[int, int]) -> None:
    window, program = terminal

    drop_gone_terminals()

    os.write(program, b"text")
    assert os.read(window, 10) == b"text"
