"""Lift the literals out of a query, so that no parser or engine ever sees a caller's string.

What is left, the template, holds names, keywords, punctuation and placeholders: ``:s0`` for a
string, ``:n1`` for a number. Queries that differ in their literals alone have the same template,
so plans are cached by it. A quoting attack ends as a string like any other, or as a template that
is refused.
"""

import re
from typing import Final, NamedTuple

from aqp_perf.aqp.problems import QueryRefused
from aqp_perf.aqp.sql.values import encode

_LIFTED: Final = re.compile(
    r"""  (?P<name> "(?:[^"]|"")*" )
        | ' (?P<text> (?:[^']|'')* ) '
        | (?<![\w.]) (?P<number> [0-9]+ (?:\.[0-9]+)? (?:[eE][+-]?[0-9]+)? ) (?![\w.])
        | (?P<placeholder> [?:] )
    """,
    re.VERBOSE,
)
_TOKEN: Final = re.compile(
    r"""  "(?:[^"]|"")*" | [A-Za-z_][A-Za-z0-9_]* | :[sn][0-9]+ | [ \t\r\n]+
        | <> | != | <= | >= | [=<>(),.*] | -(?!-)
    """,
    re.VERBOSE,
)


class Lifted(NamedTuple):
    """A query in two parts.

    Attributes:
        template: the query with a placeholder for every literal.
        literals: the literals in the order of their placeholders, as DynamoDB attribute values.
    """

    template: str
    literals: tuple[dict[str, str], ...]


def lift_literals(sql: str) -> Lifted:
    """Split a query into its template and its literals.

    Raises:
        QueryRefused: it has a placeholder of its own, or a number that DynamoDB does not have.
    """
    literals: list[dict[str, str]] = []

    def lift(found: re.Match[str]) -> str:
        kind = found.lastgroup
        if kind == "name":
            return found[0]
        if kind == "placeholder":
            raise QueryRefused(
                f"{found[0]!r} outside quotes: write values into the query, "
                "strings in single quotes and names in double quotes"
            )
        number = len(literals)
        if kind == "text":
            literals.append({"S": found["text"].replace("''", "'")})
            return f" :s{number} "
        literal = {"N": found[0]}
        try:
            encode(literal)
        except ValueError as exc:
            raise QueryRefused(str(exc)) from exc
        literals.append(literal)
        return f" :n{number} "

    return Lifted(_LIFTED.sub(lift, sql), tuple(literals))


def check_template(template: str) -> None:
    """Refuse a template with anything but names, placeholders and the punctuation of a SELECT.

    Raises:
        QueryRefused: it has a comment, a semicolon, an open quote or another foreign character.
    """
    position = 0
    while found := _TOKEN.match(template, position):
        position = found.end()
    if position < len(template):
        raise QueryRefused(
            f"cannot read the query at {template[position : position + 20]!r}: comments, "
            "semicolons, operators and open quotes are not part of the SQL understood here"
        )
