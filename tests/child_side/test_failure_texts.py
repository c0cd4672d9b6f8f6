"""The text of a failure shows no secret, and can be written down."""

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perf.core.secret_texts import without_secrets
from perf.loadgen.failure_texts import encodable

TOKEN = "FwoGZ/IvYXdzE+Hs4="


@pytest.mark.parametrize("spelling", [TOKEN, TOKEN.replace("/", "\\/"), quote(TOKEN, safe="")])
@given(
    st.text("ab FwoG.", max_size=20), st.text("ab FwoG.", max_size=20), st.integers(4, len(TOKEN))
)
def test_a_secret_is_hidden_wherever_it_stands_and_a_cut_one_at_the_end(
    spelling: str, before: str, after: str, kept: int
) -> None:
    assert spelling not in without_secrets(before + spelling + after, [TOKEN])
    cut = without_secrets(before + "." + spelling[:kept], [TOKEN])
    assert cut.endswith("***")
    assert spelling[:kept] not in cut.removesuffix("***")[len(before) :]


@given(st.text("xyz ,=:{}"))
def test_a_text_without_secrets_stays_as_it_is(text: str) -> None:
    assert without_secrets(text, [TOKEN, None, ""]) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (
            "AWS4 Credential=AKID/20260301/x/aws4_request, SignedHeaders=host, Signature=0af9 no",
            "AWS4 Credential=***, SignedHeaders=host, Signature=*** no",
        ),
        ("a Signature=0a", "a Signature=***"),
        ("the Signature is wrong", "the Signature is wrong"),
    ],
)
def test_a_signature_does_not_say_who_signed_nor_prove_it(text: str, shown: str) -> None:
    assert without_secrets(text, []) == shown


@given(st.text(st.characters(exclude_categories=[])))
def test_every_text_can_be_written_down(text: str) -> None:
    assert encodable(text).encode().decode() == encodable(text)


@given(st.text())
def test_a_text_that_utf_8_has_bytes_for_stays_as_it_is(text: str) -> None:
    assert encodable(text) == text
