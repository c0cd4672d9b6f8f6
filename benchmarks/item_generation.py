"""What it costs to make an item from its declaration, against a function written by hand.

    python -m benchmarks.item_generation

The declared item is the shipped order. The other side makes an order with the same attributes as
the package did before items were declared: its own hash, its own arithmetic, fixed names. The sides
take turns; printed are the medians and the ratio. Exits with 1 when the declared one takes more
than 1.2 times as long. Takes half a minute.
"""

import hashlib
import sys
from collections.abc import Callable
from datetime import date, timedelta
from itertools import count
from statistics import median
from timeit import timeit
from typing import Final

from aqp_perf.core.data.compiled_item import Attributes
from aqp_perf.core.data.dataset import Dataset
from aqp_perf.core.data.item_ids import ItemOrigin, item_id, stream_tag
from aqp_perf.core.data.statements import STATUSES
from aqp_perf.workloads.order import Order

MOST: Final = 1.2
ROUNDS: Final = 15
ITEMS: Final = 20_000
STREAM: Final = "benchmark/0/0"
DAYS: Final = [(date(2021, 1, 1) + timedelta(days=day)).isoformat() for day in range(730)]
DAY_S: Final = 24 * 60 * 60


def by_hand(index: int) -> Attributes:
    """Return an order as the package made it before."""
    digest = hashlib.blake2b(f"1/{STREAM}/{index}".encode(), digest_size=28).digest()
    number = 20 + (int.from_bytes(digest[0:8]) * 9_980 >> 64)
    rest, status = divmod(int.from_bytes(digest[8:16]), len(STATUSES))
    rest, username = divmod(rest, 1_000)
    day, second = divmod(rest % (len(DAYS) * DAY_S), DAY_S)
    fraction, whole = divmod(int.from_bytes(digest[20:28]), 10_000)
    digits = f"{fraction % 10**12:012}".rstrip("0")
    account, customer = divmod(number, 100)
    order_id = item_id(ItemOrigin(stream_tag(1, STREAM), index))
    return {
        "pk": {"S": f"ACCOUNT#ACCOUNT{account}#CUSTOMER#CUSTOMER{customer}"},
        "sk": {"S": f"STATUS#{STATUSES[status]}#ORDER#{order_id}"},
        "zipcode": {"N": str(10_000 + int.from_bytes(digest[16:20]) % 100)},
        "username": {"S": f"user{username}"},
        "datetime": {
            "S": f"{DAYS[day]} {second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}"
        },
        "status": {"S": STATUSES[status]},
        "amount": {"N": f"{whole}.{digits}" if digits else str(whole)},
    }


def cost_us(make: Callable[[int], Attributes]) -> float:
    """Return the time that an item takes, in µs."""
    indexes = count()
    return timeit(lambda: make(next(indexes)), number=ITEMS) / ITEMS * 1e6


def main() -> int:
    """Print both times and their ratio."""
    dataset = Dataset(item=Order)
    pairs = [
        (cost_us(lambda index: dataset.written_item(STREAM, index)), cost_us(by_hand))
        for _ in range(ROUNDS)
    ]
    declared_us, by_hand_us = (median(side) for side in zip(*pairs, strict=True))
    ratio = median(declared / hand for declared, hand in pairs)
    print(f"declared {declared_us:.2f} µs, by hand {by_hand_us:.2f} µs: {ratio:.3f} x")
    return int(ratio > MOST)


if __name__ == "__main__":
    sys.exit(main())
