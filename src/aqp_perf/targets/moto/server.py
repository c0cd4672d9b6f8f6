"""The WSGI application in front of moto, and the HTTP server around it."""

from __future__ import annotations

import gc
import json
import logging
import threading
import uuid
import zlib
from typing import TYPE_CHECKING, Any

from waitress.server import create_server

from aqp_perf.listening import connection_limit
from aqp_perf.targets.moto.execution.batch import Transactions, execute_batch
from aqp_perf.targets.moto.execution.execute import execute_statement
from aqp_perf.targets.moto.moto_tables import (
    DynamoType,
    moto_application,
    use_partition_queries,
)
from aqp_perf.targets.moto.refusal import RequestRefused

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterable, Mapping

    from _typeshed.wsgi import StartResponse, WSGIEnvironment

_DEFAULT_REGION = "us-east-1"
_TARGET = "DynamoDB_20120810"
_ERROR_NAMESPACE = "com.amazonaws.dynamodb.v20120810"
_REGION_IN_SCOPE = 2
_NEVER_REACHED_BYTES = 1 << 30
_NEVER_REACHED_COUNT = 1 << 30
_IDLE_CONNECTION_S = 3600  # a client's pool should not find its connection closed


class MotoApplication:
    """moto, with PartiQL answered by our adapter over moto's own tables.

    A lock serves one request at a time: moto's tables are not safe for threads.
    """

    def __init__(self) -> None:
        use_partition_queries()
        self._moto = moto_application()
        self._answered_here = {
            f"{_TARGET}.ExecuteStatement": execute_statement,
            f"{_TARGET}.BatchExecuteStatement": execute_batch,
            f"{_TARGET}.ExecuteTransaction": Transactions().execute,
        }
        self._lock = threading.Lock()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one HTTP request."""
        target = environ.get("HTTP_X_AMZ_TARGET")
        with self._lock:
            execute = self._answered_here.get(target or "")
            if execute is not None:
                return _answer(execute, environ, start_response)
            return list(self._moto(environ, start_response))


def serve(application: MotoApplication, listener: socket.socket) -> None:
    """Answer requests, on kept-alive connections, until SystemExit or KeyboardInterrupt."""
    _keep_pauses_short()
    # waitress warns when requests queue for a thread and when it is stopped: under load both are
    # ordinary. It has no access log.
    logging.getLogger("waitress").setLevel(logging.ERROR)
    server = create_server(
        application,
        sockets=[listener],
        threads=1,  # the application serves one at a time; more would only fight for the GIL
        ident=None,
        asyncore_use_poll=True,  # select() ends at 1,024 descriptors
        connection_limit=connection_limit(),
        channel_timeout=_IDLE_CONNECTION_S,
    )
    # Leave sending to the thread that polls. When a worker sends, the polling thread spins on the
    # writable socket and keeps the GIL from the worker for 5 ms at a time: with ten connections
    # that cost most of the throughput, and a p99 of 100 ms. As an argument it is deprecated.
    server.adj.send_bytes = _NEVER_REACHED_BYTES
    server.run()


def _keep_pauses_short() -> None:
    """Keep Python's collector from walking all items: 100 ms at 15,000 of them, and growing.

    Items hold no cycles; the young generations are still collected, for what requests leave behind.
    """
    young, middle, _ = gc.get_threshold()
    gc.set_threshold(young, middle, _NEVER_REACHED_COUNT)


def _answer(
    execute: Callable[[Mapping[str, Any], str], dict[str, Any]],
    environ: WSGIEnvironment,
    start_response: StartResponse,
) -> list[bytes]:
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    try:
        answer = execute(json.loads(body), _region(environ))
    except RequestRefused as exc:
        return _send(start_response, "400 Bad Request", _error(exc))
    return _send(start_response, "200 OK", answer)


def _region(environ: WSGIEnvironment) -> str:
    """Return the region that a request was signed for; moto reads it from the same place."""
    # AWS4-HMAC-SHA256 Credential=<key>/<date>/<region>/dynamodb/aws4_request, …
    scope: list[str] = environ.get("HTTP_AUTHORIZATION", "").split(",")[0].split("/")
    return scope[2] if len(scope) > _REGION_IN_SCOPE else _DEFAULT_REGION


def _error(refusal: RequestRefused) -> dict[str, Any]:
    return {
        "__type": f"{_ERROR_NAMESPACE}#{refusal.code}",
        "message": refusal.message,
        **refusal.members,
    }


def _send(start_response: StartResponse, status: str, answer: dict[str, Any]) -> list[bytes]:
    body = json.dumps(answer, default=DynamoType.to_json).encode()
    start_response(
        status,
        [
            ("Content-Type", "application/x-amz-json-1.0"),
            ("Content-Length", str(len(body))),
            ("x-amzn-RequestId", str(uuid.uuid4())),
            ("x-amz-crc32", str(zlib.crc32(body))),
        ],
    )
    return [body]
