"""AWS Signature Version 4 for the one kind of request that DynamoDB takes: JSON, posted to ``/``.

The signature equals that of botocore's ``SigV4Auth``. It is cheap because only three digests depend
on the body: the signing key is derived once a day, and all else is prepared once a second.
Source: "Create a signed AWS API request", AWS Identity and Access Management User Guide.
"""

import hmac
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Final, NamedTuple

CONTENT_TYPE: Final = "application/x-amz-json-1.0"
_ALGORITHM: Final = "AWS4-HMAC-SHA256"
_BLOCK_BYTES: Final = 64
"""Block size of SHA-256."""
_HEADER_SAFE: Final = re.compile(r"[!-~]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """An access key; ``repr`` does not show the secret parts.

    Raises:
        ValueError: a part has a character that a header cannot have; the message does not show it.
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


class _Second(NamedTuple):
    """What all requests of one second to one host and target have in common."""

    key: tuple[str, str, str]
    """X-Amz-Date, host and target."""
    canonical_request: Any
    """SHA-256 of the canonical request, up to the digest of the body."""
    string_to_sign: Any
    """The inner SHA-256 of the HMAC of the string to sign, up to the canonical request's digest."""
    outer: Any
    """The outer SHA-256 of that HMAC, up to the inner digest."""
    headers: dict[str, str]
    """All headers; ``Authorization`` lacks the signature at its end."""
    head: bytes
    """The request line and the headers, up to the signature."""


def amz_date(now: datetime) -> str:
    """Return the X-Amz-Date header, ``YYYYMMDDTHHMMSSZ``."""
    return now.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


class Signer:
    """Signs requests to one service in one region; safe to share between threads.

    Args:
        credentials: the access key to sign with.
        region: the region the endpoint belongs to, such as ``eu-west-1``.
        service: the service's signing name.
    """

    __slots__ = ("_credentials", "_day", "_region", "_second", "_service")

    def __init__(self, credentials: Credentials, region: str, service: str = "dynamodb") -> None:
        self._credentials = credentials
        self._region = region
        self._service = service
        # Each is replaced by one assignment: another thread sees the old or the new one.
        self._day = _Day("", "", b"")
        self._second = _Second(("", "", ""), sha256(), sha256(), sha256(), {}, b"")

    def headers(
        self, *, host: str, target: str, body: bytes, now: datetime | str
    ) -> dict[str, str]:
        """Return all headers of a request, with ``Authorization``.

        Args:
            host: the Host header, lower case, with the port unless it is the scheme's default.
            target: the X-Amz-Target header, such as ``DynamoDB_20120810.ExecuteStatement``.
            body: the exact bytes that will be sent.
            now: an aware datetime, or its `amz_date`, which a caller can keep for a second.
        """
        second = self._prepared(host, target, now)
        authorization = second.headers["Authorization"] + _signature(second, body)
        return second.headers | {"Authorization": authorization}

    def request(self, *, host: str, target: str, body: bytes, now: datetime | str) -> bytes:
        """Return the whole HTTP/1.1 request, signed; the arguments are those of `headers`."""
        second = self._prepared(host, target, now)
        return b"%b%b\r\nContent-Length: %d\r\n\r\n%b" % (
            second.head,
            _signature(second, body).encode(),
            len(body),
            body,
        )

    def _prepared(self, host: str, target: str, now: datetime | str) -> _Second:
        key = now if isinstance(now, str) else amz_date(now), host, target
        second = self._second
        if second.key != key:
            second = self._second = self._derive_second(*key)
        return second

    def _derive_second(self, date: str, host: str, target: str) -> _Second:
        day = self._day
        if date[:8] != day.date:
            day = self._day = self._derive_day(date[:8])
        signed = {"Content-Type": CONTENT_TYPE, "Host": host, "X-Amz-Date": date}
        if self._credentials.session_token is not None:
            signed["X-Amz-Security-Token"] = self._credentials.session_token
        signed["X-Amz-Target"] = target
        names = ";".join(signed).lower()
        lines = "".join([f"{name.lower()}:{value}\n" for name, value in signed.items()])
        authorization = (
            f"{_ALGORITHM} Credential={self._credentials.access_key}/{day.scope}, "
            f"SignedHeaders={names}, Signature="
        )
        headers = signed | {"Authorization": authorization}
        head = "\r\n".join([f"{name}: {value}" for name, value in headers.items()])
        return _Second(
            key=(date, host, target),
            canonical_request=sha256(f"POST\n/\n\n{lines}\n{names}\n".encode()),
            string_to_sign=sha256(
                _padded(day.key, 0x36) + f"{_ALGORITHM}\n{date}\n{day.scope}\n".encode()
            ),
            outer=sha256(_padded(day.key, 0x5C)),
            headers=headers,
            head=f"POST / HTTP/1.1\r\n{head}".encode("latin-1"),
        )

    def _derive_day(self, date: str) -> _Day:
        key = f"AWS4{self._credentials.secret_key}".encode()
        for part in (date, self._region, self._service, "aws4_request"):
            key = hmac.digest(key, part.encode(), "sha256")
        return _Day(date, f"{date}/{self._region}/{self._service}/aws4_request", key)


def _padded(key: bytes, pad: int) -> bytes:
    """Return the first block that HMAC hashes. Source: RFC 2104, section 2."""
    return bytes(byte ^ pad for byte in key.ljust(_BLOCK_BYTES, b"\0"))


def _signature(second: _Second, body: bytes) -> str:
    # Copies of prepared digests take half the time of hmac.digest, which starts with the key.
    canonical_request = second.canonical_request.copy()
    canonical_request.update(sha256(body).hexdigest().encode())
    string_to_sign = second.string_to_sign.copy()
    string_to_sign.update(canonical_request.hexdigest().encode())
    outer = second.outer.copy()
    outer.update(string_to_sign.digest())
    signature: str = outer.hexdigest()
    return signature
