"""Credentials are renewed while requests go on; if that fails, requests fail and are counted."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import gevent
import pytest
from botocore.credentials import RefreshableCredentials
from botocore.exceptions import ClientError, CredentialRetrievalError, EndpointConnectionError
from gevent.event import Event

from aqp_perf.core.measured.failure_class import FailureClass
from aqp_perf.loadgen.clients.boto3_client import Boto3Client
from aqp_perf.loadgen.clients.credentials import RenewedCredentials, source_of
from aqp_perf.loadgen.clients.dynamodb import DynamoDbError
from aqp_perf.loadgen.clients.fast_client import FastClient
from aqp_perf.loadgen.clients.open_client import open_client
from tests.doubles.scripted_server import ScriptedServer, answer

DEADLINE_S = 10.0
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)

Start = Callable[..., ScriptedServer]


class Lender:
    """Lends credentials for an hour at a time, by a clock that the test sets."""

    def __init__(self) -> None:
        self.now = NOW
        self.renewals = 0
        self.may_answer = Event()
        self.may_answer.set()
        self.error: Exception | None = None
        self.lifetime = HOUR

    def lend(self) -> RefreshableCredentials:
        fresh = self.renew()
        self.renewals = 0
        return RefreshableCredentials(
            fresh["access_key"],
            fresh["secret_key"],
            fresh["token"],
            self.now + HOUR,
            refresh_using=self.renew,
            method="test",
            time_fetcher=lambda: self.now,
        )

    def renew(self) -> dict[str, str]:
        self.renewals += 1
        assert self.may_answer.wait(DEADLINE_S)
        if self.error is not None:
            raise self.error
        return {
            "access_key": f"AKID{self.now:%H%M}",
            "secret_key": "secret",
            "token": "token",
            "expiry_time": (self.now + self.lifetime).isoformat(),
        }


@pytest.fixture
def lender() -> Lender:
    return Lender()


@pytest.fixture
def source(lender: Lender) -> RenewedCredentials:
    """Look at every request, as no test waits."""
    return RenewedCredentials(lender.lend(), look_every_s=0)


@pytest.fixture
def server(serve: Start) -> ScriptedServer:
    return serve(answer())


@pytest.fixture
def client(server: ScriptedServer, source: RenewedCredentials) -> Iterator[FastClient]:
    made = FastClient(server.url, "eu-west-1", source)
    yield made
    made._server.close()


def write(client: FastClient) -> None:
    client.execute_statement("INSERT", [], writes=True)


def keys_in(server: ScriptedServer) -> list[str]:
    return [
        request.headers["authorization"].partition("Credential=")[2].partition("/")[0]
        for request in server.requests
    ]


def settled() -> None:
    """Let every greenlet that can run do so."""
    gevent.idle()


def test_credentials_that_hold_are_one_object(lender: Lender, source: RenewedCredentials) -> None:
    first = source()
    settled()

    assert source() is first
    assert lender.renewals == 0


def test_requests_go_on_with_the_old_credentials_until_the_new_ones_are_there(
    lender: Lender, client: FastClient, server: ScriptedServer
) -> None:
    lender.now += timedelta(minutes=55)
    lender.may_answer.clear()
    for _ in range(5):
        write(client)
        settled()
    lender.may_answer.set()
    settled()
    write(client)

    assert keys_in(server) == ["AKID1200"] * 5 + ["AKID1255"]
    assert lender.renewals == 1


@pytest.mark.parametrize(
    "error",
    [
        ClientError({"Error": {"Code": "AccessDenied", "Message": "No."}}, "AssumeRole"),
        EndpointConnectionError(endpoint_url="https://sts"),
        KeyError("Credentials"),
        FileNotFoundError("token"),
        ValueError("no JSON"),
    ],
    ids=repr,
)
def test_a_failed_renewal_is_no_failure_while_the_old_credentials_hold(
    lender: Lender, client: FastClient, server: ScriptedServer, error: Exception
) -> None:
    lender.now += timedelta(minutes=55)
    lender.error = error
    for _ in range(2):
        write(client)
        settled()

    assert keys_in(server) == ["AKID1200"] * 2
    assert lender.renewals == 2


def test_credentials_that_expired_and_cannot_be_renewed_fail_each_request_until_they_can(
    lender: Lender, client: FastClient, server: ScriptedServer
) -> None:
    lender.now += 2 * HOUR
    lender.error = EndpointConnectionError(endpoint_url="https://sts")
    errors = []
    for _ in range(3):
        with pytest.raises(DynamoDbError) as caught:
            write(client)
        errors.append(caught.value)
        settled()
    lender.error = None
    with pytest.raises(DynamoDbError, match="CredentialsExpired"):
        write(client)
    settled()
    write(client)

    assert {each.failure_class for each in errors} == {FailureClass.UNAUTHORIZED}
    assert str(errors[-1]) == (
        'CredentialsExpired: Could not connect to the endpoint URL: "https://sts"'
    )
    assert keys_in(server) == ["AKID1400"]


def test_new_credentials_that_have_expired_already_are_refused(
    lender: Lender, client: FastClient, server: ScriptedServer
) -> None:
    lender.now += 2 * HOUR
    lender.lifetime = -HOUR
    for _ in range(2):
        with pytest.raises(DynamoDbError, match="CredentialsExpired"):
            write(client)
        settled()

    assert server.requests == []


def test_credentials_that_never_expire_are_asked_for_once(lender: Lender) -> None:
    class Fixed:
        def get_frozen_credentials(self) -> object:
            lender.renewals += 1
            return lender.lend().get_frozen_credentials()

    source = source_of(Fixed())

    assert source() is source()


@pytest.mark.parametrize(
    "error",
    [
        ClientError({"Error": {"Code": "AccessDenied", "Message": "No."}}, "AssumeRole"),
        CredentialRetrievalError(provider="test", error_msg="No."),
        FileNotFoundError("token"),
        ValueError("no JSON"),
        None,
    ],
    ids=repr,
)
def test_the_sdk_s_expired_credentials_are_the_same_failure(
    lender: Lender, server: ScriptedServer, error: Exception | None
) -> None:
    """None: the new ones have expired already."""
    client = Boto3Client(server.url, "eu-west-1")
    client._client._request_signer._credentials = lender.lend()
    lender.now += 2 * HOUR
    lender.error, lender.lifetime = error, -HOUR
    with pytest.raises(DynamoDbError, match=r"^CredentialsExpired: ") as caught:
        client.execute_statement("INSERT", [], writes=True)
    client._client.close()

    assert caught.value.failure_class is FailureClass.UNAUTHORIZED
    assert server.requests == []


@pytest.mark.parametrize("kind", ["fast", "boto3"])
def test_credentials_that_cannot_be_had_are_one_message_before_the_load(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "config"
    process = tmp_path / "process"
    process.write_text("#!/bin/sh\necho my-secret >&2\nexit 1\n")
    process.chmod(0o700)
    config.write_text(f"[default]\ncredential_process = {process}\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(ValueError, match=r"^no AWS client: .*credential_process fail") as caught:
        open_client(kind, "http://127.0.0.1:1", "eu-west-1")

    assert "my-secret" not in str(caught.value)
