"""The errors of the AQP: each is an HTTP status and one sentence for the caller."""

from http import HTTPStatus

from aqp_perf.errors import PerfError


class Problem(PerfError):
    """An HTTP answer that is not 200; its message may be shown to the caller."""

    status = HTTPStatus.INTERNAL_SERVER_ERROR


class QueryRefused(Problem):
    """The query is not one this AQP runs; the message says what it can do."""

    status = HTTPStatus.BAD_REQUEST


class ReadTooLarge(Problem):
    """The query reads more items than one query may."""

    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE


class DynamoDBFailed(Problem):
    """DynamoDB answered with an error or malformed JSON, or could not be reached."""

    status = HTTPStatus.BAD_GATEWAY


class DynamoDBTimedOut(Problem):
    """DynamoDB did not answer in time."""

    status = HTTPStatus.GATEWAY_TIMEOUT
