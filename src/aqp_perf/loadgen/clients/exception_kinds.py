"""The kinds of failure of exceptions of the libraries that people use with Locust.

Exceptions are known by name, so that no library is imported for it.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from aqp_perf.core.measured.failure_class import FailureClass

_NAMES: Final[Mapping[FailureClass, str]] = {
    FailureClass.TIMEOUT: """
        builtins.TimeoutError gevent.Timeout
        aiohttp.ServerTimeoutError botocore.ReadTimeoutError engineio.TimeoutError
        httpcore.TimeoutException httpx.TimeoutException kafka.KafkaTimeoutError
        playwright.TimeoutError psycopg.QueryCanceled psycopg2.QueryCanceled pymongo.NetworkTimeout
        pymongo.ExecutionTimeout redis.TimeoutError requests.Timeout selenium.TimeoutException
        socketio.TimeoutError subprocess.TimeoutExpired urllib3.TimeoutError
        websocket.WebSocketTimeoutException
    """,
    FailureClass.CONNECTION: """
        builtins.ConnectionError http.HTTPException ssl.SSLError socket.gaierror
        aiohttp.ClientConnectionError aiohttp.ClientPayloadError aiohttp.ConnectionTimeoutError
        botocore.ConnectionError botocore.HTTPClientError botocore.IncompleteReadError
        engineio.ConnectionError geventhttpclient.HTTPParseError httpcore.ConnectTimeout
        httpcore.NetworkError httpcore.ProtocolError httpx.ConnectTimeout httpx.TransportError
        kafka.KafkaConnectionError kafka.NoBrokersAvailable pika.AMQPConnectionError
        psycopg.OperationalError psycopg2.OperationalError pymongo.ConnectionFailure
        redis.ConnectionError requests.ChunkedEncodingError requests.ConnectionError
        simple_websocket.ConnectionClosed socketio.ConnectionError
        urllib3.ConnectTimeoutError urllib3.IncompleteRead urllib3.MaxRetryError
        urllib3.ProtocolError urllib3.ProxyError urllib3.SSLError urllib3.ClosedPoolError
        websocket.WebSocketAddressException websocket.WebSocketConnectionClosedException
        websocket.WebSocketProxyException websockets.ConnectionClosed websockets.InvalidHandshake
    """,
    FailureClass.UNAUTHORIZED: """
        botocore.CredentialRetrievalError botocore.LoginError botocore.NoAuthTokenError
        botocore.NoCredentialsError botocore.PartialCredentialsError botocore.SSOError
        botocore.TokenRetrievalError redis.AuthenticationError
    """,
}
"""Package and class, whatever the module between them. No connection in time is no connection."""
_KINDS: Final = {name: kind for kind, names in _NAMES.items() for name in names.split()}

_WRAPPERS: Final = frozenset(
    {
        "geventhttpclient.RetriesExceeded",
        "requests.ConnectionError",
        "requests.ChunkedEncodingError",
        "urllib.URLError",
        "urllib3.MaxRetryError",
        "urllib3.ProtocolError",
    }
)
"""What they wrap says more."""
_MOST_WRAPPED: Final = 5

_GRPC_CODES: Final[Mapping[str, FailureClass]] = {
    "CANCELLED": FailureClass.CONNECTION,
    "UNKNOWN": FailureClass.SERVER_ERROR,
    "INVALID_ARGUMENT": FailureClass.CLIENT_ERROR,
    "DEADLINE_EXCEEDED": FailureClass.TIMEOUT,
    "NOT_FOUND": FailureClass.CLIENT_ERROR,
    "ALREADY_EXISTS": FailureClass.CLIENT_ERROR,
    "PERMISSION_DENIED": FailureClass.UNAUTHORIZED,
    "RESOURCE_EXHAUSTED": FailureClass.THROTTLED,
    "FAILED_PRECONDITION": FailureClass.CLIENT_ERROR,
    "ABORTED": FailureClass.CLIENT_ERROR,
    "OUT_OF_RANGE": FailureClass.CLIENT_ERROR,
    "UNIMPLEMENTED": FailureClass.CLIENT_ERROR,
    "INTERNAL": FailureClass.SERVER_ERROR,
    "UNAVAILABLE": FailureClass.CONNECTION,
    "DATA_LOSS": FailureClass.SERVER_ERROR,
    "UNAUTHENTICATED": FailureClass.UNAUTHORIZED,
}
"""Source: "Status codes and their use in gRPC", gRPC documentation."""


def known_kind(exception: BaseException) -> FailureClass | None:
    """Return the kind of failure of an exception, or of what it wraps; None: it is not known."""
    return _known_kind(exception, _MOST_WRAPPED)


def attribute(holder: object, name: str) -> object:
    """Return an attribute of an object of any library; None: it has none, or it raises."""
    try:
        return getattr(holder, name, None)
    except Exception:  # noqa: BLE001 - a property of a locustfile's object may do anything
        return None


def _known_kind(exception: BaseException, most_wrapped: int) -> FailureClass | None:
    kind, is_wrapper = _kind_of_bases(type(exception).__mro__)
    if kind is None or is_wrapper:
        wrapped = _wrapped(exception)
        if wrapped is not None and most_wrapped:
            kind = _known_kind(wrapped, most_wrapped - 1) or kind
    return kind or _grpc_kind(exception)


@lru_cache(maxsize=256)
def _kind_of_bases(bases: tuple[type, ...]) -> tuple[FailureClass | None, bool]:
    """Return the kind of failure of the closest known class, and whether it wraps another."""
    names = [f"{base.__module__.partition('.')[0]}.{base.__name__}" for base in bases]
    return next((_KINDS[name] for name in names if name in _KINDS), None), names[0] in _WRAPPERS


def _wrapped(exception: BaseException) -> BaseException | None:
    candidates = (
        attribute(exception, "reason"),
        attribute(exception, "original"),
        *exception.args,
        exception.__cause__,
    )
    return next((one for one in candidates if isinstance(one, BaseException)), None)


def _grpc_kind(exception: BaseException) -> FailureClass | None:
    if not any(base.__module__.partition(".")[0] == "grpc" for base in type(exception).__mro__):
        return None
    code = attribute(exception, "code")
    name = attribute(code() if callable(code) else None, "name")
    return _GRPC_CODES.get(str(name))
