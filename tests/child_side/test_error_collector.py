"""Each exception of a locustfile is counted once, with what raised it and in which line."""

import inspect
import logging
import os
from collections.abc import Callable, Iterator
from typing import Any

import gevent
import pytest
from locust import HttpUser, TaskSet, User, constant, log, task
from locust.contrib.fasthttp import FastHttpUser
from locust.exception import InterruptTaskSet, StopTest, StopUser
from locust.log import greenlet_exception_logger
from locust.runners import locust_exception_handler

from aqp_perf.loadgen.measure.error_collector import ErrorCollector
from aqp_perf.loadgen.measure.process_errors import ProcessErrors, RaisedError
from aqp_perf.loadgen.workload.workload import workload_of
from tests.child_side.fixtures import Open

Collect = Callable[..., tuple[Any, ErrorCollector]]
HERE = os.path.basename(__file__)  # noqa: PTH119 - a name
SECRET = "wJalrXUtnFEMI/K7MDENG"


def line_of(function: Callable[..., object], offset: int) -> str:
    return f"{HERE}:{inspect.getsourcelines(function)[1] + offset}"


@pytest.fixture
def collect(open_environment: Open, monkeypatch: pytest.MonkeyPatch) -> Iterator[Collect]:
    """Make an environment and its collector; takes user classes."""
    monkeypatch.setattr(log, "unhandled_greenlet_exception", False)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    collectors: list[ErrorCollector] = []

    def make(*users: type[User]) -> tuple[Any, ErrorCollector]:
        environment = open_environment(users=users or (Idle,))
        collector = ErrorCollector(environment)
        collectors.append(collector)
        return environment, collector

    yield make
    for logger in (logging.getLogger(), logging.getLogger("locust")):
        for collector in collectors:
            logger.removeHandler(collector)


class Idle(User):
    wait_time = constant(60)

    @task
    def rest(self) -> None:
        """Do nothing."""


def fail(**_: object) -> None:
    raise ConnectionError("the accounts\n could not\tbe created")


def run_users(made: tuple[Any, ErrorCollector], name: str, count: int = 1) -> ProcessErrors:
    environment, collector = made
    environment.runner.spawn_users({name: count})
    environment.runner.user_greenlets.join(timeout=10)
    gevent.idle()
    return collector.errors


@pytest.mark.parametrize(
    ("event", "where"),
    [
        ("init", "an init listener"),
        ("test_start", "a test_start listener"),
        ("spawning_complete", "a spawning_complete listener"),
        ("request", "a request listener"),
        ("test_stopping", "a test_stopping listener"),
        ("test_stop", "a test_stop listener"),
        ("quitting", "a quitting listener"),
    ],
)
def test_a_listener_is_named_by_its_event(
    collect: Collect, event: str, where: str, capsys: pytest.CaptureFixture[str]
) -> None:
    environment, collector = collect()
    hook = getattr(environment.events, event)
    hook._handlers = [fail]

    hook.fire()

    assert collector.errors.raised == (
        RaisedError(
            where=where,
            kind="ConnectionError",
            message="the accounts could not be created",
            place=line_of(fail, 1),
        ),
    )
    assert collector.errors.has_unhandled
    assert collector.errors.lines == ()
    told = f"no load can be sent: {where} raised ConnectionError: the accounts could not be created"
    assert (told in capsys.readouterr().err) is (event == "init")


class Clumsy(User):
    wait_time = constant(0)
    count = 0

    @task
    def stumble(self) -> None:
        self.count += 1
        if self.count > 3:
            raise StopUser
        tokens: dict[str, str] = {}
        tokens["token"].strip()


def test_an_exception_in_a_task_is_counted_and_its_user_goes_on(collect: Collect) -> None:
    errors = run_users(collect(Clumsy), "Clumsy")

    assert errors.raised == (
        RaisedError(
            where="a task of Clumsy",
            kind="KeyError",
            message="'token'",
            place=line_of(Clumsy.stumble, 6),
            count=3,
        ),
    )
    assert errors.lines == ()


class Nested(User):
    @task
    class Inner(TaskSet):
        """Tasks below the user's own."""

        @task
        def stumble(self) -> None:
            raise ValueError


def test_an_exception_that_ends_its_user_is_counted_once(collect: Collect) -> None:
    made = collect(Nested)
    made[0].catch_exceptions = False

    errors = run_users(made, "Nested", 2)

    (error,) = errors.raised
    assert (error.where, str(error)) == (
        "a task of Nested",
        f"ValueError ({line_of(Nested.Inner.stumble, 2)})",
    )
    assert (error.count, error.ended_users) == (2, 2)


class Barred(Idle):
    def on_start(self) -> None:
        raise ValueError("no account")


class Leaving(User):
    def on_start(self) -> None:
        raise StopUser("through with it")

    def on_stop(self) -> None:
        raise OSError("cannot log out")


@pytest.mark.parametrize(
    ("user", "text", "ended"),
    [
        (Barred, "on_start of Barred: ValueError: no account", 1),
        (Leaving, "on_stop of Leaving: OSError: cannot log out", 0),
    ],
)
def test_the_part_of_a_user_is_named(
    collect: Collect, user: type[User], text: str, ended: int
) -> None:
    errors = run_users(collect(user), user.__name__)

    (error,) = errors.raised
    assert f"{error.where}: {error}".startswith(text)
    assert error.ended_users == ended
    assert errors.lines == ()


class Unmakeable(Idle):
    def __init__(self, environment: Any) -> None:  # noqa: ANN401 - as locust
        super().__init__(environment)
        raise TypeError("one argument too many")


class Hostless(HttpUser):
    wait_time = constant(60)


class FastHostless(FastHttpUser):
    wait_time = constant(60)


class OwnHost(HttpUser):
    wait_time = constant(60)

    def __init__(self, environment: Any) -> None:  # noqa: ANN401 - as locust
        self.host = "http://127.0.0.1:9"
        super().__init__(environment)  # type: ignore[no-untyped-call]

    @task
    def visit(self) -> None:
        """Do nothing."""


def spawn(environment: Any, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: ANN401 - see `Open`
    with monkeypatch.context() as patched:
        patched.setattr(environment.runner, "quit", lambda: None)
        environment.runner.start(1, 1)
        environment.runner.spawning_greenlet.join(timeout=10)
        gevent.idle()


def test_a_user_that_cannot_be_made_is_an_exception_of_its_constructor(
    collect: Collect, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment, collector = collect(Unmakeable)
    spawn(environment, monkeypatch)

    (error,) = collector.errors.raised
    assert error.where == "the constructor of Unmakeable"
    assert error.is_of_constructor
    assert error.place == line_of(Unmakeable.__init__, 2)


@pytest.mark.parametrize("user", [Hostless, FastHostless])
def test_a_class_that_needs_a_host_and_has_none_is_no_exception(
    collect: Collect, monkeypatch: pytest.MonkeyPatch, user: type[User]
) -> None:
    environment, collector = collect(user)
    spawn(environment, monkeypatch)

    assert collector.errors == ProcessErrors(without_host=(user.__name__,))


def test_a_class_that_gives_itself_a_host_has_one(
    collect: Collect, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment, collector = collect(OwnHost)
    spawn(environment, monkeypatch)

    assert collector.errors == ProcessErrors()


def test_a_greenlet_whose_exception_locust_logs_is_counted(collect: Collect) -> None:
    _, collector = collect()
    greenlet = gevent.spawn(fail)
    greenlet.link_exception(greenlet_exception_logger(logging.getLogger("locust.main")))
    greenlet.join()
    gevent.idle()

    (error,) = collector.errors.raised
    assert (error.where, error.kind) == ("a greenlet", "ConnectionError")


@pytest.mark.parametrize("kind", [StopUser, StopTest])
def test_a_listener_that_ends_its_greenlet_is_named_by_its_event(
    collect: Collect, kind: type[Exception]
) -> None:
    """Locust passes on what ends tasks and tests; a test that has stopped has nothing to end."""

    def stop(**_: object) -> None:
        raise kind("too many failures")

    environment, collector = collect()
    environment.events.test_stop.add_listener(stop)
    workload_of(environment).ending.stop()
    stopping = gevent.spawn(environment.events.test_stop.fire, environment=environment)
    stopping.link_exception(locust_exception_handler(environment))
    stopping.join()
    gevent.idle()
    environment.events.test_stop.remove_listener(stop)  # it would end the set-down, too

    (error,) = collector.errors.raised
    assert (error.where, error.kind) == ("a test_stop listener", kind.__name__)
    assert error.place == line_of(stop, 1)


class Interrupting(User):
    wait_time = constant(60)

    @task
    def interrupt(self) -> None:
        raise InterruptTaskSet


def test_an_exception_that_locust_makes_of_another_has_the_line_of_that(collect: Collect) -> None:
    """A user's own task has no task set that it could leave."""
    (error,) = run_users(collect(Interrupting), "Interrupting").raised

    assert error.kind == "RescheduleTaskImmediately"
    assert error.place == line_of(Interrupting.interrupt, 2)


def test_an_exception_of_a_library_has_the_line_of_the_locustfile(collect: Collect) -> None:
    environment, collector = collect()

    def decode(**_: object) -> None:
        bytes.fromhex("").decode("ascii")
        __import__("json").loads("{")

    environment.events.test_start.add_listener(decode)
    environment.events.test_start.fire()

    (error,) = collector.errors.raised
    assert (error.kind, error.place) == ("JSONDecodeError", line_of(decode, 2))


class Unspeakable(Exception):
    def __str__(self) -> str:
        raise ZeroDivisionError


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (Unspeakable(), "Unspeakable ("),
        (ValueError(), "ValueError ("),
        (ValueError("x" * 9_000), f"ValueError: {'x' * 299}… ("),
        (ValueError(f"key {SECRET} refused"), "ValueError: key *** refused ("),
        (ValueError("\ud800"), "ValueError: \\ud800 ("),
    ],
    ids=["unspeakable", "empty", "long", "secret", "surrogate"],
)
def test_a_message_can_always_be_shown(
    collect: Collect, monkeypatch: pytest.MonkeyPatch, error: Exception, text: str
) -> None:
    environment, collector = collect()
    # Not pytest's, which could not send a lone surrogate from worker to controller.
    monkeypatch.setattr(logging.getLogger(), "handlers", [collector])

    def raise_it(**_: object) -> None:
        raise error

    environment.events.test_start.add_listener(raise_it)
    environment.events.test_start.fire()

    (found,) = collector.errors.raised
    assert str(found).startswith(text)


def test_other_errors_of_the_log_are_kept_as_lines(collect: Collect) -> None:
    _, collector = collect()
    locusts, own = logging.getLogger("locust.runners"), logging.getLogger("shop.users")

    own.error("login of %s failed with %s\nTraceback", "anna", SECRET)
    own.warning("slow")
    collector.emit(logging.LogRecord("shop", logging.ERROR, "", 1, "%d", ("no number",), None))
    locusts.error("Timeout waiting for all workers to stop")
    locusts.error("Timeout waiting for all workers to stop")

    assert collector.errors.lines == (
        "login of anna failed with ***",
        "Timeout waiting for all workers to stop",
    )
    assert collector.errors.raised == ()


def test_a_locustfile_that_sets_up_logging_does_not_end_the_collection(collect: Collect) -> None:
    _, collector = collect()
    root = logging.getLogger()
    root.removeHandler(collector)

    collector.attach()
    collector.attach()

    assert root.handlers.count(collector) == 1
