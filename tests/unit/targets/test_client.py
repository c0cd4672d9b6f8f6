import ssl
from typing import Any

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

from perf.errors import TargetUnavailable, TargetUnusable
from perf.targets.client import dynamodb_client, errors_of, isolated_session

URL = "http://127.0.0.1:1"


@pytest.mark.parametrize(
    "error",
    [
        EndpointConnectionError(endpoint_url=URL),
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
def test_what_is_not_boto3_s_passes(error: BaseException) -> None:
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
