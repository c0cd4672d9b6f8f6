"""Targets as values, and the text that names one; opening one is `open_target`'s work."""

import difflib
import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from aqp_perf.base_url import parse_base_url
from aqp_perf.errors import InvalidOption, UnknownTarget
from aqp_perf.extras import Extra, require

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

DEFAULT_REGION = "us-east-1"
"""The region of local targets, for which it is only a part of the signature."""

_OPTION = "--perf-target"
_HOST_AND_PORT = re.compile(r"[A-Za-z0-9._-]+:[0-9]+")
_AWS_HOST = re.compile(r"(.*\.)?(amazonaws\.com(\.cn)?|api\.aws|api\.amazonwebservices\.com\.cn)")
_REGION = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_ACCOUNT = re.compile(r"[0-9]{12}")
_ROLE_ARN = re.compile(r"arn:aws[a-z-]*:iam::[0-9]{12}:role/.+")


class TargetKind(StrEnum):
    """The kinds of targets."""

    MOTO = "moto"
    DYNAMODB_LOCAL = "dynamodb-local"
    ENDPOINT = "endpoint"
    """A running DynamoDB-compatible endpoint, named by its URL."""
    AWS = "aws"
    NONE = "none"
    """The locustfile brings its own system under test: there is nothing to open."""


_NAMES = tuple(kind.value for kind in TargetKind if kind is not TargetKind.ENDPOINT)


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetSpec:
    """Which target to open. AWS is only reached by kind ``aws``.

    Args:
        kind: the adapter.
        url: for kind ``endpoint`` only: scheme, host and port.
        region: None means the region of boto3's own configuration on AWS, elsewhere
            `DEFAULT_REGION`.
        account: AWS only: the account that may be used, 12 digits.
        profile: AWS only: a profile of the user's AWS configuration.
        role_arn: AWS only: a role to assume.

    Raises:
        InvalidOption: the URL is not valid or is AWS, AWS has no account, the region is none, the
            role is no ARN.
    """

    kind: TargetKind
    url: str | None = None
    region: str | None = None
    account: str | None = None
    profile: str | None = None
    role_arn: str | None = None

    def __post_init__(self) -> None:
        if (self.url is not None) != (self.kind is TargetKind.ENDPOINT):
            raise ValueError(f"a URL goes with kind endpoint alone, got {self.kind}, {self.url}")
        if self.url is not None:
            _check_target_url(self.url)
        if self.kind is TargetKind.AWS:
            if self.account is None or not _ACCOUNT.fullmatch(self.account):
                hint = "give the 12 digits of the one AWS account that may be used"
                raise InvalidOption("--perf-aws-account", self.account, hint)
            if self.region:
                check_region("--perf-aws-region", self.region)
            if self.role_arn is not None and not _ROLE_ARN.fullmatch(self.role_arn):
                hint = "write it like 'arn:aws:iam::123456789012:role/name'"
                raise InvalidOption("--perf-aws-role-arn", self.role_arn, hint)

    def check_installed(self) -> None:
        """Check that the packages are installed that it takes to open this target.

        Raises:
            ExtraMissing: they are not.
        """
        if self.kind is not TargetKind.NONE:
            extra = Extra.EMBEDDED if self.kind is TargetKind.MOTO else Extra.AWS
            require(extra, f"{_OPTION}={self.url or self.kind}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """An open target: where it is, and how this process and its children reach it.

    Args:
        kind: the adapter.
        label: its name in reports; has "not AWS" in it for everything that is not.
        endpoint: the URL that requests go to, for messages and reports.
        endpoint_url: the same for boto3; None means AWS's own endpoint of the region.
        region: the region that requests are signed for.
        account: the only AWS account whose tables may be touched; None where there are no accounts.
        owner: who runs this: on AWS the caller's ARN, elsewhere the name of the user.
        client: returns a new boto3 client with explicit retries and timeouts.
        environment: returns the whole environment of a child process that is to reach the target.
            Not to be merged over another one: what is missing is missing on purpose.
        process: its process on this machine, see `process_identity`; None: we did not start it.
    """

    kind: TargetKind
    label: str
    endpoint: str
    endpoint_url: str | None
    region: str
    account: str | None
    owner: str
    client: Callable[[], "DynamoDBClient"]
    environment: Callable[[], dict[str, str]]
    process: str | None = None


def parse_target(
    text: str,
    *,
    region: str | None = None,
    account: str | None = None,
    profile: str | None = None,
    role_arn: str | None = None,
) -> TargetSpec:
    """Parse the name of a kind, or a URL; the other arguments are for AWS only.

    Raises:
        UnknownTarget: it is neither; a note names the nearest kind.
        InvalidOption: see `TargetSpec`.
    """
    text = text.strip()
    if text == TargetKind.AWS:
        return TargetSpec(
            kind=TargetKind.AWS, region=region, account=account, profile=profile, role_arn=role_arn
        )
    if text in _NAMES:
        return TargetSpec(kind=TargetKind(text))
    if "://" in text:
        _check_target_url(text)
        return TargetSpec(kind=TargetKind.ENDPOINT, url=text.rstrip("/"))
    error = UnknownTarget(text, _NAMES)
    near = difflib.get_close_matches(text.lower(), _NAMES, n=1)
    if _HOST_AND_PORT.fullmatch(text):
        near = [f"http://{text}"]
    if near:
        error.add_note(f"did you mean {near[0]!r}?")
    raise error


def check_region(setting: str, region: str) -> None:
    """Check that a region can be one, which botocore would say of an endpoint's URL.

    Raises:
        InvalidOption: it cannot.
    """
    if not _REGION.fullmatch(region):
        raise InvalidOption(setting, region, "name an AWS region, such as us-east-1")


def _check_target_url(text: str) -> None:
    host = parse_base_url(_OPTION, text).hostname or ""
    if _AWS_HOST.fullmatch(host.rstrip(".")):
        hint = "this is AWS itself: give --perf-target aws, with --perf-aws-account"
        raise InvalidOption(_OPTION, text, hint)
