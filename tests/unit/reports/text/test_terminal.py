from dataclasses import replace

import pytest

from aqp_perf.core.measured.run_result import GeneratorHealth
from aqp_perf.core.results.judged_run import JudgedRun
from aqp_perf.core.verdict.verdicts import judge
from aqp_perf.reports.lines import Style
from aqp_perf.reports.text.terminal import failure_text, run_block

# Worked out by hand: 200 ms lies in the bucket from 199.936 to 200.063 ms, 50 ms in the one from
# 49.984 to 50.015 ms, and the bounds of the failure ratio are Wilson's for 2 of 1000.
WHOLE_RUN = """\
FAIL: 1 of 5 thresholds met, 2 broken, 2 not judged
           threshold              observed [95 % interval]  margin  samples
write_to_ddb
  PASS     p99 < 300 ms           1 ms [1, 200]              +100%    1,000
  FAIL     failure_ratio <= 0.1%  0.2% [0.0536, 0.743]       -100%    1,000
    close: the limit lies inside the 95 % interval
  FAIL     max < 150 ms           200 ms                      -33%    1,000
select zipcode,pk,sum(amount) as total from performance_test_table where pk=? group by zipcode
  NO DATA  p99 < 300 ms           50 ms [-]                   +83%       20
    p99 needs 500 samples: 480 missing
delete
  NO DATA  median < 5 ms          -                              -        0
    no such operation ran, only write_to_ddb, select zipcode,pk,sum(amount) as total from
    performance_test_table where pk=? group by zipcode
10 users, measured for 10 s; load generator: processes 1, CPU of the busiest process 42% of a core,
event loop lag p99 0.8 ms, requests in flight on average 0.399, due requests sent in time 1,020 of
1,020
Type    Name                           # reqs   # fails  Avg  Min  Max  Med  p95  p99  req/s fails/s
----------------------------------------------------------------------------------------------------
partiQL write_to_ddb                     1000 2 (0.20%)  3.0  1.0  200  1.0  1.0  1.0 100.00    0.20
GET     select zipcode,…oup by zipcode     20 0 (0.00%) 50.0 50.0 50.0 50.0 50.0 50.0   2.00    0.00
        Aggregated                       1020 2 (0.20%)  3.9  1.0  200  1.0  1.0 50.0 102.00    0.20
write_to_ddb: 2 of 1,000 requests failed (0.20%): 1 throttled, 1 timeout
  1  no answer in 5 s
  1  ThrottlingException\\x1b[2J
answers not verified: no answer was checked (select zipcode,pk,su…=? group by zipcode)
writes not audited
target     moto at http://127.0.0.1:5000 (not AWS)
profile    users=10 pacing=102/s
data seed  1
command    locust -f perf/locustfile.py PartiqlWriteUser --host 'a b'
"""


def test_a_run_is_shown_with_table_failures_verdict_and_origin(judged: JudgedRun) -> None:
    assert failure_text(judged) + "\n" == WHOLE_RUN


def test_a_line_has_the_style_of_what_it_says(judged: JudgedRun) -> None:
    styles = {line.text.strip()[:16].strip(): line.style for line in run_block(judged, width=100)}

    assert styles["write_to_ddb: 2"] is Style.BAD
    assert styles["FAIL: 1 of 5 thr"] is Style.BAD
    assert styles["PASS     p99 < 3"] is Style.GOOD
    assert styles["FAIL     max < 1"] is Style.BAD
    assert styles["NO DATA  median"] is Style.WARNING
    assert styles["p99 needs 500 sa"] is Style.WARNING
    assert styles["target     moto"] is Style.PLAIN


@pytest.mark.parametrize("width", [80, 100, 140])
def test_only_what_is_copied_is_wider_than_the_screen(judged: JudgedRun, width: int) -> None:
    long_command = replace(judged.run, command=("locust", "x" * 200))

    wide = [
        line.text
        for line in run_block(replace(judged, run=long_command), width)
        if len(line.text) > width
    ]

    assert wide == [f"command    locust {'x' * 200}"]


def test_a_wide_screen_shows_names_whole(judged: JudgedRun) -> None:
    name = judged.run.operations[1].name

    assert any(f"GET     {name} " in line.text for line in run_block(judged, width=180))


def test_the_aggregate_needs_two_operations(judged: JudgedRun) -> None:
    single = replace(judged.run, operations=judged.run.operations[:1])

    texts = [line.text for line in run_block(replace(judged, run=single))]

    assert not any("Aggregated" in text for text in texts)


def test_a_run_without_requests_shows_dashes(judged: JudgedRun) -> None:
    nothing = replace(
        judged.run,
        duration_s=0.0,
        generator=GeneratorHealth(processes=2),
        operations=(),
    )
    empty = replace(judged, run=nothing, verdict=judge(nothing, ()))

    texts = [line.text for line in run_block(empty)]

    assert texts[1] == "10 users, measured for 0 s; load generator: processes 2"
    assert texts[2].split() == [
        *("Type", "Name", "#", "reqs", "#", "fails", "Avg", "Min", "Max", "Med", "p95", "p99"),
        *("req/s", "fails/s"),
    ]
    assert texts[0] == "NO DATA: no request was completed"


def test_an_operation_that_never_ran_shows_dashes(judged: JudgedRun) -> None:
    write = judged.run.operations[0]
    never = replace(
        write,
        requests=0,
        failures=0,
        duration_s=0.0,
        latency=type(write.latency)(),
        service_time=type(write.latency)(),
    )

    texts = [
        line.text
        for line in run_block(replace(judged, run=replace(judged.run, operations=(never,))))
    ]

    row = next(text for text in texts if text.startswith("partiQL"))
    assert row.split()[2:] == ["0", "0", "(0.00%)", "-", "-", "-", "-", "-", "-", "0.00", "0.00"]


def test_the_commonest_messages_are_shown_and_the_others_counted(judged: JudgedRun) -> None:
    write = replace(
        judged.run.operations[0], failure_messages={f"message {i:02}": i for i in range(1, 13)}
    )
    run = replace(judged.run, operations=(write,))

    texts = [line.text for line in run_block(replace(judged, run=run))]

    assert "  12  message 12" in texts
    assert "   3  message 03" in texts
    assert not any("message 02" in text for text in texts)
    assert "  2 more messages in the results file (--perf-json)" in texts


@pytest.mark.parametrize(
    ("connections", "waits", "shown"),
    [
        (10, None, ", connections opened 10"),
        (11, None, ", connections opened 11 (more than users: the target closes them)"),
        (None, 3, ", requests that waited for a connection 3"),
    ],
)
def test_connections_are_shown_when_they_are_known(
    judged: JudgedRun, connections: int | None, waits: int | None, shown: str
) -> None:
    health = replace(judged.run.generator, connections_opened=connections, pool_waits=waits)
    run = replace(judged.run, generator=health)

    texts = [line.text for line in run_block(replace(judged, run=run), width=300)]

    (conditions,) = (text for text in texts if text.startswith("10 users"))
    assert conditions.endswith(f"due requests sent in time 1,020 of 1,020{shown}")
