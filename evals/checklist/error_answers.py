"""What an answer to an error looks like: its status, and what it gives away."""

import json
import posixpath
import re
from collections.abc import Iterable
from typing import TypeGuard

from evals.code import nodes as n
from evals.code.view import CodeView

_ERROR_NAMES = re.compile(r"^_?(e|ex|exc|err|error|exception)$")
REFUSES = re.compile(
    r"abort|_or_404|raise|fail|error|next|reject|throw|notfound|not_found|badrequest|unauthorized|forbidden",
    re.IGNORECASE,
)


def statuses(nodes: Iterable[n.Node]) -> set[int]:
    """The error statuses that a function speaks of."""
    numbers: set[int] = set()
    for item in nodes:
        if isinstance(item, n.Const) and isinstance(item.value, int) and 400 <= item.value < 600:
            numbers.add(item.value)
        elif isinstance(item, n.Attr) and (match := re.match(r"HTTP_([45]\d\d)", item.name)):
            numbers.add(int(match[1]))
        elif (
            isinstance(item, n.Attr)
            and re.match(r"Status(Bad|Not|Unauth|Forb|Conf|Unproc|Internal|Gone|TooMany)", item.name)
        ) or (
            isinstance(item, n.Attr)
            and item.name in {"NOT_FOUND", "BAD_REQUEST", "CONFLICT", "UNAUTHORIZED", "FORBIDDEN"}
        ):
            numbers.add(400)
    return numbers


def answers(call: n.Call, status: int) -> bool:
    """Whether a call answers with a status: ``res.status(500).json(...)``, ``c.JSON(500, ...)``,
    ``HTTPException(500, ...)``."""
    name = n.last(call.func)
    if name in {"json", "send", "end", "body"} and isinstance(call.func, n.Attr):
        return has_status(call.func.base, status)
    if name in {
        "JSON",
        "AbortWithStatusJSON",
        "String",
        "Error",
        "HTTPException",
        "JSONResponse",
        "abort",
        "IndentedJSON",
        "ResponseEntity",
        "HttpException",
        "InternalServerErrorException",
        "ResponseStatusException",
    }:
        return has_status(call, status)
    return False


def has_status(expr: n.Node, status: int) -> bool:
    """Whether an expression speaks of a status, as a number or by the name of 500."""
    for item in n.walk(expr):
        if isinstance(item, n.Const) and item.value == status and not isinstance(item.value, bool):
            return True
        if isinstance(item, n.Attr) and item.name in {
            "StatusInternalServerError",
            "HTTP_500_INTERNAL_SERVER_ERROR",
            "INTERNAL_SERVER_ERROR",
            "internalServerError",
        }:
            return True
        if status == 500 and isinstance(item, n.Name) and item.id == "InternalServerErrorException":
            return True
    return False


def line_of(item: n.Node) -> int:
    """The line of a node; parameters have none."""
    return 0 if isinstance(item, n.Param) else item.line


def tells_in_answer(item: n.Node, name: str) -> TypeGuard[n.Call | n.Return]:
    """Whether a node answers 500 with the text of the error ``name``."""
    if isinstance(item, n.Call):
        return answers(item, 500) and tells(item, name)
    if isinstance(item, n.Return) and item.value is not None:
        return has_status(item.value, 500) and tells(item.value, name)
    return False


def tells(expr: n.Node, name: str) -> bool:
    """Whether an expression holds the text of the error ``name``."""
    for item in n.walk(expr):
        if (
            isinstance(item, n.Call)
            and n.last(item.func) in {"str", "repr", "String"}
            and any(n.dotted(a) == name for a in item.args)
        ):
            return True
        if (
            isinstance(item, n.Attr)
            and n.dotted(item.base) == name
            and item.name
            in {"message", "stack", "args", "getMessage", "getStackTrace", "getLocalizedMessage"}
        ):
            return True
        if isinstance(item, n.Text) and any(n.dotted(p) == name for p in item.parts):
            return True
    return False


def traces(item: n.Node) -> bool:
    """Whether a stack trace is what is returned or sent."""
    if isinstance(item, n.Call):
        if n.last(item.func) not in {"json", "send", "JSONResponse", "HTTPException", "jsonify"}:
            return False
        roots: tuple[n.Node, ...] = (*item.args, *(v for _, v in item.keywords))
    else:
        roots = (item,)
    for inner in n.walk(*roots):
        if isinstance(inner, n.Call) and n.last(inner.func) in {
            "format_exc",
            "format_exception",
            "print_exc",
        }:
            return True
        if isinstance(inner, n.Attr) and inner.name == "stack" and _ERROR_NAMES.match(n.dotted(inner.base)):
            return True
    return False


def is_tested(function: n.Function, name: str) -> bool:
    """Whether a variable stands in any condition, or is handed to what may refuse it."""
    for item in n.inside(function):
        roots: tuple[n.Node | None, ...] = ()
        if isinstance(item, n.If):
            roots = (item.test,)
        elif isinstance(item, n.Choice):
            roots = (item.test, *item.options[:-1])
        elif isinstance(item, n.Check):
            roots = (item.test,)
        elif isinstance(item, (n.Compare, n.Not)):
            roots = (item,)
        elif isinstance(item, n.Call) and REFUSES.search(n.last(item.func)):
            roots = item.args
        if any(isinstance(i, n.Name) and i.id == name for r in roots if r is not None for i in n.walk(r)):
            return True
    return False


def from_request(item: n.Node) -> bool:
    """Whether a node is a part of a request that holds a caller's text."""
    return isinstance(item, n.Attr) and n.dotted(item) in {
        "request.args", "request.form", "request.values", "request.data", "request.GET", "request.POST", "request.body",
        "request.query_params", "self.request",
    }  # fmt: skip


def speaks_of(expr: n.Node, name: str) -> bool:
    """Whether an expression names a model, or selects from a table."""
    for item in n.walk(expr):
        if isinstance(item, n.Name) and item.id == name:
            return True
        if (
            isinstance(item, n.Const)
            and isinstance(item.value, str)
            and re.search(rf"\bfrom\s+{re.escape(name)}\b", item.value, re.IGNORECASE)
        ):
            return True
    return False


def error_middleware(view: CodeView) -> tuple[str, int] | None:
    """Express' error handler of four parameters, where it is in use."""
    for module in view.modules_of("source"):
        for item in n.inside(module):
            if not (isinstance(item, n.Call) and n.last(item.func) == "use"):
                continue
            for arg in item.args:
                function = arg.function if isinstance(arg, n.Closure) else None
                if function is None and isinstance(arg, (n.Name, n.Attr)):
                    found = view.project.callee(module, arg)
                    function = (
                        found.node if found is not None and isinstance(found.node, n.Function) else None
                    )
                if function is not None and len(function.params) == 4:
                    return module.path, item.line
    return None


def express_version(view: CodeView) -> int:
    """The major version of Express that the manifest asks for; 4 where it does not say."""
    for file in view.files:
        if posixpath.basename(file.path) == "package.json":
            try:
                manifest = json.loads(file.text)
            except (ValueError, RecursionError):
                continue
            wanted = manifest.get("dependencies") if isinstance(manifest, dict) else None
            match = re.search(r"\d+", str(wanted.get("express", ""))) if isinstance(wanted, dict) else None
            if match:
                return int(match[0])
    return 4
