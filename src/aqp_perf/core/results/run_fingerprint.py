"""What a run was measured with: only runs with equal fingerprints are compared."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Final, Self

from aqp_perf.core.load.pacing import OWN_PACING, ClosedModel

_PACING: Final = "pacing"
_CLOSED: Final = frozenset(map(str, ClosedModel))

Part = Mapping[str, str]
"""Name of a circumstance → its value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFingerprint:
    """The circumstances of a run; a user may allow differences by part."""

    target: Part = field(default_factory=dict)
    """Kind of the target, and of the AQP."""
    profile: Part = field(default_factory=dict)
    """The load."""
    data: Part = field(default_factory=dict)
    """What is read and written; empty without a table."""
    versions: Part = field(default_factory=dict)
    """Major and minor versions of what sends the load."""
    machine: Part = field(default_factory=dict)
    """Cores and architecture of the load generator's machine."""

    def measured(self, profile: Mapping[str, object]) -> Self:
        """Return the fingerprint after the run, whose profile as reported says what paced users."""
        return self._paced_by_users() if profile.get(_PACING) == OWN_PACING else self

    def expected_beside(self, before: "RunFingerprint") -> Self:
        """Return the fingerprint that a run will probably have, given an earlier one of its test.

        If the users kept their own pace then, they will do so again, whatever arrivals are asked
        for.
        """
        may_be_own = before.profile.get(_PACING) == OWN_PACING
        asks_for_arrivals = self.profile.get(_PACING) not in _CLOSED
        return self._paced_by_users() if may_be_own and asks_for_arrivals else self

    def differences(self, other: "RunFingerprint", allowed: Collection[str] = ()) -> list[str]:
        """Return the parts in which a later run differs, as in ``machine: cores 2 against 8``.

        Differences in the ``allowed`` parts are left out.
        """
        return [
            f"{part}: {', '.join(found)}"
            for part in PARTS
            if part not in allowed
            and (found := list(_differences(getattr(self, part), getattr(other, part))))
        ]

    def _paced_by_users(self) -> Self:
        return replace(self, profile={**self.profile, _PACING: OWN_PACING})


PARTS: Final = tuple(part.name for part in fields(RunFingerprint))
"""Names of the parts."""


def parse_parts(text: str) -> frozenset[str]:
    """Return the parts in a list like ``machine,versions``.

    Raises:
        ValueError: there is no such part; the message names the parts.
    """
    parts = [part.strip() for part in text.split(",")]
    for part in parts:
        if part not in PARTS:
            raise ValueError(f"{part!r} is no part of a fingerprint: use {', '.join(PARTS)}")
    return frozenset(parts)


def minor(version: str) -> str:
    """Return the first two numbers of a version."""
    return ".".join(version.split(".")[:2])


def _differences(before: Part, after: Part) -> Iterator[str]:
    for key in {**before, **after}:
        old, new = before.get(key, "nothing"), after.get(key, "nothing")
        if old != new:
            yield f"{key} {old} against {new}"
