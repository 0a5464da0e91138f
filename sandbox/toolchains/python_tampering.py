"""Finds, in Python sources alone, what makes comparisons lie. Nothing of it is run."""

import ast
from collections.abc import Iterator, Mapping

_COMPARISONS = {"__eq__": True, "__ne__": False, "__contains__": True}


def tampering(files: Mapping[str, str]) -> tuple[str, ...]:
    """Places (``path:line what``) where a class equals everything; code that cannot be parsed has none."""
    return tuple(
        what for path, text in files.items() if path.endswith(".py") for what in _in_file(path, text)
    )


def _in_file(path: str, text: str) -> Iterator[str]:
    if not any(name in text for name in _COMPARISONS):
        return
    try:
        tree = ast.parse(text)
        nodes = list(ast.walk(tree))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    for node in nodes:
        if isinstance(node, ast.FunctionDef) and node.name in _COMPARISONS:
            body = [item for item in node.body if not _is_docstring(item)]
            if len(body) == 1 and _returns(body[0], _COMPARISONS[node.name]):
                yield f"{path}:{node.lineno} {node.name} always answers {_COMPARISONS[node.name]}"
        elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Lambda):
            for target in node.targets:
                name = target.attr if isinstance(target, ast.Attribute) else getattr(target, "id", "")
                if name in _COMPARISONS and _is_constant(node.value.body, _COMPARISONS[name]):
                    yield f"{path}:{node.lineno} {name} always answers {_COMPARISONS[name]}"


def _is_docstring(item: ast.stmt) -> bool:
    return isinstance(item, ast.Expr) and isinstance(item.value, ast.Constant)


def _returns(item: ast.stmt, answer: bool) -> bool:
    return isinstance(item, ast.Return) and item.value is not None and _is_constant(item.value, answer)


def _is_constant(value: ast.expr, answer: bool) -> bool:
    return isinstance(value, ast.Constant) and value.value is answer
