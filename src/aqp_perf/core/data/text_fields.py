"""Fields whose values have a text, so that keys can be made of them, too."""

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import accumulate
from typing import ClassVar, Final

from aqp_perf.core.data.draws import WORD_BITS, Draws
from aqp_perf.core.data.fields import (
    Attribute,
    CountedField,
    Field,
    TextField,
    scalar_attribute,
)
from aqp_perf.core.data.item_sizes import attribute_bytes
from aqp_perf.errors import InvalidItem

MOST_DIGITS: Final = 38
"""Of a number. Source: "Constraints in Amazon DynamoDB", Amazon DynamoDB Developer Guide."""

_U32: Final = 1 << WORD_BITS
_DAY_S: Final = 24 * 60 * 60
_MOST_DAYS: Final = 40_000
_DATE: Final = frozenset({"%Y", "%m", "%d"})
_TIME: Final = {
    "%H": "{seconds // 3600 % 24:02}",
    "%M": "{seconds // 60 % 60:02}",
    "%S": "{seconds % 60:02}",
}
_DIRECTIVE: Final = re.compile(r"%.?")


@dataclass(frozen=True, slots=True)
class Text(CountedField):
    """``template`` with a number from 0 to ``count`` - 1 in place of ``{}``."""

    template: str = "{}"

    def __post_init__(self) -> None:
        CountedField.__post_init__(self)
        if self.template.count("{}") != 1:
            raise InvalidItem(f"text({self.template!r}) is not valid: write {{}} once")

    def text(self, draws: Draws) -> str:
        """Return an expression of the text of a value."""
        before, after = self.template.split("{}")
        return f"({before!r} + str({draws.below(self.count)}) + {after!r})"

    @property
    def longest(self) -> str:
        """The longest text."""
        return self.template.replace("{}", str(self.count - 1))


@dataclass(frozen=True, slots=True)
class Integer(CountedField):
    """``count`` whole numbers from ``least`` up."""

    type: ClassVar[str] = "N"
    least: int = 0

    def __post_init__(self) -> None:
        CountedField.__post_init__(self)
        _check_digits(self.least, self.least + self.count - 1)

    def text(self, draws: Draws) -> str:
        """Return an expression of the text of a value."""
        return f"str({self.least} + {draws.below(self.count)})"

    @property
    def longest(self) -> str:
        """The longest text."""
        return max(str(self.least), str(self.least + self.count - 1), key=len)


@dataclass(frozen=True, slots=True)
class Exact(TextField):
    """Decimal numbers from ``least`` to ``most`` with up to ``places`` places."""

    type: ClassVar[str] = "N"
    least: Decimal
    most: Decimal
    places: int

    def __post_init__(self) -> None:
        Field.__post_init__(self)
        if self.least > self.most or self.places < 0:
            raise InvalidItem(
                f"decimal({self.least}, {self.most}, places={self.places}) has no values"
            )
        _check_digits(*self._steps)

    @property
    def _steps(self) -> tuple[int, int]:
        """The least and the most value, in units of the last place."""
        scaled = [number.scaleb(self.places) for number in (self.least, self.most)]
        if any(number != number.to_integral_value() for number in scaled):
            raise InvalidItem(f"{self.least} or {self.most} has more places than {self.places}")
        return int(scaled[0]), int(scaled[1])

    def text(self, draws: Draws) -> str:
        """Return an expression of the text of a value."""
        least, most = self._steps
        steps = draws.below(most - least + 1)
        if not self.places:
            return f"str({least} + {steps})"
        draws.constants["decimal_text"] = decimal_text
        return f"decimal_text({least} + {steps}, {10**self.places}, {self.places})"

    @property
    def longest(self) -> str:
        """The longest text."""
        digits = max(len(str(abs(step))) for step in self._steps)
        return "-" * (self.least < 0) + "9" * max(digits, self.places + 1) + "." * bool(self.places)


@dataclass(frozen=True, slots=True)
class Choice(TextField):
    """One of some values of any scalar type.

    Args:
        values: str, int, Decimal, bool, bytes or None.
        weights: how often each, in proportion; None: all alike.
    """

    values: tuple[object, ...]
    weights: tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        Field.__post_init__(self)
        if not self.values:
            raise InvalidItem("choice() has no values: name at least one")
        weights = self.weights
        if weights is not None and (
            len(weights) != len(self.values) or min(weights) < 0 or not sum(weights) > 0
        ):
            raise InvalidItem(
                f"weights={weights!r} is not valid: one for each of the {len(self.values)} values, "
                "none below 0, one above"
            )

    @property
    def _attributes(self) -> list[Attribute]:
        return [scalar_attribute(value) for value in self.values]

    def _index(self, draws: Draws) -> str:
        if self.weights is None:
            return draws.below(len(self.values))
        total = sum(self.weights)
        limits = [round(_U32 * part / total) for part in accumulate(self.weights)][:-1]
        draws.constants["bisect_right"] = bisect_right
        return f"bisect_right({draws.constant(tuple(limits))}, {draws.below(_U32)})"

    def text(self, draws: Draws) -> str:
        """Return an expression of the text of a value."""
        return f"{draws.constant(tuple(map(_text_of, self._attributes)))}[{self._index(draws)}]"

    def attribute(self, draws: Draws) -> str:
        """Return an expression of a value in DynamoDB's JSON."""
        return f"{draws.constant(tuple(self._attributes))}[{self._index(draws)}]"

    @property
    def longest(self) -> str:
        """The longest text."""
        return max(map(_text_of, self._attributes), key=lambda text: len(text.encode()))

    @property
    def widest(self) -> Attribute:
        """A value that no other is larger than."""
        return max(self._attributes, key=attribute_bytes)


@dataclass(frozen=True, slots=True)
class Timestamp(TextField):
    """A second from ``start`` to before ``end``, as text.

    Args:
        start: the first, in UTC.
        end: the first one after the last.
        format: of ``%Y %m %d %H %M %S`` and other characters, the date before the time.
    """

    start: datetime
    end: datetime
    format: str

    def __post_init__(self) -> None:
        Field.__post_init__(self)
        if self.start >= self.end:
            raise InvalidItem(f"timestamp: {self.start} is not before {self.end}")
        if (self.end - self.start).days > _MOST_DAYS:
            raise InvalidItem(f"timestamp: {self.start} to {self.end} is longer than 40,000 days")
        found = _DIRECTIVE.findall(self.format)
        kinds = [directive in _TIME for directive in found]
        if not found or not set(found) <= _DATE | _TIME.keys() or kinds != sorted(kinds):
            raise InvalidItem(
                f"format={self.format!r} is not valid: use %Y %m %d %H %M %S, the date first"
            )

    def text(self, draws: Draws) -> str:
        """Return an expression of the text of a value."""
        first = next(
            (found.start() for found in _DIRECTIVE.finditer(self.format) if found[0] in _TIME),
            len(self.format),
        )
        date, time = self.format[:first], self.format[first:]
        midnight = self.start.replace(hour=0, minute=0, second=0)
        days = range((self.end - midnight).days + 1)
        texts = draws.constant(tuple(f"{midnight + timedelta(days=day):{date}}" for day in days))
        offset = int((self.start - midnight).total_seconds())
        span = int((self.end - self.start).total_seconds())
        number = draws.local()
        second = f"({number} := {offset} + {draws.below(span)})"
        if not time:
            return f"{texts}[{second} // {_DAY_S}]"
        clock = time.replace("{", "{{").replace("}", "}}")
        for directive, source in _TIME.items():
            clock = clock.replace(directive, source.replace("seconds", number))
        return f"({texts}[{second} // {_DAY_S}] + f{clock!r})"

    @property
    def longest(self) -> str:
        """The longest text; all have as many characters."""
        return f"{self.start:{self.format}}"


def decimal_text(number: int, one: int, places: int) -> str:
    """Return ``number / one`` without zeros at its end; ``one`` is 10 to the ``places``."""
    whole, fraction = divmod(abs(number), one)
    sign = "-" if number < 0 else ""
    return f"{sign}{whole}.{fraction:0{places}}".rstrip("0") if fraction else f"{sign}{whole}"


def instant(text: str) -> datetime:
    """Return an ISO date, or date and time, in UTC.

    Raises:
        InvalidItem: it is neither.
    """
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise InvalidItem(f"{text!r} is not a date such as 2024-01-31") from error
    return found.replace(tzinfo=found.tzinfo or UTC, microsecond=0)


def weights_of(weights: Sequence[float] | None) -> tuple[float, ...] | None:
    """Return weights as a value that does not change."""
    return None if weights is None else tuple(weights)


def _text_of(attribute: Attribute) -> str:
    (value,) = attribute.values()
    return str(value)


def _check_digits(*numbers: int) -> None:
    for number in numbers:
        if len(str(abs(number))) > MOST_DIGITS:
            raise InvalidItem(f"{number} has more than {MOST_DIGITS} digits, DynamoDB's most")
