"""The errors that a request can end with, as DynamoDB sends them."""

from enum import StrEnum

from aqp_perf.errors import PerfError


class ErrorCode(StrEnum):
    """The error codes of ExecuteStatement that this server can answer, all with HTTP 400."""

    VALIDATION = "ValidationException"
    DUPLICATE_ITEM = "DuplicateItemException"
    TABLE_NOT_FOUND = "ResourceNotFoundException"


class RequestRefused(PerfError):
    """A request that DynamoDB answers with an error, sent with HTTP status 400.

    The messages are those of DynamoDB Local, where it has one for the case.
    """

    def __init__(self, message: str, code: ErrorCode = ErrorCode.VALIDATION) -> None:
        super().__init__(message)
        self.code, self.message = code, message
