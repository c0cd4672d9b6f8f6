"""Merging: one record of what several processes measured.

How a field merges follows from its value. Numbers add up, and so do histograms, timelines and the
values under one key of a mapping. Texts are those of the first part. None means "not measured": it
is left out, unless no part has a value. A field that merges in another way names the function in
its metadata, as `BY_MAXIMUM` does.
"""

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from itertools import chain
from typing import Any, Final, TypeVar

from aqp_perf.core.samples.histogram import LatencyHistogram, SizeHistogram
from aqp_perf.core.samples.timeline import Timeline

T = TypeVar("T")


def _largest(values: Sequence[float | None]) -> float | None:
    return max((value for value in values if value is not None), default=None)


MERGE: Final = "merge"
"""Key of a field's metadata: a function from the values of all parts to the merged one."""
BY_MAXIMUM: Final = {MERGE: _largest}


def merge(parts: Sequence[T]) -> T:
    """Return one record of all parts, which are dataclasses of one kind; there is at least one."""
    first: Any = parts[0]
    if len(parts) == 1:
        return parts[0]
    merged = {
        field.name: field.metadata.get(MERGE, _merge_values)(
            [getattr(part, field.name) for part in parts]
        )
        for field in fields(first)
    }
    whole: T = type(first)(**merged)
    return whole


def _merge_values(values: Sequence[Any]) -> Any:  # noqa: ANN401 - of whatever type the field has
    known = [value for value in values if value is not None]
    if not known:
        return None
    first = known[0]
    if isinstance(first, LatencyHistogram | SizeHistogram | Timeline):
        whole: Any = type(first)()
        for value in known:
            whole.merge(value)
        return whole
    if is_dataclass(first):
        return merge(known)
    if isinstance(first, Mapping):
        keys = dict.fromkeys(chain.from_iterable(known))
        return {key: _merge_values([one[key] for one in known if key in one]) for key in keys}
    return first if isinstance(first, str) else sum(known)
