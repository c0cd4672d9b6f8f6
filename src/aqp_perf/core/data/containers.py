"""Fields without a text: binary values, lists, sets and maps."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from aqp_perf.core.data.draws import WORD_BITS, Draws
from aqp_perf.core.data.fields import Attribute, Field, base64_text
from aqp_perf.errors import InvalidItem

_U32: Final = 1 << WORD_BITS
_SET_TYPES: Final = {"S": "SS", "N": "NS", "B": "BS"}


@dataclass(frozen=True, slots=True)
class Binary(Field):
    """``length`` random bytes."""

    length: int

    def __post_init__(self) -> None:
        Field.__post_init__(self)
        if self.length < 1:
            raise InvalidItem(f"binary({self.length}) is not valid: at least 1 byte")

    def attribute(self, draws: Draws) -> str:
        """Return an expression of a value in DynamoDB's JSON."""
        draws.constants["base64_text"] = base64_text
        return f'{{"B": base64_text({draws.below(256**self.length)}.to_bytes({self.length}))}}'

    @property
    def widest(self) -> Attribute:
        """A value that no other is larger than."""
        return {"B": base64_text(bytes(self.length))}


@dataclass(frozen=True, slots=True)
class Listing(Field):
    """``least`` to ``most`` values of a field, each present or not as it says."""

    part: Field
    least: int
    most: int
    is_set: bool = False

    def __post_init__(self) -> None:
        Field.__post_init__(self)
        if not 0 <= self.least <= self.most or not self.most:
            raise InvalidItem(
                f"least={self.least}, most={self.most} is not valid: 0 ≤ least ≤ most"
            )
        if self.is_set and (not self.least or self._set_type is None):
            raise InvalidItem("a set has at least one member: texts, numbers or binary values")

    @property
    def _set_type(self) -> str | None:
        return _SET_TYPES.get(next(iter(self.part.widest)))

    def attribute(self, draws: Draws) -> str:
        """Return an expression of a value in DynamoDB's JSON."""
        parts = [self.part.attribute(draws) for _ in range(self.most)]
        length = f"[:{self.least} + {draws.below(self.most - self.least + 1)}]"
        values = f"[{', '.join(parts)}]" + ("" if self.least == self.most else length)
        if not self.is_set:
            return f'{{"L": {values}}}'
        kind = next(iter(self.part.widest))
        return f'{{"{self._set_type}": list({{part["{kind}"]: 0 for part in {values}}})}}'

    @property
    def widest(self) -> Attribute:
        """A value that no other is larger than."""
        widest = self.part.widest
        if self.is_set:
            return {str(self._set_type): list(widest.values()) * self.most}
        return {"L": [widest] * self.most}


@dataclass(frozen=True, slots=True)
class Mapped(Field):
    """A map with a field under each name."""

    fields: Mapping[str, Field]

    def attribute(self, draws: Draws) -> str:
        """Return an expression of a value in DynamoDB's JSON."""
        return f'{{"M": {members_of(self.fields, draws)}}}'

    @property
    def widest(self) -> Attribute:
        """A value that no other is larger than."""
        return {"M": {name: field.widest for name, field in self.fields.items()}}


def members_of(
    fields: Mapping[str, Any], draws: Draws, ready: Mapping[str, str] = MappingProxyType({})
) -> str:
    """Return an expression of a dict of attributes, without those that are absent.

    Args:
        fields: attribute → field.
        draws: what they draw from.
        ready: expressions of attributes that are known already.
    """
    parts = []
    for name, field in fields.items():
        member = f"{name!r}: {ready[name] if name in ready else field.attribute(draws)}"
        if getattr(field, "absent", 0):
            is_there = f"{draws.below(_U32)} >= {round(field.absent * _U32)}"
            member = f"**({{{member}}} if {is_there} else {{}})"
        parts.append(member)
    return f"{{{', '.join(parts)}}}"
