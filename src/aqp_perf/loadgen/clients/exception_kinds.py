"""The kinds of failure of exceptions of the libraries that people use with Locust.

Exceptions and error codes are known by name, so that no library is imported for it.
"""

from collections.abc import Mapping
from enum import Enum
from functools import lru_cache
from typing import Any, Final

from aqp_perf.core.measured.failure_class import FailureClass

_NAMES: Final[Mapping[FailureClass, str]] = {
    FailureClass.TIMEOUT: """
        builtins.TimeoutError gevent.Timeout
        aiohttp.ServerTimeoutError botocore.ReadTimeoutError dns.Timeout grpc.FutureTimeoutError
        httpcore.TimeoutException httpx.TimeoutException kafka.KafkaTimeoutError
        kafka.RequestTimedOutError playwright.TimeoutError psycopg.QueryCanceled
        psycopg2.QueryCanceled pymongo.ExecutionTimeout pymongo.NetworkTimeout
        pymongo.WTimeoutError redis.TimeoutError requests.Timeout selenium.TimeoutException
        socketio.TimeoutError subprocess.TimeoutExpired urllib3.TimeoutError
        websocket.WebSocketTimeoutException
    """,
    FailureClass.CONNECTION: """
        builtins.ConnectionError http.HTTPException ssl.SSLError socket.gaierror
        aiohttp.ClientConnectionError aiohttp.ClientPayloadError aiohttp.ConnectionTimeoutError
        botocore.ConnectionError botocore.HTTPClientError botocore.IncompleteReadError
        engineio.ConnectionError geventhttpclient.EmptyResponse httpcore.ConnectTimeout
        httpcore.NetworkError httpcore.ProtocolError httpx.ConnectTimeout httpx.TransportError
        kafka.KafkaConnectionError kafka.NoBrokersAvailable pika.AMQPConnectionError
        psycopg.OperationalError psycopg2.OperationalError pymongo.ConnectionFailure
        redis.ConnectionError requests.ChunkedEncodingError requests.ConnectionError
        simple_websocket.ConnectionClosed simple_websocket.ConnectionError
        socketio.ConnectionError socketio.DisconnectedError urllib3.ClosedPoolError
        urllib3.ConnectTimeoutError urllib3.EmptyPoolError urllib3.IncompleteRead
        urllib3.MaxRetryError urllib3.ProtocolError urllib3.ProxyError urllib3.SSLError
        websocket.WebSocketAddressException websocket.WebSocketConnectionClosedException
        websocket.WebSocketProxyException websockets.ConnectionClosed websockets.InvalidHandshake
    """,
    FailureClass.UNAUTHORIZED: """
        botocore.CredentialRetrievalError botocore.LoginError botocore.NoAuthTokenError
        botocore.NoCredentialsError botocore.PartialCredentialsError botocore.SSOError
        botocore.TokenRetrievalError kafka.AuthorizationError kafka.SaslAuthenticationFailedError
        pika.AuthenticationError pika.ProbableAccessDeniedError pika.ProbableAuthenticationError
        psycopg.InsufficientPrivilege psycopg.InvalidPassword psycopg2.InsufficientPrivilege
        psycopg2.InvalidPassword redis.AuthenticationError redis.AuthorizationError
        redis.NoPermissionError
    """,
    FailureClass.THROTTLED: "kafka.ThrottlingQuotaExceededError",
    FailureClass.SERVER_ERROR: """
        psycopg.DeadlockDetected psycopg.SerializationFailure
        psycopg2.DeadlockDetected psycopg2.SerializationFailure
    """,
    FailureClass.OTHER: "urllib3.ResponseError",  # too many answers with a status that it hides
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

_CODES: Final[Mapping[str, FailureClass]] = {
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
    "MQTT_ERR_NO_CONN": FailureClass.CONNECTION,
    "MQTT_ERR_CONN_REFUSED": FailureClass.CONNECTION,
    "MQTT_ERR_CONN_LOST": FailureClass.CONNECTION,
    "MQTT_ERR_TLS": FailureClass.CONNECTION,
    "MQTT_ERR_KEEPALIVE": FailureClass.TIMEOUT,
    "MQTT_ERR_AUTH": FailureClass.UNAUTHORIZED,
    "MQTT_ERR_ACL_DENIED": FailureClass.UNAUTHORIZED,
}
"""Names of gRPC's status codes, and of the error codes that Locust's ``MqttUser`` reports.

Sources: "Status codes and their use in gRPC", gRPC documentation; ``MQTTErrorCode``, paho-mqtt 2.
"""
_CODED: Final = frozenset({"grpc", "paho"})


def known_kind(exception: object) -> FailureClass | None:
    """Return the kind of failure of an exception, of what it wraps, or of an error code.

    Returns:
        None: it is not known, or no exception and no code.
    """
    if isinstance(exception, BaseException):
        return _known_kind(exception, _MOST_WRAPPED)
    return _kind_of_code(exception)


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
    error: Any = exception
    try:
        return _kind_of_code(error.code())
    except Exception:  # noqa: BLE001 - some have no code, and a locustfile may make its own
        return None


def _kind_of_code(code: object) -> FailureClass | None:
    library = type(code).__module__.partition(".")[0]
    return _CODES.get(code.name) if library in _CODED and isinstance(code, Enum) else None
