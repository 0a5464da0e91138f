"""The texts behind names that are only ever given a literal."""

from evals.code import nodes as n
from evals.code.project import Project

_CONVERSIONS = frozenset(
    ("encode", "to_string", "into", "to_owned", "getBytes", "bytes", "SecretStr", "from", "as_bytes", "String",
     "str", "trim", "strip", "byte", "b64decode", "toString", "unhexlify", "as_str", "Secret", "fromhex",
     "Some", "Ok", "asKey", "importKey", "createSecretKey", "b", "Uint8Array", "urlsafe_b64decode", "decode",
     "as_ref", "toCharArray", "to_vec", "into_bytes", "into_boxed_str")
)  # fmt: skip


class Constants:
    """The literals of one module by name, in whatever scope they stand."""

    def __init__(self, project: Project, module: n.Module) -> None:
        self._project = project
        self._module = module
        self._values: dict[str, n.Expr | None] = {}
        for item in n.only(module, n.Assign):
            if item.value is not None:
                for target in item.targets:
                    if isinstance(target, (n.Name, n.Attr)):
                        name = n.dotted(target)
                        again = name in self._values and literal(item.value) is None
                        self._values[name] = None if again else item.value

    def text(self, expr: n.Expr | None, hops: int = 3) -> str | None:
        """The text of a literal, or of a name that stands for one."""
        inner = unwrapped(expr)
        text = literal(inner)
        if text is not None or not isinstance(inner, (n.Name, n.Attr)) or not hops:
            return text
        name = n.dotted(inner)
        if (
            isinstance(inner, n.Attr)
            and n.dotted(inner.base) in {"this", "self"}
            and name not in self._values
        ):
            name = inner.name
        if name in self._values:
            return self.text(self._values[name], hops - 1)
        found = self._project.lookup(self._module, inner.id) if isinstance(inner, n.Name) else None
        return literal(found.node.value) if found is not None and isinstance(found.node, n.Assign) else None


def unwrapped(expr: n.Expr | None) -> n.Expr | None:
    """An expression without the encodings and conversions around it."""
    for _ in range(4):
        if not isinstance(expr, n.Call) or n.last(expr.func).lstrip("[]") not in _CONVERSIONS:
            break
        if isinstance(expr.func, n.Attr) and not isinstance(expr.func.base, n.Name):
            expr = expr.func.base
        else:
            expr = expr.args[0] if expr.args else None
    return expr


def literal(expr: n.Expr | None) -> str | None:
    """The text of a literal, its encodings and conversions looked through."""
    inner = unwrapped(expr)
    if isinstance(inner, n.Const):
        value = inner.value.decode("latin-1") if isinstance(inner.value, bytes) else inner.value
        return value if isinstance(value, str) else None
    if isinstance(inner, n.Other) and inner.kind == "mult" and len(inner.parts) == 2:  # "x" * 32
        text, times = inner.parts
        if isinstance(text, n.Const) and isinstance(times, n.Const) and isinstance(times.value, int):
            return text.value[:64] * min(times.value, 64) if isinstance(text.value, str) else None
    if isinstance(inner, n.Text):
        parts = [literal(part) for part in inner.parts[:20] if isinstance(part, (n.Const, n.Other))]
        if len(parts) == len(inner.parts):
            return "".join(part for part in parts if part is not None) if None not in parts else None
    return None
