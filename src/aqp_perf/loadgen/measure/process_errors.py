"""Exceptions of a locustfile and errors in the log, as locust processes report them.

A process sends all that it has seen so far with each report, so the last report of each is enough.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from aqp_perf.core.records import Count

MOST_KINDS: Final = 10
"""Exceptions that are told apart, and lines of the log that are kept, in one process."""
MOST_SHOWN_LINES: Final = 5
_TASK_OF: Final = "a task of "
_CONSTRUCTOR_OF: Final = "the constructor of "


@dataclass(frozen=True, slots=True, kw_only=True)
class RaisedError:
    """Exceptions of one type that one place of the locustfile raised."""

    where: str
    """What raised it, as in ``a test_start listener``."""
    kind: str
    """Its type."""
    message: str = ""
    """Of the first of them, in one line; may be empty."""
    place: str = ""
    """The innermost line of the locustfile's own code, as in ``users.py:8``; empty: unknown."""
    count: Count = 1
    ended_users: Count = 0
    """How many users it ended before the test did."""

    @classmethod
    def where_task(cls, user_class: str) -> str:
        """Return ``where`` of an exception in a task."""
        return _TASK_OF + user_class

    @classmethod
    def where_constructor(cls, user_class: str) -> str:
        """Return ``where`` of an exception in ``__init__`` of a user class."""
        return _CONSTRUCTOR_OF + user_class

    @property
    def is_of_task(self) -> bool:
        """Whether a task raised it."""
        return self.where.startswith(_TASK_OF)

    @property
    def is_of_constructor(self) -> bool:
        """Whether no user of a class could be made."""
        return self.where.startswith(_CONSTRUCTOR_OF)

    def __str__(self) -> str:
        """Return type, message and place."""
        text = f"{self.kind}: {self.message}" if self.message else self.kind
        return f"{text} ({self.place})" if self.place else text


_OTHERS: Final = RaisedError(where="the locustfile", kind="other exceptions")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessErrors:
    """What one process saw, or several together."""

    raised: tuple[RaisedError, ...] = ()
    without_host: tuple[str, ...] = ()
    """User classes that need a host and have none."""
    has_unhandled: bool = False
    """Whether Locust would end with an exit code because of an exception that nothing handled."""
    lines: tuple[str, ...] = ()
    """Other errors in the log: the first line of each, without those that occur again."""
    more_lines: Count = 0

    @property
    def have_ended_users(self) -> bool:
        """Whether exceptions ended users, or kept some from being made."""
        return any(error.ended_users or error.is_of_constructor for error in self.raised)


class ErrorTally:
    """Counts exceptions and errors in the log."""

    def __init__(self) -> None:
        self._raised: dict[tuple[str, str, str], RaisedError] = {}
        self._without_host: set[str] = set()
        self._has_unhandled = False
        self._lines: dict[str, None] = {}
        self._more_lines = 0

    def add(self, error: RaisedError) -> None:
        """Count an exception."""
        key = (error.where, error.kind, error.place)
        if key not in self._raised and len(self._raised) >= MOST_KINDS:
            error = replace(_OTHERS, count=error.count, ended_users=error.ended_users)
            key = (error.where, error.kind, error.place)
        known = self._raised.get(key)
        if known is not None:
            error = replace(
                known,
                count=known.count + error.count,
                ended_users=known.ended_users + error.ended_users,
            )
        self._raised[key] = error

    def add_without_host(self, user_class: str) -> None:
        """Note a user class that has no host."""
        self._without_host.add(user_class)

    def add_line(self, line: str) -> None:
        """Count a line of the log."""
        if line in self._lines or len(self._lines) < MOST_KINDS:
            self._lines[line] = None
        else:
            self._more_lines += 1

    def add_process(self, errors: ProcessErrors) -> None:
        """Add what another process saw."""
        for error in errors.raised:
            self.add(error)
        for line in errors.lines:
            self.add_line(line)
        self._without_host.update(errors.without_host)
        self._has_unhandled |= errors.has_unhandled
        self._more_lines += errors.more_lines

    def errors(self, *, has_unhandled: bool = False) -> ProcessErrors:
        """Return all of it; ``has_unhandled`` is Locust's own mark of this process."""
        return ProcessErrors(
            raised=tuple(self._raised.values()),
            without_host=tuple(sorted(self._without_host)),
            has_unhandled=self._has_unhandled or has_unhandled,
            lines=tuple(self._lines),
            more_lines=self._more_lines,
        )


def together(processes: Iterable[ProcessErrors]) -> ProcessErrors:
    """Return what several processes saw."""
    tally = ErrorTally()
    for errors in processes:
        tally.add_process(errors)
    return tally.errors()


def host_reasons(errors: ProcessErrors) -> Iterator[str]:
    """Yield which user classes have no host."""
    for name in errors.without_host:
        yield f"{name} has no host: set host on the class, or give perf_load(host=…) or --perf-host"


def missing_reason(
    errors: ProcessErrors,
    *,
    asked_for: int,
    there: int,
    unstarted: str | None = None,
    has_lost_workers: bool = False,
) -> str:
    """Return why fewer users were there at the end than were asked for.

    Args:
        errors: what all processes saw.
        asked_for: users.
        there: users at the end, fewer.
        unstarted: why not all users were started; None: they were.
        has_lost_workers: whether users may have been lost with a worker.
    """
    causes = []
    missing = asked_for - there
    for error in errors.raised:
        ended = min(error.ended_users, missing)
        missing -= ended
        if ended:
            causes.append(f"{_users(ended)} ended by {error}")
    unmade = [f"{error.where} raised {error}" for error in errors.raised if error.is_of_constructor]
    if unmade:
        causes += unmade
    elif missing and has_lost_workers:
        causes.append(f"{_users(missing)} went with a worker")
    elif missing and unstarted is not None:
        causes.append(f"{_users(missing)} {unstarted}")
    elif missing:
        causes.append(f"{_users(missing)} stopped {'itself' if missing == 1 else 'themselves'}")
    return f"{there} of {asked_for} users were there at the end: {'; '.join(causes)}"


def _users(count: int) -> str:
    return f"{count:,} user{'' if count == 1 else 's'}"


def raised_reasons(errors: ProcessErrors, *, without_users: bool = False) -> Iterator[str]:
    """Yield which exceptions a locustfile raised.

    Args:
        errors: what all processes saw.
        without_users: leave out those that `missing_reason` tells.
    """
    raised = [
        error
        for error in errors.raised
        if not (without_users and (error.ended_users or error.is_of_constructor))
    ]
    count = sum(error.count for error in raised)
    if not errors.raised and errors.has_unhandled:
        yield "Locust noted an unhandled exception: run the command by hand to see it"
    if not raised:
        return
    first = raised[0]
    if len(raised) > 1 or (first.is_of_task and count > 1):
        where = "" if first.is_of_task else f" in {first.where}"
        yield f"the locustfile raised {count:,} exceptions, the first{where}: {first}"
    else:
        yield f"{first.where} raised {first}"


def shown_lines(errors: ProcessErrors, reasons: Sequence[str]) -> tuple[str, ...]:
    """Return the first errors of the log that no reason tells, and how many more there were."""
    lines = [line for line in errors.lines if not any(line in reason for reason in reasons)]
    more = max(0, len(lines) - MOST_SHOWN_LINES) + errors.more_lines
    more_text = (f"{more:,} more error{'' if more == 1 else 's'} in the log",) if more else ()
    return (*lines[:MOST_SHOWN_LINES], *more_text)
