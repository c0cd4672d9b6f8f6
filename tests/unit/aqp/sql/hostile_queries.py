"""Requests that mean ill: what follows ``/query-aggregation/``, drawn from a seed without end."""

# ruff: noqa: S608 - these are attacks; what they are sent to must refuse them
# ruff: noqa: SIM905 - sixty words read better without quotes

import re
from collections.abc import Callable, Iterator
from random import Random
from typing import Final, NamedTuple
from urllib.parse import quote

TABLE: Final = "orders"

_NAME: Final = '"[^"]+"'
_CONDITION: Final = (
    rf"(?:{_NAME} (?:=|<>|<|<=|>|>=) \?|{_NAME} BETWEEN \? AND \?|{_NAME} IN \(\?(?:, \?)*\)"
    rf"|(?:begins_with|contains)\({_NAME}, \?\))"
)
READ_STATEMENT: Final = re.compile(
    rf'SELECT {_NAME}(?:, {_NAME})* FROM "{TABLE}"(?: WHERE {_CONDITION}(?: AND {_CONDITION})*)?'
)
"""All that an AQP may ever ask DynamoDB to execute: names and places for values, no value."""

_COLUMNS: Final = ("pk", "sk", "zipcode", "amount", "status", '"status"', "missing", "*")
_VALUES: Final = ("'a'", "'it''s'", "''", "5", "-1.5e3", "0", "true", "null", "'%'", "1e999999")
_WORDS: Final = [
    *(
        "select from where group by order limit and or not in between like is null exists case "
        "when end union all join cross lateral on as having distinct with values insert into "
        "update set delete drop table attach database pragma create trigger index vacuum copy "
        "load_extension readfile writefile randomblob zeroblob cast decimal struct array over "
        "partition pivot match_recognize 1e999999 0x41 1_000 9"
    ).split(),
    *"()[]{},;:?.*=+-/|&~!@#$%^\\`'\"\0\n\t\ufeff\u202e\u00e9\U0001f600",
    *("<>", "<=", "--", "/*", "*/", "||", "::", "->", "$$"),
]
_ATTACKS: Final = (
    "' OR '1'='1",
    "'; DROP TABLE orders; --",
    "' UNION SELECT sql FROM sqlite_master --",
    "'; ATTACH DATABASE '/tmp/stolen.db' AS s; --",
    "ATTACH DATABASE '/tmp/stolen.db' AS s",
    "PRAGMA writable_schema = ON",
    "VACUUM INTO '/tmp/stolen.db'",
    "SELECT load_extension('/tmp/evil.so')",
    "SELECT readfile('/etc/passwd') FROM orders WHERE pk = 'a'",
    "SELECT writefile('/tmp/x', 'y') FROM orders WHERE pk = 'a'",
    "SELECT randomblob(1000000000) FROM orders WHERE pk = 'a'",
    "SELECT * FROM read_csv('/etc/passwd')",
    "SELECT a FROM '/etc/passwd' WHERE pk = 'a'",
    "SELECT a FROM \"/etc/passwd\" WHERE pk = 'a'",
    "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT x FROM c",
    "INSERT INTO \"orders\" VALUE {'pk': 'x', 'sk': 'y'}",
    "UPDATE \"orders\" SET amount = 0 WHERE pk = 'a' AND sk = 'ORDER#0'",
    "DELETE FROM \"orders\" WHERE pk = 'a' AND sk = 'ORDER#0'",
    "EXISTS (SELECT * FROM \"orders\" WHERE pk = 'a')",
    "SELECT pk FROM orders WHERE pk = 'a'; DELETE FROM orders WHERE pk = 'a'",
    "SELECT pk FROM orders WHERE pk = 'a' RETURNING *",
    'SELECT pk FROM "orders"."index" WHERE pk = \'a\'',
    "SELECT pk FROM orders -- WHERE pk = 'a'",
    "SELECT pk /* x */ FROM orders WHERE pk = 'a'",
    "SELECT pk AS \"a%s%d%n\" FROM orders WHERE pk = 'a'",
    "SELECT pk AS \"__proto__\" FROM orders WHERE pk = '{{7*7}}${7*7}'",
    "SELECT COUNT(*) AS \"\\\" FROM orders WHERE pk = '\\'' OR 1=1 --'",
)
_OPENERS: Final = (
    ("(", ")"),
    ("sum(", ")"),
    ("not ", ""),
    ("- ", ""),
    ("decimal(", ")"),
    ("varchar(", ")"),
    ("struct(", ")"),
    ("array<", ">"),
    ("case when ", " end"),
    ("cast(", " as int)"),
    ("(select pk from orders join ", ")"),
    ("t join ", ""),
    ("exists(select pk from ", ")"),
    ("a, ", ""),
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
        "injection": _percent_encoded(_injection),
        "words": _percent_encoded(_word_soup),
        "nested": _percent_encoded(_nested),
        "long": _percent_encoded(_long),
        "bytes": _random_bytes,
        "encoding": _oddly_encoded,
    }
    while True:
        for kind, draw in kinds.items():
            yield HostileRequest(kind, draw(random))


def _percent_encoded(draw: Callable[[Random], str]) -> Callable[[Random], str]:
    return lambda random: quote(draw(random), safe="")


def _pick(random: Random, choices: tuple[str, ...] | list[str]) -> str:
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


def _injection(random: Random) -> str:
    attack = _pick(random, _ATTACKS)
    match random.randrange(4):
        case 0:
            return attack
        case 1:
            return f"select pk from {TABLE} where pk = '{attack}'"
        case 2:
            return f"select {attack} from {TABLE} where pk = 'a'"
        case _:
            return f"{_query(random)} {attack}"


def _word_soup(random: Random) -> str:
    return " ".join(_pick(random, _WORDS) for _ in range(random.randint(1, 60)))


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


def _oddly_encoded(random: Random) -> str:
    sql = _pick(random, [_query(random), _injection(random)])
    encoded = quote(sql, safe="")
    return random.choice(
        (
            quote(encoded, safe=""),
            encoded.replace("%20", "+"),
            encoded.replace("%20", "%00"),
            encoded.replace("%27", "%c0%a7"),  # an overlong quote
            encoded.replace("%27", "%EF%BC%87"),  # a wide quote
            encoded.replace("%", "%u00"),
            encoded.replace("%2", "%"),
            encoded[:-1] + "%",
            encoded + "%zz",
            encoded + "?" + encoded,
            encoded + "/../../etc/passwd",
            encoded + "#" + encoded,
            encoded + "\xff\xfe",
            "%2e%2e%2f" * 5 + "etc%2fpasswd",
            "%ed%a0%80" + encoded,  # half of a surrogate pair
        )
    )
