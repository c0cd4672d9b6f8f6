"""PartiQL text to a frozen `statement`: the grammar is in `partiql.lark`."""

from functools import cache, lru_cache
from itertools import combinations, count
from typing import Any, TypeAlias, TypeVar

from lark import Lark, Token, Transformer, v_args
from lark.exceptions import UnexpectedInput, VisitError

from aqp_perf.targets.moto.execution.values import AttributeValue, canonical_number, checked_set
from aqp_perf.targets.moto.moto_tables import DynamoType
from aqp_perf.targets.moto.refusal import RequestRefused
from aqp_perf.targets.moto.syntax import statement as s
from aqp_perf.targets.moto.syntax.reserved_words import KEYWORDS, RESERVED_WORDS

_T = TypeVar("_T")
_Source: TypeAlias = tuple[str, str | None]
"""A table, and an index of it or None."""
_Clause: TypeAlias = s.Condition | tuple[s.SortKey, ...]
"""What follows FROM: WHERE's condition or ORDER BY's keys."""
_Test: TypeAlias = tuple[str, *tuple[s.Operand, ...]]
"""An operator, and all its operands but the first."""

MAX_STATEMENT_LENGTH = 8192
_CACHED_STATEMENTS = 512


@lru_cache(maxsize=_CACHED_STATEMENTS)
def parse_statement(text: str) -> s.Statement:
    """Return what a statement says; recent statements are cached.

    Raises:
        RequestRefused: the text is too long, not PartiQL, or a statement that is not supported.
    """
    if len(text) > MAX_STATEMENT_LENGTH:
        raise RequestRefused(
            f"Member must have length less than or equal to {MAX_STATEMENT_LENGTH}"
        )
    builder = _StatementBuilder()
    try:
        tree = _parser().parse(text)
        statement: s.Statement = builder.transform(tree)
    except UnexpectedInput as exc:
        raise RequestRefused(_unreadable(text, exc)) from exc
    except VisitError as exc:
        if isinstance(exc.orig_exc, RequestRefused):
            raise exc.orig_exc from None
        raise
    return statement


def _unreadable(text: str, error: UnexpectedInput) -> str:
    message = f"Statement wasn't well formed, can't be processed: {text}"
    token = getattr(error, "token", None)
    if isinstance(token, Token) and token.type != "$END":
        message += f" (unexpected {str(token)!r} at {token.line}:{token.column})"
    return message


def _as_word(token: Token) -> Token:
    """Return a name that is a keyword or a reserved word as a token of its own terminal."""
    word = token.lower()
    if word in KEYWORDS:
        return Token.new_borrow_pos(f"_{word.upper()}", token, token)
    if word in RESERVED_WORDS:
        return Token.new_borrow_pos("RESERVED", token, token)
    return token


@v_args(inline=True)
class _StatementBuilder(Transformer[Token, Any]):
    """Build a statement from a parse tree, bottom-up and left to right: one builder, one tree."""

    negate = s.Not
    size = s.Size
    plain_name = str

    def __init__(self) -> None:
        super().__init__(visit_tokens=False)
        self._parameters = count()

    def insert(self, source: _Source, *pairs: tuple[str, s.Value]) -> s.Insert:
        table, index = source
        if index is not None:
            raise RequestRefused(
                "FROM clause may only contain a single table name in data manipulation statements"
            )
        _unique_names(pairs)
        return s.Insert(table=table, attributes=pairs, parameter_count=next(self._parameters))

    def select(self, columns: tuple[s.Path, ...], source: _Source, *clauses: _Clause) -> s.Select:
        where = [clause for clause in clauses if not isinstance(clause, tuple)]
        order_by = [clause for clause in clauses if isinstance(clause, tuple)]
        return s.Select(
            table=source[0],
            index=source[1],
            columns=columns,
            where=where[0] if where else None,
            order_by=order_by[0] if order_by else (),
            parameter_count=next(self._parameters),
        )

    def update(self, source: _Source, *parts: s.Change | s.Condition | str) -> s.Update:
        changes = tuple(part for part in parts if isinstance(part, s.Change))
        for one, other in combinations([change.path for change in changes], 2):
            _no_overlap(one, other)
        return s.Update(
            table=_without_index(source),
            changes=changes,
            **_where_and_returning(parts[len(changes) :]),
            parameter_count=next(self._parameters),
        )

    def assignment(self, path: s.Path, _: Token, value: s.Expression) -> s.Change:
        if (
            isinstance(value, s.Computed)
            and value.function in {"set_add", "set_delete"}
            and value.operands[0] != path
        ):
            raise RequestRefused(
                f"The first argument to {value.function.upper()} must equal the assignment value"
            )
        return s.Change(path, value)

    def removal(self, path: s.Path) -> s.Change:
        return s.Change(path, None)

    def calculation(self, left: s.Expression, sign: Token, right: s.Expression) -> s.Computed:
        return s.Computed(str(sign), (left, right))

    def function(self, name: Token, *operands: s.Expression) -> s.Computed:
        return s.Computed(name.lower(), operands)

    def delete(self, source: _Source, *parts: s.Condition | str) -> s.Delete:
        clauses = _where_and_returning(parts)
        if clauses["returning"] not in {"", "ALL OLD"}:
            raise RequestRefused(
                f"Invalid returning clause: RETURNING {clauses['returning']} *. "
                "Only RETURNING ALL OLD * is allowed in DELETE statements."
            )
        return s.Delete(
            table=_without_index(source), **clauses, parameter_count=next(self._parameters)
        )

    def returning(self, extent: str, image: str) -> str:
        return f"{extent} {image}"

    def all_attributes(self) -> str:
        return "ALL"

    def modified(self) -> str:
        return "MODIFIED"

    def old(self) -> str:
        return "OLD"

    def new(self) -> str:
        return "NEW"

    def exists(self, select: s.Select) -> s.Exists:
        return s.Exists(
            table=select.table,
            index=select.index,
            where=select.where,
            parameter_count=select.parameter_count,
        )

    def columns(self, *paths: s.Path) -> tuple[s.Path, ...]:
        labels = [path.label for path in paths]
        for label in labels:
            if labels.count(label) > 1:
                raise RequestRefused(f"Duplicate identifiers in select clause: {label}")
        return paths

    def source(self, table: str, index: str | None = None) -> _Source:
        return table, index

    def order_by(self, *keys: s.SortKey) -> tuple[s.SortKey, ...]:
        return keys

    def ascending(self, name: str) -> s.SortKey:
        return s.SortKey(name=name, descending=False)

    def descending(self, name: str) -> s.SortKey:
        return s.SortKey(name=name, descending=True)

    def any_of(self, *conditions: s.Condition) -> s.Or:
        return s.Or(conditions)

    def all_of(self, *conditions: s.Condition) -> s.And:
        return s.And(conditions)

    def compare(self, left: s.Operand, operator: Token, right: s.Operand) -> s.Predicate:
        return s.Predicate("<>" if operator == "!=" else str(operator), (left, right))

    def has(self, operand: s.Operand, test: _Test) -> s.Predicate:
        operator, *others = test
        return s.Predicate(operator, (operand, *others))

    def has_not(self, operand: s.Operand, test: _Test) -> s.Not:
        return s.Not(self.has(operand, test))

    def within(self, choices: tuple[s.Operand, ...]) -> _Test:
        return "IN", *choices

    def between(self, low: s.Operand, high: s.Operand) -> _Test:
        return "BETWEEN", low, high

    def is_null(self) -> _Test:
        return ("IS NULL",)

    def is_missing(self) -> _Test:
        return ("IS MISSING",)

    def call(self, function: Token, *arguments: s.Operand) -> s.Predicate:
        return s.Predicate(function.lower(), arguments)

    def choices(self, *operands: s.Operand) -> tuple[s.Operand, ...]:
        return operands

    def path(self, name: str, *steps: str | int) -> s.Path:
        return s.Path(name, steps)

    def position(self, *parts: Token) -> int:
        number = "".join(parts)
        if not number.isdigit():
            raise RequestRefused(f"A list index must be 0 or more, not {number}")
        return int(number)

    def key(self, name: Token) -> str:
        return _unquote(name, "'")

    def quoted_name(self, name: Token) -> str:
        return _unquote(name, '"')

    def parameter(self) -> s.Placeholder:
        return s.Placeholder(next(self._parameters))

    def constant(self, value: AttributeValue) -> s.Constant:
        return s.Constant(DynamoType(value))

    def string(self, text: Token) -> AttributeValue:
        return {"S": _unquote(text, "'")}

    def number(self, *parts: Token) -> AttributeValue:
        text = "".join(parts)
        number = canonical_number(text)
        if number == "0" and text.startswith("-") and not text[1:].isdigit():
            raise RequestRefused("Negative zero decimal is not supported")
        return {"N": number}

    def true(self) -> AttributeValue:
        return {"BOOL": True}

    def false(self) -> AttributeValue:
        return {"BOOL": False}

    def null(self) -> AttributeValue:
        return {"NULL": True}

    def list(self, *elements: AttributeValue) -> AttributeValue:
        return {"L": list(elements)}

    def map(self, *members: tuple[str, AttributeValue]) -> AttributeValue:
        _unique_names(members)
        return {"M": dict(members)}

    def member(self, name: Token, value: _T) -> tuple[str, _T]:
        return _unquote(name, "'"), value

    def set(self, *elements: AttributeValue) -> AttributeValue:
        kinds = {kind for element in elements for kind in element}
        if not elements:
            raise RequestRefused("Empty bags are not supported")
        if kinds not in ({"S"}, {"N"}):
            raise RequestRefused(
                "Unsupported data type in Bag. "
                "DynamoDB only supports either numbers or strings in bags"
            )
        kind = f"{kinds.pop()}S"
        return {kind: checked_set(kind, [element[kind[0]] for element in elements])}


def _without_index(source: _Source) -> str:
    table, index = source
    if index is not None:
        raise RequestRefused("This operation is not supported on an index")
    return table


def _where_and_returning(parts: tuple[Any, ...]) -> dict[str, Any]:
    """Return the clauses that end an UPDATE or a DELETE, as arguments of its class."""
    return {
        "where": next((part for part in parts if not isinstance(part, str)), None),
        "returning": next((part for part in parts if isinstance(part, str)), ""),
    }


def _no_overlap(one: s.Path, other: s.Path) -> None:
    longer, shorter = sorted(
        ([path.name, *path.steps] for path in (one, other)), key=len, reverse=True
    )
    if longer[: len(shorter)] == shorter:
        paths = [f"[{', '.join(map(str, path))}]" for path in (longer, shorter)]
        raise RequestRefused(
            "Two document paths overlap with each other; must remove or rewrite one of these "
            f"paths; path one: {paths[0]}, path two: {paths[1]}"
        )


def _unique_names(pairs: tuple[tuple[str, Any], ...]) -> None:
    seen: set[str] = set()
    for name, _ in pairs:
        if not name:
            raise RequestRefused("Path component cannot be an empty string")
        if name in seen:
            raise RequestRefused(f"Duplicate keys in tuple. Key: {name}")
        seen.add(name)


def _unquote(token: Token, quote: str) -> str:
    return token[1:-1].replace(quote * 2, quote)


@cache
def _parser() -> Lark:
    return Lark.open(
        "partiql.lark",
        rel_to=__file__,
        parser="lalr",
        lexer="basic",
        propagate_positions=False,
        lexer_callbacks={"NAME": _as_word},
    )
