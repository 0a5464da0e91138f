"""What a call gives back, and what it changes."""

from dataclasses import replace
from typing import TYPE_CHECKING

from evals.code import nodes as n
from evals.code import sql_knowledge as sql
from evals.code.flow_bindings import keep_field
from evals.code.flow_frame import Frame, Incoming
from evals.code.flow_queries import gives_rows, held_is_database, quotes_not, record_query
from evals.code.flow_texts import appended, formatted, passed
from evals.code.values import OBJECT, SAFE, UNKNOWN, Token, Value, concat, derived, join, outside

if TYPE_CHECKING:
    from evals.code.flow import Flow

_ADDING = frozenset(
    {"append", "add", "extend", "insert", "push", "unshift", "update", "push_str", "appendleft", "setdefault"}
)
_SELVES = frozenset({"self", "this"})
_WRITING = frozenset({"WriteString", "append", "push_str", "write", "WriteByte", "WriteRune"})
_FILLING = frozenset(
    {"ShouldBindJSON", "BindJSON", "Bind", "ShouldBind", "ShouldBindQuery", "BindQuery", "Decode", "Unmarshal",
    "BodyParser",
     "ShouldBindUri", "QueryParser", "decode", "ShouldBindWith"}
)  # fmt: skip
_MODEL_DUMPS = frozenset({"model_dump", "dict", "asdict", "vars", "model_dump_json", "to_dict", "dump"})
_ROWS = frozenset(
    {"fetchone", "fetchall", "fetchmany", "fetchval", "scalar_one", "scalar_one_or_none", "mappings"}
)
_TEMPLATES = frozenset({"substitute", "safe_substitute"})
_TEXT_METHODS = (sql.PASSING | sql.FORMATS | {"join", "get", "pop", "getOrDefault"}) - {
    "next",
    "map",
    "filter",
    "expect",
}
_PARSES = frozenset(
    {"parse", "parseAsync", "safeParse", "safeParseAsync", "validate", "validateAsync", "validateSync"}
)
_EACH = frozenset({"map", "forEach", "filter", "flatMap", "some", "every", "find", "reduce", "for_each"})


def call_value(flow: "Flow", call: n.Call, frame: Frame) -> Value:  # noqa: C901, PLR0911, PLR0912 - one case a kind of call
    """The value of one call."""
    name = n.last(call.func)
    func = call.func
    base = func.base if isinstance(func, n.Attr) else None
    if name == "``":  # a tagged template: the tag gets the pieces, not the text
        value = join(*(flow.eval(arg, frame) for arg in call.args))
        return value if n.dotted(base) == "String.raw" else OBJECT
    if name in _EACH and base is not None and any(isinstance(a, n.Closure) for a in call.args):
        return _mapped(flow, call, base, frame)
    held = flow.eval(base, frame) if base is not None else None  # first: what it calls happens first
    if held is not None and isinstance(base, n.Name) and held.source.endswith("not shown"):
        held = held if name in _TEXT_METHODS else OBJECT  # a module whose import is not shown
    args = [flow.eval(arg, frame) for arg in call.args]
    keywords = {key: flow.eval(value, frame) for key, value in call.keywords}
    if isinstance(func, n.Closure):  # called where it is written
        return flow.closure(
            func.function, frame, dict(zip([p.name for p in func.function.params], args, strict=False))
        )
    if not isinstance(func, (n.Name, n.Attr)):
        flow.eval(func, frame)
    if name in _FILLING and call.args:
        _fill(call, frame)
        return OBJECT
    if base is not None and name in _ADDING | _WRITING and args:
        _add(flow, call, base, name, args, frame)
    function = flow.function_of(call, frame)
    if function is not None and not (base is None and sql.is_request(func)):
        return _known(flow, call, function, args, keywords, frame)
    if _made(flow, call, frame):
        if flow.types.safe_type(frame.module, func):
            return SAFE
        return replace(derived([*args, *keywords.values()]), keys=True, kind=_made(flow, call, frame))
    if name in _PARSES and isinstance(base, n.Name) and flow.types.schema(frame.module, base.id):
        return replace(derived(args), kind=base.id)
    record_query(flow, call, name, base, args, keywords, frame)
    if name in sql.GIN_READS and base is not None and _reads_request(base, frame):
        return outside(n.dotted(func))
    made = frame.tests.get(base.id) if name == "parse_args" and isinstance(base, n.Name) else None
    if isinstance(made, n.Call) and n.last(made.func) == "RequestParser":
        return outside("the request (parse_args)")
    if n.dotted(func) in sql.READS:
        return outside(n.dotted(func))
    if name in sql.CONVERSIONS or (name in sql.QUOTING and not quotes_not(name, call)):
        return SAFE
    if name in _ROWS or (gives_rows(name, args) and held_is_database(base)):
        return OBJECT
    if name in _TEMPLATES and isinstance(base, n.Call) and base.args:
        return concat(call.line, [flow.eval(base.args[0], frame), *args, *keywords.values()])
    if name in sql.FORMATS and (args or held is not None or keywords):
        return formatted(call, name, base, held, args, keywords)
    if name in {"StringBuilder", "StringBuffer"} and base is None:
        return args[0] if args and args[0].text else Value(opaque=True)
    if name == "append" and frame.module.language == "java" and held is not None:
        return appended(call, held, args, frame)
    if name == "join" and held is not None and frame.module.language in {"javascript", "typescript"}:
        return (
            concat(call.line, [held, *(a for a in args if a.unsure)])
            if held.unsure
            else replace(held, keys=False)
        )
    if name == "join" and base is not None and args and args[0].keys and args[0].unsure:
        return OBJECT  # the keys of a mapping, whose values alone are unsure
    if name == "join" and base is not None and args:
        return concat(call.line, [args[0]]) if args[0].unsure else replace(args[0], keys=False)
    if held is not None and name in {"get", "pop", "setdefault", "get_or_default", "getOrDefault"}:
        request = (
            flow.eval(func, frame) if isinstance(func, n.Attr) and sql.is_request(base or func) else None
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
        return passed(call, held, args)
    if isinstance(func, n.Attr) and sql.is_request(func.base):
        return flow.eval(func, frame)
    shaped = next((v for v in args if v.built and sql.looks_like_sql(v.text)), None)
    if shaped is not None and not held_is_database(base):
        return shaped
    if held is not None and held == UNKNOWN:
        return derived([v for v in args if v.unsure]) if any(v.unsure for v in args) else UNKNOWN
    return derived([*([held] if held is not None else []), *args, *keywords.values()])


def _known(
    flow: "Flow",
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


def _made(flow: "Flow", call: n.Call, frame: Frame) -> str:
    """The class of the project that a call makes an instance of, or empty."""
    found = flow.callee(frame.module, call, frame.owner, frame.receiver)
    return found.node.name if found is not None and isinstance(found.node, n.Class) else ""


def _mapped(flow: "Flow", call: n.Call, base: n.Expr, frame: Frame) -> Value:
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


def _fill(call: n.Call, frame: Frame) -> None:
    """``c.BindJSON(&input)``, ``json.NewDecoder(r.Body).Decode(&input)``: the caller fills the variable."""
    target = call.args[-1]
    name = n.dotted(target)
    if name and not name.startswith("?"):
        old = frame.get(name)
        if old is None or not old.unsure:
            frame.put(name, replace(outside(f"the request ({name})"), kind=old.kind if old else ""))


def _add(flow: "Flow", call: n.Call, base: n.Expr, name: str, args: list[Value], frame: Frame) -> None:
    """``parts.append(x)``, ``builder.WriteString(x)``: the receiver now holds ``x`` too."""
    held = n.dotted(base)
    old = frame.get(held)
    own = (
        frame.owner if isinstance(base, n.Attr) and n.dotted(base.base) in _SELVES | {frame.receiver} else ""
    )
    if own and old is None:
        old = flow.fields.get((own, n.last(base)))
    if old is None or held.startswith("?"):
        return
    mutable = old.opaque or name in _WRITING
    if name == "append" and frame.module.language == "java":
        return
    if name in _WRITING and (frame.module.language in {"go", "rust"} or name == "write"):
        frame.put(held, concat(call.line, [old, *args]))
    elif mutable and args[-1].unsure | bool(args[-1].text):
        keys = old.keys and (name != "update" or args[-1].keys)
        frame.put(
            held,
            replace(
                join(replace(old, opaque=True), args[-1]), keys=keys, opaque=not args[-1].built and old.opaque
            ),
        )
    if own:
        keep_field(flow, own, n.last(base), frame.get(held) or old)


def _reads_request(base: n.Expr, frame: Frame) -> bool:
    if frame.module.language == "go":
        return not held_is_database(base) or n.dotted(base) in {"c", "ctx"}
    return n.dotted(base) in {"c.req", "ctx", "context", "c"}
