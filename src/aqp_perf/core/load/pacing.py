"""When requests are due, as people write it.

```text
pacing  = "think" | "none" | stage { "," stage } [ ":poisson" ]
stage   = rate "/s" [ "@" duration ]        the rate holds             200/s@2m
        | rate ".." rate "/s" "@" duration  it changes evenly          0..200/s@30s
```

Only a single stage may lack its duration. After the last stage its final rate goes on.
"""

import math
import re
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Final, Self

from aqp_perf.core.load.durations import format_duration, parse_duration

_NUMBER = r"(\d+(?:\.\d+)?)"
_STAGE = re.compile(rf"{_NUMBER}(?:\.\.{_NUMBER})?/s(?:@(.+))?")
_POISSON = ":poisson"
_NEGLIGIBLE_RATIO = 0.1
HIGHEST_PER_S = 1_000_000
"""More than any number of processes can send."""

PACING_HINT = (
    "write 'think' (closed model, random waits), 'none' (closed model, as fast as answers come) "
    "or a rate such as '200/s' (open model, arrivals per second in all), also in stages such as "
    "'50/s@30s,50..200/s@2m' and with random spacing as '200/s:poisson'"
)


class ClosedModel(StrEnum):
    """Closed model: users send as fast as the target answers."""

    THINK = "think"
    """A user waits a random time between an answer and its next request."""
    UNPACED = "none"
    """A user sends its next request as soon as the last one is answered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A part of the open model, in which the rate holds or changes evenly.

    Args:
        from_per_s: arrivals per second at its beginning.
        to_per_s: arrivals per second at its end.
        duration_s: infinite when the rate holds for ever.

    Raises:
        ValueError: a rate or the duration is out of range.
    """

    from_per_s: float
    to_per_s: float
    duration_s: float = math.inf

    def __post_init__(self) -> None:
        highest = max(self.from_per_s, self.to_per_s)
        if not (0 < highest < math.inf and min(self.from_per_s, self.to_per_s) >= 0):
            raise ValueError(f"the arrival rate must be above 0/s, got {self}")
        if highest > HIGHEST_PER_S:
            raise ValueError(f"the arrival rate is at most {HIGHEST_PER_S}/s, got {self}")
        if not self.duration_s > 0:
            raise ValueError(f"a stage lasts longer than 0 s, got {self.duration_s!r}")
        if math.isinf(self.duration_s) and self.from_per_s != self.to_per_s:
            raise ValueError(f"the stage {self} needs a time, as in '0..200/s@30s'")

    @property
    def arrivals(self) -> float:
        """Arrivals due in the whole stage."""
        return self.arrivals_within(self.duration_s)

    def arrivals_within(self, elapsed_s: float) -> float:
        """Return how many arrivals are due in its first ``elapsed_s``, with fractions."""
        if self.from_per_s == self.to_per_s:
            return self.from_per_s * elapsed_s
        slope = (self.to_per_s - self.from_per_s) / self.duration_s
        return elapsed_s * (self.from_per_s + slope * elapsed_s / 2)

    def time_of(self, arrivals: float) -> float:
        """Return the seconds until so many arrivals are due: the inverse of `arrivals_within`."""
        if self.from_per_s == self.to_per_s:
            return arrivals / self.from_per_s
        if arrivals == 0:
            return 0.0
        slope = (self.to_per_s - self.from_per_s) / self.duration_s
        # The root of the quadratic that stays exact when the slope is small.
        root = math.sqrt(max(self.from_per_s**2 + 2 * slope * arrivals, 0.0))
        return 2 * arrivals / (self.from_per_s + root)

    def __str__(self) -> str:
        rate = _plain(self.from_per_s)
        if self.from_per_s != self.to_per_s:
            rate += f"..{_plain(self.to_per_s)}"
        if math.isinf(self.duration_s):
            return f"{rate}/s"
        return f"{rate}/s@{format_duration(self.duration_s)}"


@dataclass(frozen=True, slots=True)
class OpenModel:
    """Open model: arrivals at a rate that does not depend on how fast the target answers.

    Args:
        stages: one after the other; the final rate of the last one goes on.
        is_poisson: whether arrivals are independent of each other, as those of many people are, or
            evenly spaced.

    Raises:
        ValueError: there is no stage, or one before the last has no duration.
    """

    stages: tuple[Stage, ...]
    is_poisson: bool = False

    def __post_init__(self) -> None:
        if not self.stages:
            raise ValueError("an open model has at least one stage")
        for stage in self.stages[:-1]:
            if math.isinf(stage.duration_s):
                raise ValueError(f"the stage {stage} needs a time, as in '{stage}@30s'")

    @classmethod
    def at(cls, rate_per_s: float, *, is_poisson: bool = False) -> Self:
        """Return the model of one constant rate."""
        return cls((Stage(from_per_s=rate_per_s, to_per_s=rate_per_s),), is_poisson)

    @property
    def staged_s(self) -> float:
        """Total duration of the stages; 0 for a constant rate."""
        return sum(stage.duration_s for stage in self.stages if not math.isinf(stage.duration_s))

    @property
    def least_s(self) -> float:
        """How long it must run to have sent its stages: all but a tenth of the last one."""
        last_s = self.stages[-1].duration_s
        return self.staged_s - (0.0 if math.isinf(last_s) else last_s * _NEGLIGIBLE_RATIO)

    @property
    def peak_per_s(self) -> float:
        """The highest rate."""
        return max(max(stage.from_per_s, stage.to_per_s) for stage in self.stages)

    @property
    def has_one_rate(self) -> bool:
        """Whether the rate is the same all the time."""
        rates = {rate for stage in self.stages for rate in (stage.from_per_s, stage.to_per_s)}
        return len(rates) == 1

    def arrivals_within(self, elapsed_s: float) -> float:
        """Return how many arrivals are due within ``elapsed_s``, with fractions."""
        arrivals = 0.0
        for stage in self.stages:
            if elapsed_s <= stage.duration_s:
                return arrivals + stage.arrivals_within(elapsed_s)
            arrivals += stage.arrivals
            elapsed_s -= stage.duration_s
        return arrivals + self.stages[-1].to_per_s * elapsed_s

    def time_of(self, arrivals: float) -> float:
        """Return the seconds until so many arrivals are due: the inverse of `arrivals_within`.

        Infinite when they never are, because the last stage ends at a rate of 0.
        """
        elapsed_s = 0.0
        for stage in self.stages:
            if arrivals <= stage.arrivals:
                return elapsed_s + stage.time_of(arrivals)
            arrivals -= stage.arrivals
            elapsed_s += stage.duration_s
        rate_per_s = self.stages[-1].to_per_s
        return elapsed_s + arrivals / rate_per_s if rate_per_s else math.inf

    def __str__(self) -> str:
        return ",".join(map(str, self.stages)) + (_POISSON if self.is_poisson else "")


Pacing = ClosedModel | OpenModel
"""What decides when requests are due."""

OWN_PACING: Final = "the locustfile's own"
"""In reports, the pacing of a run with an open model whose users did not use its arrivals."""


def parse_pacing(text: str) -> Pacing:
    """Parse ``think``, ``none`` or the open model's stages.

    Raises:
        ValueError: it does not follow the grammar; the message says what to write.
    """
    text = text.strip()
    for model in ClosedModel:
        if text == model:
            return model
    stages = text.removesuffix(_POISSON)
    return OpenModel(
        tuple(_parse_stage(stage.strip()) for stage in stages.split(",")),
        is_poisson=stages != text,
    )


def changes_rate(text: str) -> bool:
    """Return whether a pacing, as a record has it, is an open model whose rate changes."""
    try:
        pacing = parse_pacing(text)
    except ValueError:  # the locustfile's own
        return False
    return isinstance(pacing, OpenModel) and not pacing.has_one_rate


def _parse_stage(text: str) -> Stage:
    found = _STAGE.fullmatch(text)
    if found is None:
        raise ValueError(PACING_HINT)
    from_per_s, to_per_s, duration = found.groups()
    return Stage(
        from_per_s=float(from_per_s),
        to_per_s=float(from_per_s if to_per_s is None else to_per_s),
        duration_s=math.inf if duration is None else parse_duration(duration),
    )


def _plain(rate_per_s: float) -> str:
    if not math.isfinite(rate_per_s):
        return str(rate_per_s)
    return f"{Decimal(repr(rate_per_s)).normalize():f}"
