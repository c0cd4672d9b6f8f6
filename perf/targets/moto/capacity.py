"""How many capacity units a request consumes.

Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html
"""

WRITE_UNIT_BYTES = 1024
READ_UNIT_BYTES = 4096


def write_units(item_bytes: int) -> float:
    """Return the units of writing one item: one for each 1 KB begun."""
    return float(_units_begun(item_bytes, WRITE_UNIT_BYTES))


def read_units(processed_bytes: int, *, consistent: bool) -> float:
    """Return the units of a read: one for each 4 KB begun, half of that when eventually consistent.

    Args:
        processed_bytes: the *sum* of the sizes of the items read, before any filter.
        consistent: whether the read is strongly consistent.
    """
    units = _units_begun(processed_bytes, READ_UNIT_BYTES)
    return float(units) if consistent else units / 2


def _units_begun(size_bytes: int, unit_bytes: int) -> int:
    return max(1, -(-size_bytes // unit_bytes))
