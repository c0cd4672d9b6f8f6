"""PartiQL users keep the outcomes of writes, follow pages and check items."""

from collections.abc import Callable
from typing import Any

import pytest
from gevent import GreenletExit

from aqp_perf.core.measured.failure_class import FailureClass
from aqp_perf.core.proof import WrongAnswerKind
from aqp_perf.loadgen.clients.dynamodb import Answer, Attempts, DynamoDbError, not_sent
from aqp_perf.loadgen.users.partiql_user import PartiqlUser
from aqp_perf.loadgen.users.select_pages import MOST_EMPTY_PAGES, MOST_ITEMS
from aqp_perf.workloads.locustfile import PartiqlReadUser, PartiqlWriteUser
from tests.child_side.fixtures import Open
from tests.doubles.orders import order, orders

Outcome = Answer | BaseException

INSERTED = Answer([], None, 1.0, 2)
OPTIONS = ("--region", "eu-west-1", "--endpoint-url", "http://127.0.0.1:9", "--run-id", "r")


class ScriptedClient:
    """Answers each statement with the next of what it was given."""

    def __init__(self, *outcomes: Outcome) -> None:
        self._outcomes = list(outcomes)
        self.tokens: list[object] = []

    def execute_statement(self, *_: object, next_token: str | None = None, **__: object) -> Answer:
        self.tokens.append(next_token)
        outcome = self._outcomes.pop(0)
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome


def error(kind: FailureClass, code: str = "X", *, attempts: int = 1) -> DynamoDbError:
    failed = DynamoDbError(kind, code)
    if attempts > 1:
        failed.attempts = Attempts(total=attempts, throttled=0, backoff_ns=0)
    return failed


def started(
    open_environment: Open, user_class: type[PartiqlUser], *options: str
) -> tuple[PartiqlUser, list[dict[str, Any]]]:
    environment = open_environment(*OPTIONS, *options, users=[user_class])
    events: list[dict[str, Any]] = []
    environment.events.request.add_listener(lambda **event: events.append(event))
    environment.events.test_start.fire(environment=environment)
    user = user_class(environment)
    user.on_start()
    return user, events


def run(user: PartiqlUser, *outcomes: Outcome) -> ScriptedClient:
    client = ScriptedClient(*outcomes)
    user.client = client
    return client


@pytest.mark.parametrize(
    ("outcome", "noted"),
    [
        (INSERTED, "a"),
        *((error(kind), "r") for kind in (FailureClass.THROTTLED, FailureClass.CLIENT_ERROR)),
        *((error(kind), "r") for kind in (FailureClass.UNAUTHORIZED, FailureClass.CONNECTION)),
        *((error(kind), "u") for kind in (FailureClass.AMBIGUOUS, FailureClass.SERVER_ERROR)),
        *((error(kind), "u") for kind in (FailureClass.WRONG_ANSWER, FailureClass.OTHER)),
        (error(FailureClass.THROTTLED, attempts=2), "u"),
        *(
            (error(FailureClass.CLIENT_ERROR, code), "u")
            for code in ("DuplicateItemException", "RequestTimeout", "Http408", "Http403")
        ),
    ],
)
def test_a_write_has_the_outcome_that_its_answer_proves(
    open_environment: Open, outcome: Outcome, noted: str
) -> None:
    user, events = started(open_environment, PartiqlWriteUser)
    run(user, outcome)

    user.request()

    (log,) = user.workload.write_logs
    assert (log.stream, log.to_text()) == ("r/0/0", f"1{noted}")
    assert (events[0]["exception"] is None) is (noted == "a")


READ, NOTHING = 1.0, None


@pytest.mark.parametrize(
    ("failure", "planned"),
    [
        *((error(kind), READ) for kind in (FailureClass.WRONG_ANSWER, FailureClass.TIMEOUT)),
        *((error(kind), READ) for kind in (FailureClass.CONNECTION, FailureClass.SERVER_ERROR)),
        *((error(kind), NOTHING) for kind in (FailureClass.THROTTLED, FailureClass.CLIENT_ERROR)),
        (error(FailureClass.UNAUTHORIZED), NOTHING),
        (not_sent("NotConnected", "refused"), NOTHING),
    ],
)
def test_a_select_that_may_have_read_has_its_planned_units(
    open_environment: Open, failure: DynamoDbError, planned: float | None
) -> None:
    user, events = started(open_environment, PartiqlReadUser)
    run(user, failure)

    user.request()

    assert events[0]["context"].get("planned_read_units") == planned


def test_a_write_has_no_planned_reads(open_environment: Open) -> None:
    user, events = started(open_environment, PartiqlWriteUser)
    run(user, error(FailureClass.SERVER_ERROR))

    user.request()

    assert "planned_read_units" not in events[0]["context"]


def test_a_write_that_was_under_way_at_the_end_has_an_unknown_outcome(
    open_environment: Open,
) -> None:
    user, _ = started(open_environment, PartiqlWriteUser)
    run(user, INSERTED, GreenletExit())

    user.request()
    with pytest.raises(GreenletExit):
        user.request()

    assert user.workload.write_logs[0].to_text() == "1a1u"


def test_a_new_test_begins_new_logs(open_environment: Open) -> None:
    user, _ = started(open_environment, PartiqlWriteUser)
    environment = user.environment

    environment.events.test_start.fire(environment=environment)

    assert user.workload.write_logs == []


def pages_of(items: list[Any], *sizes: int) -> list[Answer]:
    """Return the items as pages of these sizes, the rest as the last one."""
    pages, at = [], 0
    for number, size in enumerate(sizes):
        pages.append(Answer(items[at : at + size], f"token {number}", 0.5, 10))
        at += size
    return [*pages, Answer(items[at:], None, 0.5, 10)]


def right_items() -> list[Any]:
    dataset = orders()
    asked = order(dataset.read_item("r/0/0", 0))
    items = sorted(
        item
        for item in map(order, dataset.seed_items())
        if (item.pk, item.status) == (asked.pk, asked.status)
    )
    return [item.attributes() for item in items]


@pytest.mark.parametrize("sizes", [(), (1,), (0, 2), (1, 1, 0)])
def test_all_pages_together_are_the_answer(open_environment: Open, sizes: tuple[int, ...]) -> None:
    user, events = started(open_environment, PartiqlReadUser, "--verify", "all")
    client = run(user, *pages_of(right_items(), *sizes))

    user.request()

    assert client.tokens[0] is None
    assert client.tokens[1:] == [f"token {number}" for number in range(len(sizes))]
    assert [event["exception"] for event in events] == [None] * (len(sizes) + 1)
    assert [event["context"].get("is_checked", False) for event in events] == [
        *[False] * len(sizes),
        True,
    ]


def test_a_wrong_answer_fails_its_last_page(open_environment: Open) -> None:
    user, events = started(open_environment, PartiqlReadUser, "--verify", "all")
    items = right_items()
    run(user, *pages_of(items[:-1], 1))

    user.request()

    first, last = events
    assert first["exception"] is None
    assert last["exception"].failure_class is FailureClass.WRONG_ANSWER
    assert last["context"]["wrong_answer"].kind is WrongAnswerKind.TRUNCATED
    assert str(last["exception"]) == "truncated"


def test_an_answer_that_breaks_off_is_not_checked(open_environment: Open) -> None:
    user, events = started(open_environment, PartiqlReadUser, "--verify", "all")
    run(user, pages_of(right_items(), 1)[0], error(FailureClass.TIMEOUT))

    user.request()

    assert [event["context"].get("is_checked") for event in events] == [False, False]


@pytest.mark.parametrize("verify", ["all", "sample:1%", "off"])
@pytest.mark.parametrize(
    ("page_of", "count"),
    [
        (lambda n: Answer([], f"token {n}", 0.5, 10), MOST_EMPTY_PAGES + 1),
        (lambda _: Answer(right_items()[:1], "again", 0.5, 10), 2),
    ],
    ids=["without items", "the same again"],
)
def test_a_select_that_never_ends_is_given_up(
    open_environment: Open, page_of: Callable[[int], Answer], count: int, verify: str
) -> None:
    user, events = started(open_environment, PartiqlReadUser, "--verify", verify)
    run(user, *(page_of(number) for number in range(count)))

    user.request()

    *others, last = events
    assert [event["exception"] for event in others] == [None] * (count - 1)
    assert last["exception"].failure_class is FailureClass.WRONG_ANSWER
    assert last["context"]["wrong_answer"].got == "page after page"
    assert last["context"].get("is_checked") is {"all": True, "sample:1%": False}.get(verify)


def test_of_a_select_without_end_no_more_is_kept_than_there_can_be(open_environment: Open) -> None:
    user, events = started(open_environment, PartiqlReadUser, "--verify", "all")
    run(user, *(Answer([{}] * MOST_ITEMS, f"token {number}", 0.5, 10) for number in range(2)))

    user.request()

    assert [event["exception"] is None for event in events] == [True, False]


@pytest.mark.parametrize(("verify", "is_checked"), [("all", True), ("sample:1%", False)])
def test_an_answer_that_is_not_dynamodbs_is_a_wrong_one(
    open_environment: Open, verify: str, *, is_checked: bool
) -> None:
    user, events = started(open_environment, PartiqlReadUser, "--verify", verify)
    run(user, DynamoDbError(FailureClass.WRONG_ANSWER, "NotDynamoDb", "<html>"))

    user.request()

    assert events[0]["context"]["is_checked"] is is_checked
    if is_checked:
        assert events[0]["context"]["wrong_answer"].kind is WrongAnswerKind.MALFORMED


def test_of_a_sample_the_users_check_by_turns(open_environment: Open) -> None:
    first, _ = started(open_environment, PartiqlReadUser, "--verify", "sample:50%")
    second = PartiqlReadUser(first.environment)
    second.on_start()

    def is_due(user: PartiqlUser, index: int) -> bool:
        check = user.check(index, lambda _: None)
        return check is not None and check.check is not None

    assert [is_due(first, index) for index in range(4)] == [False, True, False, True]
    assert [is_due(second, index) for index in range(4)] == [True, False, True, False]


def test_nothing_is_checked_by_default(open_environment: Open) -> None:
    user, events = started(open_environment, PartiqlReadUser)
    run(user, Answer([], None, 0.5, 10))

    user.request()

    assert events[0]["exception"] is None
    assert "is_checked" not in events[0]["context"]
