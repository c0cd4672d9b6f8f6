"""DynamoDB Local: AWS's own emulator, a Java program, in a child process of its own."""

import http.client
import os
import secrets
import shutil
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from aqp_perf.children import SERVER_NICENESS, Child, TemporaryFolder
from aqp_perf.errors import TargetMissing, TargetUnavailable
from aqp_perf.targets.access.environment import server_environment
from aqp_perf.targets.kinds.endpoint import local_target
from aqp_perf.targets.kinds.target import DEFAULT_REGION, Target, TargetKind

HOME_VARIABLE = "DYNAMODB_LOCAL_HOME"
HOME_DIRECTORY = ".dynamodb-local"
"""Used when the variable is unset; below the working directory."""

_NAME = "DynamoDB Local"
_JAR = "DynamoDBLocal.jar"
_HOST = "127.0.0.1"
_HOW_TO_GET_IT = (
    "run 'make dynamodb-local' in a clone of this project, "
    'or unpack AWS\'s download (search for "DynamoDB local" in the DynamoDB developer guide), '
    "or take package/emulator of what 'npm pack amplify-dynamodb-simulator' brings, "
    f"and set {HOME_VARIABLE} to the folder that holds {_JAR}"
)
_IN_DIRECTORY = ("/bin/sh", "-c", 'cd "$0" && exec "$@"')
"""Runs a command elsewhere: the program writes a file into its working directory."""

_OPTIONS = ("-inMemory", "-sharedDb", "-disableTelemetry")
_START_TIMEOUT_S = 30.0
_ASK_TIMEOUT_S = 2.0
_PAUSE_S = 0.05


def free_port() -> int:
    """Return a port that is free at this moment, on every interface."""
    with socket.socket() as unbound:
        unbound.bind(("", 0))
        port: int = unbound.getsockname()[1]
    return port


@contextmanager
def open_dynamodb_local(choose_port: Callable[[], int] = free_port) -> Iterator[Target]:
    """Start DynamoDB Local, in memory, on a free port, yield it, stop it.

    It listens on every interface: the program has no option for one. Browsers are shut out by
    its CORS option, and its telemetry is off.

    Args:
        choose_port: proposes ports; the next is tried when another program has taken the first.

    Raises:
        TargetMissing: there is no java, or no jar; the message says how to get one.
        TargetUnavailable: it did not start; the message carries what it printed.
    """
    home = find_home(os.environ, Path.cwd())
    java = shutil.which("java")
    if java is None:
        raise TargetMissing(_NAME, "it needs java (17 or newer) on the PATH")
    program = [java, f"-Djava.library.path={home / 'DynamoDBLocal_lib'}", "-jar", str(home / _JAR)]
    environment = server_environment(os.environ, DEFAULT_REGION)
    started = time.monotonic()
    with TemporaryFolder() as folder:
        while True:
            port, origin = choose_port(), f"aqp-perf-{secrets.token_hex(8)}"
            options = [*_OPTIONS, "-cors", origin, "-port", str(port)]
            argv = [*_IN_DIRECTORY, str(folder.path), *program, *options]
            with Child(_NAME, argv, environment=environment, niceness=SERVER_NICENESS) as child:
                if _comes_up(child, port, origin, started + _START_TIMEOUT_S):
                    url = f"http://{_HOST}:{port}"
                    yield local_target(TargetKind.DYNAMODB_LOCAL, url, child.identity)
                    return
                waited_s = round(time.monotonic() - started, 1)
                has_failed = not child.is_running or waited_s >= _START_TIMEOUT_S
            if has_failed:
                raise TargetUnavailable(_NAME, waited_s, child.output_tail)


def find_home(environment: Mapping[str, str], directory: Path) -> Path:
    """Return the folder of the jar: what `HOME_VARIABLE` says, else `HOME_DIRECTORY`.

    Raises:
        TargetMissing: the jar is not there.
    """
    named = environment.get(HOME_VARIABLE)
    home = directory / (named or HOME_DIRECTORY)
    if (home / _JAR).is_file():
        return home
    found = f"{HOME_VARIABLE} is {named}, without {_JAR}: " if named else ""
    raise TargetMissing(_NAME, found + _HOW_TO_GET_IT)


def _comes_up(child: Child, port: int, origin: str, deadline_s: float) -> bool:
    """Wait until our program answers; False when it ended, is late, or another has its port."""
    while child.is_running and time.monotonic() < deadline_s:
        allowed = _allowed_origin(port, origin)
        if allowed is not None:
            return allowed == origin
        time.sleep(_PAUSE_S)
    return False


def _allowed_origin(port: int, origin: str) -> str | None:
    """Return the CORS origin that the program on ``port`` allows; None: nothing listens.

    Only our own program allows the random ``origin`` that it was started with. On a taken port it
    prints an error and keeps running, so that neither an accepted connection nor a live process
    proves that it is the one that answers.
    """
    connection = http.client.HTTPConnection(_HOST, port, timeout=_ASK_TIMEOUT_S)
    try:
        connection.request("GET", "/", headers={"Origin": origin})
        return connection.getresponse().getheader("Access-Control-Allow-Origin", "")
    except OSError:
        return None
    except http.client.HTTPException:
        return ""
    finally:
        connection.close()
