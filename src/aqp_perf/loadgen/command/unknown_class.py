"""The sentence about a user class that no locustfile has: locust's process says it, we hear it."""

import re
from typing import NamedTuple, Self

_SENTENCE = re.compile(r"no user class (\S+): there is (.+)$", re.MULTILINE)


class UnknownClass(NamedTuple):
    """A name that was asked for, and the names that there are, at least one."""

    name: str
    known: tuple[str, ...]

    def __str__(self) -> str:
        """Return the sentence."""
        return f"no user class {self.name}: there is {', '.join(self.known)}"

    @classmethod
    def find_in(cls, output: str) -> Self | None:
        """Return what the first such sentence in the output of a process says; None: has none."""
        said = _SENTENCE.search(output)
        return None if said is None else cls(said[1], tuple(said[2].split(", ")))
