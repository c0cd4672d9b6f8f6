"""What a run was measured with: two runs are compared when that is alike, or not at all."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import Self

from perf.core.json_reader import JsonReader

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

    def to_json(self) -> dict[str, dict[str, str]]:
        """Return the fingerprint as in the report."""
        return {part: dict(getattr(self, part)) for part in PARTS}

    @classmethod
    def from_json(cls, reader: JsonReader) -> Self:
        """Return what `to_json` wrote."""
        children = {part: reader.child(part) for part in PARTS}
        return cls(
            **{
                part: {key: child.text(key) for key in child.fields}
                for part, child in children.items()
            }
        )


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
