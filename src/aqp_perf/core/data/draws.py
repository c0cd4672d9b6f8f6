"""Random bits of an item, as source text: which of its words a value is made of.

The bits of item ``index`` of a stream are hashed from its seed, name and index. They come as a
tuple of 32-bit words; the compiled function of an item has them as ``words``.
"""

import hashlib
import re
from collections.abc import Callable
from itertools import count
from struct import Struct
from typing import Any, Final

WORD_BITS: Final = 32
CHOICE_WORDS: Final = 2
"""The first words of an item; they choose its partition."""
_SPARE_BITS: Final = 16
"""More bits than a range needs, so that its values differ in frequency by 2^-16 at most."""
_BLOCK: Final = Struct(">16I")
_NAME: Final = re.compile(r"\W")


class Draws:
    """Hands out the words of an item to its fields, and collects what the source refers to."""

    def __init__(self) -> None:
        self.words = "words"
        """The tuple that `below` draws from, in the source."""
        self.constants: dict[str, Any] = {}
        """Name in the source → value."""
        self._used = CHOICE_WORDS
        self._numbers = count()

    def below(self, limit: int) -> str:
        """Return an expression of a whole number from 0 to ``limit`` - 1."""
        if limit == 1:
            return "0"
        words = -(-((limit - 1).bit_length() + _SPARE_BITS) // WORD_BITS)
        names = [f"{self.words}[{self._used + i}]" for i in range(words)]
        self._used += words
        bits = names[0]
        for name in names[1:]:
            bits = f"({bits}<<{WORD_BITS}|{name})"
        return f"({bits}*{limit}>>{WORD_BITS * words})"

    def constant(self, value: object, hint: str = "c") -> str:
        """Return a name for ``value``, which may be of any type."""
        name = f"{_NAME.sub('_', hint)}_{next(self._numbers)}"
        self.constants[name] = value
        return name

    def local(self) -> str:
        """Return a name for a local variable."""
        return f"local_{next(self._numbers)}"

    def word_source(self) -> Callable[[bytes], tuple[int, ...]]:
        """Return the function that makes the words from the name of an item."""
        blocks = max(1, -(-self._used // 16))
        blake2b, unpack = hashlib.blake2b, _BLOCK.unpack
        if blocks == 1:
            return lambda name: unpack(blake2b(name).digest())
        salts = [block.to_bytes(16) for block in range(blocks)]

        def words(name: bytes) -> tuple[int, ...]:
            found: tuple[int, ...] = ()
            for salt in salts:
                found += unpack(blake2b(name, salt=salt).digest())
            return found

        return words
