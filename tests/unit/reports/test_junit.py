import re
from dataclasses import replace

from aqp_perf.core.load.cost import RunCost
from aqp_perf.core.measured.operation_parts import AttemptCounts, TimeShares
from aqp_perf.core.measured.run_result import GeneratorHealth
from aqp_perf.core.measured.stalls import ClassCounts, FreezeCause, LessExact
from aqp_perf.core.results.judged_run import JudgedRun
from aqp_perf.core.samples.histogram import LatencyHistogram, SizeHistogram
from aqp_perf.reports.junit import properties


def test_every_figure_and_verdict_is_a_property(judged: JudgedRun) -> None:
    found = dict(properties(judged))

    expected = {
        "perf.verdict": "fail",
        "perf.invalid_reasons": "",
        "perf.target": "moto",
        "perf.target_label": "not AWS",
        "perf.seed": "1",
        "perf.users": "10",
        "perf.duration_s": "10.0",
        "perf.generator.processes": "1",
        "perf.generator.cpu_ratio_max": "0.415",
        "perf.generator.loop_lag_p99_ms": "0.8",
        "perf.generator.arrivals_due": "1020",
        "perf.generator.arrivals_sent": "1020",
        "perf.write_to_ddb.requests": "1000",
        "perf.write_to_ddb.failures": "2",
        "perf.write_to_ddb.failure_ratio": "0.002",
        "perf.write_to_ddb.failures_throttled": "1",
        "perf.write_to_ddb.failures_timeout": "1",
        "perf.write_to_ddb.throughput_per_s": "99.8",
        "perf.write_to_ddb.consumed_write_units": "998.0",
        "perf.write_to_ddb.p99_ms": "1.0",
        "perf.write_to_ddb.max_ms": "200.063",
        "perf.write_to_ddb.service_time_p99_9_ms": "200.063",
        "perf.write_to_ddb.omission_gap": "1.0",
        "perf.write_to_ddb.p99.threshold": "p99 < 300 ms",
        "perf.write_to_ddb.p99.verdict": "pass",
        "perf.write_to_ddb.failure_ratio.verdict": "fail",
        "perf.delete.median.verdict": "no data",
    }
    assert {name: found.get(name) for name in expected} == expected


def test_what_a_run_cost_is_a_property(judged: JudgedRun, cost: RunCost) -> None:
    found = dict(properties(replace(judged, cost=cost)))

    assert found["perf.cost_usd"] == "0.35"
    assert found["perf.cost"].startswith(
        "0.35 USD (load 0.35 metered); estimate 0.38 USD (seeding 0.00063"
    )
    assert "perf.cost_usd" not in dict(properties(judged))


def test_what_target_and_client_say_are_properties(judged: JudgedRun) -> None:
    measured = replace(
        judged.run.operations[0],
        server_times={"retrieve": LatencyHistogram.of([7_000_000])},
        payload=SizeHistogram.of([626]),
        time_shares=TimeShares(
            answers=4,
            waiting_ns=4_000_000,
            client_and_network_ns=-2_000_000,
            aggregate_ns=0,
            retrieve_ns=28_000_000,
        ),
        attempts=AttemptCounts(total=1037, throttled=37, backoff_s=1.5),
    )
    run = replace(judged.run, operations=(measured,))
    found = dict(properties(replace(judged, run=run)))

    expected = {
        "retrieve_time_p99_ms": "7.003",
        "payload_max_bytes": "626",
        "time_shares_answers": "4",
        "time_shares_latency_ms": "7.5",
        "time_shares_waiting_ms": "1.0",
        "time_shares_client_and_network_ms": "-0.5",
        "time_shares_aggregate_ms": "0.0",
        "time_shares_retrieve_ms": "7.0",
        "attempts": "1037",
        "throttled_attempts": "37",
        "backoff_s": "1.5",
    }
    assert {name: found.get(f"perf.write_to_ddb.{name}") for name in expected} == expected


def test_names_are_dotted_words_and_unique(judged: JudgedRun) -> None:
    names = [name for name, _ in properties(judged)]

    assert all(re.fullmatch(r"\w+(\.\w+)+", name, re.ASCII) for name in names)
    assert len(set(names)) == len(names)


def test_two_operations_with_one_slug_get_numbers(judged: JudgedRun) -> None:
    first, second = judged.run.operations
    run = replace(
        judged.run,
        operations=(
            replace(first, name="GET /a"),
            replace(second, name="GET_a", consumed_read_units=2.5),
            replace(second, name="…"),
        ),
    )

    found = dict(properties(replace(judged, run=run), prefix="perf.run_2"))

    assert found["perf.run_2.GET_a.requests"] == "1000"
    assert found["perf.run_2.GET_a.requests_2"] == "20"
    assert found["perf.run_2.GET_a.consumed_read_units"] == "2.5"
    assert found["perf.run_2._.requests"] == "20"


def test_what_is_unknown_is_left_out(judged: JudgedRun) -> None:
    write = judged.run.operations[0]
    never = replace(
        write,
        requests=0,
        failures=0,
        latency=type(write.latency)(),
        service_time=type(write.latency)(),
    )
    run = replace(judged.run, operations=(never,), generator=GeneratorHealth(processes=1))

    names = {name for name, _ in properties(replace(judged, run=run))}

    assert "perf.generator.processes" in names
    assert not any(name.endswith(("_ms", "arrivals_due")) for name in names)


def test_neither_the_command_nor_messages_are_properties(judged: JudgedRun) -> None:
    """A user's locustfile may take secrets on its command line; ours never does."""
    run = replace(judged.run, command=("locust", "--token", "hunter2"))

    values = "\n".join(value for _, value in properties(replace(judged, run=run)))

    assert "hunter2" not in values
    assert "ThrottlingException" not in values


def test_values_are_what_xml_holds(judged: JudgedRun) -> None:
    run = replace(judged.run, aborted="nul \x00, cursor \x1b[2J, half \ud800, no \ufffe")

    value = dict(properties(replace(judged, run=run)))["perf.aborted"]

    assert value == r"nul \x00, cursor \x1b[2J, half \ud800, no \ufffe"


def test_what_stalls_can_have_changed_is_a_property(judged: JudgedRun) -> None:
    health = GeneratorHealth(
        processes=1,
        frozen_s=0.3,
        freezes=((1.0, 0.3),),
        freeze_causes={FreezeCause.OTHER_WORK: 0.3},
        user_classes={"Writer": ClassCounts(due=1001, sent=1000)},
        less_exact=(LessExact.TIMERS, LessExact.RUN_DELAYS),
    )
    wide = replace(judged.verdict.judgements[0], bounds=(0.2, 1.0), touched=3)
    verdict = replace(judged.verdict, judgements=(wide,), left_out=("one",), notes=("two",))

    found = dict(
        properties(replace(judged, run=replace(judged.run, generator=health), verdict=verdict))
    )

    expected = {
        "perf.notes": "one; two",
        "perf.generator.frozen_s": "0.3",
        "perf.generator.less_exact": f"{LessExact.TIMERS}; {LessExact.RUN_DELAYS}",
        "perf.generator.freeze_causes.other_work": "0.3",
        "perf.generator.Writer.due": "1001",
        "perf.generator.Writer.sent": "1000",
        "perf.generator.Writer.unrecorded": "0",
        "perf.write_to_ddb.p99.target_alone": "0.2 to 1 ms",
    }
    assert {name: found.get(name) for name in expected} == expected
    assert not {"perf.generator.freezes", "perf.generator.user_classes"} & set(found)


def test_names_of_operations_are_bounded_unique_and_keep_their_letters(judged: JudgedRun) -> None:
    read = judged.run.operations[1]
    names = ["заказ №7/größe", "x" * 150 + "a" + "y" * 150, "x" * 150 + "b" + "y" * 150]
    run = replace(judged.run, operations=tuple(replace(read, name=name) for name in names))

    found = properties(replace(judged, run=run))

    keys = [name for name, _ in found]
    assert len(set(keys)) == len(keys)
    cut = "x" * 50 + "…" + "y" * 49
    assert [name for name in keys if "requests" in name] == [
        "perf.заказ_7_größe.requests",
        f"perf.{cut}.requests",
        f"perf.{cut}.requests_2",
    ]
