"""The AQP's HTTP contract: ``GET /query-aggregation/<SQL>``, Basic authentication, JSON out."""

import gzip
import json
from collections.abc import Iterable
from http import HTTPStatus
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote_to_bytes

from aqp_perf.aqp.problems import Problem, QueryRefused
from aqp_perf.aqp.serving.callers import Callers
from aqp_perf.aqp.serving.service import QueryService

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

_PREFIX: Final = "/query-aggregation/"
# Below this, compression saves no packet.
_GZIP_FROM_BYTES: Final = 1_024


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
