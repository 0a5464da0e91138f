"""What a call gives back, what it changes, and whether it runs SQL."""

import re
from dataclasses import replace

from evals.code import nodes as n
from evals.code import sql_knowledge as sql
from evals.code.flow import Flow
from evals.code.flow_frame import Frame, Incoming
from evals.code.values import OBJECT, SAFE, UNKNOWN, Token, Value, concat, derived, join, outside

_ADDING = frozenset(
    {"append", "add", "extend", "insert", "push", "unshift", "update", "push_str", "appendleft", "setdefault"}
)
_WRITING = frozenset({"WriteString", "append", "push_str", "write", "WriteByte", "WriteRune"})
_FILLING = frozenset(
    {"ShouldBindJSON", "BindJSON", "Bind", "ShouldBind", "ShouldBindQuery", "BindQuery", "Decode", "Unmarshal",
    "BodyParser",
     "ShouldBindUri", "QueryParser", "decode", "ShouldBindWith"}
)  # fmt: skip
_MODEL_DUMPS = frozenset({"model_dump", "dict", "asdict", "vars", "model_dump_json", "to_dict", "dump"})
_EACH = frozenset({"map", "forEach", "filter", "flatMap", "some", "every", "find", "reduce", "for_each"})
_RAW = frozenset({"execute", "query", "Query", "Exec", "exec", "raw", "Raw", "prepare", "Prepare", "unsafe"})
_CLAUSES = frozenset({"text", "filter", "where", "Where", "having", "Having", "Order", "OrderBy", "orderBy",
"literal", "SQL",
                      "Joins", "Group", "andWhere", "orWhere", "Select", "select", "order_by",
                      "update"})  # fmt: skip
_OTHER_LANGUAGES = re.compile(r"xpath|jsonpath|dom|css|soup|tree|html|graph", re.IGNORECASE)
_CONNECTIONS = re.compile(r"(^|[._])(conn\w*|pool|db|database|tx|transaction)$", re.IGNORECASE)
_TEXT_LIKE = frozenset({"distinct", "having", "group_by", "order_by", "filter", "where"})


def call_value(flow: Flow, call: n.Call, frame: Frame) -> Value:  # noqa: C901, PLR0911, PLR0912 - one case a kind of call
    """The value of one call."""
    name = n.last(call.func)
    func = call.func
    base = func.base if isinstance(func, n.Attr) else None
    if name in _EACH and base is not None and any(isinstance(a, n.Closure) for a in call.args):
        return _mapped(flow, call, base, frame)
    held = flow.eval(base, frame) if base is not None else None  # first: what it calls happens first
    args = [flow.eval(arg, frame) for arg in call.args]
    keywords = {key: flow.eval(value, frame) for key, value in call.keywords}
    if isinstance(func, n.Closure):  # called where it is written
        return flow.closure(
            func.function, frame, dict(zip([p.name for p in func.function.params], args, strict=False))
        )
    if not isinstance(func, (n.Name, n.Attr)):
        flow.eval(func, frame)
    if name in _FILLING and call.args:
        _fill(flow, call, base, frame)
        return OBJECT
    if base is not None and name in _ADDING | _WRITING and args:
        _add(flow, call, base, name, args, frame)
    function = flow.function_of(call, frame)
    if function is not None and not (base is None and sql.is_request(func)):
        return _known(flow, call, function, args, keywords, frame)
    if _made(flow, call, frame):
        return replace(derived([*args, *keywords.values()]), keys=True, kind=_made(flow, call, frame))
    _run(flow, call, name, base, args, keywords, frame)
    if name in sql.GIN_READS and base is not None and _reads_request(base, frame):
        return outside(n.dotted(func))
    if n.dotted(func) in sql.READS:
        return outside(n.dotted(func))
    if name in sql.QUOTING or name in sql.CONVERSIONS:
        return SAFE
    if name in {"``"}:
        return OBJECT
    if name in sql.FORMATS and (args or held is not None or keywords):
        return _formatted(call, name, base, held, args, keywords)
    if name in {"StringBuilder", "StringBuffer"} and base is None:
        return args[0] if args and args[0].text else Value(opaque=True)
    if name == "append" and frame.module.language == "java" and held is not None:
        return _appended(call, held, args, frame)
    if name == "join" and base is not None and args:
        return concat(call.line, [args[0]]) if args[0].unsure else replace(args[0], keys=False)
    if held is not None and name in {"get", "pop", "setdefault", "get_or_default", "getOrDefault"}:
        request = (
            flow.attr(func, frame) if isinstance(func, n.Attr) and sql.is_request(base or func) else None
        )
        return join(
            *(v for v in (request, replace(held, keys=False), *args[1:], *keywords.values()) if v is not None)
        )
    if held is not None and name in _MODEL_DUMPS:
        return replace(held, keys=True)
    if name in _MODEL_DUMPS and args and base is None:
        return replace(args[0], keys=True)
    if held is not None and name in {"keys", "items", "values", "entries", "copy", "iter"}:
        return SAFE if name == "keys" and held.keys else (args[0] if args and not held.unsure else held)
    if name in sql.PASSING:
        return _passed(call, held, args, frame)
    if isinstance(func, n.Attr) and sql.is_request(func.base):
        return flow.attr(func, frame)
    shaped = next((v for v in args if v.built and sql.looks_like_sql(v.text)), None)
    if shaped is not None and not held_is_database(base):
        return shaped
    if held is not None and held == UNKNOWN:
        return derived([v for v in args if v.unsure]) if any(v.unsure for v in args) else UNKNOWN
    return derived([*([held] if held is not None else []), *args, *keywords.values()])


def held_is_database(base: n.Expr | None) -> bool:
    """Whether a receiver's name is one that connections and cursors go by."""
    return base is not None and bool(sql.RECEIVER.search(n.dotted(base)))


def _known(
    flow: Flow,
    call: n.Call,
    function: n.Function,
    args: list[Value],
    keywords: dict[str, Value],
    frame: Frame,
) -> Value:
    """A call of a function of the project: its result, with what was passed put in for its parameters."""
    given: dict[str, Value] = {}
    for param, value in zip(function.params, args, strict=False):
        given[param.name] = value
    names = {param.name for param in function.params}
    given.update({key: value for key, value in keywords.items() if key in names})
    for key, value in given.items():
        token = Token(id(function), key)
        if len(flow.incoming[token]) < 64:
            flow.incoming[token].append(Incoming(frame.module.path, call.line, value, id(frame.function)))
    for param in function.params:
        if param.name not in given and param.default is not None:
            flow.incoming[Token(id(function), param.name)].append(
                Incoming(frame.module.path, call.line, SAFE)
            )
    result = flow.returned(function)
    if result is None:
        return derived([*args, *keywords.values()])
    own = [t for t in result.tokens if t.function == id(function)]
    if not own:
        return result
    rest = replace(result, tokens=result.tokens - set(own))
    passed = [given[t.name] for t in own if t.name in given]
    if result.built:
        mixed = join(rest, *(replace(v, built=result.built, text="") for v in passed))
        text = result.text
        return replace(mixed, text=text, built=result.built if mixed.unsure else 0, keys=result.keys)
    if result.opaque:
        return replace(join(rest, *passed), opaque=True, text="", built=0, keys=result.keys)
    return join(rest, *passed) if rest.unsure or rest.text or not passed else join(*passed)


def _made(flow: Flow, call: n.Call, frame: Frame) -> str:
    """The class of the project that a call makes an instance of, or empty."""
    found = flow.callee(frame.module, call, frame.owner, frame.receiver)
    return found.node.name if found is not None and isinstance(found.node, n.Class) else ""


def _mapped(flow: Flow, call: n.Call, base: n.Expr, frame: Frame) -> Value:
    """``items.map(item => ...)``: the function's result for an element."""
    source = flow.eval(base, frame)
    element = SAFE if source.keys and n.last(call.func) != "values" else replace(source, keys=False)
    result = OBJECT
    for arg in call.args:
        if isinstance(arg, n.Closure):
            params = [p.name for p in arg.function.params]
            given = dict.fromkeys(params[:1], element) | dict.fromkeys(params[1:], SAFE)
            if n.last(call.func) == "reduce" and len(params) > 1:
                given[params[1]] = element
            result = flow.closure(arg.function, frame, given)
    if n.last(call.func) in {"filter", "find"}:
        return source
    return replace(result, keys=False)


def _fill(flow: Flow, call: n.Call, base: n.Expr | None, frame: Frame) -> None:
    """``c.BindJSON(&input)``, ``json.NewDecoder(r.Body).Decode(&input)``: the caller fills the variable."""
    target = call.args[-1]
    name = n.dotted(target)
    if name and not name.startswith("?"):
        old = frame.get(name)
        if old is None or not old.unsure:
            frame.put(name, replace(outside(f"the request ({name})"), kind=old.kind if old else ""))


def _add(flow: Flow, call: n.Call, base: n.Expr, name: str, args: list[Value], frame: Frame) -> None:
    """``parts.append(x)``, ``builder.WriteString(x)``: the receiver now holds ``x`` too."""
    held = n.dotted(base)
    old = frame.get(held)
    if old is None or held.startswith("?"):
        return
    mutable = old.opaque or name in _WRITING
    if name == "append" and frame.module.language == "java":
        return
    if name in _WRITING and frame.module.language in {"go", "rust"}:
        frame.put(held, concat(call.line, [old, *args]))
    elif mutable and args[-1].unsure | bool(args[-1].text):
        keys = old.keys and (name != "update" or args[-1].keys)
        frame.put(
            held,
            replace(
                join(replace(old, opaque=True), args[-1]), keys=keys, opaque=not args[-1].built and old.opaque
            ),
        )


def _appended(call: n.Call, held: Value, args: list[Value], frame: Frame) -> Value:
    """``builder.append(a).append(b)`` gives back the builder, and the builder holds it all."""
    value = concat(call.line, [held, *args])
    root: n.Expr = call
    for _ in range(200):
        if isinstance(root, n.Call) and isinstance(root.func, n.Attr):
            root = root.func.base
    if isinstance(root, n.Name):
        frame.put(root.id, value)
    return value


def _reads_request(base: n.Expr, frame: Frame) -> bool:
    if frame.module.language == "go":
        return not held_is_database(base) or n.dotted(base) in {"c", "ctx"}
    return n.dotted(base) in {"c.req", "ctx", "context", "c"}


def _formatted(
    call: n.Call,
    name: str,
    base: n.Expr | None,
    held: Value | None,
    args: list[Value],
    keywords: dict[str, Value],
) -> Value:
    if name in {"format", "formatted"} and held is not None:
        if isinstance(base, n.Call) and n.last(base.func) == "SQL":
            return OBJECT  # psycopg's composables take nothing but composables
        if isinstance(base, n.Name) and base.id in {"String", "util"}:
            return concat(call.line, args)
        return concat(call.line, [held, *args, *keywords.values()])
    values = args
    first = call.args[0] if call.args else None
    if name.endswith("f") and isinstance(first, n.Const) and isinstance(first.value, str):
        kinds = _verbs(first.value)
        rest = args[1:]
        if len(kinds) == len(rest):
            rest = [v if kind in "svqx" else SAFE for v, kind in zip(rest, kinds, strict=True)]
        values = [args[0], *rest]
    if name in {"Fprintf", "Errorf"}:
        return OBJECT
    return concat(call.line, values)


def _verbs(template: str) -> str:
    """The letters of the verbs in a C-like format."""
    found = []
    position = 0
    while (position := template.find("%", position)) >= 0:
        position += 1
        while position < len(template) and not template[position].isalpha() and template[position] != "%":
            position += 1
        if position < len(template) and template[position] != "%":
            found.append(template[position])
        position += 1
    return "".join(found)


def _passed(call: n.Call, held: Value | None, args: list[Value], frame: Frame) -> Value:
    """Calls that hand on the text that they are given."""
    name = n.last(call.func)
    if name == "map" and held is None and call.args:
        first = n.last(call.args[0])
        return SAFE if first in sql.CONVERSIONS or first in sql.QUOTING else args[-1]
    if held is not None and held.unsure:
        extra = [a for a in args if a.unsure]
        return (
            join(held, *extra) if name in {"replace", "concat"} and extra else replace(held, keys=held.keys)
        )
    if held is not None and name in {"replace", "concat", "ReplaceAll", "replaceAll"} and args:
        unsure = [a for a in args if a.unsure]
        return concat(call.line, [held, *unsure]) if unsure else held
    known = [a for a in args if a.unsure]
    if known:
        return replace(join(*known), opaque=False) if name in {"str", "String"} else join(*known)
    if args:
        return replace(args[0], keys=args[0].keys)
    return held if held is not None else OBJECT


def _run(
    flow: Flow,
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
    chosen = sql.sql_argument(name, args, keywords)
    if call.args and isinstance(call.args[0], n.Group):  # pool.query({text: ..., values: [...]})
        pairs = zip(call.args[0].keys, call.args[0].items, strict=False)
        named = [
            v for k, v in pairs if isinstance(k, n.Const) and k.value in {"sql", "text", "query", "statement"}
        ]
        chosen = [flow.eval(item, frame) for item in named]
    for value in chosen:
        if value.unsure and _is_sql(flow, call, name, base, value, frame):
            flow.sink(frame, call, value)
            return
    if sql.HARMLESS.search(name) or name in sql.PASSING or name in sql.QUOTING or name in sql.FORMATS:
        return
    for value in [*args, *keywords.values()]:
        if value.built and value.unsure and sql.looks_like_sql(value.text):
            flow.sink(frame, call, value)


def _is_sql(flow: Flow, call: n.Call, name: str, base: n.Expr | None, value: Value, frame: Frame) -> bool:
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
        and imported.module.startswith(("sqlalchemy", "psycopg"))
    ):
        return True
    if name in {"Order", "Where", "Group", "Having", "Joins"} and frame.module.language == "go":
        return not value.opaque
    if name in _TEXT_LIKE and value.built and _builds_queries(flow, frame, base):
        return True
    if name.startswith("fetch") and value.built and base is not None and _CONNECTIONS.search(n.dotted(base)):
        return True
    return name in _RAW and held_is_database(base)


def _builds_queries(flow: Flow, frame: Frame, base: n.Expr | None) -> bool:
    """Whether a receiver is a query of SQLAlchemy's kind. Django's take names of fields there, and check them."""
    words = n.dotted(base)
    if frame.module.language != "python" or not ("query" in words or "session" in words or "select" in words):
        return False
    return not any(isinstance(s, n.Import) and s.module.startswith("django") for s in frame.module.body)
