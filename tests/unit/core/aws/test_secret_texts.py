"""A text that is shown holds no secret, in any spelling that a server may have chosen."""

import json
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aqp_perf.core.aws.secret_texts import without_secrets

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


TOKEN = "FwoGZ/IvYXdzE+Hs4="
AROUND = st.text("ab FwoG.", max_size=20)


@pytest.mark.parametrize("spelling", [TOKEN, TOKEN.replace("/", "\\/"), quote(TOKEN, safe="")])
@pytest.mark.parametrize("before", ["", " ", '"', "token=", "%3D", "\\n", "\\u0022"])
@given(AROUND, st.integers(4, len(TOKEN)))
def test_a_secret_is_hidden_wherever_it_stands_and_a_cut_one_at_the_end(
    spelling: str, before: str, text: str, kept: int
) -> None:
    before = f"{text} {before}" if before else ""
    assert without_secrets(f"{before}{spelling} {text}", [TOKEN]) == f"{before}*** {text}"
    assert without_secrets(before + spelling[:kept], [TOKEN]) == f"{before}***"


@pytest.mark.parametrize("secret", ["x", "except", "exception"])
@pytest.mark.parametrize("text", ["UnrecognizedClientException", "unexceptional", "x exceptions"])
def test_no_part_of_a_word_is_hidden(text: str, secret: str) -> None:
    assert without_secrets(text, [secret]) == text


def test_a_secret_of_eight_characters_is_hidden_and_a_shorter_one_is_a_word() -> None:
    assert without_secrets("7654321 87654321", ["7654321", "87654321"]) == "7654321 ***"


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
def test_signature_and_credential_are_hidden(text: str, shown: str) -> None:
    assert without_secrets(text, []) == shown
