from dataclasses import replace

import pytest

from aqp_perf.core.data.keys import Key
from aqp_perf.core.measured.operation_parts import AnswerChecks
from aqp_perf.core.proof import WrongAnswer, WrongAnswerKind
from aqp_perf.core.proof.write_audit import WriteAudit
from aqp_perf.core.results.judged_run import JudgedRun
from aqp_perf.core.verdict.verdicts import judge
from aqp_perf.reports.text.terminal import proof_lines
from aqp_perf.reports.text.verdict_block import verdict_block

AUDIT = WriteAudit(
    acknowledged=998,
    checked=998,
    found=998,
    lost=0,
    ambiguous=0,
    ambiguous_landed=0,
    unexpected=0,
    consumed_read_units=181.0,
)


def text_of(judged: JudgedRun, width: int = 400) -> str:
    return "\n".join(line.text for line in proof_lines(judged, width))


def with_answers(judged: JudgedRun, answers: AnswerChecks) -> JudgedRun:
    write, read = judged.run.operations
    run = replace(judged.run, operations=(write, replace(read, name="aqp", answers=answers)))
    return replace(judged, run=run)


def test_unchecked_answers_are_not_verified(judged: JudgedRun) -> None:
    why = "table 'orders' does not carry the tag of this data"

    assert f"answers not verified: {why} (select" in text_of(replace(judged, unverified=why))


def test_right_answers_are_counted(judged: JudgedRun) -> None:
    text = text_of(with_answers(judged, AnswerChecks(checked=20)))

    assert "answers of aqp: 20 checked, all correct" in text
    assert "not verified" not in text


def test_wrong_answers_are_shown_with_evidence(judged: JudgedRun) -> None:
    wrong = WrongAnswer(
        kind=WrongAnswerKind.CROSS_TALK, query="select 1", expected="x: 1", got="y: 2"
    )
    checks = AnswerChecks(
        checked=20,
        wrong={WrongAnswerKind.CROSS_TALK: 2, WrongAnswerKind.TRUNCATED: 1},
        evidence=(wrong,),
    )

    assert text_of(with_answers(judged, checks)).splitlines()[:4] == [
        (
            "answers of aqp: 20 checked, 3 wrong (2 cross_talk: the answer to another question; "
            "1 truncated: only the first or the last items)"
        ),
        "  cross_talk: select 1",
        "    expected: x: 1",
        "    got: y: 2",
    ]


@pytest.mark.parametrize(
    ("audit", "text"),
    [
        (
            AUDIT,
            (
                "writes: 998 acknowledged, 998 found in the table, 0 lost, 0 unexpected items, "
                "181 read units for the audit"
            ),
        ),
        (
            replace(AUDIT, consumed_read_units=None, ambiguous=3, ambiguous_landed=1),
            (
                "writes: 998 acknowledged, 998 found in the table, 0 lost, 3 with an unknown "
                "outcome (1 of them in the table), 0 unexpected items"
            ),
        ),
        (
            replace(AUDIT, consumed_read_units=None, checked=90, found=89, lost=1, unexpected=None),
            (
                "writes: 998 acknowledged, 90 looked up at random, 89 found in the table, 1 lost, "
                "not searched for unexpected items"
            ),
        ),
    ],
)
def test_an_audit_is_a_line_of_figures(judged: JudgedRun, audit: WriteAudit, text: str) -> None:
    assert text_of(replace(judged, write_audit=audit)).splitlines()[-1] == text


def test_writes_without_an_audit_are_named(judged: JudgedRun) -> None:
    assert "writes not audited" in text_of(judged)


def test_a_lost_write_is_the_first_reason_of_a_verdict(judged: JudgedRun) -> None:
    audit = replace(AUDIT, found=997, lost=1, lost_keys=(Key("ACCOUNT", "ORDER"),))
    failed = replace(judged, write_audit=audit, verdict=judge(judged.run, [], audit))

    assert [line.text for line in verdict_block(failed, 100)] == [
        "FAIL: the table does not hold what was written",
        "- 1 of 998 acknowledged writes is not in the table: ACCOUNT ORDER",
    ]
