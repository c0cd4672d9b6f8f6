"""Live progress of a load run: a block that is updated on a terminal, or lines in a log.

It is written to a descriptor of its own: what a test prints meanwhile is captured as always.
"""

import io
import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final, TextIO

import pytest

from aqp_perf.core.measured.run_progress import Progress
from aqp_perf.core.verdict.verdicts import RunVerdict
from aqp_perf.plugin.session.screen import drop_gone_terminals, has_terminal, uncaptured
from aqp_perf.plugin.settings.option_values import ProgressKind
from aqp_perf.reports.lines import printable
from aqp_perf.reports.text.progress_text import Rates, View, progress_line, view

TOLD_EVERY_S: Final = 1.0
"""How often a run reports its progress to this process."""
LINE_EVERY_S: Final = 10.0


class ProgressDisplay:
    """Shows the load runs of a session."""

    def __init__(self, config: pytest.Config, kind: ProgressKind) -> None:
        self._config = config
        is_quiet = kind is ProgressKind.AUTO and config.get_verbosity() < 0
        self._kind = ProgressKind.OFF if is_quiet else kind

    @property
    def told_every_s(self) -> float | None:
        """How often a run has to report its progress; None: it is not shown."""
        is_off = self._kind is ProgressKind.OFF or not has_terminal(self._config)
        return None if is_off else TOLD_EVERY_S

    @contextmanager
    def showing(
        self,
        test: str,
        read: Callable[[], Progress | None],
        *,
        run_time_s: float,
        judge: Callable[[Progress], RunVerdict],
    ) -> Iterator[None]:
        """Show a run while the block lasts.

        Args:
            test: node id of its test.
            read: returns the last progress that the run reported.
            run_time_s: how long it is to last.
            judge: returns the verdict if the run ended now.
        """
        terminal = None if self.told_every_s is None else self._terminal()
        if terminal is None:
            yield
            return
        rates = Rates()

        def look() -> View | None:
            progress = read()
            if progress is None:
                return None
            rate = rates.per_s(progress)
            return view(progress, run_time_s=run_time_s, requests_per_s=rate, judge=judge)

        with terminal:
            is_live = terminal.isatty() and os.environ.get("TERM") != "dumb"
            if is_live and self._kind is ProgressKind.AUTO:
                colours = self._config.get_terminal_writer().hasmarkup
                display = _block(terminal, test, look, run_time_s, colours=colours)
            else:
                display = _lines(terminal, test, look)
            with display:
                try:
                    yield
                finally:
                    drop_gone_terminals()  # else the display could not end: the run would be lost

    def _terminal(self) -> TextIO | None:
        """Return pytest's output as a file of our own; None: it has no descriptor."""
        with uncaptured(self._config):
            sys.stdout.flush()
            try:
                copy = os.dup(sys.stdout.fileno())
            except io.UnsupportedOperation:
                return None
            encoding = sys.stdout.encoding
        return open(copy, "w", encoding=encoding, errors="backslashreplace")  # noqa: PTH123 - a descriptor


@contextmanager
def _block(
    terminal: TextIO,
    test: str,
    look: Callable[[], View | None],
    run_time_s: float,
    *,
    colours: bool,
) -> Iterator[None]:
    """Keep a block up to date, and remove it in the end: the results take its place."""
    # Only needed where there is a terminal.
    from rich.console import Console, ConsoleDimensions, RenderableType  # noqa: PLC0415
    from rich.live import Live  # noqa: PLC0415

    from aqp_perf.reports.text.progress_block import progress_block, waiting_block  # noqa: PLC0415

    def renderable() -> RenderableType:
        # Rich would ask the standard streams, which pytest has redirected. Windows are resized.
        try:
            columns, lines = os.get_terminal_size(terminal.fileno())
        except OSError:  # the terminal is closed
            columns, lines = 0, 0
        console.size = ConsoleDimensions(columns or 80, lines or 24)
        shown = look()
        return waiting_block(test) if shown is None else progress_block(test, shown, run_time_s)

    console = Console(file=terminal, force_terminal=True, no_color=not colours)
    with Live(
        console=console,
        get_renderable=renderable,
        refresh_per_second=1 / TOLD_EVERY_S,
        transient=True,
        redirect_stdout=False,  # pytest captures it
        redirect_stderr=False,
    ):
        yield


@contextmanager
def _lines(
    terminal: TextIO, test: str, look: Callable[[], View | None], *, every_s: float = LINE_EVERY_S
) -> Iterator[None]:
    """Write a line every so many seconds."""
    has_ended = threading.Event()

    def write() -> None:
        while not has_ended.wait(every_s):
            shown = look()
            text = "the load generator starts" if shown is None else progress_line(shown)
            try:
                terminal.write(f"{printable(test)}: {text}\n")
                terminal.flush()
            except OSError:  # the log is closed; pytest itself will report it
                return

    writer = threading.Thread(target=write, name="perf progress")
    writer.start()
    try:
        yield
    finally:
        has_ended.set()
        writer.join()
