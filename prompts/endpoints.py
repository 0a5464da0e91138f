"""Which endpoints a requirement names: ``POST /auth/login - Login``, ``CRUD on /products`` and their kin."""

import re
from collections.abc import Iterator

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")

# One pass over the text; no alternative can match the same characters in two ways, so time is linear.
_TOKEN = re.compile(
    r"(?P<method>(?<![A-Za-z0-9_-])(?:" + "|".join(METHODS) + r")(?![A-Za-z0-9_]))"
    r"|(?P<between>/(?=(?:" + "|".join(METHODS) + r")(?![A-Za-z0-9_])))"
    r"|(?P<path>/[A-Za-z0-9_\-./:{}<>\[\]~%@$+=]*)"
    r"|(?P<word>[A-Za-z0-9_]+)"
    r"|(?P<joint>[\s,|&`'\"*]+)"
    r"|(?P<other>.)",
    re.ASCII | re.DOTALL,
)
_CRUD_FILLERS = frozenset(
    {"api", "at", "endpoint", "endpoints", "for", "of", "on", "operations", "over", "routes", "under"}
)
_PARAMETER = re.compile(r"\{[^/{}]*\}|<[^/<>]*>|(?<=/):[^/]+")


def find_endpoints(text: str, *, parameter: str = "{id}") -> Iterator[tuple[str, str]]:
    """Method and path of every endpoint in ``text``, in order; query strings are left out.

    Several methods may share a path (``GET, PUT /x``, ``GET/PUT /x``). ``CRUD on /x`` stands for listing
    and creating at ``/x`` and reading, replacing (PUT) and deleting at ``/x/{id}``, with ``parameter`` as id.
    """
    methods: list[str] = []
    crud = False
    if "/" not in text:
        return
    for match in _TOKEN.finditer(text):
        kind, token = match.lastgroup, match.group()
        if kind == "method":
            methods.append(token)
        elif kind == "word" and token.upper() == "CRUD":
            crud = True
        elif kind == "path":
            path = _trimmed(token)
            if crud:
                yield from _crud(path, parameter)
            else:
                yield from ((method, path) for method in methods)
            methods, crud = [], False
        elif (kind == "word" and not _fills(token, methods=bool(methods), crud=crud)) or kind == "other":
            methods, crud = [], False


def same_shape(path: str) -> str:
    """``path`` without its parameters' names and last slash: equal for ``/x/:id`` and ``/x/{key}/``."""
    return _PARAMETER.sub("{}", path).rstrip("/") or "/"


def parameter_style(texts: tuple[str, ...]) -> str:
    """How these requirements write a path parameter: ``:id``, ``<id>``, or ``{id}`` (also when none does)."""
    joined = "\n".join(texts)
    for sign, style in (("/{", "{id}"), ("/:", ":id"), ("/<", "<id>")):
        if sign in joined:
            return style
    return "{id}"


def _fills(word: str, *, methods: bool, crud: bool) -> bool:
    return (methods and word in {"and", "or"}) or (crud and word.lower() in _CRUD_FILLERS)


def _trimmed(path: str) -> str:
    path = path.rstrip(".:")
    for opening, closing in ("{}", "[]", "<>"):
        if path.endswith(closing) and path.count(closing) > path.count(opening):
            path = path[:-1]
    return path or "/"


def _crud(path: str, parameter: str) -> Iterator[tuple[str, str]]:
    collection = path.rstrip("/")
    last = collection.rpartition("/")[2]
    if last.startswith((":", "{", "<")):
        one, collection = collection, collection.rpartition("/")[0]
    else:
        one = f"{collection}/{parameter}"
    yield from (("GET", collection or "/"), ("POST", collection or "/"))
    yield from (("GET", one), ("PUT", one), ("DELETE", one))
