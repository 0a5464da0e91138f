"""Calls in tests: requests, helpers that are followed, and assertions."""

from dataclasses import replace
from typing import TYPE_CHECKING

from evals.code import nodes as n
from evals.code.test_values import (
    MOST,
    NOTHING,
    Bound,
    Expectation,
    Known,
    Request,
    formatted,
    path_of,
    union,
)

if TYPE_CHECKING:
    from evals.code.test_requests import TestReader

DEPTH = 9
"""How deep helpers call each other before they are followed no further."""

GOOD = frozenset({"ok", "is_success", "raise_for_status", "isOk", "ok?"})
"""What says of an answer that it is a good one."""

_VERBS = {"get", "post", "put", "patch", "delete", "head", "options"}
_ASSERTS = frozenset(
    ("equal", "deepEqual", "strictEqual", "assertEqual", "toEqual", "toBe", "assertIn", "Equal", "ok",
     "toMatchObject", "assertTrue", "toHaveLength", "NoError", "match", "Contains", "assertDictEqual")
)  # fmt: skip


def called(reader: "TestReader", call: n.Call, env: dict[str, Known], module: n.Module, depth: int) -> Known:
    """What a call in a test gives: an answer, a helper's result, or what it passes on. Expectations are noted."""
    name = n.last(call.func)
    args = [reader.eval(arg, env, module, depth) for arg in call.args]
    keywords = {key: reader.eval(value, env, module, depth) for key, value in call.keywords}
    func = reader.eval(call.func.base, env, module, depth) if isinstance(call.func, n.Attr) else NOTHING
    request = _request(reader, call, name, args, keywords, module)
    if request:
        return Known(answers=frozenset(request))
    named = isinstance(call.func, (n.Name, n.Closure))
    target = reader.eval(call.func, env, module, depth) if named else NOTHING
    if not target.functions:
        found = reader.project.callee(module, call.func)
        if found is not None and isinstance(found.node, n.Function) and _is_ours(found.module, module):
            target = Known(functions=(Bound(found, env if found.module is module else {}),))
    if target.functions:
        return union(
            [call_function(reader, bound, args, keywords, depth + 1) for bound in target.functions[:4]]
        )
    numbers = frozenset(x for a in args for x in a.numbers if 100 <= x <= 599)
    statuses = frozenset(s for a in (*args, func) for s in a.statuses)
    if name in {"expect", "expectStatus", "assertStatus", "toHaveProperty"} and func.answers and numbers:
        reader.expect(func.answers, numbers)
        return func
    if statuses and numbers:
        reader.expect(statuses, numbers)
    if name == "Sprintf" and args:
        return formatted(args)
    if name == "ServeHTTP" and len(args) == 2 and args[1].answers:
        env[n.dotted(call.args[0])] = Known(answers=args[1].answers)
    if name in _ASSERTS:
        bodies = frozenset(a for value in (*args, func) for a in value.answers)
        reader.expectations.update(Expectation(r, 0) for r in bodies)
    if name in GOOD and func.answers:
        reader.expect(func.answers, {200})
    called = [
        call_function(reader, b, args[1:] or [NOTHING], {}, depth + 1) for a in args for b in a.functions[:2]
    ]
    texts = func.texts if name in {"format", "strip", "lower", "upper"} else frozenset()
    passed = [func, *called] if func.answers or func.statuses else [func, *args, *keywords.values(), *called]
    merged = union(passed)
    return replace(merged, texts=texts, keyed=(), functions=())


def call_function(
    reader: "TestReader", bound: Bound, args: list[Known], keywords: dict[str, Known], depth: int
) -> Known:
    """What a function of the tests gives back for these arguments; nothing where it is already being read."""
    function = bound.found.node
    if not isinstance(function, n.Function) or depth > DEPTH or id(function) in reader.active:
        return NOTHING
    env = dict(bound.env)
    for param in function.params:
        env[param.name] = NOTHING
        if param.default is not None:
            env[param.name] = reader.eval(param.default, bound.env, bound.found.module, depth)
    if any("fixture" in n.dotted(d) for d in function.decorators):
        for param in function.params:
            env[param.name] = reader.fixture(param.name, {}) if depth < 4 else NOTHING
    for param, value in zip(function.params, args, strict=False):
        env[param.name] = value
    env.update({key: value for key, value in keywords.items() if key})
    reader.active.append(id(function))
    result = reader.block(function.body, env, bound.found.module, depth)
    reader.active.pop()
    own = {param.name for param in function.params}
    for name, before in list(bound.env.items()):  # what a closure changes among its outer variables
        after = env.get(name, before)
        if after is not before and name not in own:
            bound.env[name] = union([before, after])
    return result


def _request(
    reader: "TestReader", call: n.Call, name: str, args: list[Known], keywords: dict[str, Known], module: n.Module
) -> list[Request]:  # fmt: skip
    """The requests that a call makes; none where it is no request."""
    methods, path = [name.upper()], args[0] if args else keywords.get("url") or keywords.get("path")
    lowered = name.lower()
    if lowered in {"newrequest", "request", "newrequestwithcontext", "open", "inject"} and len(args) >= 2:
        shift = 1 if lowered == "newrequestwithcontext" else 0
        methods = [t for t in args[shift].texts if t.lower() in _VERBS] or [
            m.upper() for m in (n.last(call.args[shift]).removeprefix("Method"),) if m.lower() in _VERBS
        ]
        path = args[shift + 1]
        if not methods:
            return []
    elif lowered == "fetch" and args:
        given = next((v for k, v in args[1].keyed if k == "method"), NOTHING) if len(args) > 1 else NOTHING
        methods = list(given.texts) or ["GET"]
    elif lowered not in _VERBS or not isinstance(call.func, n.Attr):
        return []
    if path is None:
        return []
    paths: list[str | None] = [p for p in map(path_of, path.texts) if p is not None]
    client = n.dotted(call.func).lower()
    likely = any(
        word in client for word in ("client", "request", "api", "app", "agent", "axios", "fetch", "http")
    )
    if not paths and not (likely and not path.texts and lowered in _VERBS and len(call.args) > 0):
        return []
    found = [Request(m.upper(), p, module.path, call.line) for m in methods for p in paths or [None]]
    reader.requests.update(found[:MOST])
    return found[:MOST]


def _is_ours(found: n.Module, module: n.Module) -> bool:
    return found is module or "test" in found.path.lower() or "conftest" in found.path
