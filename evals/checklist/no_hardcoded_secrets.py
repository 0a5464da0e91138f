"""Whether secrets come from the environment, without a fallback that ends up in production."""

from collections.abc import Iterator

from evals.checklist.findings import Findings, shown, unread
from evals.checklist.secret_files import in_file
from evals.checklist.secret_shapes import key_format, random_looking, secret_name, secret_value, url_password
from evals.code import nodes as n
from evals.code.project import Project
from evals.code.view import CodeView
from evals.verdict import CheckResult, Evidence

ITEM = "no-hardcoded-secrets"

_READS = {
    "os.getenv",
    "getenv",
    "os.environ.get",
    "environ.get",
    "os.Getenv",
    "os.LookupEnv",
    "System.getenv",
    "env.var",
}
_WRAPPERS = {
    "encode", "to_string", "into", "to_owned", "getBytes", "bytes", "SecretStr", "from", "as_bytes", "String",
    "str", "trim", "strip", "byte", "b64decode", "toString", "unhexlify", "as_str", "Secret", "fromhex",
    "Some", "Ok",
}  # fmt: skip
_ENV_CALLS = {
    "getenv",
    "get",
    "config",
    "str",
    "env",
    "Getenv",
    "LookupEnv",
    "var",
    "getProperty",
    "getOrDefault",
    "option_env",
}
_FALLBACKS = {"getenv", "get", "config", "env", "str", "setdefault", "getOrDefault", "getProperty", "pop"}
_REST_FALLBACKS = {
    "unwrap_or",
    "unwrap_or_else",
    "unwrap_or_default",
    "orElse",
    "orElseGet",
    "map_or",
    "or_else",
}
_KEYED = {
    ("jwt", "encode"): 1, ("jwt", "decode"): 1, ("jwt", "sign"): 1, ("jwt", "verify"): 1, ("hmac", "new"): 0,
    ("crypto", "createHmac"): 1, ("crypto", "createCipheriv"): 1, ("crypto", "createDecipheriv"): 1,
    ("hmac", "New"): 1, ("", "SignedString"): 0, ("", "signWith"): 1, ("Algorithm", "HMAC256"): 0,
    ("Algorithm", "HMAC512"): 0, ("", "Fernet"): 0, ("", "URLSafeTimedSerializer"): 0,
    ("", "cookieParser"): 0,
    ("EncodingKey", "from_secret"): 0, ("DecodingKey", "from_secret"): 0, ("", "TimestampSigner"): 0,
    ("", "setSigningKey"): 0, ("Keys", "hmacShaKeyFor"): 0, ("", "SecretKeySpec"): 0,
    ("jsonwebtoken", "sign"): 1, ("jsonwebtoken", "verify"): 1,
}  # fmt: skip


def check(view: CodeView) -> CheckResult:
    """Fails where a literal is a secret, or is what a secret falls back to."""
    findings = Findings(ITEM)
    modules = view.modules_of("source", "migration")
    reads = 0
    for module in modules:
        for line, message in _Secrets(view.project, module).found():
            findings.against.append(Evidence(message, module.path, line))
        reads += sum(_reads_environment(item) for item in n.inside(module))
    for file in view.files:
        findings.against.extend(Evidence(message, file.path, line) for line, message in in_file(file))
    findings.unknown.extend(unread(view, modules))
    if modules:
        message = (
            f"{len(modules)} source files hold no literal secret; {reads} values come from the environment"
        )
        findings.fine.append(Evidence(message))
    return findings.verdict(
        failed="{count} secrets are written into the code",
        passed="no secret is written into the code",
        unsure="{count} places could not be read",
        absent="no source file in a language that is read here",
    )


def _reads_environment(item: n.Node) -> bool:
    if isinstance(item, n.Call):
        return n.dotted(item.func) in _READS
    return isinstance(item, (n.Attr, n.Index)) and n.dotted(item.base) in {
        "process.env",
        "os.environ",
        "import.meta.env",
    }


class _Secrets:
    """Walks one module."""

    def __init__(self, project: Project, module: n.Module) -> None:
        self.project = project
        self.module = module

    def found(self) -> Iterator[tuple[int, str]]:
        seen: set[int] = set()
        for item in n.inside(self.module):
            for line, message in self.node(item):
                if line not in seen:
                    seen.add(line)
                    yield line, message

    def node(self, item: n.Node) -> Iterator[tuple[int, str]]:
        match item:
            case n.Const():
                yield from self.constant(item)
            case n.Assign(value=value) if value is not None:
                for target in item.targets:
                    yield from self.assigned(target, value, item)
            case n.Group(kind="dict"):
                for key, value in zip(item.keys, item.items, strict=False):
                    name = key.value if isinstance(key, n.Const) else None
                    if isinstance(name, str):
                        yield from self.named(name, value)
            case n.Param(default=default) if default is not None:
                yield from self.named(item.name, default)
            case n.Call():
                yield from self.call(item)
            case n.Choice(kind="or"):
                yield from self.fallback(item)
            case n.Compare(op=op) if op in {"==", "!="}:
                yield from self.compared(item)

    def constant(self, item: n.Const) -> Iterator[tuple[int, str]]:
        value = item.value.decode("latin-1") if isinstance(item.value, bytes) else item.value
        if not isinstance(value, str) or len(value) < 8:
            return
        kind = key_format(value)
        if kind:
            yield item.line, f"a literal has the format of a {kind}"
        elif url_password(value) and "://" in value:
            yield item.line, "a connection string holds a password"
        elif random_looking(value):
            yield item.line, "a literal has the length and entropy of a generated key"

    def assigned(self, target: n.Expr, value: n.Expr, stmt: n.Assign) -> Iterator[tuple[int, str]]:
        name = n.last(target)
        if (
            isinstance(target, n.Index)
            and isinstance(target.key, n.Const)
            and isinstance(target.key.value, str)
        ):
            name = target.key.value
        if isinstance(target, n.Group) and isinstance(value, n.Group):
            for left, right in zip(target.items, value.items, strict=False):
                yield from self.assigned(left, right, stmt)
            return
        yield from self.named(name, value)

    def named(self, name: str, value: n.Expr) -> Iterator[tuple[int, str]]:
        """``name = value``: a literal, or a field's default."""
        if not secret_name(name):
            return
        text = literal(value)
        if isinstance(value, n.Call) and n.last(value.func) in {"Field", "field", "Setting", "CharField"}:
            default = dict(value.keywords).get("default")
            text = literal(default or (value.args[0] if value.args else None))
        if text is not None and secret_value(text) and text.lower() != name.lower():
            yield value.line, f"{shown(name, 40)} is a literal"

    def call(self, call: n.Call) -> Iterator[tuple[int, str]]:
        for name, value in call.keywords:
            yield from self.named(name, value)
        name = n.last(call.func)
        base = n.last(call.func.base) if isinstance(call.func, n.Attr) else ""
        position = _KEYED.get((base, name), _KEYED.get(("", name), -1))
        if 0 <= position < len(call.args):
            text = self.value(call.args[position])
            if text is not None and len(text) >= 3:
                yield call.line, f"{n.dotted(call.func)} is given a literal key"
        yield from self.environment(call, name)

    def environment(self, call: n.Call, name: str) -> Iterator[tuple[int, str]]:
        """``getenv("SECRET", "literal")`` in all its spellings, helpers of the project's own included."""
        asked = literal(call.args[0]) if call.args else None
        default = dict(call.keywords).get("default")
        if asked is not None and len(call.args) >= 2 and (name in _FALLBACKS or "env" in name.lower()):
            default = default or call.args[1]
        if name in _REST_FALLBACKS and call.args and isinstance(call.func, n.Attr):
            asked, default = self.asked(call.func.base), call.args[-1]
            if isinstance(default, n.Closure):
                default = _result(default)
        if asked is None or default is None:
            return
        text = self.value(default)
        if text and secret_name(asked) and len(text.strip()) > 0:
            yield call.line, f"{shown(asked, 40)} falls back to a literal when it is not in the environment"

    def asked(self, expr: n.Expr) -> str | None:
        """The variable that an expression reads from the environment, or None."""
        for item in n.walk(expr):
            if isinstance(item, n.Call) and n.last(item.func) in _ENV_CALLS | {"ofNullable"} and item.args:
                text = literal(item.args[0])
                if text is not None:
                    return text
            if isinstance(item, n.Attr) and n.dotted(item.base) in {
                "process.env",
                "env",
                "config",
                "import.meta.env",
            }:
                return item.name
            if isinstance(item, n.Index) and n.last(item.base) in {"environ", "env", "config"}:
                return literal(item.key)
        return None

    def fallback(self, choice: n.Choice) -> Iterator[tuple[int, str]]:
        """``process.env.SECRET || "literal"``, ``os.getenv("SECRET") or "literal"``."""
        text = self.value(choice.options[-1])
        if not text:
            return
        for option in choice.options[:-1]:
            asked = self.asked(option) or n.last(option)
            if asked and secret_name(asked) and secret_value(text) | bool(self.asked(option)):
                yield choice.options[-1].line, f"{shown(asked, 40)} falls back to a literal"

    def compared(self, item: n.Compare) -> Iterator[tuple[int, str]]:
        for left, right in ((item.left, item.right), (item.right, item.left)):
            text, name = literal(right), n.last(left)
            if isinstance(left, n.Index) and isinstance(left.key, n.Const):
                name = str(left.key.value)
            if text and name and secret_name(name) and "token" not in name.lower() and secret_value(text):
                yield item.line, f"{shown(name, 40)} is compared with a literal"

    def value(self, expr: n.Expr | None) -> str | None:
        """The literal behind an expression, through one name."""
        text = literal(expr)
        if text is None and isinstance(expr, n.Name):
            found = self.project.lookup(self.module, expr.id)
            if found is not None and isinstance(found.node, n.Assign):
                return literal(found.node.value)
        return text


def literal(expr: n.Expr | None) -> str | None:
    """The text of a literal, its encodings and conversions looked through."""
    for _ in range(4):
        if isinstance(expr, n.Const):
            value = expr.value.decode("latin-1") if isinstance(expr.value, bytes) else expr.value
            return value if isinstance(value, str) else None
        if isinstance(expr, n.Text):
            parts = [literal(part) for part in expr.parts[:20]]
            return "".join(p for p in parts if p is not None) if None not in parts else None
        if not isinstance(expr, n.Call):
            return None
        name = n.last(expr.func).lstrip("[]")
        if name not in _WRAPPERS:
            return None
        if isinstance(expr.func, n.Attr) and not isinstance(expr.func.base, n.Name):
            expr = expr.func.base
        else:
            expr = expr.args[0] if expr.args else None
    return None


def _result(closure: n.Closure) -> n.Expr | None:
    last = closure.function.body[-1] if closure.function.body else None
    return last.value if isinstance(last, (n.Return, n.Do)) else None
