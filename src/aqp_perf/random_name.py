"""Random names of sessions and tables."""

import secrets
from typing import Final

_LETTERS: Final = "abcdefghikmnpqrtuvwxyz"
"""Without j and o, which would allow ``json``, and without l, which looks like a digit."""


def random_name() -> str:
    """Return eight random letters for a part of a table's name.

    Digits are left out: the real AQP rewrites ``_1`` inside queries.
    """
    return "".join(secrets.choice(_LETTERS) for _ in range(8))
