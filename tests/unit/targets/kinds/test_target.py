import os
import re
from typing import NoReturn

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aqp_perf.errors import InvalidOption, UnknownTarget
from aqp_perf.targets.kinds.endpoint import local_target
from aqp_perf.targets.kinds.target import TargetKind, TargetSpec, parse_target

ACCOUNT = "123456789012"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/load"

hosts = st.sampled_from(["127.0.0.1", "localhost", "db.example.com", "DB_1", "[::1]"])


@pytest.mark.parametrize("kind", [TargetKind.MOTO, TargetKind.DYNAMODB_LOCAL, TargetKind.NONE])
def test_a_local_target_is_named_by_its_kind(kind: TargetKind) -> None:
    assert parse_target(f" {kind} ") == TargetSpec(kind=kind)


@given(st.sampled_from(["http", "https"]), hosts, st.none() | st.integers(1, 65_535))
def test_a_url_is_an_endpoint(scheme: str, host: str, port: int | None) -> None:
    url = f"{scheme}://{host}" + ("" if port is None else f":{port}")
    expected = TargetSpec(kind=TargetKind.ENDPOINT, url=url)
    assert parse_target(url) == parse_target(f"{url}/") == expected


def test_aws_takes_every_aws_option() -> None:
    spec = parse_target("aws", account=ACCOUNT, region="eu-west-1", profile="p", role_arn=ROLE)
    assert spec == TargetSpec(
        kind=TargetKind.AWS, account=ACCOUNT, region="eu-west-1", profile="p", role_arn=ROLE
    )


@pytest.mark.parametrize("text", ["moto", "http://localhost:8000"])
def test_aws_options_do_not_reach_another_target(text: str) -> None:
    """An ini file may hold them for its nightly run while the command line asks for moto."""
    assert parse_target(text, account=ACCOUNT, region="r", role_arn=ROLE) == parse_target(text)


@pytest.mark.parametrize(
    ("text", "near"),
    [
        ("motto", "moto"),
        ("MOTO", "moto"),
        ("dynamo-local", "dynamodb-local"),
        ("AWS", "aws"),
        ("localhost:8000", "http://localhost:8000"),
    ],
)
def test_the_error_for_an_unknown_target_names_the_nearest(text: str, near: str) -> None:
    with pytest.raises(
        UnknownTarget, match="use one of moto, dynamodb-local, aws, none, or"
    ) as caught:
        parse_target(text)
    assert caught.value.__notes__ == [f"did you mean {near!r}?"]


@pytest.mark.parametrize("text", ["", "endpoint", "zzz"])
def test_the_error_for_an_unknown_target_names_the_known_ones(text: str) -> None:
    with pytest.raises(
        UnknownTarget, match="use one of moto, dynamodb-local, aws, none, or"
    ) as caught:
        parse_target(text)
    assert not hasattr(caught.value, "__notes__")


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("ftp://host", "http or https, a host"),
        ("http://", "http or https, a host"),
        ("http://host:0", "http or https, a host"),
        ("http://ho st", "http or https, a host"),
        ("http://host:99999", "http or https, a host"),
        ("http://host:x", "http or https, a host"),
        ("http://[::1", "http or https, a host"),
        ("http://host/path", "no path, query or fragment"),
        ("http://host?a=b", "no path, query or fragment"),
        ("http://host/?", "no path, query or fragment"),
        ("http://host#a", "no path, query or fragment"),
        ("http://dynamodb.amazonaws\u3002com", "http or https, a host"),
        ("http://dynamodb.amazonaws%2ecom", "http or https, a host"),
    ],
)
def test_a_url_that_cannot_be_is_refused_with_the_reason(text: str, hint: str) -> None:
    with pytest.raises(InvalidOption, match=hint) as caught:
        parse_target(text)
    assert caught.value.option == "--perf-target"


@pytest.mark.parametrize(
    "text", ["http://me:secret@host", "http://me:secret@host:x", "http://me:secret/@host"]
)
def test_a_password_in_a_url_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(InvalidOption, match=re.escape("'http://***@host")) as caught:
        parse_target(text)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "host",
    [
        "dynamodb.us-east-1.amazonaws.com",
        "DynamoDB.us-east-1.AmazonAWS.com.",
        "dynamodb.cn-north-1.amazonaws.com.cn",
        "123456789012.ddb.us-east-1.amazonaws.com",
        "dynamodb.us-east-1.api.aws",
        "vpce-1.dynamodb.us-east-1.vpce.amazonaws.com",
        "amazonaws.com",
    ],
)
def test_aws_is_never_reached_by_a_url(host: str) -> None:
    for url in (f"https://{host}", f"https://{host}:443"):
        with pytest.raises(InvalidOption, match="this is AWS itself: give --perf-target aws"):
            parse_target(url)
        with pytest.raises(InvalidOption, match="this is AWS itself: give --perf-target aws"):
            TargetSpec(kind=TargetKind.ENDPOINT, url=url)


def test_a_host_that_only_looks_like_aws_is_an_endpoint() -> None:
    url = "http://amazonaws.com.example.org"
    assert parse_target(url).kind is TargetKind.ENDPOINT


@pytest.mark.parametrize("account", [None, "", "12345", "1234567890123", "12345678901a"])
def test_aws_needs_the_account_that_may_be_used(account: str | None) -> None:
    with pytest.raises(InvalidOption, match=r"--perf-aws-account.* 12 digits"):
        parse_target("aws", account=account)


@pytest.mark.parametrize("region", ["not a region", "us-east-1 ", "US-EAST-1", "-1", "42"])
def test_a_region_has_the_form_of_one(region: str) -> None:
    with pytest.raises(InvalidOption, match=f"--perf-aws-region: '{region}' is not valid: .*us-"):
        parse_target("aws", account=ACCOUNT, region=region)


def test_a_role_is_an_arn() -> None:
    with pytest.raises(InvalidOption, match="--perf-aws-role-arn: 'load' is not valid"):
        parse_target("aws", account=ACCOUNT, role_arn="load")


@pytest.mark.parametrize(
    ("kind", "url"), [(TargetKind.MOTO, "http://host"), (TargetKind.ENDPOINT, None)]
)
def test_a_spec_has_a_url_for_an_endpoint_alone(kind: TargetKind, url: str | None) -> None:
    with pytest.raises(ValueError, match="a URL goes with kind endpoint alone"):
        TargetSpec(kind=kind, url=url)


def test_the_owner_at_an_endpoint_is_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("getpass.getuser", lambda: "me")
    assert local_target(TargetKind.MOTO, "http://127.0.0.1:1").owner == "me"


@pytest.mark.parametrize("error", [KeyError("uid not found"), OSError("no username set")])
def test_a_user_without_a_name_is_a_number(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    """As in a container that runs under any number; what is raised changed with Python 3.13."""

    def nobody() -> NoReturn:
        raise error

    monkeypatch.setattr("getpass.getuser", nobody)
    assert local_target(TargetKind.MOTO, "http://127.0.0.1:1").owner == f"uid {os.getuid()}"
