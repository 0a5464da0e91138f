"""Whether secrets come from the environment, without a fallback that ends up in production."""

import re
from collections.abc import Iterator

from evals.checklist.environment import environment_reads
from evals.checklist.findings import Findings, shown, unread, unread_languages
from evals.checklist.key_formats import key_format
from evals.checklist.secret_calls import SecretCalls
from evals.checklist.secret_fallbacks import Fallbacks
from evals.checklist.secret_files import in_file
from evals.checklist.secret_shapes import random_looking, secret_name, secret_value
from evals.checklist.secret_text import in_unread_source
from evals.checklist.secret_urls import connection_password
from evals.code import nodes as n
from evals.code.constants import Constants, literal
from evals.code.project import Project
from evals.code.view import CodeView
from evals.verdict import CheckResult, Evidence

ITEM = "no-hardcoded-secrets"

# Nodes at which a secret can begin; the many names and attributes are passed over.
_TELLING = frozenset({n.Const, n.Text, n.Assign, n.Group, n.Param, n.Call, n.Compare, n.Choice, n.Function})
_TESTING = frozenset({"it", "test", "describe", "it.each", "test.each", "beforeEach", "beforeAll"})
_FIELDS = frozenset({"Field", "field", "Setting", "ib", "attrib"})
_MANY = re.compile(r"(?:api|access|secret)[^a-z]?keys$|secrets$", re.IGNORECASE)
_CONNECTS = re.compile(r"connect|engine|client|pool|login|session|create_user|database", re.IGNORECASE)


def check(view: CodeView) -> CheckResult:
    """Fails where a literal is a secret, or is what a secret falls back to."""
    findings = Findings(ITEM)
    modules = view.modules_of("source", "migration")
    reads = 0
    for module in modules:
        for line, message in _Secrets(view.project, module).found():
            findings.against.append(Evidence(message, module.path, line))
        reads += environment_reads(module)
    for file in view.files:
        found = (*in_file(file), *in_unread_source(file))
        findings.against.extend(Evidence(message, file.path, line) for line, message in found)
    findings.unknown.extend((*unread(modules), *unread_languages(view)))
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


class _Secrets:
    """Walks one module."""

    def __init__(self, project: Project, module: n.Module) -> None:
        self.module = module
        self.constants = Constants(project, module)
        self.fallbacks = Fallbacks(project, module, self.constants)
        self.calls = SecretCalls(self.constants)

    def found(self) -> Iterator[tuple[int, str]]:
        seen: set[int] = set()
        tests = _tests(self.module)
        for item in n.inside(self.module):
            if type(item) not in _TELLING or id(item) in tests:
                continue
            for line, message in (*self.fallbacks.of(item), *self.node(item)):
                if line not in seen:
                    seen.add(line)
                    yield line, message

    def node(self, item: n.Node) -> Iterator[tuple[int, str]]:  # noqa: C901 - one case a kind of node
        match item:
            case n.Const():
                yield from self.constant(item)
            case n.Text():
                if connection_password(item):
                    yield item.line, "a connection string holds a password"
            case n.Assign(value=value) if value is not None:
                for target in item.targets:
                    yield from self.assigned(target, value)
            case n.Group(kind="dict"):
                for key, value in zip(item.keys, item.items, strict=False):
                    name = key.value if isinstance(key, n.Const) else None
                    if isinstance(name, str):
                        yield from (*self.named(name, value), *self.calls.header(name, value))
            case n.Param(default=default) if default is not None:
                yield from self.named(item.name, default)
            case n.Call():
                yield from self.call(item)
            case n.Function(body=body) if secret_name(item.name):
                last = body[-1] if body and all(isinstance(s, (n.Return, n.Do)) for s in body) else None
                if (
                    isinstance(last, n.Return) and last.value is not None and literal(last.value)
                ):  # def jwt_secret(): return "..."
                    yield from self.named(item.name, last.value)
            case n.Compare(op=op) if op in {"==", "!="} and not any(
                self.fallbacks.holds(side) for side in (item.left, item.right)
            ):  # a secret of the environment that is told to be a weak one
                yield from self.calls.compared(item.line, item.left, item.right)

    def constant(self, item: n.Const) -> Iterator[tuple[int, str]]:
        value = item.value.decode("latin-1") if isinstance(item.value, bytes) else item.value
        if not isinstance(value, str) or len(value) < 8:
            return
        kind = key_format(value)
        if kind:
            yield item.line, f"a literal has the format of a {kind}"
        elif connection_password(item):
            yield item.line, "a connection string holds a password"
        elif random_looking(value):
            yield item.line, "a literal has the length and entropy of a generated key"

    def assigned(self, target: n.Expr, value: n.Expr) -> Iterator[tuple[int, str]]:
        name = n.last(target)
        if (
            isinstance(target, n.Index)
            and isinstance(target.key, n.Const)
            and isinstance(target.key.value, str)
        ):
            name = target.key.value
        if isinstance(target, n.Group) and isinstance(value, n.Group):
            for left, right in zip(target.items, value.items, strict=False):
                yield from self.assigned(left, right)
            return
        yield from self.named(name, value)

    def named(self, name: str, value: n.Expr) -> Iterator[tuple[int, str]]:
        """``name = value``: a literal, or a field's default."""
        if not secret_name(name):
            return
        own = isinstance(value, (n.Name, n.Attr)) and secret_name(
            n.last(value)
        )  # judged where it is assigned
        text = None if own else self.constants.text(value)
        if isinstance(value, n.Call):
            text = _declared(value) or text
        if text is not None and secret_value(text, name) and text.lower() != name.lower():
            yield value.line, f"{shown(name, 40)} is a literal"
        elif any(secret_value(part) for part in self.parts(name, value)):
            yield value.line, f"{shown(name, 40)} holds a literal"
        elif text is None and secret_value(self.fallbacks.literal_of(value)):
            yield value.line, f"{shown(name, 40)} falls back to a literal when it is not in the environment"

    def parts(self, name: str, value: n.Expr) -> Iterator[str]:
        """The literals among several values: ``API_KEYS = {"...", "..."}``, ``key = made() if new else "..."``,
        ``Env(SECRET_KEY=(str, "..."))``."""
        if isinstance(value, n.Group):
            typed = len(value.items) == 2 and isinstance(value.items[0], n.Name) and value.kind == "tuple"
            listed = _MANY.search(name) and value.kind != "dict"
            for item in value.items[1:] if typed else value.items if listed else ():
                text = literal(item) or ""
                if typed or re.search(r"\d|-", text):
                    yield text
        elif isinstance(value, n.Choice) and value.kind == "if" and "token" not in name.lower():
            yield from (literal(option) or "" for option in value.options)

    def call(self, call: n.Call) -> Iterator[tuple[int, str]]:
        name = n.last(call.func)
        for key, value in call.keywords:
            yield from self.named(key, value)
            plain = literal(value)  # connect(password="password")
            if (
                plain
                and plain.lower() == key.lower()
                and secret_name(key)
                and _CONNECTS.search(n.dotted(call.func))
            ):
                yield value.line, f"{shown(key, 40)} is a literal"
        setter = re.match(r"(?:set|with)_?(?=[A-Z_])(\w+)$", name)
        if setter and len(call.args) == 1:  # dataSource.setPassword("...")
            yield from self.named(setter[1], call.args[0])
        if connection_password(call):
            yield call.line, "a connection string holds a password"
        yield from self.calls.of(call)


def _tests(module: n.Module) -> frozenset[int]:
    """The nodes of JavaScript's tests that stand in a file of another name: ``it("...", () => ...)``."""
    found: set[int] = set()
    for call in n.only(module, n.Call):
        if n.dotted(call.func) in _TESTING and len(call.args) == 2 and literal(call.args[0]):
            closure = call.args[1]
            found |= (
                {id(item) for item in n.inside(closure.function)} if isinstance(closure, n.Closure) else set()
            )
    return frozenset(found)


def _declared(value: n.Call) -> str | None:
    """The literal default of a field: ``Field("x")``, ``attr.ib(default="x")``, ``field(default_factory=...)``."""
    options = dict(value.keywords)
    default = options.get("default")
    factory = options.get("default_factory") or options.get("factory")
    if isinstance(factory, n.Closure) and factory.function.body:
        last = factory.function.body[-1]
        default = last.value if isinstance(last, n.Return) else None
    if (
        default is None
        and value.args
        and (n.last(value.func) in _FIELDS or {"envvar", "env"} & options.keys())
    ):
        default = value.args[0]
    return literal(default)
