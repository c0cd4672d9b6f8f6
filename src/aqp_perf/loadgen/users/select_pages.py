"""The pages of one SELECT, as they come, and what is wrong with them."""

from typing import TYPE_CHECKING, Final

from aqp_perf.core.proof import WrongAnswer, WrongAnswerKind
from aqp_perf.loadgen.clients.dynamodb import Answer, Attributes
from aqp_perf.loadgen.users.answer_check import AnswerCheck

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST_EMPTY_PAGES: Final = 10
"""Pages without an item, one after the other: our SELECTs filter nothing, so one is the most."""
MOST_ITEMS: Final = 100_000
"""Items that are kept for a check, unless a partition has more."""


class SelectPages:
    """Follows a SELECT to its end, or until it is plain that it has none.

    Args:
        query: what was asked, for evidence.
        check: asked once, about the items of all pages; None: nobody knows them.
        most_items: how many there can be.
    """

    def __init__(self, query: str, check: AnswerCheck | None, most_items: int) -> None:
        self.check = check
        self._query = query
        self._ask = None if check is None else check.ask
        self._most_items = max(most_items, MOST_ITEMS)
        self._items: list[Mapping[str, Attributes]] = []
        self._empty_pages = 0
        self._last_token: str | None = None

    @property
    def is_verified(self) -> bool:
        """Whether what is right is asked about this very answer."""
        return self._ask is not None

    def take(self, page: Answer) -> WrongAnswer | None:
        """Return what is wrong with a page, or, with the last one, with all of them."""
        if page.next_token is None:
            return None if self._ask is None else self._ask([*self._items, *page.items])
        if self._ask is not None:
            self._items += page.items
        self._empty_pages = 0 if page.items else self._empty_pages + 1
        is_endless = (
            page.next_token == self._last_token
            or self._empty_pages > MOST_EMPTY_PAGES
            or len(self._items) > self._most_items
        )
        self._last_token = page.next_token
        return self.malformed("page after page") if is_endless else None

    def malformed(self, got: str) -> WrongAnswer:
        """Return the evidence of a page that is none of DynamoDB's."""
        return WrongAnswer(
            kind=WrongAnswerKind.MALFORMED,
            query=self._query,
            expected="an answer of DynamoDB that comes to an end",
            got=got,
        )
