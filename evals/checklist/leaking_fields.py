"""Fields of response types that no caller should get: passwords, their hashes and salts."""

import re
from itertools import islice

from evals.code import nodes as n
from evals.code.fields import FieldTypes
from evals.code.project import Project

_NEVER = re.compile(
    r"^(?:user_?)?(?:password|passwd|pwd|pass_?word_?hash|hashed_?password|password_?digest|pwd_?hash|pass_?hash"
    r"|(?:password_?)?salt)$",
    re.IGNORECASE,
)
_MOST = 400


def leaking_field(project: Project, module: n.Module, kind: n.Expr) -> str:
    """The name of such a field in a class of the project that a type names, or empty."""
    for item in islice(n.walk(kind), _MOST):
        name = n.last(item).lstrip("*[]") if isinstance(item, (n.Name, n.Attr)) else ""
        found = project.lookup(module, name) if name else None
        if found is None or not isinstance(found.node, n.Class):
            continue
        if found.module.language == "go":
            leaks = [n.last(s.targets[0]) for s in found.node.body if isinstance(s, n.Assign) and _sent(s)]
        else:
            fields = FieldTypes(project).model_fields(found)
            leaks = [field.name for field in fields if not _excluded(found.node, field.name)]
        hit = next((leak for leak in leaks if _NEVER.match(leak)), "")
        if hit:
            return hit
    return ""


def _sent(field: n.Assign) -> bool:
    """Whether encoding/json sends a field of a struct: exported, and not tagged ``json:"-"``."""
    tag = str(field.value.value) if isinstance(field.value, n.Const) else ""
    return n.last(field.targets[0])[:1].isupper() and 'json:"-"' not in tag


def _excluded(model: n.Class, name: str) -> bool:
    """``password: str = Field(exclude=True)``."""
    for stmt in model.body:
        if isinstance(stmt, n.Assign) and n.last(stmt.targets[0]) == name and isinstance(stmt.value, n.Call):
            exclude = dict(stmt.value.keywords).get("exclude")
            return isinstance(exclude, n.Const) and exclude.value is True
    return False
