"""A name for seeded data, by which a table that was seeded once is known again."""

import hashlib
from dataclasses import fields

from aqp_perf.core.data.dataset import ATTRIBUTES, Dataset

_SAMPLE = 64
_WITHOUT = "key_choice"
"""It says which items are asked for, not what is in them."""


def data_fingerprint(dataset: Dataset) -> str:
    """Return the same 32 hexadecimal digits for data sets with the same seed items, only for those.

    Besides the settings, some items themselves go into it: a version that makes other items of
    the same settings must not take a table of an earlier one for its own.
    """
    settings = {f.name: getattr(dataset, f.name) for f in fields(dataset) if f.init}
    del settings[_WITHOUT]
    step = max(1, dataset.seed_count // _SAMPLE)
    items = [tuple(dataset.seed_item(index)) for index in range(0, dataset.seed_count, step)]
    text = repr((ATTRIBUTES, sorted(settings.items()), items))
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
