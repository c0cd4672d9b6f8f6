"""Collects the exceptions of a locustfile in one locust process.

Locust catches what listeners raise, logs it and goes on, and says nothing of a user that ended by
an exception. So this listens to the log, to the event of an exception in a task, and to the end of
every user. Each exception is counted by one of them only.
"""

import logging
import os
import sys
from functools import partial
from typing import Any, Final
from weakref import WeakKeyDictionary

from locust import log
from locust.env import Environment
from locust.exception import StopTest
from locust.user.task import TaskSet

from aqp_perf.core.aws.secret_texts import without_secrets
from aqp_perf.loadgen.clients.failures import encodable, text_of
from aqp_perf.loadgen.command.failed_start import FailedInit
from aqp_perf.loadgen.measure.error_origins import (
    INIT_LISTENER,
    class_without_host,
    is_on_stop,
    own_files,
    place_of,
    where_caught,
    where_in_user,
    where_unhandled,
)
from aqp_perf.loadgen.measure.process_errors import ErrorTally, ProcessErrors, RaisedError
from aqp_perf.loadgen.workload.workload import workload_of

_CAUGHT: Final = "Uncaught exception in "
"""Locust logs this where it catches an exception of a listener or an ``on_stop``."""
_UNHANDLED: Final = "Unhandled exception in greenlet"
_LOGGERS_OF_USERS: Final = frozenset({"locust.user.task", "locust.user.users"})
"""They log exceptions that are counted in another way."""
_SECRETS: Final = ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "PERF_AQP_PASSWORD")
_MOST_READ: Final = 3_000
_MOST_SHOWN: Final = 300
"""Characters of a message: it may hold a whole answer."""


_collectors: WeakKeyDictionary[Environment, "ErrorCollector"] = WeakKeyDictionary()


class ErrorCollector(logging.Handler):
    """Counts exceptions, and other errors in the log."""

    def __init__(self, environment: Environment) -> None:
        super().__init__(logging.ERROR)
        self._environment = environment
        self._tally = ErrorTally()
        self._own_files = own_files(environment.parsed_locustfiles or ())
        runner: Any = environment.runner
        self._watch_users(runner.user_greenlets)
        environment.events.user_error.add_listener(self.on_user_error)
        self.attach()

    @classmethod
    def of(cls, environment: Environment) -> "ErrorCollector":
        """Return the collector of this locust process, which has a runner."""
        if environment not in _collectors:
            _collectors[environment] = cls(environment)
        return _collectors[environment]

    @property
    def errors(self) -> ProcessErrors:
        """All that this process has seen."""
        return self._tally.errors(has_unhandled=log.unhandled_greenlet_exception)

    def attach(self) -> None:
        """Listen to the log; again, in case a locustfile has set up logging since."""
        root, locusts = logging.getLogger(), logging.getLogger("locust")
        for logger in (root,) if locusts.propagate else (root, locusts):
            if self not in logger.handlers:
                logger.addHandler(self)

    def on_user_error(self, *, user_instance: object, exception: Exception, **_: object) -> None:
        """Count an exception in a task, unless it ends the user."""
        if isinstance(user_instance, TaskSet) and self._environment.catch_exceptions:
            where = RaisedError.where_task(type(user_instance.user).__name__)
            self._add(where, exception)

    def emit(self, record: logging.LogRecord) -> None:
        """Count an error of the log."""
        if record.name in _LOGGERS_OF_USERS:
            return
        text = record.msg if isinstance(record.msg, str) else ""
        caught = sys.exc_info()[1]
        unhandled = record.exc_info[1] if record.exc_info else None
        if caught is not None and text.startswith(_CAUGHT):
            self._add(where_caught(caught, self._environment.events), caught)
        elif unhandled is not None and text.startswith(_UNHANDLED):
            self._add(where_unhandled(unhandled, self._environment.events), unhandled)
        elif isinstance(record.msg, StopTest) and (name := class_without_host(record.msg)):
            self._tally.add_without_host(name)
        elif isinstance(record.msg, StopTest) and self._has_stopped:  # there is nothing to stop
            self._add(where_unhandled(record.msg, self._environment.events), record.msg)
        else:
            self._add_line(record)

    @property
    def _has_stopped(self) -> bool:
        return workload_of(self._environment).ending.stopped_ns is not None

    def _add(self, where: str, error: BaseException, ended_users: int = 0) -> None:
        kind, message = type(error).__name__, _shown(text_of(error))
        found = RaisedError(
            where=where,
            kind=kind,
            message="" if message in {kind, f"{kind}()"} else message,
            place=encodable(place_of(error, self._own_files)),
            ended_users=ended_users,
        )
        self._tally.add(found)
        if where == INIT_LISTENER:  # with which Locust ends
            sys.stderr.write(f"{FailedInit(f'{where} raised {found}')}\n")

    def _add_line(self, record: logging.LogRecord) -> None:
        try:
            message = record.getMessage()
        except Exception:  # noqa: BLE001 - a locustfile's message may do anything here
            return  # the handler that prints it says so
        line = _shown(next(filter(None, map(str.strip, message.splitlines())), ""))
        if line:
            self._tally.add_line(line)

    def _watch_users(self, users: Any) -> None:  # noqa: ANN401 - gevent does not type its groups
        add = users.add

        def add_and_watch(greenlet: Any) -> None:  # noqa: ANN401 - as above
            add(greenlet)
            if greenlet.args:  # later they are gone
                name = type(greenlet.args[0]).__name__
                greenlet.rawlink(partial(self._on_user_end, name))

        users.add = add_and_watch

    def _on_user_end(self, user_class: str, greenlet: Any) -> None:  # noqa: ANN401 - as above
        error = greenlet.exception
        if error is not None:
            where = where_in_user(error, user_class)
            self._add(where, error, ended_users=0 if is_on_stop(where) else 1)


def _shown(text: str) -> str:
    """Return a text in one line, of limited length, without the secrets of this process."""
    line = " ".join(encodable(text[:_MOST_READ]).split())
    hidden = without_secrets(line, map(os.environ.get, _SECRETS))
    return hidden if len(hidden) <= _MOST_SHOWN else f"{hidden[: _MOST_SHOWN - 1]}…"
