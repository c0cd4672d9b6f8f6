"""What a run was measured with: two runs are compared when that is alike, or not at all."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Final, Self

from aqp_perf.core.load.pacing import OWN_PACING, ClosedModel

_PACING: Final = "pacing"
_CLOSED: Final = frozenset(map(str, ClosedModel))

Part = Mapping[str, str]
"""Name of a circumstance → what it was."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFingerprint:
    """The circumstances of a run, in parts whose difference a user may allow."""

    target: Part = field(default_factory=dict)
    """Its kind, and that of the AQP."""
    profile: Part = field(default_factory=dict)
    """The load."""
    data: Part = field(default_factory=dict)
    """What is read and written; empty without a table."""
    versions: Part = field(default_factory=dict)
    """Of what sends the load; patches are alike."""
    machine: Part = field(default_factory=dict)
    """Cores and architecture of the load generator's."""

    def measured(self, profile: Mapping[str, object]) -> Self:
        """Return it as the run turned out: whether its users took the arrivals is known only then.

        Args:
            profile: the load that reports show of the run.
        """
        return self._paced_by_users() if profile.get(_PACING) == OWN_PACING else self

    def expected_beside(self, before: "RunFingerprint") -> Self:
        """Return what a run may turn out to be that is held against one from before.

        That is, where the users kept their own pace then, they may do so again whatever arrivals
        are asked for now.
        """
        may_be_own = before.profile.get(_PACING) == OWN_PACING
        return self._paced_by_users() if may_be_own and self._asks_for_arrivals else self

    def differences(self, other: "RunFingerprint", allowed: Collection[str] = ()) -> list[str]:
        """Return in which parts another run differs, as in ``machine: 2 cores against 8``.

        Args:
            other: what is now, where this is what was.
            allowed: parts that may differ.
        """
        return [
            f"{part}: {', '.join(found)}"
            for part in PARTS
            if part not in allowed and (found := list(_differences(self, other, part)))
        ]

    @property
    def _asks_for_arrivals(self) -> bool:
        return self.profile.get(_PACING) not in _CLOSED

    def _paced_by_users(self) -> Self:
        return replace(self, profile={**self.profile, _PACING: OWN_PACING})


PARTS = tuple(each.name for each in fields(RunFingerprint))
"""Names of the parts."""


def parse_parts(text: str) -> frozenset[str]:
    """Return the parts in a list like ``machine,versions``.

    Raises:
        ValueError: one of them is none; the message names those that there are.
    """
    parts = [each.strip() for each in text.split(",")]
    unknown = [each for each in parts if each not in PARTS]
    if unknown:
        raise ValueError(f"{unknown[0]!r} is no part of a fingerprint: use {', '.join(PARTS)}")
    return frozenset(parts)


def minor(version: str) -> str:
    """Return the first two numbers of a version."""
    return ".".join(version.split(".")[:2])


def _differences(before: RunFingerprint, now: RunFingerprint, part: str) -> Iterator[str]:
    was: Part = getattr(before, part)
    is_now: Part = getattr(now, part)
    for key in dict.fromkeys((*was, *is_now)):
        old, new = was.get(key, "nothing"), is_now.get(key, "nothing")
        if old != new:
            yield f"{key} {old} against {new}"
