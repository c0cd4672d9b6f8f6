"""A run ends at its run time, when its users are gone, and at the last when it cannot end."""

import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NoReturn

import gevent
import pytest
from gevent.event import Event
from gevent.monkey import get_original
from locust import LoadTestShape, User, task
from locust.exception import StopTest, StopUser

from aqp_perf.loadgen.measure import run_end
from aqp_perf.loadgen.measure.run_end import RunEnd, _place_of
from tests.child_side.fixtures import Open

DEADLINE_S = 10.0
thread_number = get_original("_thread", "get_ident")

Begin = Callable[..., Any]


class LeavingUser(User):
    """Leaves at once."""

    @task
    def leave(self) -> NoReturn:
        """Leave."""
        raise StopUser


class NoUsers(LoadTestShape):
    """Any load shape."""

    def tick(self) -> None:
        """End the test."""


SHAPE = NoUsers()  # type: ignore[no-untyped-call]


@pytest.fixture
def begin(open_environment: Open) -> Begin:
    """Return an environment, its `RunEnd` and an event that is set when it ends the run."""

    def start(*arguments: str, **changes: Any) -> Any:  # noqa: ANN401 - see `Open`
        environment = open_environment(*arguments, users=[LeavingUser])
        environment.parsed_options.perf_result_file = ""
        for name, value in changes.items():
            setattr(environment, name, value)
        ended = Event()
        quit_runner = environment.runner.quit

        def quit_() -> None:
            ended.set()
            quit_runner()

        environment.runner.quit = quit_
        end = RunEnd(environment, lambda _place: None)
        environment.events.spawning_complete.add_listener(end.on_spawning_complete)
        return environment, end, ended

    return start


def test_locust_does_not_see_the_run_time_before_the_test(begin: Begin) -> None:
    """Its timer would begin before the load; locustfiles and load shapes read it later."""
    environment, end, _ = begin("--headless", "-t", "30")

    assert environment.parsed_options.run_time is None
    assert end.run_time_s == 30
    environment.runner.start(1, 1)
    assert environment.parsed_options.run_time == 30


@pytest.mark.parametrize("arguments", [("-t", "30"), ("-t", "30", "--autostart")])
def test_with_a_web_ui_the_run_time_is_locusts_own(
    begin: Begin, arguments: tuple[str, ...]
) -> None:
    environment, end, _ = begin(*arguments)
    end.begin()

    assert environment.parsed_options.run_time == 30


def test_the_run_ends_at_its_run_time(begin: Begin) -> None:
    _, end, ended = begin("--headless", "-t", "1")
    end.run_time_s = 0.01
    end.begin()

    assert ended.wait(DEADLINE_S)


def test_a_command_that_is_run_again_ends_too(begin: Begin, tmp_path: Path) -> None:
    """The folder of its result file went with the session that printed it."""
    environment, end, ended = begin("--headless", "-t", "1")
    environment.parsed_options.perf_result_file = str(tmp_path / "gone" / "result.json")
    end.run_time_s = 0.01
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(end, "_end_after", lambda _load_s: None)
        end.begin()

    assert ended.wait(DEADLINE_S)
    assert (tmp_path / "gone" / "result.begun").exists()


def test_a_run_ends_with_its_users(begin: Begin) -> None:
    environment, end, ended = begin("--headless", "-t", "60")
    end.on_test_start()
    end.begin()
    environment.runner.start(3, 100)

    assert ended.wait(DEADLINE_S)


@pytest.mark.parametrize(
    ("arguments", "changes"),
    [(("--headless",), {"shape_class": SHAPE}), ((), {})],
    ids=["shape", "web"],
)
def test_where_users_may_come_again_the_run_goes_on(
    begin: Begin, arguments: tuple[str, ...], changes: dict[str, object]
) -> None:
    environment, end, ended = begin(*arguments, **changes)
    end.on_test_start()
    end.begin()
    environment.runner.start(1, 1)
    environment.runner.spawning_greenlet.join(DEADLINE_S)
    environment.runner.user_greenlets.join(DEADLINE_S)
    gevent.idle()

    assert not ended.is_set()


@pytest.mark.parametrize("error", [StopUser, StopTest])
def test_a_run_ends_whose_test_does_not_start(begin: Begin, error: type[Exception]) -> None:
    """Locust would wait for its own run time, which is ours now."""

    def give_up(**_: object) -> NoReturn:
        raise error

    environment, _, ended = begin("--headless", "-t", "60")
    environment.events.test_start.add_listener(give_up)
    environment.runner.start(1, 1)

    assert ended.wait(DEADLINE_S)


def test_a_test_that_the_locustfile_stops_ends_the_run(begin: Begin) -> None:
    environment, end, ended = begin("--headless", "-t", "60")
    environment.events.test_stop.add_listener(end.on_test_stop)
    end.begin()
    environment.runner.stop()

    assert ended.wait(DEADLINE_S)


def test_a_process_that_does_not_end_is_ended_once(
    begin: Begin, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, end, _ = begin("--headless")
    places: list[str] = []
    exits: list[int] = []
    monkeypatch.setattr(end, "_at_last", places.append)
    monkeypatch.setattr(os, "_exit", exits.append)
    for _ in range(2):
        end._end_process(sys._getframe())

    assert exits == [1]
    assert [place.partition(":")[0] for place in places] == [Path(__file__).name]


@pytest.mark.parametrize("handler", [signal.SIG_DFL, signal.SIG_IGN])
def test_a_process_is_ended_wherever_it_is(
    begin: Begin, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, handler: signal.Handlers
) -> None:
    """By the main thread, unless the locustfile has the signal, or code in C does not return."""
    environment, end, _ = begin("--headless")
    environment.parsed_options.perf_result_file = str(tmp_path / "result.json")
    threads: list[int] = []
    monkeypatch.setattr(run_end, "LAST_S", 0.0)
    monkeypatch.setattr(end, "_at_last", lambda _place: threads.append(thread_number()))
    monkeypatch.setattr(os, "_exit", lambda _code: None)
    before = signal.signal(signal.SIGALRM, handler)
    try:
        end.end_soon()
        with gevent.Timeout(DEADLINE_S):
            while not threads:
                gevent.sleep(0.001)
    finally:
        signal.signal(signal.SIGALRM, before)

    assert (threads == [thread_number()]) is (handler is signal.SIG_DFL)


def frame_in(file: str, line: int, outer: object) -> Any:  # noqa: ANN401 - like a frame
    code = SimpleNamespace(co_filename=file)
    return SimpleNamespace(f_code=code, f_lineno=line, f_back=outer)


def test_the_place_of_a_process_is_in_no_library() -> None:
    own = frame_in("/home/me/users.py", 7, frame_in("/home/me/outer.py", 1, None))

    assert _place_of(own) == "users.py:7"
    assert _place_of(frame_in(json.__file__, 3, own)) == "users.py:7"
    assert _place_of(frame_in(json.__file__, 3, None)) == "__init__.py:3"
    assert _place_of(None) == "?"
