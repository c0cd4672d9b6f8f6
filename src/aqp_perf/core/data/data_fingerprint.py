"""A name for seeded data, by which a table that was seeded once is known again."""

import hashlib

from aqp_perf.core.data.dataset import Dataset

_SAMPLE = 64


def data_fingerprint(dataset: Dataset) -> str:
    """Return the same 32 hexadecimal digits for data sets with the same seed items, only for those.

    Besides the settings and the declaration, some items themselves go into it: a version that makes
    other items of the same settings must not take a table of an earlier one for its own.
    """
    step = max(1, dataset.seed_count // _SAMPLE)
    items = [dataset.seed_item(index) for index in range(0, dataset.seed_count, step)]
    declaration = dataset.compiled.declaration  # with its sizes
    parts = (
        dataset.seed,
        dataset.partitions,
        dataset.items_per_partition,
        *(sorted(part.items()) for part in (declaration.partitions, declaration.key_types)),
        list(declaration.members.items()),
        items,
    )
    return hashlib.blake2b(repr(parts).encode(), digest_size=16).hexdigest()
