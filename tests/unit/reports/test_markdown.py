import re
from dataclasses import replace
from datetime import UTC, datetime
from html import unescape

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from perf.core.report import JudgedRun, ReportFile
from perf.core.thresholds import parse_threshold
from perf.core.verdicts import Verdict, judge
from perf.core.write_audit import WriteAudit
from perf.reports.lines import printable
from perf.reports.markdown import MOST_CHARACTERS, render_markdown

AUDIT = WriteAudit(
    acknowledged=998, checked=998, found=998, lost=0, ambiguous=0, ambiguous_landed=0, unexpected=0
)


def report_of(*runs: JudgedRun) -> ReportFile:
    return ReportFile(
        started_at=datetime(2025, 1, 1, tzinfo=UTC), environment={"commit": "abc123"}, runs=runs
    )


def passing(judged: JudgedRun) -> JudgedRun:
    verdict = judge(judged.run, [parse_threshold("write_to_ddb: max < 1 s")])
    return replace(judged, verdict=verdict, write_audit=AUDIT)


def test_a_session_is_a_table_with_what_failed_first(judged: JudgedRun) -> None:
    text = unescape(render_markdown(report_of(passing(judged), judged)))

    lines = text.splitlines()
    assert lines[0] == "### Performance: ❌ 1 FAIL, ✅ 1 PASS"
    assert lines[2].startswith("| verdict | test and operation | requests/s | p50 | p99 |")
    assert lines[4] == (
        "| ❌ FAIL | <code>tests/scenarios/test_mix.py::test_mix (run 2)</code> |  |  |  |  |  | "
        "<code>-100% failure_ratio <= 0.1%: 0.2%, write_to_ddb</code> |"
    )
    assert lines[5] == (
        "|  | <code>write_to_ddb</code> | 100 | 1.0 ms | 1.0 ms | 2 (0.20%) | not audited |  |"
    )
    assert lines[7].startswith("| ✅ PASS | <code>tests/scenarios/test_mix.py::test_mix</code> |")
    assert lines[8].endswith(" | 2 (0.20%) | 998 acknowledged, 0 lost |  |")
    assert "target: <code>moto at http://127.0.0.1:5000 (not AWS)</code>" in text
    assert "commit: <code>abc123</code>" in text


def test_only_what_did_not_pass_is_told_whole(judged: JudgedRun) -> None:
    text = render_markdown(report_of(passing(judged), judged))

    assert text.count("<details>") == text.count("</details>") == 1
    assert "\n<pre>\nFAIL: 1 of 5 thresholds met, 2 broken, 2 not judged\n" in text
    assert "command    locust -f perf/locustfile.py" in text


def test_a_session_without_runs_says_so() -> None:
    assert render_markdown(report_of()) == "### Performance: no load run\n"


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.text(st.characters(), max_size=150) | st.sampled_from(["`|`", "</code>|<img>", "@a #1"]))
def test_no_name_is_read_as_markdown_or_html(judged: JudgedRun, name: str) -> None:
    """Nor does it break its row: every row has as many cells as the first."""
    operation = replace(judged.run.operations[0], name=name, failure_messages={name: 1})
    hostile = replace(judged, test=name, run=replace(judged.run, operations=(operation,)))

    text = render_markdown(report_of(hostile))

    text.encode()  # no lone surrogate
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert {row.count("|") for row in rows} == {rows[0].count("|")}
    table, _, details = text.partition("\n<details>")
    codes = re.findall(r"<code>(.*?)</code>", table)
    assert all(not set(code) & set("|<>`*_[]@:~\\") for code in codes)
    shown = printable(name)
    assert (shown if len(shown) <= 120 else f"{shown[:119]}…") == unescape(codes[0])
    assert not re.findall(r"<(?!/?(?:details|summary|code|pre)>)", details)


def test_a_long_session_is_cut_clearly(judged: JudgedRun) -> None:
    many = [replace(judged, test=f"tests/test_{number}.py::test_it") for number in range(2_000)]

    text = render_markdown(report_of(*many))

    assert len(text) <= MOST_CHARACTERS
    assert re.search(r"\n\*\d+ more runs are in the report file\.\*\n", text)
    assert re.search(r"\n\*\d+ more runs that did not pass are in the report file\.\*\n$", text)
    assert text.count("<details>") == text.count("</details>") > 5


def test_one_endless_text_leaves_room_for_others(judged: JudgedRun) -> None:
    messages = {f"<&{'x' * 190}{number}": 1 for number in range(10)}
    endless = [
        replace(judged.run.operations[0], name=f"operation {number}", failure_messages=messages)
        for number in range(50)
    ]
    long = replace(judged, run=replace(judged.run, operations=tuple(endless)))

    text = render_markdown(report_of(long, replace(judged, test="short")))

    assert "\n… cut here; the report file has all of it\n</pre>" in text
    assert text.count("<details>") == 2
    assert not re.search(r"&[a-z]{0,3}\n… cut", text)


def test_every_verdict_has_a_sign(judged: JudgedRun) -> None:
    runs = [replace(judged, verdict=replace(judged.verdict, verdict=each)) for each in Verdict]

    heading = render_markdown(report_of(*runs)).splitlines()[0]

    assert heading == "### Performance: ❌ 1 FAIL, ⚠️ 1 INVALID, ❔ 1 NO DATA, ✅ 1 PASS"
