"""Reads an OpenAPI document that an application serves: which operations, what they take, what they answer.

The document is hostile: references are followed to a bounded depth, numbers of things are bounded.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

_METHODS = frozenset({"get", "post", "put", "patch", "delete"})
_MOST_OPERATIONS = 200
_MOST_FIELDS = 60
_DEPTH = 12
Schema = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Input:
    """One thing that an endpoint takes. ``required`` is None where it is not known."""

    name: str
    place: str
    schema: Schema = field(default_factory=dict, hash=False)
    required: bool | None = None


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation. ``form``: its body is a form. ``secured``: it declares that it needs credentials."""

    method: str
    path: str
    inputs: tuple[Input, ...]
    form: bool = False
    secured: bool = False


class Document:
    """An OpenAPI document (3.x; of 2.0 paths and parameters alone)."""

    def __init__(self, document: Mapping[str, object]) -> None:
        self.raw = document

    def operations(self) -> tuple[Operation, ...]:
        """Its operations in order."""
        return tuple(self._operations())

    def api_key_headers(self) -> tuple[str, ...]:
        """The headers in which its security schemes want a key."""
        schemes = _mapping(_mapping(self.raw.get("components")).get("securitySchemes"))
        found = [_mapping(self.resolve(_mapping(s))) for s in list(schemes.values())[:20]]
        return tuple(
            str(s["name"])
            for s in found
            if s.get("type") == "apiKey" and s.get("in") == "header" and "name" in s
        )

    def resolve(self, schema: Schema) -> Schema:
        """A schema with its references followed, ``allOf`` joined and the first real alternative taken."""
        for _ in range(_DEPTH):
            if isinstance(schema.get("$ref"), str):
                schema = self._at(str(schema["$ref"]))
                continue
            options = schema.get("anyOf") or schema.get("oneOf")
            if isinstance(options, list) and options:
                real = [o for o in options if isinstance(o, dict) and o.get("type") != "null"]
                rest = {k: v for k, v in schema.items() if k not in {"anyOf", "oneOf"}}
                schema = {**rest, **(real[0] if real else {})}
                continue
            parts = schema.get("allOf")
            if isinstance(parts, list) and parts:
                return self._joined(schema, parts)
            break
        return schema

    def _joined(self, schema: Schema, parts: list[object]) -> Schema:
        joined: dict[str, object] = {k: v for k, v in schema.items() if k != "allOf"}
        properties: dict[str, object] = dict(_mapping(joined.get("properties")))
        required = [*_list(joined.get("required"))]
        for part in parts[:20]:
            inner = _mapping(part)
            inner = self._at(str(inner["$ref"])) if "$ref" in inner else inner
            properties.update(_mapping(inner.get("properties")))
            required += _list(inner.get("required"))
            joined = {**inner, **joined}
        if properties:
            joined["properties"], joined["required"] = properties, required
        joined.pop("allOf", None)
        return joined

    def _at(self, reference: str) -> Schema:
        node: object = self.raw
        if not reference.startswith("#/"):
            return {}
        for part in reference[2:].split("/"):
            node = _mapping(node).get(part.replace("~1", "/").replace("~0", "~"))
        return _mapping(node)

    def _operations(self) -> Iterator[Operation]:
        count = 0
        base = str(self.raw.get("basePath") or "").rstrip("/")
        general = bool(self.raw.get("security"))
        for path, entry in _mapping(self.raw.get("paths")).items():
            shared = _list(_mapping(entry).get("parameters"))
            for method, said in _mapping(entry).items():
                if method not in _METHODS or not isinstance(said, dict) or count >= _MOST_OPERATIONS:
                    continue
                count += 1
                body, form = self._body(_mapping(said.get("requestBody")))
                inputs = [*self._parameters([*shared, *_list(said.get("parameters"))]), *body]
                secured = bool(said["security"]) if "security" in said else general
                yield Operation(method.upper(), base + str(path), tuple(inputs), form, secured)

    def _parameters(self, listed: list[object]) -> Iterator[Input]:
        for item in listed[:_MOST_FIELDS]:
            said = self.resolve(_mapping(item))
            name, place = said.get("name"), said.get("in")
            if isinstance(name, str) and place in {"query", "path", "header"}:
                schema = self.resolve(_mapping(said.get("schema")) or said)
                yield Input(name, str(place), schema, bool(said.get("required")))

    def _body(self, said: Schema) -> tuple[list[Input], bool]:
        content = _mapping(self.resolve(said).get("content"))
        form = "application/x-www-form-urlencoded" in content and "application/json" not in content
        media = _mapping(content.get("application/x-www-form-urlencoded" if form else "application/json"))
        schema = self.resolve(_mapping(media.get("schema")))
        required = set(map(str, _list(schema.get("required"))))
        fields = list(_mapping(schema.get("properties")).items())[:_MOST_FIELDS]
        inputs = [Input(str(n), "body", self.resolve(_mapping(s)), str(n) in required) for n, s in fields]
        return inputs, form


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []
