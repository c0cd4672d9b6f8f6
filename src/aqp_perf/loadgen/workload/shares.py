"""Share the arrivals of each user class among processes, in proportion to their users."""

from collections.abc import Mapping

Share = tuple[int, int, int]
"""(first, count, total): the arguments of `ArrivalSchedule` of these names."""


def shares_of(counts: Mapping[str, Mapping[str, int]]) -> dict[str, dict[str, Share]]:
    """Return each worker's share of each user class.

    Args:
        counts: worker → user class → how many users of the class run there.
    """
    totals: dict[str, int] = {}
    for classes in counts.values():
        for name, count in classes.items():
            totals[name] = totals.get(name, 0) + count
    first = dict.fromkeys(totals, 0)
    shares: dict[str, dict[str, Share]] = {}
    for worker, classes in counts.items():
        shares[worker] = {}
        for name, total in totals.items():
            count = classes.get(name, 0)
            if total:
                shares[worker][name] = (first[name], count, total)
                first[name] += count
    return shares
