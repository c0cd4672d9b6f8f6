"""Which credentials sign the AQP's own requests."""

import pytest
from botocore.credentials import Credentials as BotocoreCredentials
from botocore.exceptions import PartialCredentialsError

from aqp_perf.aqp.credentials import resolve_signer
from aqp_perf.aqp.problems import DynamoDBFailed
from aqp_perf.errors import ConfigError, InvalidOption

KEYS = {"AWS_ACCESS_KEY_ID": "AKIDENV", "AWS_SECRET_ACCESS_KEY": "s"}


class FakeSession:
    """Stands in for botocore's session and its credential chain."""

    def __init__(self, found: BotocoreCredentials | Exception | None) -> None:
        self.found = found

    def get_credentials(self) -> BotocoreCredentials | None:
        if isinstance(self.found, Exception):
            raise self.found
        return self.found


def _chain(monkeypatch: pytest.MonkeyPatch, session: FakeSession) -> None:
    monkeypatch.setattr("aqp_perf.aqp.credentials.get_session", lambda: session)


def _scope(
    endpoint_url: str, *, region: str | None = None, environment: dict[str, str] | None = None
) -> str:
    """Return ``access key/region`` of the signer for an endpoint."""
    signer = resolve_signer(endpoint_url, region=region, environment=environment or {})()
    headers = signer.headers(host="h", target="t", body=b"", now="20260101T000000Z")
    access_key, _, region_signed, *_ = (
        headers["Authorization"].partition("Credential=")[2].split("/")
    )
    return f"{access_key}/{region_signed}"


@pytest.mark.parametrize(
    "endpoint_url", ["http://127.0.0.1:8000", "http://localhost:8000", "http://[::1]:8000"]
)
def test_a_loopback_endpoint_never_asks_the_credential_chain(
    endpoint_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    _chain(monkeypatch, FakeSession(AssertionError("asked")))

    assert _scope(endpoint_url) == "local/us-east-1"
    assert _scope(endpoint_url, environment=KEYS) == "AKIDENV/us-east-1"


@pytest.mark.parametrize(
    ("region", "environment", "expected"),
    [
        ("eu-west-1", {"AWS_REGION": "eu-west-2"}, "eu-west-1"),
        (None, {"AWS_REGION": "eu-west-2", "AWS_DEFAULT_REGION": "eu-west-3"}, "eu-west-2"),
        (None, {"AWS_DEFAULT_REGION": "eu-west-3"}, "eu-west-3"),
        (None, {}, "us-east-1"),
    ],
)
def test_the_region_comes_from_the_nearest_place(
    region: str | None, environment: dict[str, str], expected: str
) -> None:
    scope = _scope("http://127.0.0.1:1", region=region, environment=environment)

    assert scope == f"local/{expected}"


def test_another_endpoint_gets_what_the_credential_chain_finds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _chain(monkeypatch, FakeSession(BotocoreCredentials("AKIDCHAIN", "s")))

    found = _scope("https://dynamodb.ap-south-1.amazonaws.com", region="ap-south-1")
    assert found == "AKIDCHAIN/ap-south-1"


def test_renewed_credentials_sign_the_next_request(monkeypatch: pytest.MonkeyPatch) -> None:
    credentials = BotocoreCredentials("AKIDFIRST", "s", "t")
    _chain(monkeypatch, FakeSession(credentials))
    current_signer = resolve_signer("http://example.com", region=None, environment={})

    first = current_signer()
    same = current_signer()
    credentials.access_key = "AKIDSECOND"
    second = current_signer()

    assert first is same
    assert second is not first


def test_an_endpoint_elsewhere_does_without_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    _chain(monkeypatch, FakeSession(None))

    assert _scope("http://dynamodb-local:8000") == "local/us-east-1"


def test_incomplete_credentials_are_a_mistake(monkeypatch: pytest.MonkeyPatch) -> None:
    _chain(monkeypatch, FakeSession(PartialCredentialsError(provider="env", cred_var="x")))

    with pytest.raises(ConfigError, match="AWS credentials: Partial"):
        resolve_signer("https://dynamodb.eu-west-1.amazonaws.com", region=None, environment={})


def test_keys_that_no_header_can_carry_are_named_and_not_shown() -> None:
    environment = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "hidden secret"}
    current_signer = resolve_signer("http://127.0.0.1:1", region=None, environment=environment)

    with pytest.raises(DynamoDBFailed, match="secret_key must be printable") as caught:
        current_signer()

    assert "hidden" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "ftp://h",
        "h:8000",
        "http://",
        "http://[::1",
        "http://h:99999",
        "http://h:0",
        "http://h/p",
        "http://h?q",
        "",
    ],
)
def test_an_endpoint_is_scheme_host_and_port(url: str) -> None:
    with pytest.raises(InvalidOption, match="--endpoint-url"):
        resolve_signer(url, region=None, environment={})


def test_credentials_in_an_endpoint_are_refused_and_not_shown() -> None:
    with pytest.raises(InvalidOption, match="write it like") as caught:
        resolve_signer("http://user:hidden@h:99999", region=None, environment={})

    assert "hidden" not in str(caught.value)
