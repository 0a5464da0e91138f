"""What refuses: functions that answer 401 or 403, and what libraries offer to do so."""

import re

from evals.code import nodes as n
from evals.code.project import Found, Project

HOPS = 4
_DENIAL = re.compile(
    r"unauthori[sz]ed|forbidden|not_?authenticated|permission_?denied|access_?denied"
    r"|invalid_?(credentials|token|api_?key)|authentication_?(error|failed|exception)|auth_?error|40[13]_",
    re.IGNORECASE,
)
_GUARD_NAME = re.compile(
    r"auth(?!or(?!i[sz]))|login_?required|jwt|token_?required|permission|protect|current_?(active_?)?(super_?)?user"
    r"|api_?key|passport|is_?admin|require_?(user|role|scope|admin|login|session)|logged_?in|user_passes_test",
    re.IGNORECASE,
)
_NOT_A_GUARD = re.compile(r"optional|anonymous|public|allow_?any|permit_?all", re.IGNORECASE)
_SCHEMES = {
    "HTTPBearer", "HTTPBasic", "HTTPDigest", "OAuth2PasswordBearer", "OAuth2AuthorizationCodeBearer",
    "APIKeyHeader", "APIKeyQuery", "APIKeyCookie", "OpenIdConnect",
}  # fmt: skip
_CREDENTIAL = re.compile(
    r"^(headers?|get_?header|authorization|cookies?|session|x-api-key|bearer|api_?key|token|credentials"
    r"|current_user|get_json_web_token|verify_jwt_in_request|get_jwt_identity|is_authenticated)$",
    re.IGNORECASE,
)


class Guards:
    """Answers whether something refuses requests. Every function is looked at once."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._denies: dict[int, bool] = {}
        self._reads: dict[int, bool] = {}

    def refuses(self, module: n.Module, expr: n.Expr) -> bool:
        """Whether ``expr``, as a dependency, decorator or middleware, keeps callers out."""
        if isinstance(expr, n.Closure):
            return self.denies(Found(module, expr.function))
        target = expr.func if isinstance(expr, n.Call) else expr
        if isinstance(expr, n.Call) and _optional(expr):
            return False
        found = self._project.callee(module, target)
        if found is not None and isinstance(found.node, n.Assign):
            return self._value_refuses(found)
        if found is not None and isinstance(found.node, (n.Function, n.Class)):
            return self.denies(found)
        name = n.dotted(target)
        if name.rpartition(".")[2] in _SCHEMES and isinstance(expr, n.Call):
            return _errors_itself(expr)
        return bool(_GUARD_NAME.search(name)) and not _NOT_A_GUARD.search(name)

    def _value_refuses(self, found: Found) -> bool:
        node = found.node
        value = node.value if isinstance(node, n.Assign) else None
        if isinstance(value, n.Call):
            name = n.last(value.func)
            if name in _SCHEMES:
                return _errors_itself(value)
            maker = self._project.callee(found.module, value.func)
            if maker is not None and isinstance(maker.node, (n.Function, n.Class)):
                return self.denies(maker)
            return bool(_GUARD_NAME.search(f"{found.name} {n.dotted(value.func)}"))
        return bool(_GUARD_NAME.search(found.name))

    def denies(self, found: Found, hops: int = HOPS) -> bool:
        """Whether a function answers 401 or 403 somewhere, itself or through what it calls."""
        node = found.node
        if node is None or isinstance(node, n.Assign):
            return False
        if id(node) in self._denies:
            return self._denies[id(node)]
        self._denies[id(node)] = False
        parts: tuple[n.Node, ...] = (*node.body,)
        if isinstance(node, n.Function):
            parts = (*parts, *node.params)
        answer = any(denial(item) for item in n.walk(*parts))
        if not answer and hops:
            answer = any(self.denies(inner, hops - 1) for inner in self._reached(found))
            answer = answer or self._by_dependency(found)
        self._denies[id(node)] = answer
        return answer

    def _by_dependency(self, found: Found) -> bool:
        if not isinstance(found.node, n.Function):
            return False
        return any(
            self.refuses(found.module, d) for d in dependencies(self._project, found.module, found.node)
        )

    def _reached(self, found: Found) -> list[Found]:
        if isinstance(found.node, n.Class):
            methods = [s for s in found.node.body if isinstance(s, n.Function)]
            return [Found(found.module, method, method.name) for method in methods]
        hits = [inner for _, inner in self._project.called(found)]
        if isinstance(found.node, n.Function):  # a factory gives back one of the functions that it names
            returned = (i.value for i in n.only(found.node, n.Return) if i.value is not None)
            named = (i for value in returned for i in n.walk(value) if isinstance(i, n.Name))
            targets = (self._project.callee(found.module, name) for name in named)
            hits += [t for t in targets if t is not None and isinstance(t.node, n.Function)]
        return hits

    def checks_inside(self, found: Found, hops: int = HOPS) -> bool:
        """Whether a handler itself reads credentials and refuses: both in it, or both in one thing that it calls."""
        if not isinstance(found.node, n.Function):
            return False
        for inner in (found, *self._reached(found)):
            if self.denies(inner, hops) and self.reads_credentials(inner, hops):
                return True
        return False

    def reads_credentials(self, found: Found, hops: int = HOPS) -> bool:
        """Whether a function looks at a header, cookie, session or token of the request."""
        node = found.node
        if node is None or isinstance(node, n.Assign):
            return False
        if id(node) in self._reads:
            return self._reads[id(node)]
        self._reads[id(node)] = False
        answer = any(_credential(item) for item in n.inside(node))
        if not answer and hops:
            answer = any(self.reads_credentials(i, hops - 1) for i in self._reached(found))
        self._reads[id(node)] = answer
        return answer


def denial(item: n.Node) -> bool:
    """Whether one node speaks of 401 or 403."""
    if isinstance(item, n.Const):
        value = item.value
        return value in {401, 403} if isinstance(value, int) else False
    if isinstance(item, (n.Name, n.Attr)):
        return bool(_DENIAL.search(item.id if isinstance(item, n.Name) else item.name))
    return False


def _credential(item: n.Node) -> bool:
    text = ""
    if isinstance(item, n.Name):
        text = item.id
    elif isinstance(item, n.Attr):
        text = item.name
    elif isinstance(item, n.Const) and isinstance(item.value, str) and len(item.value) < 40:
        text = item.value
    return bool(text and _CREDENTIAL.match(text))


def _optional(call: n.Call) -> bool:
    """``get_user(required=False)`` and its kin let everyone in."""
    options = dict(call.keywords)
    flags = (options.get("required"), options.get("auto_error"))
    if any(isinstance(flag, n.Const) and flag.value is False for flag in flags):
        return n.last(call.func) not in _SCHEMES
    flag = options.get("optional")
    return isinstance(flag, n.Const) and flag.value is True


def _errors_itself(call: n.Call) -> bool:
    """FastAPI's schemes answer 401 or 403 unless ``auto_error=False``."""
    off = dict(call.keywords).get("auto_error")
    return not (isinstance(off, n.Const) and off.value is False)


def dependencies(project: Project, module: n.Module, function: n.Function) -> list[n.Expr]:
    """What FastAPI's ``Depends`` and ``Security`` name in a function's parameters, aliases followed."""
    found: list[n.Expr] = []
    for param in function.params:
        for root in (param.default, param.annotation):
            if root is not None:
                found.extend(depends_in(project, module, root))
    return found


def depends_in(project: Project, module: n.Module, root: n.Expr, hops: int = 3) -> list[n.Expr]:
    """The targets of all ``Depends(...)`` in an expression, through ``Alias = Annotated[...]``."""
    found: list[n.Expr] = []
    for item in n.walk(root):
        if isinstance(item, n.Call) and n.last(item.func) in {"Depends", "Security"} and item.args:
            found.append(item.args[0])
        elif isinstance(item, n.Name) and hops:
            alias = project.lookup(module, item.id)
            if (
                alias is not None
                and isinstance(alias.node, n.Assign)
                and isinstance(alias.node.value, n.Index)
            ):
                found.extend(depends_in(project, alias.module, alias.node.value, hops - 1))
    return found
