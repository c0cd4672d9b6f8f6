"""Which DynamoDB client sends the PartiQL statements: ``fast``, ``boto3`` or ``boto3:3``."""

from dataclasses import dataclass
from enum import StrEnum

from aqp_perf.loadgen.command.whole_number import whole_number


class ClientKind(StrEnum):
    """The DynamoDB clients."""

    FAST = "fast"
    """Own signing over keep-alive connections; one attempt per request."""
    BOTO3 = "boto3"
    """The AWS SDK, at about a seventh of the rate; as many attempts per request as chosen."""


@dataclass(frozen=True, slots=True)
class ClientChoice:
    """A client, and how often it may send one request, the first time included."""

    kind: ClientKind
    max_attempts: int = 1

    def __str__(self) -> str:
        """Return text that `parse_client` reads as this choice."""
        return self.kind if self.max_attempts == 1 else f"{self.kind}:{self.max_attempts}"


def parse_client(text: str) -> ClientChoice:
    """Return the choice in a text like ``boto3:3``.

    Raises:
        ValueError: there is no such client, or it makes no such number of attempts.
    """
    name, colon, attempts = text.partition(":")
    if name not in set(ClientKind):
        raise ValueError("use fast, boto3, or boto3:3 for up to 3 attempts per request")
    kind = ClientKind(name)
    if not colon:
        return ClientChoice(kind)
    if kind is ClientKind.FAST:
        raise ValueError(f"the fast client sends each request once: use fast, or boto3:{attempts}")
    try:
        return ClientChoice(kind, whole_number(1)(attempts))
    except ValueError as error:
        raise ValueError(f"attempts per request, as in boto3:3: {error}") from error
