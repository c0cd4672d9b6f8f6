"""Styled lines of text; the owner of the terminal chooses the colours."""

from collections.abc import Iterator, Sequence
from enum import StrEnum
from textwrap import wrap
from typing import Final, NamedTuple

from aqp_perf.core.verdict.verdicts import Verdict

_LONGEST_NAME: Final = 40


class Style(StrEnum):
    """What a line is, not how it looks."""

    PLAIN = "plain"
    TITLE = "title"
    GOOD = "good"
    BAD = "bad"
    WARNING = "warning"


STYLE_OF: Final = {
    Verdict.PASS: Style.GOOD,
    Verdict.FAIL: Style.BAD,
    Verdict.INVALID: Style.WARNING,
    Verdict.NO_DATA: Style.WARNING,
}


class Line(NamedTuple):
    """One line of text without its line end, free of control characters."""

    text: str
    style: Style = Style.PLAIN


def printable(text: str) -> str:
    r"""Return ``text`` with what could move a cursor or fake a line written as ``\x1b``."""
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode("ascii")
        for char in text
    )


def cut_middle(text: str, width: int) -> str:
    """Return ``text`` in at most ``width`` > 0 characters, keeping both its ends.

    Names of operations often differ only at the end, as in two queries on one table.
    """
    if len(text) <= width:
        return text
    tail = (width - 1) // 2
    head = width - 1 - tail
    return f"{text[:head]}…{text[len(text) - tail :]}"


def short_name(operation: str) -> str:
    """Return the name of an operation, printable and short enough for a sentence."""
    return cut_middle(printable(operation), _LONGEST_NAME)


def cut_end(text: str, width: int) -> str:
    """Return ``text`` in at most ``width`` > 0 characters."""
    return text if len(text) <= width else f"{text[: width - 1]}…"


def wrapped(text: str, width: int, indent: str = "") -> list[str]:
    """Return ``text`` in lines of at most ``width``; the first starts with ``indent``."""
    rest = " " * len(indent)
    lines = wrap(printable(text), width, initial_indent=indent, subsequent_indent=rest)
    return [line.rstrip() for line in lines]  # a blank stays where a long word is broken


def paragraph(
    text: str, width: int, style: Style = Style.PLAIN, indent: str = ""
) -> Iterator[Line]:
    """Yield ``text`` as lines of one style; see `wrapped`."""
    return (Line(line, style) for line in wrapped(text, width, indent))


def align(rows: Sequence[Sequence[str]], sides: str, gap: str = "  ") -> list[str]:
    """Return the rows as lines with columns of equal width.

    Args:
        rows: equally many cells each.
        sides: ``<`` or ``>`` for every column: left or right aligned.
        gap: text between two columns.
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        gap.join(
            f"{cell:{side}{width}}" for cell, side, width in zip(row, sides, widths, strict=True)
        ).rstrip()
        for row in rows
    ]
