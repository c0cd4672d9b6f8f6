"""Live progress of load runs: when it is shown, and the lines of a log."""

import threading
from io import StringIO
from types import SimpleNamespace

import pytest

from aqp_perf.plugin.session.progress_display import TOLD_EVERY_S, ProgressDisplay, _lines
from aqp_perf.plugin.settings.option_values import ProgressKind


def display(
    kind: ProgressKind, verbosity: int = 0, *, has_terminal: bool = True
) -> ProgressDisplay:
    plugins = SimpleNamespace(hasplugin=lambda _: has_terminal)
    config = SimpleNamespace(get_verbosity=lambda: verbosity, pluginmanager=plugins)
    return ProgressDisplay(config, kind)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("kind", "verbosity", "told_every_s"),
    [
        (ProgressKind.AUTO, 0, TOLD_EVERY_S),
        (ProgressKind.AUTO, 1, TOLD_EVERY_S),
        (ProgressKind.AUTO, -1, None),
        (ProgressKind.PLAIN, -1, TOLD_EVERY_S),
        (ProgressKind.OFF, 2, None),
    ],
)
def test_a_quiet_session_asks_for_nothing_unless_it_was_told_to(
    kind: ProgressKind, verbosity: int, told_every_s: float | None
) -> None:
    assert display(kind, verbosity).told_every_s == told_every_s


def test_a_session_without_a_terminal_asks_for_nothing() -> None:
    assert display(ProgressKind.PLAIN, has_terminal=False).told_every_s is None


def test_a_log_has_a_line_as_often_as_that() -> None:
    log, looks, seen = StringIO(), 2, threading.Semaphore(0)

    def look() -> None:
        seen.release()

    with _lines(log, "t.py::t\x1b", look, every_s=0.001):
        for _ in range(looks + 1):  # the last one may not be written yet
            assert seen.acquire(timeout=30)

    assert log.getvalue().startswith("t.py::t\\x1b: the load generator starts\n" * looks)


def test_a_short_run_has_no_line() -> None:
    log = StringIO()

    with _lines(log, "t.py::t", lambda: None):
        pass

    assert not log.getvalue()


def test_a_log_that_nobody_reads_ends_no_run() -> None:
    class Broken(StringIO):
        def __init__(self) -> None:
            super().__init__()
            self.was_written = threading.Event()

        def write(self, text: str, /) -> int:
            self.was_written.set()
            raise BrokenPipeError(text)

    log = Broken()

    with _lines(log, "t.py::t", lambda: None, every_s=0.001):
        assert log.was_written.wait(timeout=30)
