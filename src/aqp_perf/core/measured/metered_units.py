"""The capacity units that the requests of a run took."""

from dataclasses import asdict, dataclass, fields
from typing import Self

from aqp_perf.core.aws.capacity_units import Units
from aqp_perf.core.json_reader import JsonReader


@dataclass(frozen=True, slots=True, kw_only=True)
class MeteredUnits:
    """What the requests of a run took, those of the warm-up included.

    Args:
        read: read units that DynamoDB reported.
        write: write units that DynamoDB reported, and one for each write without an answer.
        estimated_read: read units of what an AQP read, from the bytes that it said it read.
    """

    read: float = 0.0
    write: float = 0.0
    estimated_read: float = 0.0

    @property
    def units(self) -> Units:
        """All of them."""
        return Units(read=self.read + self.estimated_read, write=self.write)

    def to_json(self) -> dict[str, object]:
        """Return the units as in the report."""
        return asdict(self)

    @classmethod
    def from_json(cls, reader: JsonReader) -> Self:
        """Return what `to_json` wrote.

        Raises:
            ResultError: a field is missing or cannot be.
        """
        return cls(**{field.name: reader.number(field.name) for field in fields(cls)})
