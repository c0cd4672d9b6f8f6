"""The pages of one SELECT: which page comes next, and what is wrong with all of them."""

from typing import Any, Final

from aqp_perf.core.proof.wrong_answer import WrongAnswer, WrongAnswerKind, wrong_answer
from aqp_perf.loadgen.clients.dynamodb import Answer
from aqp_perf.loadgen.clients.request_context import RequestContext
from aqp_perf.loadgen.users.paced_user import AnswerCheck

MOST_EMPTY_PAGES: Final = 10
"""Empty pages in a row. The shipped SELECTs filter nothing, so DynamoDB sends at most one."""
MOST_ITEMS: Final = 100_000
"""Items kept for a check, unless a partition has more."""


class SelectPages:
    """Follows a SELECT to its last page, or until its pages cannot be right.

    Its whole answer has ``most_items``; its ``query`` is shown as evidence.
    """

    def __init__(self, query: str, check: AnswerCheck | None, most_items: int) -> None:
        self.check = check
        self.next_token: str | None = None
        """Names the page to ask for; None before the first page and after the last."""
        self._query = query
        self._most_items = max(most_items, MOST_ITEMS)
        self._items: list[Any] = []
        self._empty_pages = 0

    def take(self, page: Answer, context: RequestContext) -> None:
        """Take the next page, and note in its context what is wrong with all pages so far."""
        last_token, self.next_token = self.next_token, page.next_token
        check = None if self.check is None else self.check.check
        if check is not None:
            self._items += page.items
        self._empty_pages = 0 if page.items else self._empty_pages + 1
        if page.next_token is None:
            if check is not None:
                self._end(check(self._items), context)
        elif (
            page.next_token == last_token
            or self._empty_pages > MOST_EMPTY_PAGES
            or len(self._items) > self._most_items
        ):
            self.take_malformed("page after page", context)

    def take_malformed(self, got: str, context: RequestContext) -> None:
        """Note in the context that DynamoDB would not answer this, and end the SELECT."""
        evidence = [("an answer of DynamoDB that ends", got)]
        self._end(wrong_answer(WrongAnswerKind.MALFORMED, self._query, evidence), context)

    def _end(self, wrong: WrongAnswer | None, context: RequestContext) -> None:
        self.next_token = None
        if self.check is not None:
            context["is_checked"] = self.check.check is not None
        if wrong is not None:
            context["wrong_answer"] = wrong
