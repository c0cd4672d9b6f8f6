"""Whoever AWS refuses is told why in one error, before anything is created."""

import json
import stat
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders

from aqp_perf.errors import TargetUnusable
from aqp_perf.targets.kinds.aws import open_aws
from aqp_perf.targets.kinds.endpoint import open_endpoint
from aqp_perf.targets.kinds.target import Target, TargetKind, TargetSpec

URL = "https://dynamodb.example"
AWS = TargetSpec(kind=TargetKind.AWS, account="123456789012", region="eu-west-1")
SKEWED = (
    "Signature expired: 20260301T114000Z is now earlier than 20260301T115500Z"
    " (20260301T120000Z - 5 min.)"
)

Opening = Callable[[], AbstractContextManager[Target]]


class Network:
    """Answers every request of botocore with the same refusal, in the protocol it came in."""

    def __init__(self) -> None:
        self.requests: list[str] = []
        self.refusal = (400, "Code", "Message")

    def send(self, request: AWSPreparedRequest) -> AWSResponse:
        self.requests.append(request.url)
        status, code, message = self.refusal
        xml = f"<E><Error><Code>{code}</Code><Message>{message}</Message></Error></E>"
        body = json.dumps({"__type": f"v#{code}", "message": message})
        content = (xml if "sts" in request.url else body).encode()
        raw = BytesIO(content)
        raw.stream = lambda: iter([content])  # type: ignore[attr-defined]  # as urllib3's has
        headers = HTTPHeaders.from_dict({"Date": "Sun, 01 Mar 2026 12:00:00 GMT"})
        return AWSResponse(request.url, status, headers, raw)


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Network:
    """Be all of AWS, for a user with an access key and nothing else."""
    made = Network()
    monkeypatch.setattr("botocore.httpsession.URLLib3Session.send", lambda _, sent: made.send(sent))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    return made


@pytest.fixture(params=["aws", "endpoint"])
def opening(request: pytest.FixtureRequest) -> Opening:
    return (lambda: open_aws(AWS)) if request.param == "aws" else (lambda: open_endpoint(URL))


def refused(opening: Opening) -> str:
    with pytest.raises(TargetUnusable) as caught, opening():
        pytest.fail("it was opened")
    return caught.value.detail


@pytest.mark.parametrize(
    ("status", "code", "reason"),
    [
        (403, "ExpiredToken", "the credentials have expired, renew them"),
        (400, "ExpiredTokenException", "the credentials have expired, renew them"),
        (403, "InvalidClientTokenId", "the credentials were refused: "),
        (400, "UnrecognizedClientException", "the credentials were refused: "),
        (403, "SignatureDoesNotMatch", "the credentials were refused: "),
        (400, "MissingAuthenticationTokenException", "the credentials were refused: "),
        (403, "AccessDenied", "the credentials lack the permission for "),
    ],
)
def test_refused_credentials_are_one_error_that_says_why(
    network: Network, opening: Opening, status: int, code: str, reason: str
) -> None:
    network.refusal = (status, code, "No.")
    detail = refused(opening)

    assert detail.startswith(reason)
    assert f"({code})" in detail
    assert detail.endswith("No.")
    assert len(network.requests) == 1


@pytest.mark.parametrize("key", ["x", "a", "b", "exception", "UnrecognizedClientException"])
def test_a_key_that_is_a_word_hides_no_part_of_the_error(
    network: Network, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    """People give endpoints of their own any key."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.setenv(name, key)
    network.refusal = (400, "UnrecognizedClientException", "An exceptional key.")

    detail = refused(lambda: open_endpoint(URL))

    assert detail.startswith("the credentials were refused: ")
    assert "(UnrecognizedClientException)" in detail
    assert detail.endswith("An exceptional key.")


SSO_PROFILE = (
    "[profile base]\nsso_start_url = https://sso.example\nsso_region = eu-west-1\n"
    "sso_account_id = 123456789012\nsso_role_name = load\n"
)


def test_an_ended_sign_in_is_one_error_before_any_request(
    network: Network, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config").write_text(SSO_PROFILE)
    monkeypatch.setenv("HOME", str(tmp_path))

    assert "https://sso.example" in refused(lambda: open_aws(replace(AWS, profile="base")))
    assert network.requests == []


def test_an_aws_configuration_that_cannot_be_read_is_one_error(
    network: Network, tmp_path: Path
) -> None:
    (tmp_path / "config").write_text("region = eu-west-1\n")

    assert "config" in refused(lambda: open_aws(AWS))
    assert network.requests == []


@pytest.mark.parametrize("code", ["SignatureDoesNotMatch", "InvalidSignatureException"])
def test_a_wrong_clock_is_named_and_not_the_signature(
    network: Network, opening: Opening, code: str
) -> None:
    network.refusal = (403, code, SKEWED)

    assert refused(opening) == "this machine's clock is 20 min behind that of AWS: set it"
    assert len(network.requests) == 1


def test_a_wrong_clock_is_seen_before_anything_is_hidden(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SESSION_TOKEN", "Signature")
    network.refusal = (403, "InvalidSignatureException", SKEWED)

    assert refused(lambda: open_endpoint(URL)).startswith("this machine's clock is 20 min behind")


@pytest.mark.parametrize("code", ["RequestTimeTooSkewed", "RequestExpired"])
def test_a_wrong_clock_is_measured_by_the_date_of_the_answer(
    network: Network, opening: Opening, code: str
) -> None:
    network.refusal = (400, code, "Too old.")

    assert "this machine's clock is" in refused(opening)


def test_missing_credentials_are_an_error_before_any_request(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")

    assert refused(lambda: open_aws(AWS)) == "Unable to locate credentials"
    assert network.requests == []


def test_credentials_that_are_expired_on_arrival_are_an_error_before_any_request(
    network: Network, opening: Opening, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a program gives them that keeps what it was given once."""
    stale = {"Version": 1, "AccessKeyId": "A", "SecretAccessKey": "s", "SessionToken": "t"}
    program = tmp_path / "program"
    stale_json = json.dumps(stale | {"Expiration": "2020-01-01T00:00:00Z"})
    program.write_text(f"#!/bin/sh\necho '{stale_json}'\n")
    program.chmod(stat.S_IRWXU)
    (tmp_path / "config").write_text(f"[default]\ncredential_process = {program}\n")
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")

    assert "refreshed credentials are still expired" in refused(opening)
    assert network.requests == []
