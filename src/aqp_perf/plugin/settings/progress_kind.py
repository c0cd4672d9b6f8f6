"""What is shown of a load under way."""

from enum import StrEnum


class ProgressKind(StrEnum):
    """What is shown of a load under way."""

    AUTO = "auto"
    """A block on a terminal, lines elsewhere; nothing with ``-q``."""
    PLAIN = "plain"
    """Lines, on a terminal too."""
    OFF = "off"
