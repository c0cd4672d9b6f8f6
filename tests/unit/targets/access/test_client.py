import ssl
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import boto3
import pytest
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ReadTimeoutError,
    SSLError,
)

from aqp_perf.errors import TargetUnavailable, TargetUnusable
from aqp_perf.targets.access.client import (
    check_credentials,
    dynamodb_client,
    errors_of,
    isolated_session,
)
from tests.doubles.scripted_server import ScriptedServer, answer

if TYPE_CHECKING:
    from collections.abc import Callable

URL = "http://127.0.0.1:1"


@pytest.mark.parametrize(
    "error",
    [
        ConnectTimeoutError(endpoint_url=URL),
        ReadTimeoutError(endpoint_url=URL),
        ConnectionClosedError(endpoint_url=URL),
    ],
)
def test_no_answer_is_unavailable(error: BotoCoreError) -> None:
    with pytest.raises(TargetUnavailable, match=f"{URL} did not answer") as caught, errors_of(URL):
        raise error
    assert caught.value.__cause__ is error


@pytest.mark.parametrize(
    ("reason", "told"), [(None, ""), (OSError(111, "Connection refused"), ": Connection refused")]
)
def test_a_refused_connection_is_not_reported_as_a_late_answer(
    reason: OSError | None, told: str
) -> None:
    failed = RuntimeError("urllib3's")
    failed.__cause__ = reason
    error = EndpointConnectionError(endpoint_url=URL, error=failed)
    text = f'{URL} cannot be reached: Could not connect to the endpoint URL: "{URL}"{told}'
    with pytest.raises(TargetUnavailable, match=f"^{text}$"), errors_of(URL):
        raise error


@pytest.mark.parametrize(
    ("error", "detail"),
    [
        (
            ClientError({"Error": {"Code": "ExpiredTokenException", "Message": "Old."}}, "Any"),
            "ExpiredTokenException",
        ),
        (NoCredentialsError(), "Unable to locate credentials"),
    ],
)
def test_a_refusal_is_unusable(error: Exception, detail: str) -> None:
    with pytest.raises(TargetUnusable, match=f"{URL} cannot be used: .*{detail}"), errors_of(URL):
        raise error


@pytest.mark.parametrize("error", [KeyboardInterrupt(), ValueError("ours")])
def test_other_errors_pass_unchanged(error: BaseException) -> None:
    with pytest.raises(type(error)) as caught, errors_of(URL):
        raise error
    assert caught.value is error


def test_a_local_client_ignores_the_user_s_aws_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "not there")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/not/there")
    monkeypatch.setenv("AWS_RETRY_MODE", "adaptive")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "mine")
    session = isolated_session("eu-west-1")
    client = dynamodb_client(session, URL)
    credentials = session.get_credentials()
    assert credentials is not None
    assert credentials.access_key == "local"
    assert (client.meta.endpoint_url, client.meta.region_name) == (URL, "eu-west-1")


@pytest.mark.parametrize(
    ("process", "reason"),
    [
        ("echo my-secret >&2; exit 1", "the credential_process of the AWS configuration failed"),
        ("echo my-secret", "Expecting value"),
        (None, "No such file"),
    ],
    ids=["fails", "says no JSON", "is not there"],
)
def test_credentials_that_cannot_be_had_make_a_target_unusable(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, process: str | None, reason: str
) -> None:
    """However the client comes to ask for them, and without what the process wrote."""
    program = tmp_path / "process"
    if process is not None:
        program.write_text(f"#!/bin/sh\n{process}\n")
        program.chmod(0o700)
    config = tmp_path / "config"
    config.write_text(f"[default]\ncredential_process = {program}\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    asks: list[Callable[[boto3.Session], object]] = [
        lambda session: dynamodb_client(session, URL),
        lambda session: check_credentials(session, URL),
    ]
    for ask in asks:
        with pytest.raises(TargetUnusable, match=f"^{URL} cannot be used: .*{reason}") as caught:
            ask(boto3.Session(region_name="eu-west-1"))
        assert "my-secret" not in str(caught.value)


def test_a_client_that_needs_no_endpoint_is_named_by_its_region(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    session = isolated_session("eu-west-1")

    def fail(*_: object, **__: object) -> NoReturn:
        raise NoCredentialsError

    monkeypatch.setattr(session, "client", fail)
    with pytest.raises(TargetUnusable, match=r"^AWS eu-west-1 cannot be used: Unable to locate"):
        dynamodb_client(session, None)


def test_retries_and_timeouts_are_ours() -> None:
    config: Any = dynamodb_client(isolated_session("eu-west-1"), URL).meta.config
    assert config.retries == {"mode": "standard", "total_max_attempts": 3}
    assert (config.connect_timeout, config.read_timeout) == (5, 10)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: expired (_ssl.c:1006)",
            "certificate verify failed: expired",
        ),
        (
            "[SSL: WRONG_VERSION_NUMBER] wrong version number (_ssl.c:1006)",
            "the server does not speak TLS: is its URL http://?",
        ),
    ],
)
def test_a_server_that_cannot_be_trusted_is_unusable(text: str, problem: str) -> None:
    with pytest.raises(TargetUnusable) as caught, errors_of(URL):
        raise SSLError(endpoint_url=URL, error=ssl.SSLError(text))

    assert caught.value.detail == f"no TLS connection: {problem}"


def test_an_answer_that_cannot_be_read_makes_a_target_unusable() -> None:
    with ScriptedServer(answer(b"<html")) as server:
        client = isolated_session("eu-west-1").client("sts", endpoint_url=server.url)
        with pytest.raises(TargetUnusable) as caught, errors_of(server.url):
            client.get_caller_identity()

    assert caught.value.detail == "it answers, but not as an AWS service does"


@pytest.mark.parametrize("body", [b"\x1f\x8b", b"[" * 100_000], ids=["compressed", "deep"])
def test_an_answer_that_is_no_json_makes_a_target_unusable(body: bytes) -> None:
    with ScriptedServer(answer(body)) as server:
        client = dynamodb_client(isolated_session("eu-west-1"), server.url)
        with pytest.raises(TargetUnusable) as caught, errors_of(server.url):
            client.list_tables()

    assert caught.value.detail == "it answers, but not as an AWS service does"
