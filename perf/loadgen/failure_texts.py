"""What the text of a failure may show: no secret of ours, and nothing that cannot be written down.

The text goes to the screen, into files and from process to process; an endpoint may have sent back
whatever it was sent.
"""

import re
from collections.abc import Iterable
from urllib.parse import quote

from botocore.exceptions import CredentialRetrievalError

_SHORTEST_PART = 4
"""Beginnings of a secret that are shorter than this give nothing away."""
_HIDDEN = "***"
_PROCESS = "custom-process"
"""botocore's name for a ``credential_process``."""
_SIGNED = re.compile(r"\b(Credential|Signature)=[^\s,]+")
"""The parts of an AWS signature that say who signed, and prove it."""


def encodable(text: str) -> str:
    """Return ``text`` with what UTF-8 has no bytes for, as a lone surrogate, written as an escape.

    JSON can carry it; a report between processes cannot.
    """
    return text.encode("utf-8", "backslashreplace").decode()


def without_secrets(text: str, secrets: Iterable[str | None]) -> str:
    """Return ``text`` without secrets and AWS signatures, even those that its end cuts.

    Args:
        text: what is to be shown.
        secrets: what must not be; one that is empty or None hides nothing.
    """
    for secret in filter(None, secrets):
        for spelling in dict.fromkeys((secret, secret.replace("/", "\\/"), quote(secret, safe=""))):
            text = _without_cut(text.replace(spelling, _HIDDEN), spelling)
    return _SIGNED.sub(rf"\1={_HIDDEN}", text)


def _without_cut(text: str, secret: str) -> str:
    beginning = secret[:_SHORTEST_PART]
    at = text.find(beginning, max(0, len(text) - len(secret)))
    while at >= 0:
        if secret.startswith(text[at:]):
            return text[:at] + _HIDDEN
        at = text.find(beginning, at + 1)
    return text


def credentials_problem(error: Exception) -> str:
    """Return why credentials cannot be had, without what a ``credential_process`` wrote."""
    if isinstance(error, CredentialRetrievalError) and error.kwargs["provider"] == _PROCESS:
        return (
            f"no credentials from {_PROCESS}: the credential_process failed, run it yourself to "
            "see why (what it writes may hold secrets)"
        )
    return str(error)
