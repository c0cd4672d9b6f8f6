"""Answers are right: against plain loops over the items, on any data, page size and thread."""

import json
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal, localcontext
from fractions import Fraction
from threading import Barrier
from typing import Any, TypeAlias

import pytest
import simplejson
from hypothesis import example, given
from hypothesis import strategies as st

from aqp_perf.aqp.problems import DynamoDBFailed, QueryRefused, ReadTooLarge
from aqp_perf.aqp.serving.dynamodb import DynamoDB, DynamoDBResponse
from aqp_perf.aqp.serving.service import MAX_QUERY_BYTES, QueryService
from aqp_perf.core.data.statements import status_query, zipcode_query

Row: TypeAlias = dict[str, Any]
_STATEMENT = re.compile(
    r'SELECT (?P<columns>.*) FROM "t"(?: WHERE "pk" (?:= \?|IN \((?P<places>[?, ]*)\)))?'
)


class DynamoDBDouble(DynamoDB):
    """Answers the statements of a QueryService from a list of items, some items a page."""

    def __init__(self, items: Sequence[Mapping[str, Any]], *, items_per_page: int = 1_000) -> None:
        self.items = items
        self.items_per_page = items_per_page
        self.requests: list[Mapping[str, Any]] = []

    def call(self, operation: str, request: Mapping[str, Any]) -> DynamoDBResponse:
        if operation == "DescribeTable":
            keys = [
                {"AttributeName": "sk", "KeyType": "RANGE"},
                {"AttributeName": "pk", "KeyType": "HASH"},
            ]
            return DynamoDBResponse({"Table": {"KeySchema": keys}}, 10)
        self.requests.append(dict(request))
        statement = _STATEMENT.fullmatch(request["Statement"])
        assert statement is not None, request
        parameters = request.get("Parameters", [])
        assert request["Statement"].count("?") == len(parameters)
        attributes = [name.strip('"') for name in statement["columns"].split(", ")]
        found = [
            {name: item[name] for name in attributes if name in item}
            for item in self.items
            if not parameters or item["pk"] in parameters
        ]
        first = int(request.get("NextToken", 0))
        page: dict[str, Any] = {"Items": found[first : first + self.items_per_page]}
        if first + self.items_per_page < len(found):
            page["NextToken"] = str(first + self.items_per_page)
        return DynamoDBResponse(page, len(json.dumps(page)))


def _service(dynamodb: DynamoDBDouble, *, allow_scan: bool = False, **limits: int) -> QueryService:
    return QueryService(dynamodb, tables=["t"], allow_scan=allow_scan, **limits)


def _rows(service: QueryService, sql: str) -> list[Row]:
    answer = simplejson.loads(service.answer(sql), use_decimal=True)
    (response,) = answer["response"]
    rows: list[Row] = response["resultSet"]
    return rows


def _items(pk: str, **attributes: Sequence[Any]) -> list[dict[str, Any]]:
    """Return items of one partition from columns of attribute values, None for a missing one."""
    return [
        {"pk": {"S": pk}}
        | {name: value for name, value in zip(attributes, values, strict=True) if value is not None}
        for values in zip(*attributes.values(), strict=True)
    ]


_WORDS = """
select from where group by order limit and or not in between like is null case when then end as
distinct count sum min max avg a b pk t union all with join on having over ( ) , * = <> < <= > >=
- . 'x' 5 1.5 "q" true cast interval date array struct exists values desc nulls first pivot lateral
unnest
"""
mixes = st.lists(st.sampled_from(_WORDS.split()), max_size=12).map(" ".join)

amounts = st.builds(
    lambda digits, exponent: {"N": f"{digits}E{exponent}"},
    st.integers(min_value=-(10**38) + 1, max_value=10**38 - 1),
    st.integers(min_value=-130, max_value=87),
)
tables = st.lists(
    st.fixed_dictionaries(
        {"pk": st.sampled_from([{"S": "a"}, {"S": "b"}, {"S": "c"}])},
        optional={
            "zipcode": st.sampled_from([{"N": "1"}, {"N": "1.0"}, {"N": "2"}, {"NULL": True}]),
            "status": st.sampled_from([{"S": "1"}, {"N": "1"}, {"S": ""}, {"BOOL": True}]),
            "amount": amounts | st.sampled_from([{"N": "10"}, {"N": "10.00"}]),
        },
    ),
    max_size=25,
)


def _number(value: Mapping[str, Any] | None) -> Fraction | None:
    return None if value is None or "N" not in value else Fraction(Decimal(value["N"]))


def _rounded(mean: Fraction) -> Decimal:
    with localcontext(prec=38):
        return Decimal(mean.numerator) / Decimal(mean.denominator)


@given(tables, st.integers(min_value=1, max_value=7))
@example([{"pk": {"S": "a"}, "amount": {"N": n}} for n in ("10", "10", "5")], 1)
@example([{"pk": {"S": "a"}, "amount": {"N": "9" * 38}} for _ in range(3)], 2)
@example([{"pk": {"S": "a"}, "amount": {"N": n}} for n in ("1E+125", "1E-130")], 2)
def test_aggregates_of_any_data_are_those_of_a_plain_loop(
    items: list[dict[str, Any]], items_per_page: int
) -> None:
    service = _service(DynamoDBDouble(items, items_per_page=items_per_page))

    rows = _rows(
        service,
        "select zipcode, count(*) as n, count(amount) as amounts, count(distinct amount) as kinds, "
        "sum(amount) as total, avg(amount) as mean, min(amount) as low, max(amount) as high "
        "from t where pk in ('a', 'b') group by zipcode",
    )

    groups: dict[Fraction | None, list[Fraction | None]] = defaultdict(list)
    for item in items:
        if item["pk"]["S"] in {"a", "b"}:
            groups[_number(item.get("zipcode"))].append(_number(item.get("amount")))
    expected = {}
    for zipcode, members in groups.items():
        given_amounts = [amount for amount in members if amount is not None]
        total = sum(given_amounts, Fraction()) if given_amounts else None
        expected[zipcode] = {
            "n": len(members),
            "amounts": len(given_amounts),
            "kinds": len(set(given_amounts)),
            "total": total,
            "mean": None if total is None else Fraction(_rounded(total / len(given_amounts))),
            "low": min(given_amounts, default=None),
            "high": max(given_amounts, default=None),
        }
    answered = {}
    for row in rows:
        exact = {name: None if value is None else Fraction(value) for name, value in row.items()}
        answered[exact.pop("zipcode")] = exact
    assert len(answered) == len(rows)
    assert answered == expected


@given(tables, st.integers(min_value=1, max_value=7))
def test_groups_of_mixed_types_are_kept_apart(
    items: list[dict[str, Any]], items_per_page: int
) -> None:
    service = _service(DynamoDBDouble(items, items_per_page=items_per_page))

    rows = _rows(service, "select status, pk, count(pk) as n from t where pk='a' group by status")

    expected: dict[str, int] = defaultdict(int)
    for item in items:
        if item["pk"]["S"] == "a":
            (status,) = item.get("status", {"NULL": None}).values()
            kind = "N" if "N" in item.get("status", {}) else type(status).__name__
            expected[f"{kind} {status}"] += 1
    names = {int: "N"}
    assert {
        f"{names.get(type(row['status']), type(row['status']).__name__)} {row['status']}": row["n"]
        for row in rows
    } == expected
    assert all(row["pk"] == "a" for row in rows)


@given(st.text())
@example("' OR '1'='1")
@example("'; DROP TABLE t; --")
@example('" UNION SELECT 1 --')
@example("\x00%00?:s0")
@example("-- /* {{ \\")
@example("ACCOUNT#1/2?3")
def test_a_key_of_any_text_reads_its_own_partition_alone(key: str) -> None:
    other = {"pk": {"S": f"{key}."}, "amount": {"N": "7"}}
    dynamodb = DynamoDBDouble([{"pk": {"S": key}, "amount": {"N": "5"}}, other])
    quoted = key.replace("'", "''")
    sql = f"select pk, sum(amount) as s from t where pk = '{quoted}'"  # noqa: S608 - the attack

    rows = _rows(_service(dynamodb), sql)

    assert rows == [{"pk": key, "s": 5}]


@given(mixes, mixes)
@example("", "")
@example("sum ( a ) , a", "group by a order by a desc limit 5")
@example("case when a then b end", "and case when a then b end = 5")
def test_any_mix_of_sql_words_is_answered_or_refused(selected: str, conditions: str) -> None:
    class AcceptingAnyWhere(DynamoDBDouble):
        def call(self, operation: str, request: Mapping[str, Any]) -> DynamoDBResponse:
            if operation == "ExecuteStatement":
                return DynamoDBResponse({"Items": self.items}, 10)
            return super().call(operation, request)

    service = _service(AcceptingAnyWhere([{"pk": {"S": "x"}, "a": {"N": "1"}}, {"a": {"N": "2"}}]))
    sql = f"select {selected} from t where pk = 'x' {conditions}"  # noqa: S608 - the attack

    try:
        rows = _rows(service, sql)
    except QueryRefused:
        return
    assert all(rows)


def test_digits_are_answered_as_dynamodb_gave_them() -> None:
    item = {"pk": {"S": "a"}, "x": {"N": "133.98941403568880000000000000000000001"}}

    answer = _service(DynamoDBDouble([item])).answer(
        "select x, max(x) as m from t where pk='a' group by x"
    )

    assert (
        '{"x":133.98941403568880000000000000000000001,"m":133.98941403568880000000000000000000001}'
    ) in answer


def test_an_average_has_38_digits() -> None:
    items = _items("a", x=[{"N": "1"}, {"N": "1"}, {"N": "0"}])

    answer = _service(DynamoDBDouble(items)).answer("select avg(x) from t where pk='a'")

    assert f'[{{"_1":0.{"6" * 37}7}}]' in answer


def test_an_empty_partition_has_no_groups_and_no_sum() -> None:
    service = _service(DynamoDBDouble([]))

    assert _rows(service, "select zipcode, sum(x) from t where pk='a' group by zipcode") == []
    assert _rows(service, "select count(*), sum(x), avg(x), max(x) from t where pk='a'") == [
        {"_1": 0, "_2": None, "_3": None, "_4": None}
    ]


def test_columns_alone_are_answered_in_the_order_they_are_selected() -> None:
    items = _items("a", x=[{"N": "2"}, None], tags=[{"L": [{"S": "q"}, {"N": "1.5"}]}, None])

    answer = _service(DynamoDBDouble(items)).answer(
        "select tags, x as \"100 %s\" from t where pk='a'"
    )

    assert '[{"tags":["q",1.5],"100 %s":2},{"tags":null,"100 %s":null}]' in answer


def test_order_is_by_value_and_limit_comes_last() -> None:
    numbers = ["10", "9", "-1", "1E+30", "0.5"]
    items = _items("a", x=[{"N": number} for number in numbers] + [{"S": "1"}, None])
    service = _service(DynamoDBDouble(items))

    def ordered(by: str) -> list[Any]:
        sql = f"select x from t where pk='a' order by {by}"  # noqa: S608 - literals from below
        return [row["x"] for row in _rows(service, sql)]

    ascending = [None, -1, Decimal("0.5"), 9, 10, 10**30, "1"]
    assert ordered("x") == ascending
    assert ordered("x desc") == ascending[::-1]
    assert ordered("x limit 2") == [None, -1]
    assert ordered("x limit 0") == []


def test_groups_are_ordered_by_their_aggregates() -> None:
    items = _items("a", g=[{"S": name} for name in "xyxzz"], x=[{"N": n} for n in "92134"])
    service = _service(DynamoDBDouble(items))

    rows = _rows(
        service,
        "select g, sum(x) as s, count(*) as n from t where pk='a' group by g "
        "order by n desc, sum(x) desc",
    )

    assert [(row["g"], row["s"], row["n"]) for row in rows] == [
        ("x", 10, 2),
        ("z", 7, 2),
        ("y", 2, 1),
    ]


def test_a_key_that_is_listed_twice_is_read_once() -> None:
    dynamodb = DynamoDBDouble([])

    _service(dynamodb).answer("select count(*) from t where pk in ('a', 'b', 'a')")

    assert dynamodb.requests == [
        {
            "Statement": 'SELECT "pk" FROM "t" WHERE "pk" IN (?, ?)',
            "Parameters": [{"S": "a"}, {"S": "b"}],
        }
    ]


def test_a_page_without_items_does_not_end_the_reading() -> None:
    class WithEmptyPage(DynamoDBDouble):
        def call(self, operation: str, request: Mapping[str, Any]) -> DynamoDBResponse:
            if operation == "ExecuteStatement" and "NextToken" not in request:
                return DynamoDBResponse({"Items": [], "NextToken": "0"}, 10)
            return super().call(operation, request)

    service = _service(WithEmptyPage(_items("a", x=[{"N": "1"}])))

    assert _rows(service, "select count(*) from t where pk='a'") == [{"_1": 1}]


def test_stats_are_whole_numbers_and_name_the_bytes_read() -> None:
    dynamodb = DynamoDBDouble(_items("a", x=[{"N": "1"}] * 3), items_per_page=2)

    stats = json.loads(_service(dynamodb).answer("select sum(x) from t where pk='a'"))["stats"]

    pages = [{"Items": [{"x": {"N": "1"}}] * 2, "NextToken": "2"}, {"Items": [{"x": {"N": "1"}}]}]
    assert stats.pop("payloadSizeBytes") == sum(len(json.dumps(page)) for page in pages)
    assert set(stats) == {"elapsedTimeToRetrieveDataInMs", "elapsedTimeToAggregateDataInMs"}
    assert all(type(value) is int for value in stats.values())


@pytest.mark.parametrize("function", ["sum", "avg"])
@pytest.mark.parametrize("value", [{"S": "5"}, {"BOOL": True}, {"L": []}])
def test_sums_over_anything_but_numbers_are_refused(function: str, value: dict[str, Any]) -> None:
    items = _items("a", x=[{"N": "1"}, value], g=[{"S": "p"}, {"S": "q"}])
    sql = f"select {function}(x) from t where pk='a' group by g limit 1"  # noqa: S608 - a literal

    with pytest.raises(QueryRefused, match="take numbers: 'x' is of another type"):
        _service(DynamoDBDouble(items)).answer(sql)


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("select a from u where pk='a'", "table 'u' is not served here; served: t"),
        ("select count(*) from t", "WHERE must fix the partition key: pk = '...'"),
        ("select count(*) from t where sk = 'a'", "WHERE must fix the partition key"),
        ("select count(*) from t where pk > 'a'", "WHERE must fix the partition key"),
        ("select count(*) from t where begins_with(pk, 'a')", "WHERE must fix the partition key"),
        ("select pk from t where pk='a' limit 1.5", "LIMIT takes a whole number"),
    ],
)
def test_a_refused_query_reads_nothing(sql: str, reason: str) -> None:
    dynamodb = DynamoDBDouble([])

    with pytest.raises(QueryRefused, match=re.escape(reason)):
        _service(dynamodb).answer(sql)

    assert dynamodb.requests == []


def test_a_scan_reads_every_page_when_it_is_allowed() -> None:
    items = [{"pk": {"S": str(number)}, "x": {"N": "1"}} for number in range(10)]
    dynamodb = DynamoDBDouble(items, items_per_page=3)

    rows = _rows(_service(dynamodb, allow_scan=True), "select sum(x) as s from t")

    assert rows == [{"s": 10}]
    assert [request.get("NextToken") for request in dynamodb.requests] == [None, "3", "6", "9"]
    assert all(request["Statement"] == 'SELECT "x" FROM "t"' for request in dynamodb.requests)


def test_a_query_may_be_as_long_as_the_limit_and_no_longer() -> None:
    sql = "select pk from t where pk='\u00e4'"
    longest = sql + " " * (MAX_QUERY_BYTES - len(sql.encode()))

    assert _rows(_service(DynamoDBDouble([])), longest) == []
    with pytest.raises(QueryRefused, match=f"longer than {MAX_QUERY_BYTES} bytes"):
        _service(DynamoDBDouble([])).answer(f"{longest} ")


def test_items_may_be_as_many_as_the_limit_and_no_more() -> None:
    dynamodb = DynamoDBDouble(_items("a", x=[{"N": "1"}] * 5), items_per_page=2)
    sql = "select count(*) as n from t where pk='a'"

    assert _rows(_service(dynamodb, max_items=5), sql) == [{"n": 5}]
    with pytest.raises(ReadTooLarge, match="more than 4 items"):
        _service(dynamodb, max_items=4).answer(sql)


def test_a_query_that_failed_half_way_leaves_no_rows_to_the_next() -> None:
    items = _items("a", x=[{"N": "1"}, {"N": "2"}, {"S": "not a number"}])
    items += _items("b", x=[{"N": "4"}])
    service = _service(DynamoDBDouble(items, items_per_page=1))

    for _ in range(2):
        with pytest.raises(QueryRefused, match="take numbers"):
            service.answer("select sum(x) as s from t where pk='a'")
        assert _rows(service, "select sum(x) as s from t where pk='b'") == [{"s": 4}]


def test_a_failed_look_at_the_table_is_tried_again() -> None:
    class FailingOnce(DynamoDBDouble):
        failures = 1

        def call(self, operation: str, request: Mapping[str, Any]) -> DynamoDBResponse:
            if self.failures:
                self.failures -= 1
                raise DynamoDBFailed("not now")
            return super().call(operation, request)

    service = _service(FailingOnce([]))

    with pytest.raises(DynamoDBFailed, match="not now"):
        service.answer("select pk from t where pk='a'")
    assert _rows(service, "select pk from t where pk='a'") == []


@pytest.mark.parametrize("value", [{"N": "not a number"}, {}, {"S": "a", "N": "1"}, "text"])
def test_a_malformed_item_is_a_failure_of_dynamodb(value: Any) -> None:  # noqa: ANN401 - any JSON
    service = _service(DynamoDBDouble(_items("a", x=[value])))

    with pytest.raises(DynamoDBFailed, match="malformed item"):
        service.answer("select x from t where pk='a'")


@pytest.mark.parametrize("operation", ["DescribeTable", "ExecuteStatement"])
@pytest.mark.parametrize("payload", [{}, {"Items": 5}, {"Table": {"KeySchema": []}}])
def test_an_answer_that_is_not_dynamodbs_is_a_failure(
    operation: str, payload: dict[str, Any]
) -> None:
    class Stranger(DynamoDBDouble):
        def call(self, called: str, request: Mapping[str, Any]) -> DynamoDBResponse:
            if called == operation:
                return DynamoDBResponse(payload, 2)
            return super().call(called, request)

    with pytest.raises(DynamoDBFailed, match=operation):
        _service(Stranger([])).answer("select pk from t where pk='a'")


def test_queries_of_many_threads_never_get_each_others_answers() -> None:
    items = [
        {
            "pk": {"S": f"p{p}"},
            "zipcode": {"N": str(z)},
            "status": {"S": f"s{z}"},
            "sk": {"S": "o"},
            "amount": {"N": str(p)},
        }
        for p in range(8)
        for z in range(5)
    ]
    service = _service(DynamoDBDouble(items, items_per_page=2))
    threads = 8
    together = Barrier(threads)

    def ask(p: int) -> bool:
        together.wait()
        for _ in range(20):
            sums = _rows(service, zipcode_query("t", f"p{p}"))
            counts = _rows(service, status_query("t", f"p{p}"))
            if sums != [{"zipcode": z, "pk": f"p{p}", "total": p} for z in range(5)]:
                return False
            if counts != [{"status": f"s{z}", "pk": f"p{p}", "total": 1} for z in range(5)]:
                return False
        return True

    with ThreadPoolExecutor(threads) as pool:
        assert all(pool.map(ask, range(threads)))
