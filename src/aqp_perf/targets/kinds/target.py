"""What a target is, and how the text that names one is read. Nothing here opens anything."""

import difflib
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

from aqp_perf.errors import InvalidOption, UnknownTarget

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

DEFAULT_REGION = "us-east-1"
"""The region that local targets are addressed under; to them it is only part of a signature."""

_OPTION = "--perf-target"
URL_HINT = "write it like 'http://127.0.0.1:8000': http or https, a host, perhaps a port"
_HOST = re.compile(r"[A-Za-z0-9._-]+|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*")
_HOST_AND_PORT = re.compile(r"[A-Za-z0-9._-]+:[0-9]+")
_AWS_HOST = re.compile(r"(.*\.)?(amazonaws\.com(\.cn)?|api\.aws|api\.amazonwebservices\.com\.cn)")
_ACCOUNT = re.compile(r"[0-9]{12}")
_ROLE_ARN = re.compile(r"arn:aws[a-z-]*:iam::[0-9]{12}:role/.+")
_USERINFO = re.compile(r"//.*@")


class TargetKind(StrEnum):
    """The adapters there are."""

    MOTO = "moto"
    DYNAMODB_LOCAL = "dynamodb-local"
    ENDPOINT = "endpoint"
    """A running DynamoDB-compatible endpoint, named by its URL."""
    AWS = "aws"
    NONE = "none"
    """The test suite brings its own system under test: there is nothing to open."""


_NAMES = tuple(each.value for each in TargetKind if each is not TargetKind.ENDPOINT)


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetSpec:
    """Which target to open. AWS is reached by kind ``aws`` and by nothing else.

    Args:
        kind: the adapter.
        url: for kind ``endpoint`` only: scheme, host and port.
        region: None means the region of boto3's own configuration on AWS, elsewhere
            `DEFAULT_REGION`.
        account: AWS only: the account that may be used, 12 digits.
        profile: AWS only: a profile of the user's AWS configuration.
        role_arn: AWS only: a role to assume.

    Raises:
        InvalidOption: a URL that is none or is AWS, no account for AWS, a role that is no ARN.
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
            if self.role_arn is not None and not _ROLE_ARN.fullmatch(self.role_arn):
                hint = "write it like 'arn:aws:iam::123456789012:role/name'"
                raise InvalidOption("--perf-aws-role-arn", self.role_arn, hint)


class Target(Protocol):
    """An open target: where it is, and how this process and its children reach it."""

    @property
    def kind(self) -> TargetKind:
        """The adapter."""

    @property
    def label(self) -> str:
        """What reports call it; says "not AWS" of everything that is not."""

    @property
    def endpoint_url(self) -> str | None:
        """What to hand to boto3; None means AWS's own endpoint of the region."""

    @property
    def endpoint(self) -> str:
        """The URL that requests go to, for reports."""

    @property
    def region(self) -> str:
        """The region that requests are signed for."""

    @property
    def account(self) -> str | None:
        """The only AWS account whose tables may be touched; None where there are no accounts."""

    @property
    def owner(self) -> str:
        """Who runs this: on AWS the caller's ARN, elsewhere the name of the user."""

    def environment(self) -> dict[str, str]:
        """Return the whole environment of a child process that is to reach this target.

        Not to be merged over another environment: what is missing is missing on purpose.
        """

    def client(self) -> "DynamoDBClient":
        """Return a new client with explicit retries and timeouts, for set-up and checks."""


def parse_target(
    text: str,
    *,
    region: str | None = None,
    account: str | None = None,
    profile: str | None = None,
    role_arn: str | None = None,
) -> TargetSpec:
    """Parse the name of a kind, or a URL; the other arguments count on AWS only.

    Raises:
        UnknownTarget: it is none of these; a note names the nearest one.
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


def shown_url(text: str) -> str:
    """Return a URL, or what was meant for one, without the password that may be in it."""
    return _USERINFO.sub("//***@", text)


def check_url(option: str, text: str) -> str:
    """Return the host of a URL that is no more than scheme, host and port.

    Raises:
        InvalidOption: it is something else; the message blames ``option``.
    """
    shown = shown_url(text)
    try:
        url = urlsplit(text)
        host, port = url.hostname or "", url.port
    except ValueError as exc:
        raise InvalidOption(option, shown, f"{exc}; {URL_HINT}") from exc
    if url.username is not None or url.password is not None:
        hint = f"credentials come from the environment, not from the URL; {URL_HINT}"
        raise InvalidOption(option, shown, hint)
    if url.scheme not in {"http", "https"} or not _HOST.fullmatch(host) or port == 0:
        raise InvalidOption(option, shown, URL_HINT)
    if url.path not in {"", "/"} or "?" in text or "#" in text:
        raise InvalidOption(option, shown, f"no path, query or fragment; {URL_HINT}")
    return host


def _check_target_url(text: str) -> None:
    host = check_url(_OPTION, text)
    if _AWS_HOST.fullmatch(host.rstrip(".")):
        hint = "this is AWS itself: give --perf-target aws, with --perf-aws-account"
        raise InvalidOption(_OPTION, text, hint)
