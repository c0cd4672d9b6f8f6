"""The AQP's HTTP contract: ``GET /query-aggregation/<SQL>``, Basic authentication, JSON out."""

import base64
import binascii
import gzip
import hmac
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Final, Self
from urllib.parse import unquote_to_bytes

from aqp_perf.aqp.problems import Problem, QueryRefused
from aqp_perf.aqp.serving.service import QueryService
from aqp_perf.errors import InvalidOption

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

_PREFIX: Final = "/query-aggregation/"
# Below this, compression saves no packet.
_GZIP_FROM_BYTES: Final = 1_024
_EXAMPLE_USERS: Final = ("small-query-app", "large-query-app")
_EXAMPLE_PASSWORD: Final = "secretEXAMPLE"  # noqa: S105 - the real AQP's published example


@dataclass(frozen=True, slots=True, kw_only=True)
class Callers:
    """The users that may send queries, and the password they share."""

    users: tuple[str, ...]
    password: str = field(repr=False)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """Return the callers that PERF_AQP_USER and PERF_AQP_PASSWORD name.

        Their defaults are those of the real AQP: two users and its example secret.

        Raises:
            InvalidOption: one of them is set and empty.
        """
        for name in ("PERF_AQP_USER", "PERF_AQP_PASSWORD"):
            if environment.get(name) == "":
                raise InvalidOption(name, "", "give it a value, or unset it")
        user = environment.get("PERF_AQP_USER")
        return cls(
            users=_EXAMPLE_USERS if user is None else (user,),
            password=environment.get("PERF_AQP_PASSWORD", _EXAMPLE_PASSWORD),
        )

    @property
    def are_public(self) -> bool:
        """Whether the password is the published example."""
        return self.password == _EXAMPLE_PASSWORD

    def admit(self, authorization: str) -> bool:
        """Whether an Authorization header is that of a caller; compares in constant time."""
        scheme, _, encoded = authorization.partition(" ")
        try:
            given = base64.b64decode(encoded.strip(), validate=True)
        except (binascii.Error, ValueError):
            given = b""
        matches = [
            hmac.compare_digest(given, f"{user}:{self.password}".encode()) for user in self.users
        ]
        return scheme.lower() == "basic" and any(matches)


class AqpApplication:
    """The WSGI application; its server must pass the undecoded request line as REQUEST_URI.

    Args:
        service: answers queries.
        callers: who may send them.
    """

    def __init__(self, service: QueryService, callers: Callers) -> None:
        self._service = service
        self._callers = callers

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        """Answer one request."""
        status, headers, body = self._respond(environ)
        if len(body) >= _GZIP_FROM_BYTES and _accepts_gzip(environ.get("HTTP_ACCEPT_ENCODING", "")):
            body = gzip.compress(body, 1)
            headers.append(("Content-Encoding", "gzip"))
        headers += [
            ("Content-Type", "application/json"),
            ("Content-Length", str(len(body))),
            ("Vary", "Accept-Encoding"),
        ]
        start_response(f"{status.value} {status.phrase}", headers)
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]

    def _respond(
        self, environ: "WSGIEnvironment"
    ) -> tuple[HTTPStatus, list[tuple[str, str]], bytes]:
        path, _, query_string = environ["REQUEST_URI"].partition("?")
        segment = path.removeprefix(_PREFIX)
        if segment == path or not segment or "/" in segment:
            return _error(
                HTTPStatus.NOT_FOUND, f"there is only {_PREFIX}<SQL>, with / in the SQL as %2F"
            )
        if environ["REQUEST_METHOD"] != "GET":
            return _error(HTTPStatus.METHOD_NOT_ALLOWED, "use GET", ("Allow", "GET"))
        if not self._callers.admit(environ.get("HTTP_AUTHORIZATION", "")):
            challenge = ("WWW-Authenticate", 'Basic realm="aqp", charset="UTF-8"')
            return _error(HTTPStatus.UNAUTHORIZED, "credentials are required", challenge)
        try:
            if query_string:
                raise QueryRefused(
                    "the SQL has a question mark that is not encoded: write it as %3F"
                )
            answer = self._service.answer(_decode(segment))
        except Problem as exc:
            return _error(exc.status, str(exc))
        return HTTPStatus.OK, [("Cache-Control", "no-transform, max-age=60")], answer.encode()


def _decode(segment: str) -> str:
    """Return the SQL of a percent-encoded path segment, which WSGI passes as Latin-1."""
    try:
        return unquote_to_bytes(segment.encode("latin-1")).decode()
    except UnicodeDecodeError as exc:
        raise QueryRefused("the SQL is not percent-encoded UTF-8") from exc


def _error(
    status: HTTPStatus, message: str, *headers: tuple[str, str]
) -> tuple[HTTPStatus, list[tuple[str, str]], bytes]:
    body = json.dumps({"code": status.value, "message": message}).encode()
    return status, [("Cache-Control", "no-store"), *headers], body


def _accepts_gzip(accept_encoding: str) -> bool:
    for offered in accept_encoding.split(","):
        coding, _, quality = offered.replace(" ", "").lower().partition(";")
        if coding in {"gzip", "*"}:
            return quality not in {"q=0", "q=0.0", "q=0.00", "q=0.000"}
    return False
