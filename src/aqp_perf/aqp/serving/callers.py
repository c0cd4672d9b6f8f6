"""HTTP Basic authentication against users that share one secret."""

import base64
import binascii
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Self

from aqp_perf.errors import InvalidOption

_EXAMPLE_USERS: Final = ("small-query-app", "large-query-app")
_EXAMPLE_PASSWORD: Final = "secretEXAMPLE"  # noqa: S105 - the real AQP's published example


@dataclass(frozen=True, slots=True, kw_only=True)
class Callers:
    """The users that may send queries, and the password they share."""

    users: tuple[str, ...]
    password: str = field(repr=False)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """Return the callers that PERF_AQP_USER and PERF_AQP_PASSWORD name.

        Their defaults are those of the real AQP: two users and its example secret.

        Raises:
            InvalidOption: one of them is set and empty.
        """
        for name in ("PERF_AQP_USER", "PERF_AQP_PASSWORD"):
            if environment.get(name) == "":
                raise InvalidOption(name, "", "give it a value, or unset it")
        user = environment.get("PERF_AQP_USER")
        return cls(
            users=_EXAMPLE_USERS if user is None else (user,),
            password=environment.get("PERF_AQP_PASSWORD", _EXAMPLE_PASSWORD),
        )

    @property
    def are_public(self) -> bool:
        """Whether the password is the published example."""
        return self.password == _EXAMPLE_PASSWORD

    def admit(self, authorization: str) -> bool:
        """Whether an Authorization header is that of a caller; compares in constant time."""
        scheme, _, encoded = authorization.partition(" ")
        try:
            given = base64.b64decode(encoded.strip(), validate=True)
        except (binascii.Error, ValueError):
            given = b""
        matches = [
            hmac.compare_digest(given, f"{user}:{self.password}".encode()) for user in self.users
        ]
        return scheme.lower() == "basic" and any(matches)
