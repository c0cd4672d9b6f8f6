"""Lines of ours among those that pytest writes while tests run."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from aqp_perf.reports.lines import Style

MARKUP: Mapping[Style, Mapping[str, bool]] = {
    Style.PLAIN: {},
    Style.TITLE: {"bold": True},
    Style.GOOD: {"green": True},
    Style.BAD: {"red": True, "bold": True},
    Style.WARNING: {"yellow": True, "bold": True},
}
"""How pytest's terminal is to show a line."""


def announce(config: pytest.Config, text: str, path: Path | None = None) -> None:
    """Show a line at once; a worker of xdist has no terminal.

    Args:
        config: pytest's.
        text: the line.
        path: file of the test that comes next, where pytest may not have begun it.
    """
    capture = config.pluginmanager.get_plugin("capturemanager")
    if capture is None or config.pluginmanager.get_plugin("terminalreporter") is None:
        return
    with capture.global_and_fixture_disabled():
        begin_line(config, path)
        config.get_terminal_writer().line(text)


def begin_line(config: pytest.Config, path: Path | None = None) -> None:
    """Leave the line that pytest is writing.

    Pytest goes on with its marks below ours. It would name their file again if it were told of the
    new line; with ``-v`` it is, for there every result has the name of its test.
    """
    reporter: pytest.TerminalReporter | None = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None:
        return
    is_other_file = path is not None and reporter.currentfspath != path
    if is_other_file or config.get_verbosity() > 0:
        reporter.ensure_newline()
    writer = config.get_terminal_writer()
    if writer.width_of_current_line:
        writer.line()
