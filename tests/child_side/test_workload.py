"""A locust process opens what it needs before the load, and paces its users."""

import time
from collections.abc import Callable
from typing import NamedTuple

import gevent
import pytest
from locust import User, task
from locust.env import Environment
from locust.event import Events

from aqp_perf.core.measured.failure_class import FailureClass
from aqp_perf.loadgen.clients.dynamodb import Answer, Attempts, DynamoDbError
from aqp_perf.loadgen.users.paced_user import PacedUser
from aqp_perf.loadgen.users.partiql_user import PartiqlUser
from aqp_perf.loadgen.workload.workload import workload_of
from aqp_perf.workloads.locustfile import AqpZipcodeUser, PartiqlReadUser, PartiqlWriteUser
from tests.child_side.fixtures import Open, fired
from tests.doubles.scripted_server import (
    Behaviour,
    ScriptedServer,
    answer,
    reset,
    send_and_close,
)

DEADLINE_S = 10.0

Start = Callable[..., ScriptedServer]


def test_the_open_model_sends_its_schedule(serve: Start, open_environment: Open) -> None:
    """Two classes share one schedule: each of its instants has one request."""
    server = serve(answer(b'{"ConsumedCapacity": {"CapacityUnits": 1.0}}'))
    environment = open_environment(
        *("--pacing", "500/s", "--stop-timeout", "5", "--region", "eu-west-1"),
        *("--endpoint-url", server.url),
        users=[PartiqlWriteUser, type("OtherWriter", (PartiqlWriteUser,), {})],
    )
    events = fired(environment)
    environment.runner.start(3, 100)
    deadline = gevent.Timeout.start_new(DEADLINE_S)
    while len(events) < 30:
        gevent.sleep(0)
    deadline.cancel()
    environment.runner.stop()
    due_ns = sorted(event["context"]["due_ns"] for event in events)
    due, sent = workload_of(environment).arrivals.counts_between(0, time.perf_counter_ns())

    assert due_ns == [due_ns[0] + index * 2_000_000 for index in range(len(events))]
    assert sent == len(events) == len(server.requests)
    assert due >= sent
    assert events[0]["context"]["consumed_write_units"] == 1.0


class Shopper(User):
    """A user of another file, to whom ``item`` is something else."""

    item = "shoe"

    @task
    def buy(self) -> None:
        """Buy it."""


def test_other_users_may_have_another_use_of_the_name_item(open_environment: Open) -> None:
    environment = open_environment("--item", "shop:Order", users=[Shopper])
    environment.events.test_start.fire(environment=environment)

    assert workload_of(environment).gave_up is None


def test_the_client_is_open_before_the_first_user(open_environment: Open) -> None:
    environment = open_environment(
        "--region", "eu-west-1", "--endpoint-url", "http://127.0.0.1:9", users=[PartiqlWriteUser]
    )
    environment.events.test_start.fire(environment=environment)

    assert list(PartiqlUser._clients) == [("fast", "http://127.0.0.1:9", "eu-west-1", 1)]


def test_a_test_with_other_settings_gets_a_client_of_its_own(open_environment: Open) -> None:
    """As the web interface does, which changes options between tests of one process."""
    environment = open_environment(
        "--region", "eu-west-1", "--endpoint-url", "http://127.0.0.1:9", users=[PartiqlWriteUser]
    )
    environment.events.test_start.fire(environment=environment)
    environment.parsed_options.perf_endpoint_url = "http://127.0.0.1:10"
    environment.events.test_start.fire(environment=environment)
    user = PartiqlWriteUser(environment)
    user.on_start()

    assert user.client._server.host == "127.0.0.1:10"  # type: ignore[attr-defined]


class RepeatingClient(NamedTuple):
    """Says that it repeated what it was given, before it answered or gave up."""

    outcome: Answer | DynamoDbError

    def execute_statement(self, *_: object, **__: object) -> Answer:
        if isinstance(self.outcome, DynamoDbError):
            raise self.outcome
        return self.outcome


ATTEMPTS = Attempts(total=3, throttled=2, backoff_ns=150_000_000)
GAVE_UP = DynamoDbError(FailureClass.THROTTLED, "ThrottlingException")
GAVE_UP.attempts = ATTEMPTS


@pytest.mark.parametrize(
    ("outcome", "said"),
    [
        (Answer([], None, None, 2), {}),
        (
            Answer([], None, None, 2, ATTEMPTS),
            {"attempts": 3, "throttled_attempts": 2, "backoff_ns": 150_000_000},
        ),
        (GAVE_UP, {"attempts": 3, "throttled_attempts": 2, "backoff_ns": 150_000_000}),
    ],
    ids=["once", "repeated", "gave up"],
)
def test_an_event_has_the_attempts_of_its_request(
    open_environment: Open, outcome: Answer | DynamoDbError, said: dict[str, int]
) -> None:
    environment = open_environment(
        "--region", "eu-west-1", "--endpoint-url", "http://127.0.0.1:9", users=[PartiqlWriteUser]
    )
    events = fired(environment)
    environment.events.test_start.fire(environment=environment)
    user = PartiqlWriteUser(environment)
    user.on_start()
    user.client = RepeatingClient(outcome)
    user.request()

    context = events[0]["context"]
    assert {
        key: context[key]
        for key in context.keys() - {"due_ns", "start_ns", "user_class", "is_write"}
    } == said


@pytest.mark.parametrize("user", [PartiqlWriteUser, PartiqlReadUser, AqpZipcodeUser])
@pytest.mark.parametrize("behave", [send_and_close(), reset])
def test_an_unpaced_user_pauses_after_a_broken_connection(
    open_environment: Open, serve: Start, user: type[PacedUser], behave: Behaviour
) -> None:
    server = serve(behave)
    options = ("--pacing", "none", "--endpoint-url", server.url, "--region", "eu-west-1")
    environment = open_environment(*options, users=[type("Own", (user,), {"host": server.url})])
    events = fired(environment)
    environment.events.test_start.fire(environment=environment)
    (own,) = environment.user_classes
    one = own(environment)
    one.on_start()

    waits = []
    for behave_next in (behave, behave, answer(b'{"Items":[],"response":[{"resultSet":[]}]}')):
        server.behave = behave_next
        one.request()
        waits.append(one.wait_time())

    assert waits == [0.1, 0.1, 0.0]
    assert [event["exception"] is None for event in events] == [False, False, True]
    assert len(server.requests) == 3


def test_what_cannot_be_opened_ends_locust_with_one_message(
    open_environment: Open, caplog: pytest.LogCaptureFixture
) -> None:
    environment = open_environment(users=[PartiqlWriteUser])
    environment.runner.start(3, 100)
    environment.runner.greenlet.join(DEADLINE_S)

    assert environment.process_exit_code == 2
    assert environment.stats.total.num_requests == 0
    said = [
        each.message for each in caplog.records if each.name == "aqp_perf.loadgen.workload.workload"
    ]
    assert said == ["no AWS region: give --region or set AWS_REGION"]


def test_users_without_our_base_class_need_no_workload(open_environment: Open) -> None:
    class Plain(User):
        @task
        def nothing(self) -> None:
            """Do nothing."""

    environment = open_environment(users=[Plain])
    environment.events.test_start.fire(environment=environment)
    assert environment.process_exit_code is None


def test_a_locustfile_without_our_users_is_an_error_that_names_them() -> None:
    environment = Environment(events=Events())
    with pytest.raises(LookupError, match=r"import aqp_perf\.users"):
        workload_of(environment)


def test_streams_never_repeat(open_environment: Open) -> None:
    workload = workload_of(open_environment("--run-id", "r", users=[PartiqlWriteUser]))

    streams = [workload.stream(workload.next_user()) for _ in range(3)]

    assert streams == ["r/0/0", "r/0/1", "r/0/2"]
