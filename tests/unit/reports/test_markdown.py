import re
from dataclasses import replace
from datetime import UTC, datetime
from html import unescape

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aqp_perf.core.comparison.outcome import Change, Comparison, ComparisonJudgement
from aqp_perf.core.comparison.rules import ComparisonRule
from aqp_perf.core.proof.write_audit import WriteAudit
from aqp_perf.core.results.judged_run import JudgedRun, ResultsFile
from aqp_perf.core.verdict.thresholds import parse_threshold
from aqp_perf.core.verdict.verdicts import Verdict, judge
from aqp_perf.reports.lines import printable
from aqp_perf.reports.markdown import MOST_CHARACTERS, render_markdown
from tests.unit.reports.text.test_trend_lines import change_at, trend_of

AUDIT = WriteAudit(
    acknowledged=998, checked=998, found=998, lost=0, ambiguous=0, ambiguous_landed=0, unexpected=0
)


def report_of(*runs: JudgedRun) -> ResultsFile:
    return ResultsFile(
        started_at=datetime(2025, 1, 1, tzinfo=UTC), environment={"commit": "abc123"}, runs=runs
    )


def passing(judged: JudgedRun) -> JudgedRun:
    verdict = judge(judged.run, [parse_threshold("write_to_ddb: max < 1 s")])
    return replace(judged, verdict=verdict, write_audit=AUDIT)


def test_a_session_is_two_tables_with_what_failed_first(judged: JudgedRun) -> None:
    failed = "write_to_ddb failure_ratio 0.2% (limit 0.1%); 1 more broken, 2 not judged"
    passed = "write_to_ddb max 200 ms (limit 1 s)"
    read = judged.run.operations[1]

    lines = render_markdown(report_of(passing(judged), judged)).splitlines()

    assert lines[:12] == [
        "### Performance: ❌ 1 FAIL, ✅ 1 PASS",
        "",
        "| run | verdict | test | decided by | load |",
        "| --: | --- | --- | --- | --- |",
        f"| 1 | ❌ FAIL | `{judged.test} (run 2)` | `{failed}` | 10 users, 10 s |",
        f"| 2 | ✅ PASS | `{judged.test}` | `{passed}` | 10 users, 10 s |",
        "",
        "| run | operation | requests/s | p50 | p99 | failures | answers and writes |",
        "| --: | --- | --: | --: | --: | --: | --- |",
        "| 1 | `write_to_ddb` | 100 | 1.0 ms | 1.0 ms | 2 (0.20%) | not audited |",
        f"| 1 | `{read.name}` | 2 | 50.0 ms | 50.0 ms | 0 (0.00%) | not verified |",
        "| 2 | `write_to_ddb` | 100 | 1.0 ms | 1.0 ms | 2 (0.20%) | 998 acknowledged, 0 lost |",
    ]
    assert "target: `moto at http://127.0.0.1:5000 (not AWS)`  " in lines
    assert "commit: `abc123`  " in lines


def test_compared_runs_show_their_changes(judged: JudgedRun) -> None:
    change = Change(
        operation="write_to_ddb",
        metric="p99",
        before=0.5,
        after=1.0,
        change_ratio=1.0,
        ci95=(0.1, 2.0),
    )
    rule = ComparisonRule.parse("p99 > 10%")
    comparison = Comparison(
        baseline="main",
        changes=(change,),
        judgements=(
            ComparisonJudgement(
                operation="write_to_ddb",
                rule=rule,
                change=change,
                chance=0.01,
                verdict=Verdict.PASS,
            ),
        ),
    )

    text = render_markdown(report_of(replace(passing(judged), comparison=comparison), judged))

    assert "| load | baseline |\n" in text
    kept = "compared with baseline main: 1 of 1 rules kept; 1 worse than allowed, not significant"
    assert f"| ⚠️ `{kept}` |" in text
    assert "| 10 users, 10 s | not compared |\n" in text
    assert "| 2 | `write_to_ddb` | 100 | 1.0 ms | 1.0 ms (+100%) | 2 (0.20%) |" in text


def test_the_anchor_stands_below_the_baseline(judged: JudgedRun) -> None:
    baseline, anchor = Comparison(baseline="main"), Comparison(baseline="v1", is_anchor=True)
    both = replace(judged, comparison=baseline, anchor_comparison=anchor)

    text = render_markdown(report_of(both))

    told = [f"`compared with {name}: no rule was set`" for name in ("baseline main", "anchor v1")]
    assert f"| {'<br>'.join(told)} |" in text


def test_changes_of_level_for_the_worse_are_first(judged: JudgedRun) -> None:
    trends = [trend_of(5, change_at(2, 12.0, 10.0)), trend_of(5, change_at(2, 10.0, 12.0))]

    text = render_markdown(report_of(judged), trends)

    _, _, history = text.partition("\n**history: changes of level**\n\n")
    worse, better, *_ = history.splitlines()
    assert worse.startswith(
        "- ⚠️ `test_it.py::test_write`: `p99 of write_to_ddb changed by +20 %, from 10 ms to 12 ms"
    )
    assert better.startswith("- `test_it.py::test_write`: `p99 of write_to_ddb changed by -17 %")
    assert "history" not in render_markdown(report_of(judged), [trend_of(5)])


def test_many_changes_are_counted(judged: JudgedRun) -> None:
    trends = [trend_of(5, change_at(2, 10.0, 12.0))] * 25

    assert "\n- 5 more\n" in render_markdown(report_of(judged), trends)


def test_a_job_is_linked_and_its_address_ends_no_link(judged: JudgedRun) -> None:
    text = render_markdown(report_of(judged), job_url="https://ci.example/a) [b](x <y> `7")

    assert (
        "report files: [see the CI job](https://ci.example/a%29%20%5Bb%5D%28x%20%3Cy%3E%20%607)"
        in text
    )


def test_only_runs_that_did_not_pass_are_shown_whole(judged: JudgedRun) -> None:
    text = render_markdown(report_of(passing(judged), judged))

    assert text.count("<details>") == text.count("</details>") == 1
    assert "\n<pre>\nFAIL: 1 of 5 thresholds met, 2 broken, 2 not judged\n" in text
    assert "command    locust -f perf/locustfile.py" in text


def test_a_session_without_runs_says_so() -> None:
    assert render_markdown(report_of()) == "### Performance: no load run\n"


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.characters(), max_size=150) | st.sampled_from(["`|`", "</code>|<img>", "@a #1"]))
def test_no_name_is_read_as_markdown_or_html(judged: JudgedRun, name: str) -> None:
    """Nor does it break its row: every row has as many cells as the first."""
    operation = replace(judged.run.operations[0], name=name, failure_messages={name: 1})
    hostile = replace(judged, test=name, run=replace(judged.run, operations=(operation,)))

    text = render_markdown(report_of(hostile))

    text.encode()  # no lone surrogate
    tables, _, details = text.partition("\n<details>")
    rows = [_cells(line) for line in tables.splitlines() if line.startswith("|")]
    assert [len(row) for row in rows] == [5] * 3 + [7] * 3
    shown = printable(name)
    shown = shown if len(shown) <= 120 else f"{shown[:119]}…"
    for cell in (rows[2][2], rows[5][1]):
        if cell.startswith("`"):
            assert cell == f"`{shown}`"
            assert "`" not in shown
        else:
            assert not set(cell[len("<code>") : -len("</code>")]) & set("|<>`*_[]@:~\\")
            assert unescape(cell) == f"<code>{shown}</code>"
    assert not re.findall(r"<(?!/?(?:details|summary|code|pre)>)", details)


def _cells(row: str) -> list[str]:
    """Return the cells as GitHub splits them, which knows no code spans then."""
    assert "\\" not in row
    return [cell.strip(" ") for cell in row.strip("|").split("|")]


def test_a_long_session_is_cut_clearly(judged: JudgedRun) -> None:
    many = [replace(judged, test=f"tests/test_{number}.py::test_it") for number in range(2_000)]

    text = render_markdown(report_of(*many))

    assert len(text) <= MOST_CHARACTERS
    assert re.search(r"\n\*[\d,]+ more runs in the results file\.\*\n", text)
    assert re.search(r"\n\*[\d,]+ more operations in the results file\.\*\n", text)
    assert re.search(r"\n\*[\d,]+ more runs that did not pass in the results file\.\*\n$", text)
    assert text.count("<details>") == text.count("</details>") > 5


def test_one_endless_text_leaves_room_for_others(judged: JudgedRun) -> None:
    messages = {f"<&{'x' * 190}{number}": 1 for number in range(10)}
    endless = [
        replace(judged.run.operations[0], name=f"operation {number}", failure_messages=messages)
        for number in range(50)
    ]
    long = replace(judged, run=replace(judged.run, operations=tuple(endless)))

    text = render_markdown(report_of(long, replace(judged, test="short")))

    assert "\n… cut here; the results file has all of it\n</pre>" in text
    assert text.count("<details>") == 2
    assert not re.search(r"&[a-z]{0,3}\n… cut", text)


def test_every_verdict_has_a_sign(judged: JudgedRun) -> None:
    runs = [
        replace(judged, verdict=replace(judged.verdict, verdict=verdict)) for verdict in Verdict
    ]

    heading = render_markdown(report_of(*runs)).splitlines()[0]

    assert heading == "### Performance: ❌ 1 FAIL, ⚠️ 1 INVALID, ❔ 1 NO DATA, ✅ 1 PASS"


def test_notes_of_runs_that_passed_are_listed(judged: JudgedRun) -> None:
    passed = passing(judged)
    noted = replace(
        passed, verdict=replace(passed.verdict, left_out=("<b>stalls",), notes=("CPU",))
    )

    text = render_markdown(report_of(noted))

    assert "\n**Notes**\n\n- run 1: `<b>stalls`\n- run 1: `CPU`\n" in text
    assert "**Notes**" not in render_markdown(report_of(passed))


def test_many_notes_are_counted(judged: JudgedRun) -> None:
    passed = passing(judged)
    noted = replace(passed, verdict=replace(passed.verdict, notes=("note",) * 25))

    assert "- run 1: `note`\n- 5 more\n" in render_markdown(report_of(noted))
