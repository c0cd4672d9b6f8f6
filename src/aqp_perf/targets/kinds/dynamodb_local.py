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
"""Looked at, below the working directory, when the variable is unset."""

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


@contextmanager
def open_dynamodb_local(
    choose_port: Callable[[], int] | None = None,
) -> Iterator[Target]:
    """Start DynamoDB Local, in memory, on a free port, yield it, stop it.

    It listens on every interface: the program has no option for one. Browsers are shut out by
    its CORS option, and its telemetry is off.

    Args:
        choose_port: proposes ports; by default `free_port`.

    Raises:
        TargetMissing: there is no java, or no jar; the message says how to get one.
        TargetUnavailable: it did not start; the message carries what it printed.
    """
    home = find_home(os.environ, Path.cwd())
    java = shutil.which("java")
    if java is None:
        raise TargetMissing(_NAME, "it needs java (17 or newer) on the PATH")
    with TemporaryFolder() as folder:
        child, port = _start(java, home, str(folder.path), choose_port or free_port)
        with child:
            url = f"http://{_HOST}:{port}"
            yield local_target(TargetKind.DYNAMODB_LOCAL, url)


def find_home(environment: Mapping[str, str], directory: Path) -> Path:
    """Return the folder of the jar: what `HOME_VARIABLE` says, else `HOME_DIRECTORY`.

    Raises:
        TargetMissing: the jar is not there.
    """
    named = environment.get(HOME_VARIABLE)
    home = directory / (named or HOME_DIRECTORY)
    if (home / _JAR).is_file():
        return home
    if named:
        raise TargetMissing(_NAME, f"{HOME_VARIABLE} is {named}, without {_JAR}: {_HOW_TO_GET_IT}")
    raise TargetMissing(_NAME, _HOW_TO_GET_IT)


def free_port() -> int:
    """Return a port that nobody has bound at this moment, on any interface."""
    with socket.socket() as unbound:
        unbound.bind(("", 0))
        port: int = unbound.getsockname()[1]
    return port


def _start(
    java: str, home: Path, directory: str, choose_port: Callable[[], int]
) -> tuple[Child, int]:
    """Return the running program; another port is tried when a stranger has got the first."""
    started = time.monotonic()
    deadline = started + _START_TIMEOUT_S
    environment = server_environment(os.environ, DEFAULT_REGION)
    program = [java, f"-Djava.library.path={home / 'DynamoDBLocal_lib'}", "-jar", str(home / _JAR)]
    while True:
        port, origin = choose_port(), f"aqp-perf-{secrets.token_hex(8)}"
        options = (*_OPTIONS, "-cors", origin, "-port", str(port))
        argv = [*_IN_DIRECTORY, directory, *program, *options]
        child = Child(_NAME, argv, environment=environment, niceness=SERVER_NICENESS)
        try:
            if _comes_up(child, port, origin, deadline):
                return child, port
            has_failed = not child.is_running or time.monotonic() >= deadline
        except BaseException:
            child.stop()
            raise
        child.stop()
        if has_failed:
            waited_s = round(time.monotonic() - started, 1)
            raise TargetUnavailable(_NAME, waited_s, child.output_tail)


def _comes_up(child: Child, port: int, origin: str, deadline: float) -> bool:
    """Wait until our program answers; False when it ended, is late, or a stranger has its port."""
    while child.is_running and time.monotonic() < deadline:
        allowed = _allowed_origin(port, origin)
        if allowed is not None:
            return allowed == origin
        time.sleep(_PAUSE_S)
    return False


def _allowed_origin(port: int, origin: str) -> str | None:
    """Ask who listens: ours names the origin that only it was told; None while nobody answers.

    On a taken port the program prints an error and stays, so that neither an accepted connection
    nor its being alive tells whose answer we get.
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
