"""Show what a declared item looks like, without any load.

python -m aqp_perf.show_items invoices.py:Invoice [--data partitions=5] [--seed 7]
"""

import argparse
import json
import sys
from collections.abc import Iterator

from aqp_perf.core.aws.capacity_units import read_units, write_units
from aqp_perf.core.data.dataset import Dataset, DataSettings
from aqp_perf.core.data.item_sizes import item_bytes
from aqp_perf.core.data.statements import insert_statement
from aqp_perf.errors import ConfigError
from aqp_perf.find_item import find_item
from aqp_perf.loadgen.command.argument_values import parse_data

_SHOWN = 5


def lines_of(dataset: Dataset) -> Iterator[str]:
    """Yield the keys, sizes and some items of a data set as text."""
    declaration = dataset.item.declaration
    keys = ", ".join(f"{name} ({kind})" for name, kind in declaration.key_types.items())
    largest_bytes, partition_bytes = dataset.largest_item_bytes, dataset.partition_bytes
    yield f"{declaration.name}: keys {keys}"
    yield (
        f"largest item: {largest_bytes:,} bytes, write units to insert it: "
        f"{write_units(largest_bytes):g}"
    )
    yield (
        f"largest partition: {partition_bytes:,} bytes, read units to query it, eventually "
        f"consistent: {read_units(partition_bytes):g}"
    )
    yield (
        f"seeded partitions: {dataset.read_partitions:,}, items: {dataset.seed_count:,}; "
        f"partitions for writes: {dataset.written_partitions or 'one for each item'}"
    )
    seeded = [dataset.seed_item(index) for index in range(min(_SHOWN, dataset.seed_count))]
    written = [dataset.written_item("show", index) for index in range(_SHOWN)]
    for title, items in (("seeded", seeded), ("written", written)):
        for item in items:
            text = json.dumps(item, ensure_ascii=False)
            yield f"\n{title}, {item_bytes(item):,} bytes:\n{text}"
    yield f"\n{insert_statement('TABLE', tuple(written[0]))}"


def main() -> int:
    """Print the lines of the item that the command line names; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m aqp_perf.show_items", description=__doc__)
    parser.add_argument("item", help="FILE.py:CLASS or MODULE:CLASS")
    parser.add_argument("--data", default="", help="as --perf-data, such as partitions=5")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    try:
        values = parse_data(options.data) if options.data else {}
        dataset = DataSettings(seed=options.seed, values=values).of(find_item(options.item))
        for line in lines_of(dataset):
            print(line)  # noqa: T201 - a command
    except (ValueError, ConfigError) as error:
        parser.error(str(error))
    return 0


if __name__ == "__main__":
    sys.exit(main())
