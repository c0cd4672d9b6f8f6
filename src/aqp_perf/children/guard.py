"""The process between us and a child: it kills the child's whole process group when we are gone.

Run as a file, isolated and with the standard library, as ``python guard.py NICENESS COMMAND
[ARGUMENT …]``, as the leader of a new session, with one end of a socket pair as standard input:

- a byte from the parent is the number of a signal to pass on to the command;
- end of file means that the parent closed its end or died: everything in the group is killed;
- the command's process number goes back as one decimal line, an empty one if it did not start;
- when the command ends, its exit code goes back in the same way, and then everything that is left
  of the group is killed too, this process included.

A socket and not a signal, because ``kill -9`` of the parent sends no signal but does close its
files.
"""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

sys.path.append(str(Path(__file__).parents[2]))  # isolated, it finds no package

from aqp_perf.operating_system import death_signal, lower_priority

NOT_FOUND = 127
"""Exit code for a command that could not be started, as a shell would answer."""


def _answer(control: socket.socket, line: bytes) -> None:
    with contextlib.suppress(BrokenPipeError):  # the parent, its only reader, is gone
        control.sendall(line + b"\n")


def _obey(control: socket.socket, command: subprocess.Popen[bytes]) -> None:
    while order := control.recv(1):
        command.send_signal(order[0])
    os.killpg(0, signal.SIGKILL)


def main(argv: Sequence[str]) -> None:
    """Run a command until it ends or the parent is gone; never returns.

    Args:
        argv: niceness as in ``nice -n``, then the command.
    """
    niceness, *argv = argv
    if int(niceness):
        lower_priority(int(niceness))
    control = socket.socket(fileno=0)
    die_with_us = death_signal(signal.SIGKILL)  # where there is one, killing the guard suffices
    try:
        command = subprocess.Popen(argv, stdin=subprocess.DEVNULL, preexec_fn=die_with_us)  # noqa: PLW1509 - no thread runs yet
    except OSError as error:
        sys.stderr.write(f"{argv[0]}: {error.strerror}\n")
        sys.stderr.flush()
        _answer(control, b"")
        exit_code = NOT_FOUND
    else:
        _answer(control, b"%d" % command.pid)
        threading.Thread(target=_obey, args=(control, command), daemon=True).start()
        exit_code = command.wait()
    _answer(control, b"%d" % exit_code)
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    main(sys.argv[1:])
