"""Our signatures are botocore's, byte for byte."""

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Final
from unittest.mock import patch
from urllib.parse import urlsplit

import botocore.session
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotocoreCredentials
from hypothesis import given, settings
from hypothesis import strategies as st

from aqp_perf.core.aws.sigv4 import CONTENT_TYPE, Credentials, Signer, amz_date

_TARGET: Final = "DynamoDB_20120810.ExecuteStatement"
_NOW: Final = datetime(2026, 3, 1, 23, 59, 59, tzinfo=UTC)

printable = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1)
instants = st.datetimes(
    min_value=datetime(2012, 8, 10),  # noqa: DTZ001 - Hypothesis wants naive bounds
    timezones=st.just(UTC),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Request:
    region: str = "us-east-1"
    host: str = "h"
    target: str = _TARGET
    body: bytes = b"{}"
    now: datetime = _NOW

    def sign(self, signer: Signer) -> dict[str, str]:
        return signer.headers(host=self.host, target=self.target, body=self.body, now=self.now)

    def botocore_headers(self, credentials: Credentials) -> dict[str, str]:
        request = AWSRequest(
            method="POST",
            url=f"https://{self.host}/",
            data=self.body,
            headers={"Content-Type": CONTENT_TYPE, "X-Amz-Target": self.target, "Host": self.host},
        )
        signing = BotocoreCredentials(
            credentials.access_key, credentials.secret_key, credentials.session_token
        )
        with patch(
            "botocore.auth.get_current_datetime", return_value=self.now.replace(tzinfo=None)
        ):
            SigV4Auth(signing, "dynamodb", self.region).add_auth(request)
        return dict(request.headers.items())


requests = st.builds(
    _Request,
    region=st.from_regex(r"[a-z]{2}-[a-z]{4,9}-[1-9]", fullmatch=True),
    host=st.from_regex(r"[a-z][a-z0-9-]{0,20}(\.[a-z]{2,5}){0,3}(:80[0-9]{2})?", fullmatch=True),
    target=st.sampled_from([_TARGET, "DynamoDB_20120810.DescribeTable"]),
    body=st.binary(),
    now=instants,
)
credentials_of_callers = st.builds(
    Credentials,
    access_key=printable,
    secret_key=printable,
    session_token=st.none() | printable,
)


@given(credentials_of_callers, requests)
def test_headers_are_botocores_byte_for_byte(credentials: Credentials, request: _Request) -> None:
    ours = request.sign(Signer(credentials, request.region))

    assert ours == request.botocore_headers(credentials)


@cache
def hosts_by_region() -> dict[str, str]:
    """Return DynamoDB's host in every region that botocore knows."""
    session = botocore.session.Session()
    session.set_credentials("AKIDEXAMPLE", "secret")
    regions = [
        region
        for partition in session.get_available_partitions()
        for region in session.get_available_regions("dynamodb", partition)
    ]
    clients = {region: session.create_client("dynamodb", region) for region in regions}
    return {
        region: str(urlsplit(client.meta.endpoint_url).hostname)
        for region, client in clients.items()
    }


statements = st.text(st.characters(exclude_categories=["Cs"])) | st.sampled_from(
    ["INSERT INTO \"t\" VALUE {'pk': 'it''s ☃'}", "\x00\x1f\x7f\r\n\t\\\\", "\u2028 é 𝄞", '"' * 99]
)


def test_every_partition_has_an_endpoint_to_sign_for() -> None:
    """Else the law below would hold for nothing."""
    domains = {host.split(".", 2)[2] for host in hosts_by_region().values()}

    assert domains >= {
        *("amazonaws.com", "amazonaws.com.cn", "c2s.ic.gov", "sc2s.sgov.gov"),
        *("cloud.adc-e.uk", "csp.hci.ic.gov", "amazonaws.eu"),
    }
    assert "us-gov-west-1" in hosts_by_region()


@given(credentials_of_callers, requests)
def test_a_whole_request_has_these_headers_and_the_body(
    credentials: Credentials, request: _Request
) -> None:
    signer = Signer(credentials, request.region)
    whole = signer.request(
        host=request.host, target=request.target, body=request.body, now=request.now
    )
    head, _, body = whole.partition(b"\r\n\r\n")
    line, *lines = head.decode("latin-1").split("\r\n")

    assert line == "POST / HTTP/1.1"
    assert dict(each.split(": ", 1) for each in lines) == {
        **request.botocore_headers(credentials),
        "Content-Length": str(len(request.body)),
    }
    assert body == request.body


@given(credentials_of_callers, st.lists(requests, max_size=5))
def test_a_signer_never_mixes_up_requests(
    credentials: Credentials, following: list[_Request]
) -> None:
    """It keeps what requests of one second and host have in common; any of them may come next."""
    signer = Signer(credentials, "eu-west-1")
    for request in following:
        for each in (request, replace(request, body=b"2"), replace(request, host="other")):
            ours = each.sign(signer)

            assert ours == replace(each, region="eu-west-1").botocore_headers(credentials)


@settings(max_examples=25)
@given(credentials_of_callers, statements, st.booleans())
def test_any_statement_is_signed_as_botocore_does_in_every_region(
    credentials: Credentials,
    statement: str,
    ascii_only: bool,  # noqa: FBT001 - drawn
) -> None:
    text = json.dumps({"Statement": statement}, ensure_ascii=ascii_only)
    for region, host in hosts_by_region().items():
        request = _Request(region=region, host=host, body=text.encode())

        assert request.sign(Signer(credentials, region)) == request.botocore_headers(credentials)


@given(instants)
def test_an_instant_and_its_amz_date_sign_alike(now: datetime) -> None:
    signer = Signer(Credentials(access_key="a", secret_key="s"), "us-east-1")

    of_instant = signer.headers(host="h", target=_TARGET, body=b"{}", now=now)
    of_text = signer.headers(host="h", target=_TARGET, body=b"{}", now=amz_date(now))

    assert of_instant == of_text


def test_a_signer_that_lives_past_midnight_signs_for_the_new_day() -> None:
    credentials = Credentials(access_key="a", secret_key="s")
    signer = Signer(credentials, "us-east-1")
    tomorrow = _Request(now=_NOW + timedelta(seconds=1))

    _Request().sign(signer)
    after_midnight = tomorrow.sign(signer)

    assert after_midnight == tomorrow.botocore_headers(credentials)


def test_secrets_do_not_show_in_repr() -> None:
    credentials = Credentials(access_key="AKIA", secret_key="hidden", session_token="unseen")

    assert repr(credentials) == "Credentials(access_key='AKIA')"


@pytest.mark.parametrize("part", ["access_key", "secret_key", "session_token"])
@pytest.mark.parametrize("unsafe", ["", "a b", "a\r\nX-Evil: 1", "\xe9"])
def test_unsafe_header_values_are_rejected_and_not_shown(part: str, unsafe: str) -> None:
    parts = {"access_key": "a", "secret_key": "s", "session_token": "t", part: unsafe}

    with pytest.raises(
        ValueError, match=f"^{part} must be printable ASCII without spaces"
    ) as caught:
        Credentials(**parts)

    assert not unsafe or unsafe not in str(caught.value)
