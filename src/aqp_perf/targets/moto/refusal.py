"""The errors that a request can end with, as DynamoDB sends them."""

from collections.abc import Mapping
from typing import Any

from aqp_perf.errors import PerfError


class RequestRefused(PerfError):
    """A request that DynamoDB answers with an error of this ``code``, and with HTTP status 400.

    The messages are those of DynamoDB Local, where it has one for the case.
    """

    def __init__(
        self,
        message: str,
        code: str = "ValidationException",
        members: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.code, self.message = code, message
        self.members = members or {}
        """What the answer has besides code and message."""
