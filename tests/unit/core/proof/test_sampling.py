from collections import Counter

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aqp_perf.core.measured.merging import merge
from aqp_perf.core.measured.operation_parts import MOST_EVIDENCE, AnswerChecks
from aqp_perf.core.proof import WrongAnswer, WrongAnswerKind
from aqp_perf.core.proof.sampling import Verification, parse_verification
from aqp_perf.core.records import from_builtins, from_json, to_json
from aqp_perf.errors import ResultError

wrong_answers = st.builds(
    WrongAnswer,
    kind=st.sampled_from(WrongAnswerKind),
    query=st.text(),
    expected=st.text(),
    got=st.text(),
)


@st.composite
def checks(draw: st.DrawFn) -> AnswerChecks:
    wrong = draw(st.dictionaries(st.sampled_from(WrongAnswerKind), st.integers(1, 100)))
    return AnswerChecks(
        checked=sum(wrong.values()) + draw(st.integers(0, 100)),
        wrong=wrong,
        evidence=tuple(draw(st.lists(wrong_answers, max_size=MOST_EVIDENCE))),
    )


@pytest.mark.parametrize(
    ("text", "ratio"), [("all", 1.0), ("off", 0.0), ("sample:10%", 0.1), ("sample:0.5%", 0.005)]
)
def test_a_verification_is_read_and_written_alike(text: str, ratio: float) -> None:
    assert parse_verification(text) == Verification(ratio)
    assert str(parse_verification(text)) == text


@pytest.mark.parametrize(
    "text", ["", "ALL", "10%", "sample", "sample:10", "sample:-1%", "sample:0%", "sample:101%"]
)
def test_other_texts_are_rejected_with_a_hint(text: str) -> None:
    with pytest.raises(ValueError, match="write 'all', 'off' or a part of the answers"):
        parse_verification(text)


@given(st.integers(1, 100), st.integers(0, 10_000), st.integers(1, 1_000))
def test_a_sample_has_the_same_ratio_in_every_stretch(
    percent: int, first: int, length: int
) -> None:
    verification = parse_verification(f"sample:{percent}%")

    taken = sum(verification.includes(index) for index in range(first, first + length))

    assert abs(taken - length * percent / 100) <= 1


@given(st.lists(checks(), min_size=1, max_size=5))
def test_merged_checks_count_all_of_each(parts: list[AnswerChecks]) -> None:
    merged = merge(parts)

    assert merged.checked == sum(part.checked for part in parts)
    assert merged.wrong_count == sum(part.wrong_count for part in parts)
    found = [wrong for part in parts for wrong in part.evidence]
    kept = Counter(wrong.kind for wrong in merged.evidence)
    assert set(merged.evidence) <= set(found)
    assert kept.keys() == {wrong.kind for wrong in found}
    assert max(kept.values(), default=0) <= MOST_EVIDENCE


@given(checks())
def test_checks_survive_a_round_trip_as_json(some: AnswerChecks) -> None:
    assert from_json(to_json(some), AnswerChecks, "answers") == some


@pytest.mark.parametrize(
    "change", [{"wrong": {"odd": 1}}, {"wrong": {"truncated": 2}}, {"checked": -1}]
)
def test_checks_that_cannot_be_are_refused(change: dict[str, object]) -> None:
    document = msgspec.to_builtins(AnswerChecks(checked=1)) | change

    with pytest.raises(ResultError, match=r"^answers"):
        from_builtins(document, AnswerChecks, "answers")
