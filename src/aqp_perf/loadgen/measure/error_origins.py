"""Where an exception of a locustfile comes from: what of it was running, and in which line.

Both are read from the exception's own frames, which begin where Locust caught it.
"""

import sysconfig
import traceback
from collections.abc import Collection, Iterable
from functools import cache
from pathlib import Path
from types import CodeType, FrameType
from typing import Final

from locust.contrib.fasthttp import FastHttpUser
from locust.event import EventHook, Events
from locust.runners import Runner
from locust.user.task import TaskSet
from locust.user.users import HttpUser, User

from aqp_perf.loadgen.measure.process_errors import RaisedError

INIT_LISTENER: Final = "an init listener"
_ON_STOP_OF: Final = "on_stop of "
_SPAWN: Final = f"{Runner.spawn_users.__qualname__}.<locals>.spawn"
_NEED_HOST: Final = frozenset({HttpUser.__init__.__code__, FastHttpUser.__init__.__code__})
_OWN_PACKAGE: Final = Path(__file__).parents[2]
_LIBRARIES: Final = (
    *(Path(sysconfig.get_path(name)) for name in ("stdlib", "platstdlib", "purelib", "platlib")),
    _OWN_PACKAGE,
)
_INSTALLED: Final = frozenset({"site-packages", "dist-packages"})


def where_caught(error: BaseException, events: Events) -> str:
    """Return what raised an exception that Locust caught: a listener or an ``on_stop``."""
    frames = _frames(error)
    if frames and frames[0].f_code is TaskSet.run.__code__:
        return f"{_ON_STOP_OF}{type(frames[0].f_locals.get('self')).__name__}"
    # Else of a message, or of an event of the locustfile's own.
    return _listener(frames[:1], events) or "a listener"


def where_unhandled(error: BaseException, events: Events) -> str:
    """Return what raised an exception that ended a greenlet of Locust's."""
    frames = _frames(error)
    for frame in frames:
        if frame.f_code.co_qualname == _SPAWN:
            return RaisedError.where_constructor(str(frame.f_locals["user_class"]))
        if frame.f_code is Runner.shape_worker.__code__:
            return "the load shape"
    return _listener(frames, events) or "a greenlet"


def where_in_user(error: BaseException, user_class: str) -> str:
    """Return which part of a user raised an exception that ended it."""
    codes: list[CodeType] = [frame.f_code for frame in _frames(error)]
    run = User.run.__code__
    part = codes[codes.index(run) + 1 :][:1] if run in codes else []
    if not part or part[0] is TaskSet.run.__code__:
        return RaisedError.where_task(user_class)
    return f"{part[0].co_name} of {user_class}"


def _listener(frames: Iterable[FrameType], events: Events) -> str | None:
    """Return the listener that one of these frames called; None: none called one."""
    for frame in frames:
        if frame.f_code is EventHook.fire.__code__:
            hook = frame.f_locals.get("self")
            event = next((name for name, each in vars(events).items() if each is hook), None)
            if event is not None:
                return f"{'an' if event.startswith('i') else 'a'} {event} listener"
    return None


def is_on_stop(where: str) -> bool:
    """Return whether an ``on_stop`` raised it: its user was at its end anyhow."""
    return where.startswith(_ON_STOP_OF)


def class_without_host(error: BaseException) -> str | None:
    """Return the user class that Locust did not make because it has no host; None: it is not so."""
    frames = _frames(error)
    if not frames or frames[-1].f_code not in _NEED_HOST:
        return None
    return type(frames[-1].f_locals["self"]).__name__


def own_files(locustfiles: Collection[str]) -> frozenset[Path]:
    """Return the locustfiles without the instrument; the shipped one is part of this package."""
    files = (Path(file).absolute() for file in locustfiles)
    return frozenset(file for file in files if not file.is_relative_to(_OWN_PACKAGE / "loadgen"))


def place_of(error: BaseException, own: Collection[Path]) -> str:
    """Return file name and line of the innermost frame of the user's own code.

    Without such a frame it is that of the exception that was handled when this one was raised, as
    Locust turns one into another; else that of the innermost frame of all. Empty: no frame.

    Args:
        error: the exception.
        own: files of the user's that are in a library's folder.
    """
    for each in (error, error.__cause__ or error.__context__):
        for file, number in reversed(_lines(each)):
            if file.absolute() in own or not _is_library(file):
                return f"{file.name}:{number}"
    return "".join(f"{file.name}:{number}" for file, number in _lines(error)[-1:])


def _lines(error: BaseException | None) -> list[tuple[Path, int]]:
    found = traceback.walk_tb(error.__traceback__ if error else None)
    return [(Path(frame.f_code.co_filename), number) for frame, number in found]


@cache
def _is_library(file: Path) -> bool:
    return (
        not _INSTALLED.isdisjoint(file.parts)
        or any(file.is_relative_to(folder) for folder in _LIBRARIES)
        or not file.is_file()  # of a compiled module, or generated
    )


def _frames(error: BaseException) -> list[FrameType]:
    return [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
