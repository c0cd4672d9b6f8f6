"""Times in which this process stood still, and how much longer they made a request at most.

A heartbeat calls `Freezes.beat` every `BEAT_NS`. Where two beats lie too far apart, the event loop
did not run, or had too much to do: for as long it sent nothing and read no answer.
"""

from collections import Counter, deque
from collections.abc import Callable
from typing import Final, Protocol

from aqp_perf.core.measured.stalls import MOST_FREEZES, Freeze, FreezeCause

BEAT_NS: Final = 5_000_000
LATE_NS: Final = 5_000_000
"""A beat that is later than this ends a freeze; shorter lags are in the event loop's lag."""
SLOW_NS: Final = 5_000_000
"""Answers that took longer may have waited for a server that had no core."""
_SHORTEST_DELAY_NS: Final = 2_000_000
_MOST_RECENT: Final = 512
_NS: Final = 1_000_000_000


class Servers(Protocol):
    """Servers of ours on this machine."""

    @property
    def rest_ns(self) -> int:
        """How long to wait between two looks."""

    def look(self) -> int:
        """Return for how many ns they waited for a core since the last look."""


class _Freeze:
    """A time in which nothing was sent or read, or in which a server did not answer."""

    __slots__ = ("end_ns", "length_ns", "reach_ns", "start_ns")

    def __init__(self, start_ns: int, end_ns: int, length_ns: int) -> None:
        self.start_ns, self.end_ns, self.length_ns = start_ns, end_ns, length_ns
        self.reach_ns = 0
        """Requests due later are touched neither by this freeze nor by an earlier one."""


class Freezes:
    """The freezes of one process; all instants are of perf_counter.

    Args:
        cause_of: returns why the process stood still for so many ns, until now.
        servers: target and AQP, where they are ours; None: neither is.
    """

    def __init__(
        self, cause_of: Callable[[int], FreezeCause], servers: Servers | None = None
    ) -> None:
        self._cause_of = cause_of
        self._servers = servers
        self._looked_ns = 0
        self.has_servers = servers is not None
        self._recent: deque[_Freeze] = deque()
        self._under_way: _Freeze | None = None
        self._beat_ns: int | None = None
        self._forgotten_until_ns = 0
        """Requests due earlier may be touched by freezes that are no longer known."""
        self.late_ns = 1 << 62
        """A request that ends later than this ends in a freeze: `extend` comes first."""
        self.touched_until_ns = 0
        """Only requests that are due earlier can be touched."""
        self._is_open = False
        self._kept: list[tuple[int, int]] = []
        self._causes: Counter[FreezeCause] = Counter()
        self.frozen_ns = 0
        """All freezes of this process since `open_window`."""

    def open_window(self) -> None:
        """Forget what is reported of earlier freezes; their credit stays."""
        self._kept, self._causes, self.frozen_ns = [], Counter(), 0
        self._is_open = True

    def close_window(self) -> None:
        """Report no freeze from here on; requests still under way get their credit."""
        self._is_open = False

    def beat(self, now_ns: int) -> int:
        """Note that the event loop runs; return how late this beat is, in ns."""
        beat_ns = self._beat_ns
        if now_ns > self.late_ns and beat_ns is not None:
            self.extend(now_ns)
            length_ns = now_ns - beat_ns - BEAT_NS
            if self._is_open:
                self.frozen_ns += length_ns
            self._keep(beat_ns + BEAT_NS, length_ns, self._cause_of(length_ns))
        self._under_way, self._beat_ns = None, now_ns
        self.late_ns = now_ns + BEAT_NS + LATE_NS
        return 0 if beat_ns is None else max(0, now_ns - beat_ns - BEAT_NS)

    def extend(self, now_ns: int) -> None:
        """Note that the beat is overdue: the process has been frozen since the last one."""
        if self._beat_ns is None:
            return
        if self._under_way is None:
            self._under_way = _Freeze(self._beat_ns, now_ns, 0)
            self._add(self._under_way)
        freeze = self._under_way
        freeze.end_ns = now_ns
        freeze.length_ns = now_ns - freeze.start_ns
        self._reach(freeze)

    def look_at_servers(self, now_ns: int) -> None:
        """Note for how long servers waited for a core: they did not answer meanwhile."""
        looked_ns = self._looked_ns
        if self._servers is None or now_ns - looked_ns < self._servers.rest_ns:
            return
        self._looked_ns = now_ns
        length_ns = self._servers.look()
        if length_ns < _SHORTEST_DELAY_NS or not looked_ns:
            return
        # Linux counts a wait when it ends, so this one ended since the last look.
        freeze = _Freeze(looked_ns - length_ns, now_ns, length_ns)
        self._add(freeze)
        self._reach(freeze)
        self._keep(freeze.start_ns, length_ns, FreezeCause.SERVER)

    def credit_ns(self, due_ns: int, end_ns: int) -> int:
        """Return how much longer freezes made a request at most, of its latency at most.

        A request that was under way was read late by the part of the freeze in which it was. One
        that came due in a freeze was sent late, into a burst. In a queue in order of arrival, a
        burst of arrivals that are late by at most F makes no departure later than F.

        Source: D. V. Lindley, "The theory of queues with a single server", Mathematical
            Proceedings of the Cambridge Philosophical Society 48(2):277-289, 1952.
        """
        most_ns = end_ns - due_ns
        if due_ns < self._forgotten_until_ns:
            return most_ns
        credit_ns = 0
        for freeze in reversed(self._recent):
            if freeze.reach_ns < due_ns:
                break
            if due_ns >= freeze.start_ns:
                if due_ns <= freeze.end_ns + freeze.length_ns:
                    credit_ns += freeze.length_ns
            elif end_ns > freeze.start_ns:
                credit_ns += min(end_ns - freeze.start_ns, freeze.length_ns)
        return min(credit_ns, most_ns)

    def reported(self, window_from_ns: int) -> tuple[Freeze, ...]:
        """Return the longest freezes: seconds from the begin of the window, and their length."""
        return tuple(
            (max(0.0, (start_ns - window_from_ns) / _NS), length_ns / _NS)
            for start_ns, length_ns in sorted(self._kept)
        )

    @property
    def causes(self) -> dict[FreezeCause, float]:
        """For how many seconds in all each cause held up the process, or a server."""
        return {cause: length_ns / _NS for cause, length_ns in self._causes.items()}

    def _add(self, freeze: _Freeze) -> None:
        if self._recent:
            freeze.reach_ns = self._recent[-1].reach_ns
        self._recent.append(freeze)
        if len(self._recent) > _MOST_RECENT:
            self._forgotten_until_ns = self._recent.popleft().reach_ns

    def _reach(self, freeze: _Freeze) -> None:
        reach_ns = freeze.end_ns + freeze.length_ns
        self.touched_until_ns = max(self.touched_until_ns, reach_ns)
        for later in reversed(self._recent):
            later.reach_ns = max(later.reach_ns, reach_ns)
            if later is freeze:
                break

    def _keep(self, start_ns: int, length_ns: int, cause: FreezeCause) -> None:
        if not self._is_open:
            return
        self._causes[cause] += length_ns
        self._kept.append((start_ns, length_ns))
        if len(self._kept) > MOST_FREEZES:
            self._kept.remove(min(self._kept, key=lambda kept: kept[1]))
