"""The kinds of failure a request can end with; every failed request has exactly one."""

from enum import StrEnum


class FailureClass(StrEnum):
    """Why a request failed, as far as a decision about the target needs it."""

    THROTTLED = "throttled"
    """DynamoDB or the AQP refused the request for its rate: buy capacity or send less."""

    SERVER_ERROR = "server_error"
    """HTTP 5xx that is not throttling: the target broke."""

    CLIENT_ERROR = "client_error"
    """HTTP 4xx of no other class: the request was wrong, so the workload is."""

    UNAUTHORIZED = "unauthorized"
    """Our credentials were refused, had expired or lack a permission, or our clock is wrong."""

    TIMEOUT = "timeout"
    """No complete answer in time, to a request that changes nothing."""

    CONNECTION = "connection"
    """No connection; or one that broke, under a request that changes nothing."""

    WRONG_ANSWER = "wrong_answer"
    """HTTP 200 whose content is not what the oracle says: the worst class, nobody notices it."""

    AMBIGUOUS = "ambiguous"
    """A write without an answer, which may have landed; only reading the table can tell."""

    OTHER = "other"
    """Anything else, such as an exception in the workload itself."""
