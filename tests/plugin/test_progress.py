"""Live progress on a terminal, beside what a test prints."""

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from collections.abc import Callable
from pathlib import Path

import pytest

TESTS = """
import pytest

@pytest.mark.perf(thresholds=["median < 10 s", "max < 25 ms"])
def test_load(perf_load):
    print("what the test prints")
    perf_load({"QuickUser": 1, "OtherUser": 1}, locustfile="events.py", run_time="3s", users=6)
"""


@pytest.fixture(scope="module")
def shown(new_project: Callable[..., Path]) -> str:
    """Everything that one session wrote to its terminal, without colours."""
    folder = new_project(test_load=TESTS)
    controller, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 90, 0, 0))
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider"]
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")},
        "NO_COLOR": "1",
        "TERM": "xterm",
        "PERF_LOCK_FILE": str(folder / "lock"),
    }
    with subprocess.Popen(
        [*command, "--perf-target=none"],
        cwd=folder,
        env=environment,
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        start_new_session=True,
    ):
        os.close(terminal)
        return b"".join(iter(lambda: _read(controller), b"")).decode()


def _read(descriptor: int) -> bytes:
    """Return some output; nothing once everybody has closed the terminal."""
    try:
        return os.read(descriptor, 1 << 16)
    except OSError:
        os.close(descriptor)
        return b""


def test_block_says_how_the_load_is_doing(shown: str) -> None:
    assert "test_load.py::test_load: the load generator starts" in shown
    assert re.search(r"[12]s of 3s\b", shown)
    assert "3s of 3s, ending" in shown
    assert re.search(r"6 users, [\d.]+ requests/s, 0 failures, p50 [\d.]+ ms, p99 ", shown)
    assert re.search(r"quick +\d+ +0 +20\.0 +20\.0", shown)
    assert "broken so far: " in shown


def test_block_is_gone_in_the_end(shown: str) -> None:
    """Every line of it has been erased, the cursor is back, and pytest goes on in its place."""
    block, _, rest = shown.rpartition("\x1b[?25h")
    drawn = block.rpartition("\x1b[2K")[2].count("\n")
    erased = re.match(r"(?:\r?\x1b\[1A\x1b\[2K)*", rest)

    assert erased is not None
    assert erased[0].count("\x1b[1A") == drawn == 7
    assert re.match(r"\r?[.FE]+ +\[100%\]", rest[erased.end() :])


def test_what_a_test_prints_stays_pytest_s_to_show(shown: str) -> None:
    before, _, failure = shown.partition("Captured stdout call")

    assert "what the test prints" not in before
    assert "what the test prints" in failure


def test_no_color_is_respected(shown: str) -> None:
    assert not re.search(r"\x1b\[[\d;]*[34][0-7]m|\x1b\[[\d;]*38;", shown)
