"""What the operating system gives is used, and what it does not give is missed by nothing."""

import ctypes
import os
import resource
import select
import signal
import subprocess
import sys
import time
from importlib.metadata import distribution
from pathlib import Path

import pytest

from aqp_perf import operating_system
from aqp_perf.errors import PlatformUnusable
from aqp_perf.operating_system import (
    FileLimit,
    Timer,
    check_platform,
    death_signal,
    file_limit,
    has_run_delays,
    has_timers,
    lower_priority,
    open_descriptors,
    process_identity,
    raise_file_limit,
    usable_cores,
)

INFINITY = resource.RLIM_INFINITY
LINUX = pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="needs Linux")
DEADLINE_S = 20.0


class EmptyLibrary:
    """A C library without functions of Linux's own."""

    def __init__(self, *_: object, **__: object) -> None: ...


@pytest.fixture
def bare_system(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Take away all that is Linux's own."""
    monkeypatch.delattr("os.sched_getaffinity", raising=False)
    monkeypatch.setattr(ctypes, "CDLL", EmptyLibrary)
    monkeypatch.setattr(operating_system, "PROC", tmp_path / "no-proc")


def python(*code: str) -> list[str]:
    return [sys.executable, "-c", "\n".join(code)]


@pytest.mark.usefixtures("bare_system")
class TestOnABareSystem:
    def test_all_cores_are_usable(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("os.cpu_count", lambda: 6)
        assert usable_cores() == 6

    def test_there_is_a_core_even_if_none_is_known(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("os.cpu_count", lambda: None)
        assert usable_cores() == 1

    def test_what_is_missing_is_said(self) -> None:
        assert death_signal(signal.SIGTERM) is None
        assert Timer.open() is None
        assert not has_timers()
        assert not has_run_delays()
        assert process_identity(os.getpid()) is None


def test_niceness_needs_no_scheduling_by_session(tmp_path: Path) -> None:
    """In another process, for it cannot be taken back."""
    code = python(
        "import os, pathlib, aqp_perf.operating_system as system",
        f"system.PROC = pathlib.Path({str(tmp_path)!r})",
        "before = os.nice(0)",
        "system.lower_priority(3)",
        "print(os.nice(0) == min(before + 3, 19))",
    )
    assert subprocess.check_output(code, text=True, timeout=DEADLINE_S) == "True\n"
    assert [*tmp_path.iterdir()] == []


def test_niceness_is_that_of_the_session_too(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "self").mkdir()
    monkeypatch.setattr(operating_system, "PROC", tmp_path)
    monkeypatch.setattr("os.nice", lambda niceness: niceness)

    lower_priority(3)

    assert (tmp_path / "self" / "autogroup").read_text() == "3"


@LINUX
def test_only_usable_cores_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {3, 5})
    assert usable_cores() == 2


@LINUX
def test_a_timer_is_readable_at_its_time_and_not_before() -> None:
    timer = Timer.open()
    assert timer is not None
    assert has_timers()
    try:
        timer.set(time.perf_counter_ns() + 3_600_000_000_000)
        assert select.select([timer.descriptor], [], [], 0) == ([], [], [])
        due_ns = time.perf_counter_ns() + 10_000_000
        timer.set(due_ns)
        assert select.select([timer.descriptor], [], [], DEADLINE_S)[0]
        assert time.perf_counter_ns() >= due_ns
        timer.clear()
        assert select.select([timer.descriptor], [], [], 0) == ([], [], [])
    finally:
        os.close(timer.descriptor)


@LINUX
def test_a_process_dies_with_its_parent_if_asked_to() -> None:
    """Its parent ends at once; the pipe of standard error ends with the process."""
    child = python(
        "import signal, time",
        "from aqp_perf.operating_system import death_signal",
        "death_signal(signal.SIGKILL)()",
        "print('armed', flush=True)",
        f"signal.alarm({DEADLINE_S * 2:.0f})",
        "signal.pause()",
    )
    parent = python(
        "import subprocess",
        f"child = subprocess.Popen({child!r}, stdout=subprocess.PIPE)",
        "print(child.stdout.readline())",
    )
    ended = subprocess.run(parent, capture_output=True, text=True, timeout=DEADLINE_S, check=True)
    assert ended.stdout == "b'armed\\n'\n"


def test_open_descriptors_are_found(tmp_path: Path) -> None:
    with (tmp_path / "file").open("w") as file:
        assert file.fileno() in open_descriptors()


def test_without_a_list_all_low_descriptors_are_tried(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def iterdir(path: Path) -> list[Path]:
        raise FileNotFoundError(path)

    monkeypatch.setattr(Path, "iterdir", iterdir)
    assert {0, 1, 2, 1_000} <= set(open_descriptors())


def test_this_system_runs_load_tests() -> None:
    check_platform()


@pytest.mark.parametrize("missing", ["fcntl", "resource"])
def test_a_system_without_locks_or_limits_is_refused_by_name(
    monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    monkeypatch.setitem(sys.modules, missing, None)
    monkeypatch.setattr("platform.system", lambda: "Windows")

    with pytest.raises(PlatformUnusable) as refused:
        check_platform()

    assert str(refused.value) == (
        f"load tests do not run on Windows, whose Python has no module '{missing}': "
        "run them on Linux, macOS or the Windows Subsystem for Linux (WSL)"
    )


def written(proc: Path, stat: str) -> Path:
    (proc / "7").mkdir()
    (proc / "7" / "stat").write_text(stat)
    return proc


def test_a_name_with_spaces_and_brackets_moves_no_field(tmp_path: Path) -> None:
    fields = " ".join(map(str, range(3, 53)))
    assert process_identity(7, written(tmp_path, f"7 (a) b (c) {fields}")) == "7:22"


@pytest.mark.parametrize("stat", ["", "7 (a) S 1 2", "7 (a) " + "x " * 40])
def test_what_is_no_stat_file_identifies_nothing(stat: str, tmp_path: Path) -> None:
    assert process_identity(7, written(tmp_path, stat)) is None


def test_a_process_that_is_not_there_has_no_identity(tmp_path: Path) -> None:
    assert process_identity(7, tmp_path) is None


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")
def test_this_process_has_one() -> None:
    identity = process_identity(os.getpid())
    assert identity is not None
    assert identity.startswith(f"{os.getpid()}:")


@pytest.fixture
def limits(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """Keep the limits of this process in a list, the present ones last."""
    kept: list[tuple[int, int]] = []
    monkeypatch.setattr(resource, "getrlimit", lambda _: kept[-1])
    monkeypatch.setattr(resource, "setrlimit", lambda _, pair: kept.append(pair))
    return kept


@pytest.mark.parametrize(
    ("soft", "hard", "raised"),
    [
        (1_024, 1_048_576, 10_000),
        (256, INFINITY, 10_000),
        (1_024, 10_000, 10_000),
        (1_024, 9_999, 1_024),
        (20_000, 20_000, 20_000),
    ],
)
def test_the_limit_of_files_is_raised_as_locust_raises_it(
    limits: list[tuple[int, int]], soft: int, hard: int, raised: int
) -> None:
    limits.append((soft, hard))

    assert file_limit().raised == raised
    assert raise_file_limit() == raised
    assert limits[-1] == (raised, hard)


def test_a_limit_that_cannot_be_raised_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise ValueError("current limit exceeds maximum limit")

    monkeypatch.setattr(resource, "getrlimit", lambda _: (256, INFINITY))
    monkeypatch.setattr(resource, "setrlimit", refuse)

    assert raise_file_limit() == 256


def test_an_unlimited_number_of_files_is_a_large_one(limits: list[tuple[int, int]]) -> None:
    limits.append((INFINITY, INFINITY))

    assert file_limit() == FileLimit(sys.maxsize, sys.maxsize)
    assert file_limit().raised == sys.maxsize


def test_locust_raises_the_limit_to_what_is_expected() -> None:
    """A later version may do otherwise."""
    source = Path(str(distribution("locust").locate_file("locust/main.py")))

    assert "minimum_open_file_limit = 10000" in source.read_text("utf-8")
