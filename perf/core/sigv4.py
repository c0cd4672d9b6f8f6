"""AWS Signature Version 4 for the one request DynamoDB takes: a JSON body, posted to ``/``.

The signature is the one botocore's ``SigV4Auth`` computes for the same request and time. What makes
it cheap is that only three digests depend on the request: the signing key of a day is derived once.
Source: "Create a signed AWS API request", AWS Identity and Access Management User Guide.
"""

import hmac
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from typing import Final, NamedTuple

CONTENT_TYPE: Final = "application/x-amz-json-1.0"
_ALGORITHM: Final = "AWS4-HMAC-SHA256"
_HEADER_SAFE: Final = re.compile(r"[!-~]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """An access key; the secret parts never show in ``repr``.

    Raises:
        ValueError: a part holds something that a header cannot carry; the message does not show it.
    """

    access_key: str
    secret_key: str = field(repr=False)
    session_token: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        for name, value in (
            ("access_key", self.access_key),
            ("secret_key", self.secret_key),
            ("session_token", self.session_token),
        ):
            if value is not None and not _HEADER_SAFE.fullmatch(value):
                raise ValueError(f"{name} must be printable ASCII without spaces, and not empty")


class _Day(NamedTuple):
    date: str
    scope: str
    key: bytes


def amz_date(now: datetime) -> str:
    """Return the instant as a signature carries it, ``YYYYMMDDTHHMMSSZ``."""
    return now.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


class Signer:
    """Signs requests to one service in one region; safe to share between threads.

    Args:
        credentials: the access key to sign with.
        region: the region the endpoint belongs to, such as ``eu-west-1``.
        service: the service's signing name.
    """

    __slots__ = ("_credentials", "_day", "_region", "_service", "_signed", "_token_line")

    def __init__(self, credentials: Credentials, region: str, service: str = "dynamodb") -> None:
        self._credentials = credentials
        self._region = region
        self._service = service
        token = credentials.session_token
        self._token_line = f"\nx-amz-security-token:{token}" if token else ""
        security_token = "x-amz-security-token;" if token else ""
        self._signed = f"content-type;host;x-amz-date;{security_token}x-amz-target"
        self._day = _Day("", "", b"")

    def headers(
        self, *, host: str, target: str, body: bytes, now: datetime | str
    ) -> dict[str, str]:
        """Return every header the request must carry, ``Authorization`` included.

        Args:
            host: the Host header, lower case, with the port unless it is the scheme's own.
            target: the X-Amz-Target header, such as ``DynamoDB_20120810.ExecuteStatement``.
            body: the exact bytes that will be sent.
            now: an aware datetime, or what ``amz_date`` made of one: a caller that signs thousands
                of requests a second formats the second once.
        """
        date = now if isinstance(now, str) else amz_date(now)
        day = self._day
        if date[:8] != day.date:
            day = self._derive_day(date[:8])
            self._day = day  # one assignment: another thread sees the old day or the new one
        canonical = (
            f"POST\n/\n\ncontent-type:{CONTENT_TYPE}\nhost:{host}\nx-amz-date:{date}"
            f"{self._token_line}\nx-amz-target:{target}\n\n{self._signed}\n"
            f"{sha256(body).hexdigest()}"
        )
        to_sign = f"{_ALGORITHM}\n{date}\n{day.scope}\n{sha256(canonical.encode()).hexdigest()}"
        signature = hmac.digest(day.key, to_sign.encode(), "sha256").hex()
        headers = {
            "Host": host,
            "Content-Type": CONTENT_TYPE,
            "X-Amz-Date": date,
            "X-Amz-Target": target,
            "Authorization": (
                f"{_ALGORITHM} Credential={self._credentials.access_key}/{day.scope}, "
                f"SignedHeaders={self._signed}, Signature={signature}"
            ),
        }
        if self._credentials.session_token is not None:
            headers["X-Amz-Security-Token"] = self._credentials.session_token
        return headers

    def _derive_day(self, date: str) -> _Day:
        key = f"AWS4{self._credentials.secret_key}".encode()
        for part in (date, self._region, self._service, "aws4_request"):
            key = hmac.digest(key, part.encode(), "sha256")
        return _Day(date, f"{date}/{self._region}/{self._service}/aws4_request", key)
