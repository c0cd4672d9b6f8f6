"""What ``kill -9`` of pytest leaves behind: no process, and on AWS a table that the sweep removes.

    python -m benchmarks.killed_sessions [--target moto|dynamodb-local|aws-like] [--kills 10]

Measures how long a session takes, then kills others at moments spread over that time: while they
start, create and seed the table, put load on it, and end. Within 5 s no process that a session
started may be left, known by a mark in its environment. The target ``aws-like`` is moto behind
AWS_ENDPOINT_URL, with tables of other people: there the sweep must find the killed session's table
and delete it, and no other. Exits with 1 when it is not so; takes about two minutes a target.
"""

import argparse
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from aqp_perf.targets.kinds.endpoint import open_moto

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

LIMIT_S: Final = 5.0
DEADLINE_S: Final = 120.0
MARK: Final = "AQP_PERF_KILLED_SESSION"
ACCOUNT: Final = "123456789012"
REGION: Final = "us-east-1"
THEIRS: Final = ("orders", "aqp_perf_0123abcd_by_hand")
"""Tables of other people; the second is named like ours, and has none of our tags."""

TESTS: Final = """
def test_writes(perf_load):
    perf_load("PartiqlWriteUser")

def test_reads(perf_load):
    perf_load("AqpStatusUser")
"""
INI: Final = """
[pytest]
addopts = -p no:locust -p no:cacheprovider
perf_run_time = 2s
perf_warmup = 0
perf_users = 2
"""


class Sessions:
    """Starts sessions in a folder, each known by its own mark.

    Args:
        folder: where they run.
        options: pytest's.
        variables: changes to the environment.
    """

    def __init__(self, folder: Path, options: list[str], variables: Mapping[str, str]) -> None:
        (folder / "pytest.ini").write_text(INI)
        (folder / "test_load.py").write_text(TESTS)
        self._folder, self._options = folder, options
        self.environment = {**os.environ, **variables, "PERF_LOCK_FILE": str(folder / "lock")}

    @contextmanager
    def start(self, mark: str) -> Iterator["subprocess.Popen[bytes]"]:
        """Yield a session that has just begun, and leave none."""
        session = subprocess.Popen(
            [sys.executable, "-m", "pytest", "-q", *self._options],
            cwd=self._folder,
            env={**self.environment, MARK: mark},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            yield session
        finally:
            session.kill()
            session.wait()

    def length_s(self) -> float:
        """Return how long an undisturbed session takes."""
        began = time.monotonic()
        with self.start("undisturbed") as session:
            session.wait(DEADLINE_S)
        return time.monotonic() - began


def processes_of(mark: str) -> list[str]:
    """Return what of a session is still there, as short command lines."""
    wanted = f"{MARK}={mark}".encode()
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if wanted in (process / "environ").read_bytes().split(b"\0"):
                command = (process / "cmdline").read_bytes().replace(b"\0", b" ")
                found.append(command.decode(errors="replace")[:120])
        except OSError:
            continue  # it has ended meanwhile, or is not ours
    return found


def is_clean_after(sessions: Sessions, number: int, moment_s: float) -> bool | None:
    """Kill a session at a moment of its life; print what it had, and what is left of it.

    Returns:
        Whether nothing is left; None when it had ended before that moment.
    """
    mark = f"{os.getpid()}-{number}"
    with sessions.start(mark) as session:
        with suppress(subprocess.TimeoutExpired):
            session.wait(moment_s)
            return None
        before = processes_of(mark)
        session.send_signal(signal.SIGKILL)
        killed = time.monotonic()
    while (left := processes_of(mark)) and time.monotonic() - killed < LIMIT_S:
        time.sleep(0.02)
    took_s = time.monotonic() - killed
    names = ("aqp_perf.targets.moto", "DynamoDBLocal", "aqp_perf.aqp", "instrument.py")
    shown = [name for name in names if any(name in command for command in before)]
    print(
        f"kill {number:2} after {moment_s:5.2f} s: {len(before)} processes"
        f" ({', '.join(['pytest', *shown])}); "
        f"after {took_s:.2f} s {len(left)} left",
        flush=True,
    )
    for command in left:
        print(f"    LEFT {command}")
    return not left


def sweep(environment: Mapping[str, str], *options: str) -> str:
    """Run the sweep as a user would; return what it printed."""
    command = [
        sys.executable,
        "-m",
        "aqp_perf.targets.sweep",
        "--account",
        ACCOUNT,
        *options,
    ]
    done = subprocess.run(
        command, check=False, env=dict(environment), capture_output=True, text=True, timeout=60
    )
    return done.stdout + done.stderr


def is_swept(client: "DynamoDBClient", environment: Mapping[str, str]) -> bool:
    """Let the sweep find what a killed session left, and remove it; return whether it did."""
    left = set(client.list_tables()["TableNames"]) - set(THEIRS)
    listed = sweep(environment)
    are_found = all(table in listed for table in left)
    for run_id in {table.split("_")[2] for table in left}:  # its time is not over
        listed += sweep(environment, "--run", run_id, "--yes")
    is_right = are_found and set(client.list_tables()["TableNames"]) == set(THEIRS)
    print(
        f"    tables left: {len(left)}; " + ("found and deleted, no other" if is_right else listed)
    )
    return is_right


def create_theirs(client: "DynamoDBClient") -> None:
    """Create other people's tables."""
    for name in THEIRS:
        client.create_table(
            TableName=name,
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )


def kill_all(
    sessions: Sessions, kills: int, seed: int, client: "DynamoDBClient | None" = None
) -> bool:
    """Kill sessions at moments spread over their life; return whether all is as it must be."""
    length_s = sessions.length_s()
    print(f"an undisturbed session takes {length_s:.1f} s")
    random = Random(seed)  # noqa: S311 - the same moments every time
    results = []
    for number in range(kills):
        moment_s = (number + random.random()) * length_s / kills
        while (is_clean := is_clean_after(sessions, number + 1, moment_s)) is None:
            moment_s *= 0.9  # sessions differ in length, and this one was over
        results.append(is_clean)
        if client is not None:
            results.append(is_swept(client, sessions.environment))
    return all(results)


def main() -> int:
    """Kill sessions on one target; print what is left; return the exit code."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--target", choices=("moto", "dynamodb-local", "aws-like"), default="moto")
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    home = {"DYNAMODB_LOCAL_HOME": os.environ.get("DYNAMODB_LOCAL_HOME", ".dynamodb-local")}
    variables = {name: str(Path(value).resolve()) for name, value in home.items()}
    with TemporaryDirectory() as folder:
        if arguments.target != "aws-like":
            options = ["--perf-target", arguments.target]
            sessions = Sessions(Path(folder), options, variables)
            is_clean = kill_all(sessions, arguments.kills, arguments.seed)
        else:
            with open_moto() as moto:
                create_theirs(moto.client())
                variables = {
                    "AWS_ENDPOINT_URL": moto.endpoint,
                    "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
                    "AWS_SECRET_ACCESS_KEY": "not-a-secret",
                    "AWS_REGION": REGION,
                    "AWS_DEFAULT_REGION": REGION,
                    "AWS_CONFIG_FILE": os.devnull,
                    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
                }
                options = ["--perf-target", "aws", "--perf-aws-account", ACCOUNT]
                options += ["--perf-aws-region", REGION, "--perf-aqp", "embedded"]
                sessions = Sessions(Path(folder), options, variables)
                is_clean = kill_all(sessions, arguments.kills, arguments.seed, moto.client())
    print("nothing is left" if is_clean else "NOT clean")
    return 0 if is_clean else 1


if __name__ == "__main__":
    raise SystemExit(main())
