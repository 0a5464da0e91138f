"""Who may call what by Spring Security's rules, and by filters and interceptors that refuse callers themselves."""

import re
from collections.abc import Iterable

from evals.code import nodes as n
from evals.code.guards import Guards
from evals.code.project import Found
from evals.code.routes import METHODS, Guard

_MATCHERS = frozenset(
    {"requestMatchers", "antMatchers", "mvcMatchers", "pathMatchers", "anyRequest", "anyExchange"}
)
_OPENS = frozenset({"permitAll", "anonymous"})
_CLOSES = frozenset({"authenticated", "hasRole", "hasAnyRole", "hasAuthority", "hasAnyAuthority", "denyAll",
                     "fullyAuthenticated", "access"})  # fmt: skip
_FILTERS = frozenset(
    {"OncePerRequestFilter", "GenericFilterBean", "Filter", "HandlerInterceptor", "HandlerInterceptorAdapter"}
)


class SpringSecurity:
    """The rules of a project's security configuration, in their order; the first that matches decides."""

    def __init__(self, modules: Iterable[n.Module], guards: Guards) -> None:
        self._rules: list[tuple[frozenset[str], re.Pattern[str], Guard | None]] = []
        self._filters: list[tuple[Guard, tuple[re.Pattern[str], ...]]] = []
        for module in modules:
            items = n.inside(module)
            calls = [item for item in items if isinstance(item, n.Call)]
            # Of a chain the outermost call comes first and was written last.
            chained = [rule for call in reversed(calls) for rule in _rule(module, call)]
            self._rules += chained
            for item in items:
                if not isinstance(item, n.Class) or not {n.last(b) for b in item.bases} & _FILTERS:
                    continue
                if guards.denies(Found(module, item, item.name)):
                    passed = tuple(_pattern(text) for text in _let_through(item))
                    self._filters.append((Guard(item.name, module.path, item.line), passed))

    def guards(self, method: str, path: str) -> list[Guard]:
        """What stands before an endpoint."""
        for methods, pattern, guard in self._rules:
            if (not methods or method in methods) and pattern.fullmatch(path):
                return [guard] if guard else []
        if self._rules:
            return []
        return [guard for guard, passed in self._filters if not any(p.fullmatch(path) for p in passed)]


def _rule(module: n.Module, call: n.Call) -> list[tuple[frozenset[str], re.Pattern[str], Guard | None]]:
    """``requestMatchers(HttpMethod.GET, "/x/**").permitAll()`` as rules."""
    if not isinstance(call.func, n.Attr) or call.func.name not in _OPENS | _CLOSES:
        return []
    matcher = call.func.base
    if not isinstance(matcher, n.Call) or n.last(matcher.func) not in _MATCHERS:
        return []
    methods = frozenset(a.name for a in matcher.args if isinstance(a, n.Attr) and a.name in METHODS)
    texts = [a.value for a in n.walk(*matcher.args) if isinstance(a, n.Const) and isinstance(a.value, str)]
    if n.last(matcher.func) in {"anyRequest", "anyExchange"} or (methods and not texts):
        texts = ["/**"]
    guard = None if call.func.name in _OPENS else Guard(call.func.name, module.path, call.line)
    return [(methods, _pattern(text), guard) for text in texts]


def _pattern(text: str) -> re.Pattern[str]:
    """An Ant pattern: ``*`` is within a segment, ``**`` across them, ``{x}`` one segment."""
    parts = re.split(r"(/\*\*|\*\*|\*|\{[^{}/]*\}|\?)", text[:300])
    known = {"/**": r"(?:/.*)?", "**": r".*", "*": r"[^/]*", "?": r"[^/]"}
    return re.compile(
        "".join(known.get(p) or (r"[^/]+" if p.startswith("{") else re.escape(p)) for p in parts)
    )


def _let_through(holder: n.Class) -> list[str]:
    """The paths that a filter names; it names those that it does not look at."""
    texts = [i.value for i in n.walk(*holder.body) if isinstance(i, n.Const) and isinstance(i.value, str)]
    return [text + ("**" if text.endswith("/") else "") for text in texts if text.startswith("/")]
