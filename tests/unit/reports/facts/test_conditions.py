from dataclasses import replace
from datetime import datetime, timedelta, timezone

from aqp_perf.core.measured.stalls import FreezeCause, LessExact
from aqp_perf.core.results.judged_run import JudgedRun
from aqp_perf.reports.facts.conditions import freezes_text, generator_facts, origin_facts
from aqp_perf.reports.figures import Fact


def test_the_start_of_a_measurement_is_shown_in_utc(judged: JudgedRun) -> None:
    started_at = datetime(2025, 1, 1, 1, tzinfo=timezone(timedelta(hours=2)))

    facts = list(origin_facts(replace(judged, run=replace(judged.run, started_at=started_at))))

    assert Fact("measurement began", "2024-12-31T23:00:00Z") in facts


def test_the_generator_says_how_long_it_stood_still_and_why(judged: JudgedRun) -> None:
    health = replace(
        judged.run.generator,
        frozen_s=0.32,
        freezes=((1.0, 0.16), (3.0, 0.16), (4.0, 0.2)),
        freeze_causes={
            FreezeCause.UNKNOWN: 0.1,
            FreezeCause.OTHER_WORK: 0.22,
            FreezeCause.SERVER: 1.2,
        },
    )

    facts = [*generator_facts(replace(judged.run, generator=health))]

    assert facts[2:5] == [
        Fact("stood still", "320 ms (longest 200 ms, other work had its core)"),
        Fact("target or AQP waited for a core", "1.2 s"),
        Fact("event loop lag p99 otherwise", "0.8 ms"),
    ]
    assert freezes_text(health) == (
        "generator stood still (other work had its core), or target or AQP waited for a core"
    )


def test_a_generator_that_never_stood_still_says_nothing_of_it(judged: JudgedRun) -> None:
    facts = [*generator_facts(judged.run)]

    assert facts[2] == Fact("event loop lag p99", "0.8 ms")


def test_what_the_system_makes_less_exact_is_said(judged: JudgedRun) -> None:
    health = replace(judged.run.generator, less_exact=tuple(LessExact))

    facts = [*generator_facts(replace(judged.run, generator=health))]

    assert facts[-1] == Fact(
        "system lacks",
        "timerfd (lags of the event loop are in every latency), "
        "schedstat (waits of target and AQP for a core are in the latency)",
    )
