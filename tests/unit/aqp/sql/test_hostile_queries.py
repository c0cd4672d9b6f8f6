"""Every request, however broken, is refused or answered by a read."""

import base64
from collections import Counter
from collections.abc import Callable, Mapping
from itertools import islice
from typing import Any

from aqp_perf.aqp.serving.dynamodb import DynamoDB, DynamoDBResponse
from aqp_perf.aqp.serving.service import QueryService
from aqp_perf.aqp.serving.web import AqpApplication, Callers
from tests.unit.aqp.sql.hostile_queries import READ_STATEMENT, TABLE, hostile_requests

REQUESTS = 800
AUTHORIZATION = f"Basic {base64.b64encode(b'someone:secret').decode()}"
ITEMS = [{"pk": {"S": "a"}, "sk": {"S": f"ORDER#{n}"}, "amount": {"N": "1.5"}} for n in range(5)]


class RecordingDynamoDB(DynamoDB):
    """Keeps what it is asked, and answers every statement with the same items."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, Mapping[str, Any]]] = []

    def call(self, operation: str, request: Mapping[str, object]) -> DynamoDBResponse:
        self.asked.append((operation, dict(request)))
        if operation == "DescribeTable":
            keys = [{"AttributeName": "pk", "KeyType": "HASH"}]
            return DynamoDBResponse({"Table": {"KeySchema": keys}}, 10)
        return DynamoDBResponse({"Items": ITEMS}, 100)


def test_a_hostile_request_is_refused_or_only_reads() -> None:
    dynamodb = RecordingDynamoDB()
    service = QueryService(dynamodb, tables=[TABLE], allow_scan=True)
    callers = Callers(users=("someone",), password="secret")
    application = AqpApplication(service, callers)
    statuses: Counter[str] = Counter()

    def start_response(
        status: str, _headers: object, exc_info: object = None, /
    ) -> Callable[[bytes], object]:
        assert exc_info is None
        statuses[status[:3]] += 1
        return lambda _: None

    for request in islice(hostile_requests(seed=1), REQUESTS):
        environ = {
            "REQUEST_METHOD": "GET",
            "REQUEST_URI": f"/query-aggregation/{request.segment}",
            "HTTP_AUTHORIZATION": AUTHORIZATION,
        }
        application(environ, start_response)

    assert set(statuses) <= {"200", "400", "404"}
    assert statuses["200"] > REQUESTS / 20, "nothing was read: the requests are too bad to tell"
    assert {operation for operation, _ in dynamodb.asked} == {"DescribeTable", "ExecuteStatement"}
    for operation, asked in dynamodb.asked:
        if operation == "ExecuteStatement":
            assert READ_STATEMENT.fullmatch(asked["Statement"]), asked
            assert asked["Statement"].count("?") == len(asked.get("Parameters", []))
