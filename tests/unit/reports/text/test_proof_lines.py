from dataclasses import replace

import pytest

from aqp_perf.core.measured.answer_checks import AnswerChecks
from aqp_perf.core.proof import WrongAnswer, WrongAnswerKind
from aqp_perf.core.proof.write_audit import WriteAudit
from aqp_perf.core.proof.write_log import Key
from aqp_perf.core.results.judged_run import JudgedRun
from aqp_perf.core.verdict.verdicts import judge
from aqp_perf.reports.text.proof_lines import proof_lines
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


def test_answers_that_nobody_checked_are_said_to_be_unverified(judged: JudgedRun) -> None:
    why = "table 'orders' does not carry the tag of this data, nobody knows them"

    assert f"answers not verified: {why} (select" in text_of(replace(judged, unverified=why))


def test_right_answers_are_counted(judged: JudgedRun) -> None:
    text = text_of(with_answers(judged, AnswerChecks(checked=20)))

    assert "answers of aqp: 20 checked, all right" in text
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
        "answers of aqp: 3 of 20 checked wrong: 2 cross_talk, 1 truncated",
        "  cross_talk: select 1",
        "    expected: x: 1",
        "    got: y: 2",
    ]


@pytest.mark.parametrize(
    ("audit", "text"),
    [
        (AUDIT, "writes: 998 acknowledged, 998 found in the table (the audit took 181 read units)"),
        (
            replace(AUDIT, consumed_read_units=None, ambiguous=3, ambiguous_landed=1),
            (
                "writes: 998 acknowledged, 998 found in the table; 3 with an unknown outcome, 1 of "
                "them landed"
            ),
        ),
        (
            replace(AUDIT, consumed_read_units=None, checked=90, found=89, lost=1, unexpected=None),
            (
                "writes: 998 acknowledged, 90 looked for at random, 89 found in the table; nobody "
                "looked for items that were not sent"
            ),
        ),
    ],
)
def test_an_audit_is_told_in_a_line(judged: JudgedRun, audit: WriteAudit, text: str) -> None:
    assert text_of(replace(judged, write_audit=audit)).splitlines()[-1] == text


def test_writes_that_nobody_looked_for_are_said_to_be_so(judged: JudgedRun) -> None:
    assert "writes not audited" in text_of(judged)


def test_a_lost_write_is_the_first_thing_a_verdict_says(judged: JudgedRun) -> None:
    audit = replace(AUDIT, found=997, lost=1, lost_keys=(Key("ACCOUNT", "ORDER"),))
    failed = replace(judged, write_audit=audit, verdict=judge(judged.run, [], audit))

    assert [line.text for line in verdict_block(failed, 100)] == [
        "FAIL: the table does not hold what was written",
        "- 1 of 998 acknowledged writes are not in the table: ACCOUNT ORDER",
    ]
