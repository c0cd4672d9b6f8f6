from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aqp_perf.core.proof.write_log import Outcome, WriteLog, written_keys
from tests.doubles.orders import orders

outcomes = st.lists(st.sampled_from(Outcome))


def log_of(outcomes: list[Outcome], stream: str = "run/0/1") -> WriteLog:
    log = WriteLog(stream)
    for index, outcome in enumerate(outcomes):
        log.note(index, outcome)
    return log


@given(outcomes)
def test_the_runs_say_what_was_noted(noted: list[Outcome]) -> None:
    runs = list(log_of(noted).runs())

    assert [run.outcome for run in runs for _ in range(run.start, run.stop)] == noted
    assert [run.stop for run in runs[:-1]] == [run.start for run in runs[1:]]
    assert all(before.outcome is not after.outcome for before, after in pairwise(runs))


@given(outcomes)
def test_a_log_survives_a_round_trip_as_text(noted: list[Outcome]) -> None:
    text = log_of(noted).to_text()

    log = WriteLog.from_text("run/0/1", text)
    log.note(log.count, Outcome.UNKNOWN)

    assert list(log.runs()) == list(log_of([*noted, Outcome.UNKNOWN]).runs())


def test_equal_outcomes_take_no_memory() -> None:
    log = log_of([Outcome.ACKNOWLEDGED] * 10_000)

    assert log.to_text() == "10000a"
    assert len(log._closed) == 0


def test_skipped_indexes_were_not_sent() -> None:
    log = WriteLog("run/0/1")
    log.note(2, Outcome.ACKNOWLEDGED)
    log.note(4, Outcome.UNKNOWN)

    assert log.to_text() == "2r1a1r1u"


@pytest.mark.parametrize("index", [0, 2])
def test_an_outcome_is_final(index: int) -> None:
    log = log_of([Outcome.ACKNOWLEDGED] * 3)

    with pytest.raises(ValueError, match=f"write {index} of run/0/1 has an outcome already"):
        log.note(index, Outcome.UNKNOWN)


@pytest.mark.parametrize("text", ["a", "0a", "3", "3x", "3a ", "01a", "-1a", "3a4a", "3a;4r", "3A"])
def test_a_text_that_is_not_a_log_is_rejected(text: str) -> None:
    with pytest.raises(ValueError, match="is not a log of writes"):
        WriteLog.from_text("run/0/1", text)


@given(outcomes, st.sampled_from(Outcome))
def test_the_keys_of_an_outcome_are_made_again(noted: list[Outcome], outcome: Outcome) -> None:
    dataset = orders()

    keys = list(written_keys(dataset, log_of(noted), outcome))

    items = [dataset.written_item("run/0/1", i) for i, each in enumerate(noted) if each is outcome]
    assert keys == list(map(dataset.key_of, items))
