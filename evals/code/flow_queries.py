"""Which calls run SQL, and with what text."""

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from evals.code import nodes as n
from evals.code import sql_knowledge as sql
from evals.code.flow_frame import Frame
from evals.code.values import Value

if TYPE_CHECKING:
    from evals.code.flow import Flow

_FRAGMENTS = frozenset({"text", "literal_column", "raw", "literal"})
_RAW = frozenset({"execute", "query", "Query", "Exec", "exec", "raw", "Raw", "prepare", "Prepare", "unsafe"})
_CLAUSES = frozenset({"text", "filter", "where", "Where", "having", "Having", "Order", "OrderBy", "orderBy",
"literal", "SQL",
                      "Joins", "Group", "andWhere", "orWhere", "Select", "select", "order_by",
                      "update"})  # fmt: skip
_OTHER_LANGUAGES = re.compile(r"xpath|jsonpath|dom|css|soup|tree|html|graph", re.IGNORECASE)
_CONNECTIONS = re.compile(r"(^|[._])(conn\w*|pool|db|database|tx|transaction)$", re.IGNORECASE)
_TEXT_LIKE = frozenset({"distinct", "having", "group_by", "order_by", "filter", "where"})


def record_query(
    flow: "Flow",
    call: n.Call,
    name: str,
    base: n.Expr | None,
    args: list[Value],
    keywords: dict[str, Value],
    frame: Frame,
) -> None:
    """Records the SQL that a call is given."""
    if name == "extra":
        for key in sql.KEYWORDS["extra"]:
            if key in keywords and keywords[key].unsure:
                flow.sink(frame, call, replace(keywords[key], built=keywords[key].built or call.line))
        return
    if (
        call.args
        and n.last(call.args[0]) in {"ctx", "Context", "Background", "TODO"}
        and name not in sql.SECOND
    ):
        args = args[1:]
    if name in _CLAUSES | _TEXT_LIKE:
        _fragments(flow, call, frame)
    chosen = sql.sql_argument(name, args, keywords)
    if call.args and isinstance(call.args[0], n.Group):  # pool.query({text: ..., values: [...]})
        pairs = zip(call.args[0].keys, call.args[0].items, strict=False)
        named = [
            v for k, v in pairs if isinstance(k, n.Const) and k.value in {"sql", "text", "query", "statement"}
        ]
        chosen = [flow.eval(item, frame) for item in named]
    for value in chosen:
        if value.unsure and _is_sql(flow, name, base, value, frame):
            piece = not value.opaque and _is_piece(flow, name, frame)
            flow.sink(frame, call, replace(value, built=value.built or call.line) if piece else value)
            return
    if sql.HARMLESS.search(name) or name in sql.PASSING or name in sql.QUOTING or name in sql.FORMATS:
        return
    for value in [*args, *keywords.values()]:
        if value.built and value.unsure and sql.looks_like_sql(value.text):
            flow.sink(frame, call, value)


def _fragments(flow: "Flow", call: n.Call, frame: Frame) -> None:
    """``order_by(text(x))``: what is marked as SQL inside a clause is a piece of text, not a statement handed on."""
    for arg in call.args:
        if isinstance(arg, n.Call) and n.last(arg.func) in _FRAGMENTS and arg.args:
            value = flow.eval(arg.args[0], frame)
            if value.unsure and (value.built or not value.opaque):
                flow.sink(frame, arg, replace(value, built=value.built or arg.line))


def _is_piece(flow: "Flow", name: str, frame: Frame) -> bool:
    """Whether a call takes pieces of statements only, so that nothing handed to it is a whole one."""
    imported = flow.project.scope(frame.module).get(name)
    peewee = isinstance(imported, n.Import) and imported.module.startswith("peewee")
    return name == "literal_column" or (name == "SQL" and peewee)


def _is_sql(  # noqa: PLR0911 - one return a kind of call
    flow: "Flow", name: str, base: n.Expr | None, value: Value, frame: Frame
) -> bool:
    """Whether a call runs this value as SQL."""
    if value.opaque and not value.built:
        return False
    if name in sql.STRONG:
        return True
    if name not in sql.WEAK:
        return False
    if value.built and sql.looks_like_sql(value.text):
        return True
    other = base is not None and _OTHER_LANGUAGES.search(n.dotted(base))
    if name in _CLAUSES and value.built and sql.looks_like_clause(value.text) and not other:
        return True
    imported = flow.project.scope(frame.module).get(name)
    if (
        name in {"text", "SQL"}
        and isinstance(imported, n.Import)
        and imported.module.startswith(("sqlalchemy", "psycopg", "peewee"))
    ):
        return True
    if name == "literal" and n.last(base).lower() == "sequelize":
        return True
    if name in {"Order", "Where", "Group", "Having", "Joins", "Select"} and frame.module.language == "go":
        filled = name == "Select" and value.source.endswith("not shown")  # Select(&row)
        return not value.opaque and not filled
    if name in _TEXT_LIKE and value.built and _builds_queries(frame, base):
        return True
    if name.startswith("fetch") and value.built and base is not None and _CONNECTIONS.search(n.dotted(base)):
        return True
    return name in _RAW and held_is_database(base)


def _builds_queries(frame: Frame, base: n.Expr | None) -> bool:
    """Whether a receiver is a query of SQLAlchemy's kind. Django's take names of fields there, and check them."""
    words = n.dotted(base)
    if frame.module.language != "python" or not ("query" in words or "session" in words or "select" in words):
        return False
    return not any(isinstance(s, n.Import) and s.module.startswith("django") for s in frame.module.body)


def quotes_not(name: str, call: n.Call) -> bool:
    """psycopg2's ``quote_ident(text, scope)`` needs to know the connection: with one argument it is not that one."""
    return name == "quote_ident" and len(call.args) + len(call.keywords) < 2 and isinstance(call.func, n.Attr)


def gives_rows(name: str, args: list[Value]) -> bool:
    """Whether a call runs a statement, so that what it gives back are rows."""
    return name in sql.STRONG | _RAW and any(sql.looks_like_sql(arg.text) for arg in args[:2])


def held_is_database(base: n.Expr | None) -> bool:
    """Whether a receiver's name is one that connections and cursors go by."""
    return base is not None and bool(sql.RECEIVER.search(n.dotted(base)))
