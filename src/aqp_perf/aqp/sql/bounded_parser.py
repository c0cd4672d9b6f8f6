"""sqlglot's parser with an end to its patience.

It tries one reading of a text after another, and some texts, such as ``t JOIN t JOIN t ...`` or
``decimal(decimal(decimal(...``, have twice as many readings with every word: 200 bytes would keep
it busy for years. Every reading moves over the tokens, so those moves are counted.
"""

from typing import Final

from sqlglot import expressions as exp
from sqlglot import parser
from sqlglot.dialects.dialect import Dialect
from sqlglot.errors import ParseError

from aqp_perf.aqp.problems import QueryRefused

_MOVES_PER_TOKEN: Final = 10
"""What we run takes 1.0 to 1.1, nested parentheses 2 to 5."""
_MOVES_TO_BEGIN_WITH: Final = 100


class _Parser(parser.Parser):
    moves_left = 0

    def _advance(self, times: int = 1) -> None:
        self.moves_left -= 1
        if self.moves_left < 0:  # no ParseError: with that, the next reading would be tried
            raise QueryRefused("the query nests or joins too much to be read")
        super()._advance(times)


def parse_bounded(sql: str) -> exp.Expr:
    """Return the tree of one statement, in a time that grows with its length only.

    Raises:
        QueryRefused: there are too many ways to read it.
        SqlglotError: it does not parse, or is not one statement.
        RecursionError: it is nested too deeply.
    """
    dialect = Dialect()
    tokens = dialect.tokenize(sql)
    bounded = _Parser(dialect=dialect)
    bounded.moves_left = _MOVES_TO_BEGIN_WITH + _MOVES_PER_TOKEN * len(tokens)
    statements = bounded.parse(tokens, sql)
    if len(statements) != 1 or statements[0] is None:
        raise ParseError("not one statement")
    return statements[0]
