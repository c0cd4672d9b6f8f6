"""Reasons name the exceptions of a locustfile: type, message, place, and what they ended."""

from dataclasses import replace
from typing import Any

import msgspec

from aqp_perf.loadgen.measure.process_errors import (
    MOST_KINDS,
    MOST_SHOWN_LINES,
    ErrorTally,
    ProcessErrors,
    RaisedError,
    host_reasons,
    missing_reason,
    raised_reasons,
    shown_lines,
    together,
)

SEEDING = RaisedError(
    where="a test_start listener", kind="ConnectionError", message="no accounts", place="users.py:5"
)
TASK = RaisedError(
    where=RaisedError.where_task("U"), kind="KeyError", message="'token'", place="users.py:8"
)
LOGIN = RaisedError(
    where="on_start of U", kind="ValueError", message="no", place="users.py:9", ended_users=1
)
MAKING = RaisedError(where=RaisedError.where_constructor("U"), kind="TypeError", place="users.py:3")


def errors(*raised: RaisedError, **more: Any) -> ProcessErrors:  # noqa: ANN401 - fields
    tally = ErrorTally()
    for error in raised:
        tally.add(error)
    return replace(tally.errors(), **more)


def reasons(*raised: RaisedError, without_users: bool = False, **more: bool) -> list[str]:
    return [*raised_reasons(errors(*raised, **more), without_users=without_users)]


def missing(
    *raised: RaisedError,
    there: int = 0,
    unstarted: str | None = None,
    has_lost_workers: bool = False,
) -> str:
    return missing_reason(
        errors(*raised),
        asked_for=5,
        there=there,
        unstarted=unstarted,
        has_lost_workers=has_lost_workers,
    )


def test_a_listener_is_named_with_its_exception_however_many_processes_it_runs_in() -> None:
    (reason,) = reasons(SEEDING, SEEDING)

    assert reason == "a test_start listener raised ConnectionError: no accounts (users.py:5)"


def test_exceptions_in_tasks_are_counted() -> None:
    assert reasons(TASK) == ["a task of U raised KeyError: 'token' (users.py:8)"]
    assert reasons(TASK, replace(TASK, message="'other'"), TASK) == [
        "the locustfile raised 3 exceptions, the first: KeyError: 'token' (users.py:8)"
    ]


def test_the_first_of_several_is_shown_with_what_raised_it() -> None:
    (reason,) = reasons(SEEDING, TASK, TASK)

    assert reason == (
        "the locustfile raised 3 exceptions, the first in a test_start listener: "
        "ConnectionError: no accounts (users.py:5)"
    )


def test_an_exception_that_left_no_more_than_locusts_mark_is_a_reason() -> None:
    (reason,) = reasons(has_unhandled=True)

    assert "unhandled exception" in reason
    assert len(reasons(TASK, has_unhandled=True)) == 1
    assert reasons() == []


def test_users_that_ended_by_their_exceptions_are_told_once() -> None:
    assert missing(LOGIN, LOGIN, LOGIN, there=2) == (
        "2 of 5 users were there at the end: 3 users ended by ValueError: no (users.py:9)"
    )
    assert reasons(LOGIN, LOGIN, without_users=True) == []
    assert reasons(LOGIN, TASK, without_users=True) == reasons(TASK)


def test_users_without_an_exception_stopped_themselves() -> None:
    assert missing() == "0 of 5 users were there at the end: 5 users stopped themselves"
    assert missing(LOGIN, there=3).endswith(
        ": 1 user ended by ValueError: no (users.py:9); 1 user stopped itself"
    )


def test_users_that_could_not_be_made_or_were_not_started_did_not_stop() -> None:
    assert missing(MAKING) == (
        "0 of 5 users were there at the end: the constructor of U raised TypeError (users.py:3)"
    )
    assert reasons(MAKING, without_users=True) == []
    assert missing(there=1, unstarted="not started").endswith(": 4 users not started")


def test_users_of_a_worker_that_was_lost_did_not_stop() -> None:
    assert missing(there=2, has_lost_workers=True).endswith(": 3 users went with a worker")


def test_more_users_never_ended_than_are_missing() -> None:
    """One that ended by its exception after the test had stopped was there."""
    assert missing(LOGIN, LOGIN, LOGIN, there=4).endswith(
        ": 1 user ended by ValueError: no (users.py:9)"
    )


def test_classes_without_a_host_are_named() -> None:
    reasons = [*host_reasons(ProcessErrors(without_host=("A", "B")))]

    assert [reason.partition(":")[0] for reason in reasons] == ["A has no host", "B has no host"]


def test_what_processes_saw_adds_up() -> None:
    one = errors(SEEDING, TASK, lines=("a", "b"), more_lines=1)
    other = errors(TASK, LOGIN, lines=("b", "c"), without_host=("U",), has_unhandled=True)

    both = together([one, other])

    assert both.raised == (SEEDING, replace(TASK, count=2), LOGIN)
    assert (both.lines, both.more_lines) == (("a", "b", "c"), 1)
    assert (both.without_host, both.has_unhandled) == (("U",), True)
    assert together([both]) == both
    encoded = msgspec.msgpack.encode(both)
    assert msgspec.msgpack.decode(encoded, type=ProcessErrors) == both


def test_only_some_kinds_of_exceptions_are_kept_and_all_are_counted() -> None:
    kinds = [replace(LOGIN, place=f"users.py:{line}") for line in range(MOST_KINDS + 3)]

    kept = errors(*kinds).raised

    assert len(kept) == MOST_KINDS + 1
    assert sum(error.count for error in kept) == MOST_KINDS + 3
    assert sum(error.ended_users for error in kept) == MOST_KINDS + 3
    assert together([errors(*kinds), errors(*kinds)]).raised[-1].count == 6


def test_lines_of_the_log_are_few_and_say_nothing_twice() -> None:
    tally = ErrorTally()
    for number in range(MOST_KINDS + 4):
        tally.add_line(f"line {number:02}")
    tally.add_line("line 00")

    lines = shown_lines(tally.errors(), ["no load could be sent: line 01"])

    assert lines[0] == "line 00"
    assert "line 01" not in lines
    assert len(lines) == MOST_SHOWN_LINES + 1
    assert lines[-1] == f"{MOST_KINDS - 1 - MOST_SHOWN_LINES + 4} more errors in the log"
    assert shown_lines(ProcessErrors(lines=("a",)), []) == ("a",)
