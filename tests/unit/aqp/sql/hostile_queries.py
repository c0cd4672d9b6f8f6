"""Broken and oversized requests, drawn from a seed without end.

A request is the end of its path: what follows ``/query-aggregation/``.
"""

# ruff: noqa: S608 - what these queries are sent to must refuse them or only read
# ruff: noqa: SIM905 - sixty words read better without quotes

import re
from collections.abc import Callable, Iterator
from random import Random
from typing import Final, NamedTuple
from urllib.parse import quote

TABLE: Final = "orders"

_NAME: Final = '"(?:[^"]|"")*"'
_CONDITION: Final = (
    rf"(?:{_NAME} (?:=|<>|<|<=|>|>=) \?|{_NAME} BETWEEN \? AND \?|{_NAME} IN \(\?(?:, \?)*\)"
    rf"|(?:begins_with|contains)\({_NAME}, \?\))"
)
READ_STATEMENT: Final = re.compile(
    rf'SELECT {_NAME}(?:, {_NAME})* FROM "{TABLE}"(?: WHERE {_CONDITION}(?: AND {_CONDITION})*)?'
)
"""Every statement the AQP may send to DynamoDB: names, and a ``?`` for each value."""

_COLUMNS: Final = ("pk", "sk", "zipcode", "amount", "status", '"status"', "missing", "*")
_VALUES: Final = ("'a'", "'it''s'", "''", "5", "-1.5e3", "0", "true", "null", "'%'", "1e999999")
_WORDS: Final = tuple(
    "select from where group by order limit and or not in between like is null case when union "
    "join as distinct with insert update delete drop cast decimal struct 1e999999 "
    "( ) [ ] { } , ; : ? . * = + - / | \\ ' \" -- /* */ :: \0 \ufeff \u00e9 \U0001f600".split()
)
_OPENERS: Final = (
    ("(", ")"),
    ("not ", ""),
    ("- ", ""),
    ("decimal(", ")"),
    ("struct(", ")"),
    ("array<", ">"),
    ("case when ", " end"),
    ("t join ", ""),
    ("exists(select pk from ", ")"),
    ("a and ", ""),
)


class HostileRequest(NamedTuple):
    """One request: its kind, for counting, and the end of its path."""

    kind: str
    segment: str


def hostile_requests(seed: int) -> Iterator[HostileRequest]:
    """Yield requests without end, of all kinds in turn; each character is one byte to send."""
    random = Random(seed)  # noqa: S311 - the same requests every time
    kinds: dict[str, Callable[[Random], str]] = {
        "valid": _percent_encoded(_query),
        "mutated": _percent_encoded(_mutated),
        "nested": _percent_encoded(_nested),
        "long": _percent_encoded(_long),
        "bytes": _random_bytes,
    }
    while True:
        for kind, draw in kinds.items():
            yield HostileRequest(kind, draw(random))


def _percent_encoded(draw: Callable[[Random], str]) -> Callable[[Random], str]:
    return lambda random: quote(draw(random), safe="")


def _pick(random: Random, choices: tuple[str, ...]) -> str:
    return choices[random.randrange(len(choices))]


def _query(random: Random) -> str:
    aggregates = [f"{name}({_pick(random, _COLUMNS)})" for name in ("count", "sum", "min", "avg")]
    columns = random.sample([*_COLUMNS, *aggregates], random.randint(1, 3))
    conditions = [f"pk = {_pick(random, _VALUES)}", f"pk in ({_pick(random, _VALUES)}, 'b')"]
    conditions = random.sample(conditions, 1)
    for _ in range(random.randrange(3)):
        operator = _pick(random, ("=", "<>", "<", ">=", "like", "between 1 and"))
        conditions.append(f"{_pick(random, _COLUMNS)} {operator} {_pick(random, _VALUES)}")
    sql = f"select {', '.join(columns)} from {TABLE} where {' and '.join(conditions)}"
    for tail in (" group by pk", " order by pk desc", f" limit {_pick(random, _VALUES)}"):
        sql += tail if random.randrange(3) == 0 else ""
    return sql


def _mutated(random: Random) -> str:
    words = _query(random).split(" ")
    for _ in range(random.randint(1, 4)):
        at = random.randrange(len(words))
        match random.randrange(4):
            case 0:
                words[at] = _pick(random, _WORDS)
            case 1:
                words.insert(at, _pick(random, _WORDS))
            case 2:
                words[at] *= random.randint(0, 3)
            case _:
                other = random.randrange(len(words))
                words[at], words[other] = words[other], words[at]
    return " ".join(words)


def _nested(random: Random) -> str:
    opener, closer = _OPENERS[random.randrange(len(_OPENERS))]
    depth = random.choice((2, 10, 25, 60, 400, 2_000))
    nest = opener * depth + "a" + closer * (depth if random.randrange(2) else 0)
    places = ("select {} from orders", "select pk from {}", "{}")
    place = _pick(random, (*places, "select pk from orders where pk = 'a' and {}"))
    return place.format(nest)


def _long(random: Random) -> str:
    count = random.choice((10, 100, 1_000, 4_000))
    where = f"select pk from {TABLE} where"
    numbers = ", ".join(map(str, range(count)))
    columns = ", ".join(f"c{number}" for number in range(count))
    conditions = " and ".join(["pk = 'a'"] * count)
    return random.choice(
        (
            f"{where} pk in ({numbers})",
            f"{where} pk = '{'x' * count}'",
            f"{where} pk = {'9' * count}",
            f"{where} pk = 1{'0' * 30}.{'0' * count}1",
            f"{where} pk = 1e{'9' * count}",
            f"{where} pk like '{'%a' * count}'",
            f"{where} {conditions}",
            f"{where} pk = " + "'" * count,
            f"{where} " + '"' * count + " = 1",
            f"select {columns} from {TABLE} where pk = 'a'",
            f"select {' ' * count} pk from {TABLE} where pk = 'a'",
        )
    )


def _random_bytes(random: Random) -> str:
    return quote(random.randbytes(random.randint(1, 200)), safe="")
