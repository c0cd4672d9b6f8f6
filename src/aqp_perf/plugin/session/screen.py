"""The terminal: lines of ours among those of pytest, and nothing once it is closed."""

import errno
import os
import stat
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import pytest

from aqp_perf.operating_system import open_descriptors
from aqp_perf.plugin.session.xdist_workers import is_worker
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
    """Return whether lines can be shown: ``-p no:terminal``, for one, takes that away."""
    return all(map(config.pluginmanager.hasplugin, ("terminalreporter", "capturemanager")))


def announce(config: pytest.Config, text: str) -> None:
    """Show a line at once, if there is a terminal.

    The terminal of a worker of xdist leads nowhere, and its standard error to the controller's.
    """
    if not has_terminal(config):
        return
    with uncaptured(config):
        if is_worker(config):
            sys.stderr.write(f"\n{text}\n")  # below the controller's marks
            sys.stderr.flush()
        else:
            config.get_terminal_writer().line(text)


@contextmanager
def uncaptured(config: pytest.Config) -> Iterator[None]:
    """Suspend pytest's capturing, and begin a line of our own; there has to be a terminal.

    Pytest continues with its marks below ours. If it knew of the new line it would repeat the
    file's name; with ``-v`` it is to know, because there every result has the name of its test.
    """
    manager, writer = config.pluginmanager, config.get_terminal_writer()
    with manager.getplugin("capturemanager").global_and_fixture_disabled():
        if config.get_verbosity() > 0:
            manager.getplugin("terminalreporter").ensure_newline()
        if writer.width_of_current_line:
            writer.line()
        yield


def drop_gone_terminals() -> None:
    """Redirect every descriptor of a closed terminal to ``/dev/null``.

    Writing to it would fail, and a session has several: pytest keeps copies.
    """
    nowhere = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
    try:
        for number in open_descriptors():
            if _is_gone(number):
                os.dup2(nowhere, number, inheritable=os.get_inheritable(number))
    finally:
        os.close(nowhere)


def _is_gone(descriptor: int) -> bool:
    try:
        if not stat.S_ISCHR(os.fstat(descriptor).st_mode):
            return False
        os.write(descriptor, b"")  # an open terminal shows nothing of it
    except OSError as error:
        return error.errno == errno.EIO
    return False
