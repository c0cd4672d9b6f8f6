from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aqp_perf.core.aws.refusals import clock_skew, is_unauthorized, tls_problem

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
HALF_AN_HOUR_LATER = "Sun, 01 Mar 2026 12:30:00 GMT"
INVALID = "InvalidSignatureException"


@pytest.mark.parametrize(
    ("status", "code", "refused"),
    [
        (400, "ExpiredTokenException", True),
        (400, "UnrecognizedClientException", True),
        (400, "InvalidSignatureException", True),
        (400, "MissingAuthenticationTokenException", True),
        (400, "IncompleteSignature", True),
        (400, "AccessDeniedException", True),
        (400, "ClockSkew", True),
        (401, "Http401", True),
        (403, "Http403", True),
        (400, "ValidationException", False),
        (400, "ThrottlingException", False),
        (404, "Http404", False),
        (500, "InternalServerError", False),
    ],
)
def test_a_caller_is_refused_by_code_or_status(
    status: int,
    code: str,
    refused: bool,  # noqa: FBT001 - a case
) -> None:
    assert is_unauthorized(status, code) is refused


@pytest.mark.parametrize(
    ("message", "off"),
    [
        (
            (
                "Signature expired: 20260301T114000Z is now earlier than 20260301T115500Z"
                " (20260301T120000Z - 5 min.)"
            ),
            "20 min behind",
        ),
        (
            (
                "Signature expired: 20260301T115850Z is now earlier than 20260301T115500Z"
                " (20260301T120000Z - 5 min.)"
            ),
            "70 s behind",
        ),
        (
            (
                "Signature not yet current: 20260302T120000Z is still later than 20260301T121500Z"
                " (20260301T120000Z + 15 min.)"
            ),
            "1440 min ahead of",
        ),
    ],
)
def test_a_signature_out_of_time_says_how_far_the_clock_is_off(message: str, off: str) -> None:
    said = clock_skew(INVALID, message, date=None, now=NOW)

    assert said == f"this machine's clock is {off} that of AWS: set it"


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("RequestTimeTooSkewed", "The difference is too large."),
        ("RequestExpired", ""),
        (INVALID, "Signature expired: 20260301T120000Z is now earlier than another instant"),
    ],
)
def test_without_a_time_in_the_message_the_date_header_is_used(code: str, message: str) -> None:
    said = clock_skew(code, message, date=HALF_AN_HOUR_LATER, now=NOW)

    assert said == "this machine's clock is 30 min behind that of AWS: set it"


@pytest.mark.parametrize("date", [None, "", "yesterday"])
def test_without_any_time_of_aws_the_clock_is_still_named(date: str | None) -> None:
    said = clock_skew("RequestExpired", "", date=date, now=NOW)

    assert said == "AWS refuses the time of this machine's clock: set it"


@pytest.mark.parametrize("ours", ["20260301T114000Z", "20269901T000000Z"])
@pytest.mark.parametrize("theirs", ["20260301T999999Z", "20260230T120000Z"])
def test_an_impossible_time_is_none(ours: str, theirs: str) -> None:
    message = f"Signature expired: {ours} is now earlier than {ours} ({theirs} - 5 min.)"
    said = clock_skew(INVALID, message, date=None, now=NOW)

    assert said == "AWS refuses the time of this machine's clock: set it"


@pytest.mark.parametrize("code", [INVALID, "ExpiredTokenException", "ValidationException"])
def test_other_refusals_do_not_blame_the_clock(code: str) -> None:
    assert clock_skew(code, "The request signature does not match.", date=None, now=NOW) is None


@given(st.timedeltas(timedelta(days=-300), timedelta(days=300)), st.integers(-29, 29))
def test_one_skew_is_one_text_whatever_the_second(off: timedelta, jitter_s: int) -> None:
    """Failures are counted by their text: one that changes with each would fill the memory."""
    minutes = timedelta(minutes=2 + abs(off) // timedelta(minutes=1))
    theirs = (NOW + minutes + timedelta(seconds=jitter_s)).strftime("%a, %d %b %Y %H:%M:%S GMT")

    assert clock_skew("RequestExpired", "", date=theirs, now=NOW) == (
        f"this machine's clock is {minutes // timedelta(minutes=1)} min behind that of AWS: set it"
    )


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            (
                "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed:"
                " self-signed certificate (_ssl.c:1006)"
            ),
            "certificate verify failed: self-signed certificate",
        ),
        (
            (
                "SSL validation failed for https://h/ [SSL: CERTIFICATE_VERIFY_FAILED] certificate"
                " verify failed: Hostname mismatch, certificate is not valid for 'h'. (_ssl.c:1006)"
            ),
            "certificate verify failed: Hostname mismatch, certificate is not valid for 'h'.",
        ),
        (
            "[SSL: WRONG_VERSION_NUMBER] wrong version number (_ssl.c:1006)",
            "the server does not speak TLS: is its URL http://?",
        ),
        (
            "[SSL: RECORD_LAYER_FAILURE] record layer failure (_ssl.c:1006)",
            "the server does not speak TLS: is its URL http://?",
        ),
        ("[SSL: NO_SHARED_CIPHER] (_ssl.c:1)", "NO_SHARED_CIPHER"),
        (
            "EOF occurred in violation of protocol (_ssl.c:1006)",
            "EOF occurred in violation of protocol (_ssl.c:1006)",
        ),
    ],
)
def test_a_tls_problem_is_named(text: str, problem: str) -> None:
    assert tls_problem(text) == problem
