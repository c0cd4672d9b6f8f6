"""A target, table or AQP that cannot be used is an error in words, before any load."""

import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import ClassVar

import pytest

PASSWORD = "not-the-password-of-this-aqp"
AQP_TEST = """
def test_aqp(perf_load):
    perf_load("AqpStatusUser")
"""
WRITE_TEST = """
def test_write(perf_load):
    perf_load("PartiqlWriteUser")
"""


class LockedAqp(BaseHTTPRequestHandler):
    """Answers 401 to everybody, as an AQP does to wrong credentials."""

    requests: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        """Refuse."""
        self.requests.append(self.path)
        self.send_response(401)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def locked_aqp() -> Iterator[str]:
    LockedAqp.requests.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), LockedAqp) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def nobody() -> Iterator[str]:
    """The URL of a port that is bound, so that nobody else takes it, but not listened on."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{bound.getsockname()[1]}"


@pytest.fixture
def folder(new_project: Callable[..., Path]) -> Path:
    return new_project(test_aqp=AQP_TEST, test_write=WRITE_TEST)


def test_without_aqp_its_tests_are_skipped_with_the_reason(
    folder: Path, run_pytest: Callable[..., pytest.RunResult]
) -> None:
    result = run_pytest(folder, "-rs", "-k", "aqp", "--perf-aqp=none")

    assert result.ret == pytest.ExitCode.OK
    result.assert_outcomes(skipped=1)
    result.stdout.fnmatch_lines(["SKIPPED * --perf-aqp is none: there is no AQP to test"])


def test_aqp_that_does_not_answer_is_unavailable(
    folder: Path,
    nobody: str,
    run_pytest: Callable[..., pytest.RunResult],
    tables: Callable[[], set[str]],
) -> None:
    result = run_pytest(folder, "-k", "aqp", f"--perf-aqp={nobody}")

    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.assert_outcomes(passed=1, errors=1)
    text = f"TargetUnavailable: {nobody} did not answer within 10 s: *Connection refused"
    result.stdout.fnmatch_lines([text])
    assert tables() == set()


def test_wrong_aqp_password_is_told_after_one_question(
    folder: Path, run_pytest: Callable[..., pytest.RunResult]
) -> None:
    with locked_aqp() as url:
        result = run_pytest(folder, "-k", "aqp", f"--perf-aqp={url}", PERF_AQP_PASSWORD=PASSWORD)

    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(
        [
            (
                f"AqpUnauthorized: the AQP at {url} refused the credentials (HTTP 401): "
                "set PERF_AQP_USER and PERF_AQP_PASSWORD"
            )
        ]
    )
    assert len(LockedAqp.requests) == 1
    assert PASSWORD not in result.stdout.str()
    assert not (folder / "diary").exists(), "no load was sent"


def test_target_that_does_not_answer_is_unavailable(
    folder: Path, nobody: str, run_pytest: Callable[..., pytest.RunResult]
) -> None:
    result = run_pytest(folder, "-k", "write", "--perf-target", nobody)

    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(
        [f"TargetUnavailable: {nobody} cannot be reached: *: Connection refused"]
    )


def test_table_that_is_not_there_ends_the_session_and_is_not_made(
    folder: Path,
    endpoint: str,
    run_pytest: Callable[..., pytest.RunResult],
    tables: Callable[[], set[str]],
) -> None:
    result = run_pytest(folder, "--perf-table=orders")

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(
        [
            (
                f"TableNotFound: table 'orders' does not exist on {endpoint}: "
                "leave --perf-table out to have one created"
            ),
            "!* an option is wrong, see above: no other test is run !*",
        ]
    )
    assert tables() == set()


def test_wrong_account_ends_the_session(
    folder: Path,
    endpoint: str,
    run_pytest: Callable[..., pytest.RunResult],
    tables: Callable[[], set[str]],
) -> None:
    aws = {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "example",
    }
    options = (
        "--perf-target=aws",
        "--perf-aws-region=eu-west-1",
        "--perf-aws-account=210987654321",
    )

    result = run_pytest(folder, *options, **aws)

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(
        [
            (
                "InvalidOption: --perf-aws-account: '210987654321' is not valid: "
                "the credentials belong to account 123456789012"
            )
        ]
    )
    assert tables() == set()


def test_dynamodb_local_that_is_not_here_is_told_with_how_to_get_it(
    folder: Path, tmp_path: Path, run_pytest: Callable[..., pytest.RunResult]
) -> None:
    home = {"DYNAMODB_LOCAL_HOME": str(tmp_path), "PATH": os.environ["PATH"]}

    result = run_pytest(folder, "-k", "write", "--perf-target=dynamodb-local", **home)

    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["TargetMissing: *DYNAMODB_LOCAL_HOME*"])


def test_taken_port_of_the_master_is_told(
    folder: Path, run_pytest: Callable[..., pytest.RunResult]
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"

        result = run_pytest(
            folder, "-k", "write", "--perf-expect-workers=1", f"--perf-master-bind={address}"
        )

    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines([f"PortTaken: {address} is taken: name another port"])
