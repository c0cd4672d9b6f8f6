"""A text that is shown holds no secret, in any spelling that a server may have chosen."""

import json
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perf.core.secret_texts import without_secrets

SECRETS = st.text("ab/+=\"'\\ &%\u00e9", min_size=12, max_size=20)


@pytest.mark.parametrize(
    "spelled",
    [
        str,
        quote,
        quote_plus,
        lambda secret: quote(secret, safe=""),
        lambda secret: json.dumps(secret)[1:-1],
        lambda secret: json.dumps(secret)[1:-1].replace("/", "\\/"),
    ],
    ids=["plain", "path", "form", "percent", "JSON", "JSON with slashes"],
)
@given(secret=SECRETS)
def test_a_secret_is_hidden_in_every_spelling(spelled: Callable[[str], str], secret: str) -> None:
    assert without_secrets(f"<{spelled(secret)}>", [secret]) == "<***>"


def test_a_signature_is_hidden_and_the_rest_is_not() -> None:
    text = "AWS4-HMAC-SHA256 Credential=AKIA/x/y, SignedHeaders=host, Signature=0123"

    assert without_secrets(text, [None, ""]) == (
        "AWS4-HMAC-SHA256 Credential=***, SignedHeaders=host, Signature=***"
    )


def test_a_secret_that_the_end_cuts_is_hidden() -> None:
    assert without_secrets("got: secr", ["secret word"]) == "got: ***"
