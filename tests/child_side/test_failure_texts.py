"""The text of a failure can be encoded."""

from hypothesis import given
from hypothesis import strategies as st

from aqp_perf.loadgen.clients.failure_texts import encodable


@given(st.text(st.characters(exclude_categories=[])))
def test_every_text_can_be_written_down(text: str) -> None:
    assert encodable(text).encode().decode() == encodable(text)


@given(st.text())
def test_a_text_that_utf_8_has_bytes_for_stays_as_it_is(text: str) -> None:
    assert encodable(text) == text
