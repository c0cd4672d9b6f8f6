"""The context of a request event: what its sender knows of a request beside name, time and answer.

Users of `aqp_perf.users` fill it and the instrument reads it. Under the bare locust command nothing
reads it. Other users may send any context, or none.
"""

from collections.abc import Mapping
from typing import TypedDict

from aqp_perf.core.proof import WrongAnswer


class RequestContext(TypedDict, total=False):
    """What is known of one request; all but the first two keys may be missing."""

    due_ns: int
    """When the request was due (perf_counter)."""
    start_ns: int
    """When it was sent (perf_counter); there whenever ``due_ns`` is."""
    user_class: str
    """The paced class of the user that sent it."""

    consumed_read_units: float
    """Capacity units as DynamoDB reported them."""
    consumed_write_units: float
    is_write: bool
    """Whether it wrote; missing where that is not known."""
    items: int
    """Items or rows in the answer."""
    is_checked: bool
    """Whether the oracle checked this answer; missing where it checks none."""
    wrong_answer: WrongAnswer
    """What it found wrong."""
    server_times: Mapping[str, int]
    """Times in ns that the target reported; see `aqp_perf.core.measured.operation_parts`."""
    payload_bytes: int
    """Data that the target reported to have read."""
    planned_read_units: float
    """Capacity units that the request may have taken; they count if the target reported none."""
    attempts: int
    """How often a client that retries sent the request; comes with the next two keys."""
    throttled_attempts: int
    backoff_ns: int
    """How long it paused between attempts."""
