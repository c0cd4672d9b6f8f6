import os
import re
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from botocore.awsrequest import AWSPreparedRequest

from aqp_perf.errors import InvalidOption, TargetUnusable
from aqp_perf.targets.access.role import write_role_config
from aqp_perf.targets.kinds.aws import configured_endpoint, open_aws
from aqp_perf.targets.kinds.target import Target, TargetKind, TargetSpec

ACCOUNT = "123456789012"
OTHER_ACCOUNT = "210987654321"


def spec(
    account: str = ACCOUNT,
    region: str | None = "eu-west-1",
    profile: str | None = None,
    role_arn: str | None = None,
) -> TargetSpec:
    return TargetSpec(
        kind=TargetKind.AWS, account=account, region=region, profile=profile, role_arn=role_arn
    )


@pytest.fixture
def profile(aws_settings: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    text = "[load]\naws_access_key_id = of-profile\naws_secret_access_key = secret\n"
    (aws_settings / "credentials").write_text(text)
    (aws_settings / "config").write_text("[profile load]\nregion = ap-south-1\n")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "of-environment")
    yield "load"
    for name in ("credentials", "config"):
        (aws_settings / name).unlink()


def access_key_of(target: Target) -> str | None:
    """Return the key that a request of this target's client is signed with."""
    signatures: list[str] = []

    def note(request: AWSPreparedRequest, **_: object) -> None:
        signatures.append(str(request.headers["Authorization"]))

    client = target.client()
    client.meta.events.register_first("before-send.dynamodb.ListTables", note)
    client.list_tables()
    [signature] = signatures
    found = re.search(r"Credential=([^/]+)/", signature)
    return found[1] if found else None


def test_aws_says_where_it_is(aws: Target) -> None:
    assert (aws.kind, aws.label, aws.endpoint_url) == (TargetKind.AWS, "AWS eu-west-1", None)
    assert aws.endpoint == "https://dynamodb.eu-west-1.amazonaws.com"


def test_a_child_gets_the_user_s_own_environment(
    aws: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SESSION_TOKEN", "mine")
    environment = aws.environment()
    assert environment["AWS_SESSION_TOKEN"] == "mine"
    assert environment["AWS_REGION"] == environment["AWS_DEFAULT_REGION"] == "eu-west-1"


MINE = "http://127.0.0.1:1"
"""Nobody listens there."""


def endpoints_of(folder: Path, variables: dict[str, str], profile: str | None = None) -> list[str]:
    """Return what is configured for DynamoDB and for STS, as text."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in variables.items():
            patch.setenv(name, value)
        assert folder.is_dir()
        session = boto3.Session(profile_name=profile, region_name="eu-west-1")
        return [str(configured_endpoint(session, service)) for service in ("dynamodb", "sts")]


@pytest.mark.parametrize(
    ("variables", "dynamodb", "sts"),
    [
        ({}, "None", "None"),
        (
            {"AWS_ENDPOINT_URL": MINE},
            f"{MINE}, set by AWS_ENDPOINT_URL",
            f"{MINE}, set by AWS_ENDPOINT_URL",
        ),
        (
            {"AWS_ENDPOINT_URL_DYNAMODB": f"{MINE}/"},
            f"{MINE}, set by AWS_ENDPOINT_URL_DYNAMODB",
            "None",
        ),
        ({"AWS_ENDPOINT_URL_STS": MINE}, "None", f"{MINE}, set by AWS_ENDPOINT_URL_STS"),
        (
            {"AWS_ENDPOINT_URL": MINE, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"},
            "None",
            "None",
        ),
    ],
)
def test_a_configured_endpoint_is_named_with_the_setting(
    aws_settings: Path, variables: dict[str, str], dynamodb: str, sts: str
) -> None:
    assert endpoints_of(aws_settings, variables) == [dynamodb, sts]


def test_a_child_with_a_role_keeps_where_the_profile_sends_requests(
    aws_settings: Path, profile: str
) -> None:
    config = aws_settings / "config"
    config.write_text(
        f"[profile {profile}]\nuse_fips_endpoint = true\nca_bundle = /ca.pem\nregion = eu-west-1\n"
    )

    file = write_role_config(aws_settings, "arn:aws:iam::1:role/r", profile=profile, region="x")

    lines = file.read_text().splitlines()
    assert lines[0] == "[profile aqp-perf-role]"
    assert lines[1].startswith("credential_process = ")
    assert lines[2:] == ["use_fips_endpoint = true", "ca_bundle = /ca.pem"]


def test_an_endpoint_of_a_profile_is_named_as_such(aws_settings: Path, profile: str) -> None:
    config = aws_settings / "config"
    config.write_text(f"[profile load]\nendpoint_url = {MINE}\n")
    text = f"{MINE}, set by endpoint_url of the AWS configuration"
    assert endpoints_of(aws_settings, {}, profile) == [text, text]


@pytest.mark.usefixtures("aws_settings")
@pytest.mark.parametrize(
    "text",
    ["127.0.0.1:8000", "nonsense", "ftp://h", "http://me:secret@127.0.0.1:1", "http://h/path"],
)
def test_a_configured_endpoint_that_is_no_plain_url_is_refused(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", text)
    with (
        pytest.raises(
            InvalidOption, match=r"^AWS_ENDPOINT_URL_DYNAMODB: .*write it like"
        ) as caught,
        open_aws(spec()),
    ):
        pytest.fail("it was opened")
    assert "secret" not in str(caught.value)


@pytest.mark.usefixtures("aws_settings")
def test_a_configured_endpoint_does_not_pass_for_aws(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", MINE)
    with open_aws(spec()) as target:
        assert target.label == f"AWS API at {MINE}, set by AWS_ENDPOINT_URL_DYNAMODB"
        assert target.endpoint == target.endpoint_url == target.client().meta.endpoint_url == MINE


@pytest.mark.usefixtures("aws_settings")
def test_another_account_is_refused() -> None:
    with (
        pytest.raises(InvalidOption, match=f"the credentials belong to account {ACCOUNT}"),
        open_aws(spec(account=OTHER_ACCOUNT)),
    ):
        pytest.fail("it was opened")


@pytest.mark.usefixtures("aws_settings")
def test_a_region_comes_from_the_environment_or_is_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with (
        pytest.raises(InvalidOption, match="--perf-aws-region is missing: name the AWS"),
        open_aws(spec(region=None)),
    ):
        pytest.fail("it was opened")
    monkeypatch.setenv("AWS_REGION", "us west")
    with (
        pytest.raises(InvalidOption, match="region of the AWS configuration: 'us west' is not"),
        open_aws(spec(region=None)),
    ):
        pytest.fail("it was opened")
    monkeypatch.setenv("AWS_REGION", "us-west-2")
    with open_aws(spec(region=None)) as target:
        assert target.region == "us-west-2"


def test_a_profile_beats_the_environment_here_and_in_a_child(profile: str) -> None:
    """boto3 itself would let variables win over the profile that a child finds in AWS_PROFILE."""
    with open_aws(spec(profile=profile, region=None)) as target:
        environment = target.environment()
        assert (access_key_of(target), target.region) == ("of-profile", "ap-south-1")
    assert environment["AWS_PROFILE"] == profile
    assert not {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"} & set(
        environment
    )


@pytest.mark.usefixtures("aws_settings")
@pytest.mark.parametrize(
    ("option", "blamed"), [("none", "--perf-aws-profile"), (None, "AWS_PROFILE")]
)
def test_a_profile_that_is_not_there_is_blamed_on_what_named_it(
    option: str | None, blamed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if option is None:
        monkeypatch.setenv("AWS_PROFILE", "none")
    with (
        pytest.raises(InvalidOption, match=f"^{blamed}: 'none' is not valid: no such profile"),
        open_aws(spec(profile=option)),
    ):
        pytest.fail("it was opened")


def test_a_role_is_checked_and_used(aws_settings: Path) -> None:
    """The account that counts is the role's, not that of the credentials that assume it."""
    assert aws_settings.is_dir()
    role = f"arn:aws:iam::{OTHER_ACCOUNT}:role/load"
    with open_aws(spec(account=OTHER_ACCOUNT, role_arn=role)) as target:
        assert access_key_of(target) != os.environ["AWS_ACCESS_KEY_ID"]
        assert target.owner == f"arn:aws:sts::{OTHER_ACCOUNT}:assumed-role/load/aqp-perf"


def test_a_child_is_led_to_a_role_and_to_nothing_else(
    profile: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a secret in a file, and with a way to new credentials for as long as it lives."""
    monkeypatch.setenv("AWS_WEB_IDENTITY_TOKEN_FILE", "token")
    role = f"arn:aws:iam::{OTHER_ACCOUNT}:role/load"
    with open_aws(spec(account=OTHER_ACCOUNT, role_arn=role, profile=profile)) as target:
        environment = target.environment()
        config = Path(environment["AWS_CONFIG_FILE"])
        lines = config.read_text().splitlines()
    assert lines[0] == f"[profile {environment['AWS_PROFILE']}]"
    assert lines[1].endswith(f"--role-arn {role} --region eu-west-1 --profile load")
    assert lines[2:] == []
    assert not {"AWS_ACCESS_KEY_ID", "AWS_WEB_IDENTITY_TOKEN_FILE"} & set(environment)
    assert not config.parent.exists()


@pytest.mark.usefixtures("aws_settings")
def test_missing_credentials_are_one_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    message = "AWS eu-west-1 cannot be used: Unable to locate credentials"
    with pytest.raises(TargetUnusable, match=message), open_aws(spec()):
        pytest.fail("it was opened")
