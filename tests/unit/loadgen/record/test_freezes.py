from hypothesis import given
from hypothesis import strategies as st

from aqp_perf.core.measured.stalls import MOST_FREEZES, FreezeCause
from aqp_perf.loadgen.record.freezes import BEAT_NS, LATE_NS, Freezes

MS = 1_000_000


def beating(*beats_ms: float) -> Freezes:
    freezes = Freezes(lambda _: FreezeCause.STOPPED)
    freezes.open_window()
    for beat_ms in beats_ms:
        freezes.beat(round(beat_ms * MS))
    return freezes


def credit_ms(freezes: Freezes, due_ms: float, end_ms: float) -> float:
    return freezes.credit_ns(round(due_ms * MS), round(end_ms * MS)) / MS


def test_beats_in_time_are_no_freeze() -> None:
    freezes = beating(*range(0, 100, 5))

    assert freezes.frozen_ns == 0
    assert freezes.touched_until_ns == 0
    assert freezes.reported(0) == ()


def test_a_late_beat_ends_a_freeze_since_the_last_one() -> None:
    freezes = beating(0, 5, 105, 110)

    assert freezes.frozen_ns == 95 * MS  # a beat would have come after 5 ms
    assert freezes.reported(2 * MS) == ((0.008, 0.095),)
    assert freezes.causes == {FreezeCause.STOPPED: 0.095}
    assert freezes.touched_until_ns == 205 * MS


def test_lag_is_how_late_a_beat_is() -> None:
    freezes = Freezes(lambda _: FreezeCause.STOPPED)

    assert [freezes.beat(round(at * MS)) for at in (0, 5, 11, 16)] == [0, 0, MS, 0]
    assert freezes.frozen_ns == 0


def test_credit_is_what_the_freeze_can_have_added() -> None:
    freezes = beating(0, 5, 105, 110)

    assert credit_ms(freezes, 0, 4) == 0  # ended before it
    assert credit_ms(freezes, 0, 106) == 100  # was under way: read late
    assert credit_ms(freezes, 3, 50) == 45
    assert credit_ms(freezes, 90, 300) == 100  # due in it: sent late, into a burst
    assert credit_ms(freezes, 200, 320) == 100  # due in its aftermath
    assert credit_ms(freezes, 206, 300) == 0  # due after that
    assert credit_ms(freezes, 200, 210) == 10  # never more than the latency


def test_freezes_add_up() -> None:
    freezes = beating(0, 5, 55, 60, 65, 125, 130)

    assert credit_ms(freezes, 2, 126) == 50 + 60
    assert credit_ms(freezes, 30, 126) == 96  # 50 for the first, 60 of the second, at most all


def test_late_beats_one_after_the_other_leave_nothing_to_the_target() -> None:
    freezes = beating(0, 20, 40, 60, 80)

    assert credit_ms(freezes, 30, 75) == 45
    assert freezes.frozen_ns == 60 * MS


def test_an_old_freeze_that_was_long_reaches_over_short_ones() -> None:
    freezes = beating(0, 5, 505, *range(510, 600, 5), 612)

    assert credit_ms(freezes, 990, 995) == 5  # due 485 ms after the freeze of 500 ms
    assert credit_ms(freezes, 1_006, 1_010) == 0


def test_a_request_that_is_read_before_the_beat_after_a_freeze_is_touched() -> None:
    freezes = beating(0, 5)
    end_ns = 105 * MS

    assert end_ns > freezes.late_ns
    freezes.extend(end_ns)

    assert credit_ms(freezes, 4, 105) == 100
    freezes.beat(107 * MS)
    assert freezes.reported(0) == ((0.01, 0.097),)
    assert credit_ms(freezes, 4, 108) == 102


class Waiting:
    """Servers that waited for a core as long as the test wants; two looks are 2 ms apart."""

    rest_ns = 2 * MS

    def __init__(self, *delays_ms: int) -> None:
        self._delays_ms = iter(delays_ms)

    def look(self) -> int:
        return next(self._delays_ms) * MS


def test_a_server_that_waited_for_a_core_was_not_measured_either() -> None:
    freezes = Freezes(lambda _: FreezeCause.STOPPED, Waiting(0, 30, 1, 30))
    freezes.open_window()
    for now_ms in (100, 105, 110):
        freezes.look_at_servers(now_ms * MS)
    freezes.look_at_servers(112 * MS - 1)  # too soon to look again

    assert credit_ms(freezes, 74, 106) == 30
    assert credit_ms(freezes, 60, 76) == 6  # 16 ms, the first 10 before the wait can have begun
    assert credit_ms(freezes, 60, 70) == 0
    assert freezes.frozen_ns == 0
    assert freezes.causes == {FreezeCause.SERVER: 0.03}


def test_only_the_longest_freezes_are_kept_one_by_one() -> None:
    freezes = beating(*[number * 20.0 + (0.1 * (number % 7)) for number in range(1_000)])

    assert len(freezes.reported(0)) <= MOST_FREEZES


def test_a_window_reports_its_own_freezes_alone() -> None:
    freezes = beating(0, 5, 105)
    freezes.open_window()
    freezes.beat(110 * MS)
    freezes.beat(140 * MS)
    freezes.close_window()
    freezes.beat(190 * MS)

    assert freezes.reported(105 * MS) == ((0.01, 0.025),)
    assert credit_ms(freezes, 4, 106) == 100  # its credit stays


@given(
    gaps_ms=st.lists(st.integers(1, 200), min_size=2, max_size=60),
    due_ms=st.integers(0, 2_000),
    takes_ms=st.integers(0, 500),
)
def test_what_is_not_credited_is_what_the_target_took_at_least(
    gaps_ms: list[int], due_ms: int, takes_ms: int
) -> None:
    """A request is answered after takes_ms, and read at the first beat after that."""
    freezes, now_ms, beats = Freezes(lambda _: FreezeCause.STOPPED), 0, [0]
    freezes.beat(0)
    for gap_ms in gaps_ms:
        now_ms += gap_ms
        freezes.beat(now_ms * MS)
        beats.append(now_ms)
    read_ms = next((beat for beat in beats if beat >= due_ms + takes_ms), None)
    if read_ms is None:
        return

    credit_ns = freezes.credit_ns(due_ms * MS, read_ms * MS)

    unseen_ns = BEAT_NS + LATE_NS  # shorter gaps are no freeze
    assert (read_ms - due_ms) * MS - credit_ns <= takes_ms * MS + unseen_ns
