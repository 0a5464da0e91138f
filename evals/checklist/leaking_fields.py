"""Fields of response types that no caller should get: passwords, their hashes and salts."""

import re
from collections.abc import Iterator
from itertools import islice

from evals.code import nodes as n
from evals.code.project import Found, Project

_NEVER = re.compile(
    r"^(?:user_?)?(?:password|passwd|pwd|pass_?word_?hash|hashed_?password|password_?digest|pwd_?hash|pass_?hash"
    r"|(?:password_?)?salt)$",
    re.IGNORECASE,
)
_MOST = 400
_MOST_CLASSES = 60


def leaking_field(project: Project, module: n.Module, kind: n.Expr) -> str:
    """The name of such a field in a class of the project that a type names, in its bases or in its fields' types."""
    seen: set[int] = set()
    pending = list(_classes(project, module, kind))
    while pending and len(seen) < _MOST_CLASSES:
        found = pending.pop()
        node = found.node
        if not isinstance(node, n.Class) or id(node) in seen:
            continue
        seen.add(id(node))
        for base in node.bases:
            pending.extend(_classes(project, found.module, base))
        for stmt in node.body:
            if not (isinstance(stmt, n.Assign) and stmt.annotation is not None and _sent(found.module, stmt)):
                continue
            name = n.last(stmt.targets[0])
            if _NEVER.match(name):
                return name
            pending.extend(_classes(project, found.module, stmt.annotation))
    return ""


def _classes(project: Project, module: n.Module, kind: n.Expr) -> Iterator[Found]:
    """The project's classes that a type names."""
    for item in islice(n.walk(kind), _MOST):
        name = n.last(item).lstrip("*[]") if isinstance(item, (n.Name, n.Attr)) else ""
        found = project.lookup(module, name) if name else None
        if found is not None and isinstance(found.node, n.Class):
            yield found


def _kept_back(mark: n.Expr) -> bool:
    """``@JsonIgnore``, ``@Exclude()``, ``@JsonProperty(access = WRITE_ONLY)``, ``#[serde(skip_serializing)]``."""
    if not isinstance(mark, n.Call):
        return False
    names = {n.last(item) for item in islice(n.walk(mark), _MOST) if isinstance(item, (n.Name, n.Attr))}
    hidden = {"WRITE_ONLY", "skip", "skip_serializing"} & names
    return bool(hidden) or n.last(mark.func) in {"JsonIgnore", "Exclude"}


def _sent(module: n.Module, field: n.Assign) -> bool:
    """Whether a field goes out: exported (in Go), not kept back by a mark, ``json:"-"`` or ``Field(exclude=True)``."""
    if module.language == "go":
        tag = str(field.value.value) if isinstance(field.value, n.Const) else ""
        return n.last(field.targets[0])[:1].isupper() and 'json:"-"' not in tag
    if isinstance(field.annotation, n.Other) and any(map(_kept_back, field.annotation.parts)):
        return False
    exclude = dict(field.value.keywords).get("exclude") if isinstance(field.value, n.Call) else None
    return not (isinstance(exclude, n.Const) and exclude.value is True)
