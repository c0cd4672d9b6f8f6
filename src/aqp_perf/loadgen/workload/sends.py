"""What the users of one class sent in one locust process."""

from dataclasses import dataclass


@dataclass(slots=True)
class Sends:
    """Counts of the sends of a user class that were due in the measurement window.

    A send may report several requests, as a SELECT of several pages does.
    """

    sent: int = 0
    unrecorded: int = 0
    """Sends that ended without reporting any request."""
    last_operation: tuple[str, str] | None = None
    """Type and name of the request that was reported last, in the warm-up too."""
