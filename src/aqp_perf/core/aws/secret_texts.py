"""Hides secrets in a text that an endpoint wrote, before the text is shown: it may echo a request.

Hide in what is shown only: no code may decide by a text with parts missing. A key id is no secret.
"""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Final
from urllib.parse import quote, quote_plus

_SHORTEST_SECRET: Final = 8
"""Characters; a shorter one is an example or a part of ordinary words, as ``a`` or ``test`` are."""
_SHORTEST_BEGINNING: Final = 4
"""Characters of a secret that the end of a text cuts; fewer give nothing away."""
_HIDDEN: Final = "***"
_SIGNED: Final = re.compile(r"\b(Credential|Signature)=[^\s,]+")
"""The parts of an AWS signature that say who signed, and prove it."""
_END_OF_TOKEN: Final = re.compile(r"(?<!\w)|(?!\w)")
_START_OF_TOKEN: Final = re.compile(
    _END_OF_TOKEN.pattern + r"|(?<=%[0-9A-Fa-f]{2})|(?<=\\[bfnrt])|(?<=\\u[0-9A-Fa-f]{4})"
)
"""After an escape of a URL or of JSON a token starts, although the escape ends in a letter."""


def without_secrets(text: str, secrets: Iterable[str | None]) -> str:
    """Return ``text`` without secrets and AWS signatures, even those that its end cuts.

    Only whole tokens are hidden, never a part of a word.

    Args:
        text: what is to be shown.
        secrets: what must not be; None and any of fewer than 8 characters hide nothing.
    """
    for secret in secrets:
        if secret is not None and len(secret) >= _SHORTEST_SECRET:
            # The longest first: one spelling may be another but for its end.
            for spelling in sorted(set(_spellings(secret)), key=len, reverse=True):
                text = _without(text, spelling)
    return _SIGNED.sub(rf"\1={_HIDDEN}", text)


def _spellings(secret: str) -> Iterator[str]:
    in_json = json.dumps(secret)[1:-1]
    yield from (secret, in_json, in_json.replace("/", "\\/"))
    yield from (quote(secret, safe=""), quote(secret), quote_plus(secret))


def _without(text: str, spelling: str) -> str:
    beginning = spelling[:_SHORTEST_BEGINNING]
    start = text.find(beginning)
    while start >= 0:
        end = start + len(spelling)
        is_whole = text.startswith(spelling, start) and _END_OF_TOKEN.match(text, end)
        is_cut = spelling.startswith(text[start:])
        if (is_whole or is_cut) and _START_OF_TOKEN.match(text, start):
            text = text[:start] + _HIDDEN + text[end:]
        start = text.find(beginning, start + 1)
    return text
