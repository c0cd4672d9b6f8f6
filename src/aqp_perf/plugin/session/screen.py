"""Lines of ours among those that pytest writes while tests run."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
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
"""How pytest's terminal shows a line of each style."""


def has_terminal(config: pytest.Config) -> bool:
    """Return whether lines can be shown: workers of xdist, for one, have no terminal."""
    return all(map(config.pluginmanager.hasplugin, ("terminalreporter", "capturemanager")))


def announce(config: pytest.Config, text: str, path: Path | None = None) -> None:
    """Show a line at once, if there is a terminal; see `uncaptured` for ``path``."""
    if has_terminal(config):
        with uncaptured(config, path):
            config.get_terminal_writer().line(text)


@contextmanager
def uncaptured(config: pytest.Config, path: Path | None = None) -> Iterator[None]:
    """Suspend pytest's capturing, and begin a line of our own.

    Pytest continues with its marks below ours. If it knew of the new line it would repeat the
    file's name; with ``-v`` it is to know, because there every result has the name of its test.

    Args:
        config: pytest's, with a terminal.
        path: file of the next test, if pytest may not have begun it yet.
    """
    reporter = config.pluginmanager.getplugin("terminalreporter")
    writer = config.get_terminal_writer()
    with config.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
        is_other_file = path is not None and reporter.currentfspath != path
        if is_other_file or config.get_verbosity() > 0:
            reporter.ensure_newline()
        if writer.width_of_current_line:
            writer.line()
        yield
