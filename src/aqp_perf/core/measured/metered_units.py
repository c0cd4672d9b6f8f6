"""The capacity units that the requests of a run consumed."""

from dataclasses import dataclass

from aqp_perf.core.aws.capacity_units import Units
from aqp_perf.core.records import Figure


@dataclass(frozen=True, slots=True, kw_only=True)
class MeteredUnits:
    """Capacity units that the requests of a run consumed, those of the warm-up included.

    Args:
        read: read units that DynamoDB reported.
        write: write units that DynamoDB reported, and one for each write without an answer.
        estimated_read: read units of an AQP's reads, from the bytes that it reported to have read.
    """

    read: Figure = 0.0
    write: Figure = 0.0
    estimated_read: Figure = 0.0

    @property
    def units(self) -> Units:
        """All units, reported and estimated."""
        return Units(read=self.read + self.estimated_read, write=self.write)
