"""Secrets that fall back to a literal when the environment does not hold them, in every spelling that is met.

``os.getenv("SECRET", "dev")``, ``process.env.SECRET || "dev"``, ``cmp.Or(os.Getenv("SECRET"), "dev")``, schema
defaults, a variable that is read from the environment and then assigned a literal, a helper that returns one.
"""

import re
from collections.abc import Iterator
from itertools import islice

from evals.checklist.environment import BASES, GETTERS, READS, RESTS, environment_reads, reads_environment
from evals.checklist.findings import shown
from evals.checklist.secret_shapes import secret_name
from evals.code import nodes as n
from evals.code.constants import Constants, literal, unwrapped
from evals.code.project import Project

_FIRSTS = re.compile(
    r"(?:next|(?:first|coalesce|defaultto|defaultif|fallback|either|oneof|pick|nvl)\w*|\w*or)", re.IGNORECASE
)
_OPTIONS = frozenset({"default", "fallback", "defaultValue", "def"})
_SCHEMA_DEFAULTS = frozenset({"default", "catch", "prefault"})
_ENTRY_NAMES = frozenset({"env", "EnvVars", "EnvVar", "envVar", "Name"})
_ENTRY_DEFAULTS = ("default", "Value", "Default", "DefaultText")
_PLAIN = frozenset({n.Const, n.Name, n.Compare, n.Not})
_READ_NAME = re.compile(r"env|config|Getenv|getProperty", re.IGNORECASE)
_TAG = re.compile(
    r'(?:env(?:config)?|mapstructure|yaml|json):"([\w.-]+)[^"]*".*?\b(?:envDefault|default|env-default):"([^"]+)"'
)
_KONG = re.compile(r"\benv='([\w.-]+)'[^\"]*\bdefault='([^']+)'")
_SPRING = re.compile(r"\$\{([\w.-]+):([^}]+)\}")


class Fallbacks:
    """Finds them in one module."""

    def __init__(self, project: Project, module: n.Module, constants: Constants) -> None:
        self.project = project
        self.module = module
        self.constants = constants
        self._held: dict[str, str] = {}
        self._own: set[str] = set()
        self._defaults = {p.name: text for p in n.only(module, n.Param) if (text := literal(p.default))}
        self._reading = environment_reads(module) > 0
        self._listed = dict(_listed(module))
        self._told = {id(side) for item in n.only(module, n.Compare) for side in (item.left, item.right)}
        givers: list[n.Node] = [*n.only(module, n.Assign), *n.only(module, n.Other)]
        givers += [*n.only(module, n.Call), *n.only(module, n.Group)]
        for target, value in (pair for item in givers for pair in _given(item)):
            asked = self.asked(value) if type(value) not in _PLAIN else ""
            if asked and secret_name(asked):
                self._held[n.dotted(target)] = asked
                if any(reads_environment(item) for item in islice(n.walk(value), 200)):
                    self._own.add(n.dotted(target))

    def holds(self, expr: n.Expr) -> bool:
        """Whether an expression is a secret of the environment, or a variable that holds one."""
        if isinstance(expr, (n.Name, n.Attr)):
            return bool({n.dotted(expr), n.last(expr)} & self._own)
        return (
            isinstance(expr, n.Call)
            and secret_name(self.asked(expr))
            and any(map(reads_environment, n.walk(expr)))
        )

    def of(self, item: n.Node) -> Iterator[tuple[int, str]]:
        """Line and message of each fallback that begins at this node."""
        match item:
            case n.Call():
                yield from self._called(item)
            case n.Choice():
                yield from self._chosen(item)
            case n.Assign():
                yield from self._marked(item)
                if item.value is not None:
                    yield from self._assigned(item, item.value)
            case n.Function():
                yield from self._returned(item)
            case n.Group(kind="dict"):
                yield from self._declared(item)
            case n.Const(value=str() as text) if len(text) < 2000:
                match_ = _SPRING.search(text)
                if (
                    match_
                    and secret_name(match_[1])
                    and match_[2].strip()
                    and not match_[2].startswith("#{null")
                ):
                    yield item.line, _says(match_[1])

    def asked(self, expr: n.Expr) -> str:
        """The variable that an expression reads from the environment, or empty."""
        for item in islice(n.walk(expr), 200):
            if isinstance(item, n.Closure):
                return ""
            if (
                isinstance(item, n.Call)
                and item.args
                and (n.last(item.func) in GETTERS or n.dotted(item.func) in READS)
            ):
                text = self._named(item.args[0]) or (self._named(item.args[1]) if len(item.args) > 1 else "")
                if text:
                    return text
            if isinstance(item, n.Attr) and n.dotted(item.base) in BASES and item.name not in {"get", "str"}:
                return item.name
            if isinstance(item, n.Index) and n.dotted(item.base) in BASES:
                return literal(item.key) or ""
        return ""

    def _named(self, expr: n.Expr | None) -> str:
        """The name that is asked for: a literal, a constant, or one of those that a loop goes through."""
        text = self.constants.text(expr) if expr is not None else None
        return text or (self._listed.get(expr.id, "") if isinstance(expr, n.Name) else "")

    def literal_of(self, expr: n.Expr) -> str:
        """The literal that stands in when an expression finds nothing in the environment, or empty."""
        inner = unwrapped(expr)
        if isinstance(inner, n.Call):
            asked, default = self._default(inner)
            return self._text(default) if any(asked) and _READ_NAME.search(n.dotted(inner.func)) else ""
        if isinstance(inner, n.Choice) and inner.kind != "and":
            options = _flat(inner)
            if any(reads_environment(item) for option in options for item in islice(n.walk(option), 50)):
                return next((text for text in map(self._text, options) if text), "")
        return ""

    def _called(self, call: n.Call) -> Iterator[tuple[int, str]]:
        asked, default = self._default(call)
        text = self._text(default)
        secret = next((a for a in asked if secret_name(a) and a != text), "")
        if text and secret and id(call) not in self._told:  # what is only compared is not used
            yield call.line, _says(secret)

    def _default(self, call: n.Call) -> tuple[list[str], n.Expr | None]:
        """The names that a call asks for, and what it gives where they are missing."""
        name, options = n.last(call.func), dict(call.keywords)
        default = options.get("default") or options.get("fallback") or options.get("default_value")
        named = next((options[k] for k in ("key", "name", "var", "env", "envvar") if k in options), None)
        places = [i for i, a in enumerate(call.args[:2]) if self._named(a)]
        asked = [self._named(a) for a in (*(call.args[i] for i in places), named) if self._named(a)]
        getter = name in GETTERS or "env" in name.lower() or n.dotted(call.func) in READS
        if default is None and asked and self._gets(call, getter):
            # getattr(settings, "X", "y"), _.get(process.env, "X", "y"): the name may come second
            after = (places[0] if places else 0) + 1
            default = call.args[after] if len(call.args) > after else None
        if name in RESTS and isinstance(call.func, n.Attr) and call.args:
            roots = (call.func.base, *call.args[:-1])
            return [a for a in (self.asked(r) for r in roots) if a], call.args[-1]
        listed = call.func.base if isinstance(call.func, n.Attr) else None
        if name == "find" and isinstance(listed, n.Group) and listed.items:  # [a, b, "literal"].find(Boolean)
            return [a for a in (self.asked(item) for item in listed.items) if a], listed.items[-1]
        if _FIRSTS.fullmatch(name) and len(call.args) >= 2 and 0 not in places:
            return [a for a in (self.asked(arg) for arg in call.args[:-1]) if a], call.args[-1]
        return asked, default

    def _gets(self, call: n.Call, getter: bool) -> bool:
        """Whether a call with a name and a default reads the environment: by its own name, or by what it does."""
        if getter:
            return True
        found = self.project.callee(self.module, call.func)
        if found is None or not isinstance(found.node, n.Function):
            return False
        return any(reads_environment(i) for i in n.inside(found.node))

    def _text(self, default: n.Expr | None) -> str:
        function = self._made_by(default)
        if function is not None:
            last = function.body[-1] if function.body else None
            default = last.value if isinstance(last, (n.Return, n.Do)) else None
        elif isinstance(default, n.Group) and default.kind == "dict":  # get("X", { fallback: "y" })
            default = next((v for k, v in _entries(default) if k in _OPTIONS), None)
        text = self.constants.text(default)
        if text is None and isinstance(default, n.Name):
            text = self._defaults.get(default.id)
        return (text or "").strip()

    def _made_by(self, default: n.Expr | None) -> n.Function | None:
        """The function whose result a default is: a closure, one that is called at once, one of the project's."""
        if isinstance(default, n.Call):
            found = self.project.callee(self.module, default.func) if not literal(default) else None
            default = default.func
            if found is not None and isinstance(found.node, n.Function):
                return found.node
        return default.function if isinstance(default, n.Closure) else None

    def _chosen(self, choice: n.Choice) -> Iterator[tuple[int, str]]:
        """``a || "literal"``, ``a or "literal"``, ``a if a else "literal"``."""
        if choice.kind == "and" or len(choice.options) < 2:
            return
        options = _flat(choice)
        for option in options:
            text = self._text(option)
            if not text:
                continue
            for other in options:
                asked = self.asked(other) or (n.last(other) if isinstance(other, (n.Name, n.Attr)) else "")
                if other is not option and asked and (secret_name(asked) or n.dotted(other) in self._held):
                    yield option.line, _says(asked)
                    return

    def _assigned(self, stmt: n.Assign, value: n.Expr) -> Iterator[tuple[int, str]]:
        """A variable that holds a secret of the environment, and then a literal; a struct field with a default tag."""
        name = n.dotted(stmt.targets[0]) if stmt.targets else ""
        text = literal(value)
        if name in self._held and text and text.strip():
            yield stmt.line, _says(self._held[name])
        tag = (_TAG.search(text) or _KONG.search(text)) if text and stmt.annotation is not None else None
        if tag and (secret_name(tag[1]) or secret_name(name)):
            yield stmt.line, _says(tag[1])

    def _marked(self, stmt: n.Assign) -> Iterator[tuple[int, str]]:
        """``#[arg(env, default_value = "literal")] jwt_secret: String``."""
        marks = stmt.annotation.parts if isinstance(stmt.annotation, n.Other) else ()
        for mark in marks if stmt.targets and secret_name(n.last(stmt.targets[0])) else ():
            options = dict(mark.keywords) if isinstance(mark, n.Call) and n.last(mark.func) != "serde" else {}
            if self._text(options.get("default_value") or options.get("default")):
                yield mark.line, _says(n.last(stmt.targets[0]))

    def _returned(self, function: n.Function) -> Iterator[tuple[int, str]]:
        """``func secret() string { if v := os.Getenv("SECRET"); v != "" { return v }; return "literal" }``."""
        if not self._reading or not any(map(reads_environment, n.inside(function))):
            return
        nodes = n.inside(function)
        held: dict[str, str] = {}
        asked = ""
        for item in nodes:
            for target, value in _given(item):
                name = self._read_in(value)
                if secret_name(name) and isinstance(target, n.Name):
                    held[target.id] = name
            if isinstance(item, n.Return) and item.value is not None:
                given = unwrapped(item.value)
                asked = asked or (held.get(given.id, "") if isinstance(given, n.Name) else "")
                name = self._read_in(item.value)
                asked = asked or (name if secret_name(name) else "")
        for item in nodes if asked else ():
            text = literal(item.value) if isinstance(item, n.Return) and item.value is not None else None
            if text is None and isinstance(item, n.Return) and isinstance(item.value, n.Name):
                text = self.constants.text(item.value) if item.value.id not in held else None
            if isinstance(item, n.Return) and text and text.strip() and " " not in text.strip():
                yield item.line, _says(asked)

    def _read_in(self, expr: n.Expr) -> str:
        """The variable that an expression is read from, conversions looked through; empty for all else."""
        inner = unwrapped(expr)
        return self.asked(inner) if inner is not None and reads_environment(inner) else ""

    def _declared(self, group: n.Group) -> Iterator[tuple[int, str]]:
        """``JWT_SECRET: z.string().default("literal")``, ``{env: "JWT_SECRET", default: "literal"}``."""
        entries = dict(_entries(group))
        for key in _ENTRY_NAMES & entries.keys():
            named = entries[key]
            env = literal(named.items[0] if isinstance(named, n.Group) and named.items else named) or ""
            if secret_name(env) and any(self._text(entries.get(d)) for d in _ENTRY_DEFAULTS):
                yield group.line, _says(env)
                break
        for name, value in entries.items():
            if not secret_name(name):
                continue
            for item in n.walk(value):
                default: n.Expr | None = None
                if isinstance(item, n.Call) and n.last(item.func) in _SCHEMA_DEFAULTS and item.args:
                    default = item.args[0]
                elif isinstance(item, n.Group) and item.kind == "dict":
                    inner = dict(_entries(item))
                    default = inner.get("default") or inner.get("devDefault")
                if default is not None and self._text(default):
                    yield value.line, _says(name)
                    break


def _entries(group: n.Group) -> Iterator[tuple[str, n.Expr]]:
    """The entries of a mapping whose keys are literals."""
    for key, value in zip(group.keys, group.items, strict=False):
        if isinstance(key, n.Const):
            yield str(key.value), value


def _flat(choice: n.Choice) -> list[n.Expr]:
    """The options of a choice and of the choices among them."""
    found: list[n.Expr] = []
    pending: list[n.Expr] = list(reversed(choice.options))
    while pending and len(found) < 40:
        option = pending.pop()
        if isinstance(option, n.Choice) and option.kind != "and":
            pending.extend(reversed(option.options))
        else:
            found.append(option)
    return found


def _given(item: n.Node) -> Iterator[tuple[n.Expr, n.Expr]]:
    """What is given which value: by assignment (of several targets the first), a walrus, a field of a mapping or
    a constructor."""
    if isinstance(item, n.Call):
        yield from ((n.Name(value.line, key), value) for key, value in item.keywords if key)
    elif isinstance(item, n.Group) and item.kind == "dict":
        yield from ((n.Name(value.line, key), value) for key, value in _entries(item))
    elif isinstance(item, n.Assign) and item.value is not None and item.targets:
        target = item.targets[0]
        yield target.items[0] if isinstance(target, n.Group) and target.items else target, item.value
    elif isinstance(item, n.Other) and item.kind == "walrus" and len(item.parts) == 2:
        yield item.parts[0], item.parts[1]


def _listed(module: n.Module) -> Iterator[tuple[str, str]]:
    """Loop variables that go through literal names of secrets, with one of the names."""
    loops: list[n.Loop | n.Each] = [*n.only(module, n.Loop), *n.only(module, n.Each)]
    for item in loops:
        if isinstance(item.target, n.Name) and isinstance(item.source, n.Group):
            texts = (literal(part) or "" for part in item.source.items[:50])
            name = next((text for text in texts if secret_name(text)), "")
            if name:
                yield item.target.id, name


def _says(name: str) -> str:
    return f"{shown(name, 40)} falls back to a literal when it is not in the environment"
