"""What may be shown of a text that an endpoint wrote: it may have echoed what it was sent."""

import json
import re
from collections.abc import Iterable, Iterator
from urllib.parse import quote, quote_plus

_SHORTEST_PART = 4
"""Beginnings of a secret that are shorter than this give nothing away."""
_HIDDEN = "***"
_SIGNED = re.compile(r"\b(Credential|Signature)=[^\s,]+")
"""The parts of an AWS signature that say who signed, and prove it."""


def without_secrets(text: str, secrets: Iterable[str | None]) -> str:
    """Return ``text`` without secrets and AWS signatures, even those that its end cuts.

    Args:
        text: what is to be shown.
        secrets: what must not be; one that is empty or None hides nothing.
    """
    for secret in filter(None, secrets):
        # The longest first: one may be all of another but its end.
        for spelling in sorted(set(_spellings(secret)), key=len, reverse=True):
            text = _without_cut(text.replace(spelling, _HIDDEN), spelling)
    return _SIGNED.sub(rf"\1={_HIDDEN}", text)


def _spellings(secret: str) -> Iterator[str]:
    in_json = json.dumps(secret)[1:-1]
    yield from (secret, in_json, in_json.replace("/", "\\/"))
    yield from (quote(secret, safe=""), quote(secret), quote_plus(secret))


def _without_cut(text: str, secret: str) -> str:
    beginning = secret[:_SHORTEST_PART]
    at = text.find(beginning, max(0, len(text) - len(secret)))
    while at >= 0:
        if secret.startswith(text[at:]):
            return text[:at] + _HIDDEN
        at = text.find(beginning, at + 1)
    return text
