"""The operating system's figures say why a process stood still, and for how long a server did."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from aqp_perf.core.measured.stalls import FreezeCause
from aqp_perf.loadgen.record.os_delays import FreezeCauses, ServerDelays
from aqp_perf.operating_system import process_identity

MS = 1_000_000
FREEZE_MS = 100
DEADLINE_S = 30.0
NO_STEAL = "cpu  1 0 0 0 0 0 0 0 0 0\ncpu0 1 0 0 0 0 0 0 0 0 0\nintr 1\n"


class Machine:
    """A ``/proc`` that says what the test wants, and the CPU time of its process."""

    def __init__(self, proc: Path) -> None:
        self.proc = proc
        self.cpu_ns = 0
        (proc / "self").mkdir()
        self.set()

    def set(self, *, delay_ms: float = 0, steal_ticks: tuple[int, ...] = (0, 0)) -> None:
        (self.proc / "self" / "schedstat").write_text(f"123 {round(delay_ms * MS)} 9\n")
        cores = "".join(f"cpu{n} 1 1 1 1 1 1 1 {t} 0 0\n" for n, t in enumerate(steal_ticks))
        total = f"cpu  1 1 1 1 1 1 1 {sum(steal_ticks)} 0 0\n"
        (self.proc / "stat").write_text(f"{total}{cores}intr 5 6 7 8 9 10 11 12 13\n")

    def causes(self) -> FreezeCauses:
        return FreezeCauses(self.proc, lambda: self.cpu_ns)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@pytest.mark.parametrize(
    ("delay_ms", "cpu_ms", "steal_ticks", "cause"),
    [
        (50, 0, (0, 0), FreezeCause.OTHER_WORK),
        (50, 50, (0, 0), FreezeCause.OTHER_WORK),
        (90, 5, (4, 4), FreezeCause.OTHER_WORK),  # half of the freeze on no core
        (50, 0, (0, 5), FreezeCause.HYPERVISOR),
        (0, 0, (5, 0), FreezeCause.HYPERVISOR),
        (49, 50, (0, 0), FreezeCause.OWN_CODE),
        (0, 99, (9, 0), FreezeCause.OWN_CODE),  # another core
        (49, 40, (0, 0), FreezeCause.OTHER_WORK),  # not half, but most of what is known
        (40, 49, (0, 0), FreezeCause.OWN_CODE),
        (20, 20, (0, 0), FreezeCause.STOPPED),
        (0, 0, (0, 0), FreezeCause.STOPPED),
    ],
)
def test_the_cause_is_what_explains_most_if_half_is_explained(
    machine: Machine,
    delay_ms: float,
    cpu_ms: int,
    steal_ticks: tuple[int, int],
    cause: FreezeCause,
) -> None:
    causes = machine.causes()
    machine.set(delay_ms=delay_ms, steal_ticks=steal_ticks)
    machine.cpu_ns = cpu_ms * MS
    assert causes.cause(FREEZE_MS * MS) is cause


def test_what_was_noted_before_the_freeze_explains_nothing(machine: Machine) -> None:
    causes = machine.causes()
    machine.set(delay_ms=500)
    machine.cpu_ns = 500 * MS
    causes.note()
    assert causes.cause(FREEZE_MS * MS) is FreezeCause.STOPPED


def test_each_freeze_is_explained_by_what_came_after_the_last(machine: Machine) -> None:
    causes = machine.causes()
    machine.set(delay_ms=100, steal_ticks=(10, 10))
    assert causes.cause(FREEZE_MS * MS) is FreezeCause.HYPERVISOR
    machine.set(delay_ms=200, steal_ticks=(10, 10))
    assert causes.cause(FREEZE_MS * MS) is FreezeCause.OTHER_WORK
    machine.cpu_ns = 100 * MS
    assert causes.cause(FREEZE_MS * MS) is FreezeCause.OWN_CODE
    assert causes.cause(FREEZE_MS * MS) is FreezeCause.STOPPED


def test_without_proc_no_cause_is_known(tmp_path: Path) -> None:
    causes = FreezeCauses(tmp_path)
    causes.note()
    assert causes.cause(FREEZE_MS * MS) is FreezeCause.UNKNOWN


def test_without_the_cores_the_run_delay_still_counts(machine: Machine) -> None:
    (machine.proc / "stat").unlink()
    causes = machine.causes()
    (machine.proc / "self" / "schedstat").write_text(f"1 {FREEZE_MS * MS} 1\n")
    assert causes.cause(FREEZE_MS * MS) is FreezeCause.OTHER_WORK


real_linux = pytest.mark.skipif(
    not Path("/proc/self/schedstat").exists(), reason="this system has no run delay"
)


@pytest.fixture
def real_proc(tmp_path: Path) -> Path:
    """The real run delay of whichever process reads it, on a machine without a hypervisor."""
    (tmp_path / "self").mkdir()
    (tmp_path / "self" / "schedstat").symlink_to("/proc/self/schedstat")
    (tmp_path / "stat").write_text(NO_STEAL)
    return tmp_path


STAND_STILL = """
import os, sys, time
from pathlib import Path
from aqp_perf.loadgen.record.os_delays import FreezeCauses
causes = FreezeCauses(Path(sys.argv[1]))
print("ready", flush=True)
sys.stdin.readline()
causes.note()
start_ns, length_ns = time.perf_counter_ns(), 0
"""
TELL = """
print(causes.cause(length_ns or time.perf_counter_ns() - start_ns).name)
"""


def standing_still(proc: Path, code: str) -> subprocess.Popen[str]:
    """Start a process that says why it stood still during ``code``, once it gets a line."""
    process = subprocess.Popen(
        [sys.executable, "-c", STAND_STILL + code + TELL, str(proc)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


@real_linux
def test_a_process_that_was_stopped_says_so(real_proc: Path) -> None:
    """It says that it took long, so that waiting for a core afterwards explains nothing."""
    code = f"import signal\nos.kill(os.getpid(), signal.SIGSTOP)\nlength_ns = {10_000 * MS}"
    with standing_still(real_proc, code) as process:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
        os.waitpid(process.pid, os.WUNTRACED)  # until it has stopped
        process.send_signal(signal.SIGCONT)
        answer, _ = process.communicate(timeout=DEADLINE_S)
    assert answer.strip() == FreezeCause.STOPPED.name


@real_linux
def test_a_process_whose_core_has_other_work_says_so(real_proc: Path) -> None:
    """The lowest priority on one core, beside work of the highest that needs no rights."""
    core = min(os.sched_getaffinity(0))
    burn = "while time.process_time_ns() < burnt_ns: pass"
    code = (
        f"os.sched_setaffinity(0, {{{core}}})\nos.nice(19)\nburnt_ns = time.process_time_ns() "
        f"+ 20_000_000\n{burn}"
    )
    busy = f"import os\nos.sched_setaffinity(0, {{{core}}})\nprint(flush=True)\nwhile True: pass"
    with (
        standing_still(real_proc, code) as process,
        subprocess.Popen([sys.executable, "-c", busy], stdout=subprocess.PIPE) as other_work,
    ):
        assert other_work.stdout is not None
        other_work.stdout.readline()
        try:
            answer, _ = process.communicate("\n", timeout=DEADLINE_S)
        finally:
            other_work.kill()
    assert answer.strip() == FreezeCause.OTHER_WORK.name


def test_a_process_that_was_busy_says_so(machine: Machine) -> None:
    causes = FreezeCauses(machine.proc)  # the real CPU time
    end_ns = time.process_time_ns() + 20 * MS
    while time.process_time_ns() < end_ns:
        pass
    assert causes.cause(20 * MS) is FreezeCause.OWN_CODE


class Server:
    """A server in a ``/proc`` that says what the test wants."""

    def __init__(self, proc: Path, pid: int) -> None:
        self.folder = proc / str(pid)
        (self.folder / "task").mkdir(parents=True)
        fields = " ".join(map(str, range(3, 53)))
        (self.folder / "stat").write_text(f"{pid} (server) {fields}")
        self.identity = f"{pid}:22"

    def run(self, thread: int, delay_ns: int) -> None:
        file = self.folder / "task" / str(thread) / "schedstat"
        file.parent.mkdir(exist_ok=True)
        file.write_text(f"5 {delay_ns} 1\n")


@pytest.fixture
def server(tmp_path: Path) -> Server:
    server = Server(tmp_path, 7)
    server.run(7, 1_000)
    server.run(8, 5_000)
    return server


def test_the_longest_growth_of_a_thread_is_seen_once(tmp_path: Path, server: Server) -> None:
    other = Server(tmp_path, 9)
    other.run(9, 0)
    delays = ServerDelays([server.identity, other.identity], tmp_path)
    assert delays.look() == 0, "what was before does not count"
    server.run(7, 41_000)
    server.run(8, 6_000)
    other.run(9, 30_000)
    assert delays.look() == 40_000
    assert delays.look() == 0


def test_threads_come_and_go(
    tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    delays = ServerDelays([server.identity], tmp_path)
    server.run(9, 70_000)
    shutil.rmtree(server.folder / "task" / "8")
    now_ns = time.perf_counter_ns() + 1_000 * MS
    monkeypatch.setattr(time, "perf_counter_ns", lambda: now_ns)
    assert delays.look() == 0, "a new thread counts from when it was seen"
    server.run(9, 90_000)
    assert delays.look() == 20_000


def test_the_more_threads_the_longer_the_rest(tmp_path: Path, server: Server) -> None:
    assert ServerDelays([server.identity], tmp_path).rest_ns == 1 * MS
    for thread in range(9, 57):
        server.run(thread, 0)
    assert ServerDelays([server.identity], tmp_path).rest_ns == 5 * MS


@pytest.mark.parametrize("identity", ["7:21", "7", "", "8:22", ":22", "../7:22"])
def test_a_process_that_is_not_the_one_is_left_out(
    identity: str, tmp_path: Path, server: Server
) -> None:
    delays = ServerDelays([identity], tmp_path)
    server.run(7, 41_000)
    assert delays.look() == 0


def test_without_proc_no_server_is_known(tmp_path: Path) -> None:
    assert ServerDelays(["7:22"], tmp_path).look() == 0


@real_linux
def test_a_server_that_has_ended_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        identity = process_identity(process.pid)
        assert identity is not None
        delays = ServerDelays([identity])
        process.send_signal(signal.SIGKILL)
    assert delays.look() == 0
    now_ns = time.perf_counter_ns() + 1_000 * MS
    monkeypatch.setattr(time, "perf_counter_ns", lambda: now_ns)
    assert delays.look() == 0, "after its threads were looked for"
