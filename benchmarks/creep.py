"""Whether a target that gets a little slower every night is found.

    python -m benchmarks.creep [--sequences N]

A night is a run of 10,000 requests with the log-normal latencies of `gate_errors`. It is compared
by ``p99 > 10%`` with the baseline, which it replaces as a session does, and with an anchor, which
stays: the first night, or the best of the last five that passed. Latencies grow by 5 % a night,
which against the night before is always within the rule.

Exits with 1 when with an anchor less than 90 % of the sequences FAIL by the fourth night, or when
more than 1 % of the nights FAIL where nothing grows. Takes about five minutes on two cores.
"""

import argparse
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from multiprocessing import Pool
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Final, NamedTuple

from aqp_perf.core.comparison.rules import ComparisonRule
from aqp_perf.core.results.judged_run import JudgedRun, ResultsFile, TargetInfo
from aqp_perf.core.results.results_document import results_text
from aqp_perf.core.results.run_fingerprint import RunFingerprint
from aqp_perf.core.results.series import history_name
from aqp_perf.core.verdict.verdicts import RunVerdict, Verdict
from aqp_perf.plugin.results.baselines import Baselines
from aqp_perf.plugin.runs.judging import with_comparisons
from aqp_perf.plugin.settings.option_values import MissingBaseline
from aqp_perf.plugin.settings.session_settings import BaselineSettings
from aqp_perf.stores.file_store import Place
from benchmarks.gate_errors import MODELS, shown, simulated

ANCHORS: Final = (None, "first", "best:5")
GROWTH: Final = 1.05
NIGHTS: Final = 4
"""After the first one, in which nothing is compared."""
REQUESTS: Final = 10_000
LEAST_FOUND_RATIO: Final = 0.9
MOST_FALSE_RATIO: Final = 0.01


class Nights(NamedTuple):
    """A sequence of nights to simulate; the same one for the same number on every machine."""

    anchor: str | None
    growth: float
    number: int


def night_of(latency_factor: float, random: Random, night: int) -> ResultsFile:
    """Return what a session measures in one night."""
    started_at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=night)
    latencies = MODELS["log-normal"](random, REQUESTS, latency_factor)
    run = JudgedRun(
        test="test_it",
        target=TargetInfo(kind="none", endpoint="", label="simulated"),
        profile={},
        seed=1,
        run=simulated(latencies),
        verdict=RunVerdict(verdict=Verdict.PASS),
        fingerprint=RunFingerprint(),
    )
    return ResultsFile(started_at=started_at, environment={}, runs=(run,))


def nights_compared(nights: Nights) -> int:
    """Return how many nights were compared until one FAILed; one more than all: none did."""
    with TemporaryDirectory(prefix="aqp-perf-creep-") as folder:
        return next(_failures(nights, Path(folder)), NIGHTS + 1)


def _failures(nights: Nights, folder: Path) -> Iterator[int]:
    random = Random(repr(nights))  # noqa: S311 - a simulation
    history = Place(text=str(folder / "history"))
    settings = BaselineSettings(
        place=Place(text="baselines"),
        save=None,
        compare=None,
        anchor=None,
        rules=(ComparisonRule.parse("p99 > 10%"),),
        allowed=frozenset(),
        missing=MissingBaseline.ERROR,
        history=history,
    )
    comparing = replace(settings, save="main", compare="main", anchor=nights.anchor)
    for night in range(NIGHTS + 1):
        session = night_of(nights.growth**night, random, night)
        if night == 0:
            for name in ("first", "main"):
                Baselines(replace(settings, save=name), folder).save(session)
        else:
            baselines = Baselines(comparing, folder)
            (run,) = session.runs
            judged = with_comparisons(run, baselines.compare(0, run))
            session = replace(session, runs=(judged,))
            if judged.verdict.verdict is Verdict.FAIL:
                yield night
            baselines.save(session)
        history.open(folder).add(history_name(session, "night"), results_text(session))


def main() -> int:
    """Print what is found with each anchor; return 1 when a limit is missed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--sequences", type=int, default=300, help="of each kind (300)")
    count: int = parser.parse_args().sequences
    if count < 1:
        parser.error(f"--sequences: {count} is not valid: it must be at least 1")
    reached = True
    title = f"found by night {NIGHTS}"
    print(f"{'anchor':8}  {title:24} {'by night':24} false alarms a night", flush=True)
    with Pool() as pool:
        for anchor in ANCHORS:
            creeping, steady = (
                pool.map(
                    nights_compared,
                    [Nights(anchor, growth, it) for it in range(count)],
                    chunksize=5,
                )
                for growth in (GROWTH, 1.0)
            )
            found = sum(night <= NIGHTS for night in creeping)
            by_night = ", ".join(
                f"{sum(each <= night for each in creeping) / count:.0%}"
                for night in range(1, NIGHTS + 1)
            )
            alarms = sum(night <= NIGHTS for night in steady)
            compared = sum(min(night, NIGHTS) for night in steady)
            missed = alarms > MOST_FALSE_RATIO * compared or (
                anchor is not None and found < LEAST_FOUND_RATIO * count
            )
            reached = reached and not missed
            print(
                f"{anchor or 'none':8}  {shown(found, count):24} {by_night:24} "
                f"{shown(alarms, compared)}{'  MISSED' if missed else ''}",
                flush=True,
            )
    print(
        f"with an anchor at least {LEAST_FOUND_RATIO:.0%} found by night {NIGHTS}, and at most "
        f"{MOST_FALSE_RATIO:.0%} false alarms a night: {'yes' if reached else 'NO'}"
    )
    return 0 if reached else 1


if __name__ == "__main__":
    sys.exit(main())
