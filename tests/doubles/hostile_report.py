"""A report with the same hostile text in every field that takes text."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from aqp_perf.core.data.keys import Key
from aqp_perf.core.measured.failure_class import FailureClass
from aqp_perf.core.measured.operation import OperationResult
from aqp_perf.core.measured.operation_parts import AnswerChecks, TimeShares
from aqp_perf.core.measured.run_result import GeneratorHealth, RunResult
from aqp_perf.core.measured.stalls import FreezeCause
from aqp_perf.core.proof.write_audit import WriteAudit
from aqp_perf.core.proof.wrong_answer import WrongAnswer, WrongAnswerKind
from aqp_perf.core.results.judged_run import JudgedRun, ResultsFile, TargetInfo
from aqp_perf.core.samples.histogram import LatencyHistogram
from aqp_perf.core.samples.timeline import Timeline
from aqp_perf.core.verdict.thresholds import parse_threshold
from aqp_perf.core.verdict.verdicts import judge

HOSTILE: Final = (
    "</script><script>alert(1)</script>",
    "<!--<script>",
    "<img src=http://127.0.0.1:9/x onerror=alert(1)>",
    "\"'`><svg onload=alert(1)>",
    "&lt;b&gt; &amp;amp; {{ 7 * 7 }} {% raw %}",
    "\x00\x1b[2J\x07\r\u0085",
    "abc\u202egnp.exe\u2066\u200f\u200b",
    "line\u2028separator\u2029",
    "]]>--></title></style>",
    "javascript:alert(1)",
    "\ud800 alone",
    "שלום 😀 ẞ",
)

_NS: Final = 1_000_000_000
_REQUESTS: Final = 600


def hostile_report(text: str) -> ResultsFile:
    """Return a report with one run of two operations, whose names begin or end with ``text``."""
    run = RunResult(
        command=("locust", text),
        started_at=datetime(2025, 1, 1, tzinfo=UTC),
        duration_s=12.0,
        users=10,
        aborted=text,
        log_errors=(text,),
        generator=GeneratorHealth(
            processes=1,
            cpu_ratio_max=0.4,
            arrivals_due=9,
            arrivals_sent=8,
            frozen_s=0.5,
            freezes=((2.0, 0.3), (7.0, 0.2)),
            freeze_causes={FreezeCause.OTHER_WORK: 0.5},
        ),
        operations=(_operation(f"one {text}", text), _operation(f"{text} two", text)),
    )
    audit = WriteAudit(
        acknowledged=9,
        checked=9,
        found=8,
        lost=1,
        ambiguous=0,
        ambiguous_landed=0,
        unexpected=0,
        lost_keys=(Key(text, text),),
    )
    verdict = judge(run, [parse_threshold("p99 < 30 ms")], audit, set_up_problems=[text])
    judged = JudgedRun(
        test=f"test_it.py::test_it[{text}]",
        target=TargetInfo(kind="endpoint", endpoint=text, label=text),
        profile={text or "name": text},
        seed=1,
        run=run,
        verdict=replace(verdict, notes=(text,)),
        aqp=text,
        write_audit=audit,
        unverified=text,
    )
    return ResultsFile(started_at=run.started_at, environment={"machine": text}, runs=(judged,))


def _operation(name: str, text: str) -> OperationResult:
    latency, service_time, timeline = LatencyHistogram(), LatencyHistogram(), Timeline()
    for number in range(_REQUESTS):
        rank = number * 277 % _REQUESTS  # neighbours in time have nothing in common
        service_ns = 1_000_000 + rank**2 * 100
        latency.record_ns(2 * service_ns)
        service_time.record_ns(service_ns)
        timeline.record(number * 12 * _NS // _REQUESTS, 2 * service_ns, failed=number % 50 == 0)
    wrong = WrongAnswer(kind=WrongAnswerKind.WRONG_VALUE, query=text, expected=text, got=text)
    return OperationResult(
        request_type=text,
        name=name,
        duration_s=12.0,
        requests=_REQUESTS,
        failures=12,
        failure_classes={FailureClass.WRONG_ANSWER: 12},
        failure_messages={text: 12},
        latency=latency,
        service_time=service_time,
        time_shares=TimeShares(
            answers=588,
            waiting_ns=_NS,
            client_and_network_ns=2 * _NS,
            aggregate_ns=3 * _NS,
            retrieve_ns=4 * _NS,
        ),
        answers=AnswerChecks(
            checked=_REQUESTS, wrong={WrongAnswerKind.WRONG_VALUE: 12}, evidence=(wrong,)
        ),
        timeline=timeline,
    )
