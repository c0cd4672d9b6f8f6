"""A child process with a guard, so that nothing of it outlives this process, even by `kill -9`."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Self

from aqp_perf.operating_system import process_identity

SERVER_NICENESS = 4
"""For servers under load on the generator's own machine. The generator goes first: time that it
waits for a core would count as the server's latency, while the server's own waiting is part of the
latency anyway."""

_GUARD_FILE = Path(__file__).with_name("guard.py")
_TAIL_LINES = 400
_READER_S = 2.0
_GUARD_S = 5.0
"""For a guard to kill its group; one that is stopped (SIGSTOP) never does."""


class ChildExited(Exception):
    """The child ended before it printed the expected line."""

    def __init__(self, name: str, exit_code: int, output_tail: str) -> None:
        super().__init__(f"{name} ended with exit code {exit_code}\n{output_tail}")
        self.exit_code, self.output_tail = exit_code, output_tail


class Child:
    """A running command whose process group ends with it, with `stop`, or with this process.

    Args:
        name: its name in messages.
        argv: the command and its arguments.
        environment: the whole environment of the command.
        niceness: as in ``nice -n``.
        on_line: called in a reader thread with every line (no line end) of its output.
    """

    def __init__(
        self,
        name: str,
        argv: Sequence[str],
        *,
        environment: Mapping[str, str],
        niceness: int = 0,
        on_line: Callable[[str], None] | None = None,
    ) -> None:
        self.name = name
        self.argv = tuple(argv)
        self._on_line = on_line
        self._tail: deque[str] = deque(maxlen=_TAIL_LINES)
        self._lines_changed = threading.Condition()
        self._output_ended = False
        self._pid: int | None = None
        self._pid_came = threading.Event()
        self._ended = threading.Event()
        self._exit_code = -signal.SIGKILL  # unless the guard reports another one
        ours, theirs = socket.socketpair()
        with theirs:
            self._control = ours
            self._guard = subprocess.Popen(
                [sys.executable, "-I", "-S", str(_GUARD_FILE), str(niceness), *argv],
                stdin=theirs.fileno(),
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                env=environment,
                start_new_session=True,
            )
        self._readers = (
            threading.Thread(target=self._read_output, name=f"{name} output", daemon=True),
            threading.Thread(target=self._read_answers, name=f"{name} exit", daemon=True),
        )
        for reader in self._readers:
            reader.start()

    @property
    def output_tail(self) -> str:
        """The last lines the command printed, both streams in order."""
        with self._lines_changed:
            return "\n".join(self._tail)

    @property
    def is_running(self) -> bool:
        """Whether the command has not ended yet."""
        return not self._ended.is_set()

    @property
    def identity(self) -> str | None:
        """The command's process, see `process_identity`; None: it did not start or has ended."""
        self._pid_came.wait(_GUARD_S)
        return None if self._pid is None else process_identity(self._pid)

    def wait_for_line(self, prefix: str, timeout_s: float) -> str:
        """Return the first line that starts with ``prefix``, without the prefix.

        Raises:
            ChildExited: the command ended without such a line.
            TimeoutError: it did not come within ``timeout_s``.
        """
        deadline = time.monotonic() + timeout_s
        with self._lines_changed:
            while True:
                for line in self._tail:
                    if line.startswith(prefix):
                        return line.removeprefix(prefix)
                if self._output_ended:
                    break
                if not self._lines_changed.wait(deadline - time.monotonic()):
                    message = f"{self.name} printed no {prefix!r} line within {timeout_s:g} s"
                    raise TimeoutError(message)
        raise ChildExited(self.name, self.wait(timeout_s), self.output_tail)

    def wait(self, timeout_s: float | None = None) -> int:
        """Wait for the command's exit code and return it; negative: the signal that ended it.

        Raises:
            TimeoutError: it still runs after ``timeout_s``.
        """
        if not self._ended.wait(timeout_s):
            raise TimeoutError(f"{self.name} still runs after {timeout_s:g} s")
        return self._exit_code

    def send_signal(self, number: signal.Signals) -> None:
        """Send a signal to the command itself, not to its group; ignored if it has ended."""
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self._control.sendall(bytes([number]))

    def stop(self, grace_s: float = 5.0) -> None:
        """Ask the command to end, wait up to ``grace_s``, then kill its group; safe to repeat.

        A guard that does not react is killed with the group, 5 s later.
        """
        if self.is_running and grace_s > 0:
            self.send_signal(signal.SIGTERM)
            self._ended.wait(grace_s)
        with contextlib.suppress(OSError):  # not connected any more: the guard is gone already
            self._control.shutdown(socket.SHUT_RDWR)
        try:
            self._guard.wait(_GUARD_S)
        except subprocess.TimeoutExpired:
            os.killpg(self._guard.pid, signal.SIGKILL)  # it leads the group, and is still there
            self._guard.wait()
        for reader in self._readers:
            reader.join(_READER_S)  # a process that left the group may hold the output open
        self._control.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _read_output(self) -> None:
        stdout = self._guard.stdout
        if stdout is None:
            raise AssertionError("the guard was started with a pipe")
        with stdout:
            for raw in stdout:
                line = raw.decode(errors="replace").rstrip("\r\n")
                with self._lines_changed:
                    self._tail.append(line)
                    self._lines_changed.notify_all()
                if self._on_line is not None:
                    self._on_line(line)
        with self._lines_changed:
            self._output_ended = True
            self._lines_changed.notify_all()

    def _read_answers(self) -> None:
        # A reset means that the guard was killed, its command with it: there is no exit code.
        with contextlib.suppress(ConnectionResetError), self._control.makefile("rb") as answers:
            if pid := answers.readline().strip():
                self._pid = int(pid)
            self._pid_came.set()
            if (exit_code := answers.readline()).endswith(b"\n"):
                self._exit_code = int(exit_code)
        self._pid_came.set()
        self._ended.set()
