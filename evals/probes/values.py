"""Values that endpoints are likely to accept, by the schema and the name of each input. Deterministic."""

import re
from dataclasses import dataclass, field

from evals.probes.openapi import Document, Input, Schema

PASSWORD = "Probe-Passw0rd-4711"  # noqa: S105 - made up for accounts that live as long as the sandbox
_DEPTH = 5
_LARGEST = 1e15
_WORDS = re.compile(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])")
_BY_WORD: tuple[tuple[tuple[str, ...], object], ...] = (
    (("email", "mail"), "probe{n}@example.com"),
    (("password", "passwd", "pwd", "passphrase"), PASSWORD),
    (("currency",), "EUR"),
    (("country",), "DE"),
    (("language", "locale", "lang"), "en"),
    (("timezone",), "UTC"),
    (("phone", "mobile"), "+493012345{n:02d}"),
    (("url", "link", "website", "target", "uri", "href"), "https://example.com/probe/{n}"),
    (("username", "login", "handle", "nickname"), "probe{n}"),
    (("slug", "alias", "code", "sku"), "probe-{n}"),
    (("uuid", "guid"), "00000000-0000-4000-8000-0000000000{n:02d}"),
    (("datetime", "at", "timestamp", "starts", "ends", "deadline"), "2031-05-0{d}T10:00:00Z"),
    (("date", "day", "birthday", "due"), "2031-05-0{d}"),
    (("status", "state"), "active"),
    (("tags", "labels", "categories", "roles"), ["probe"]),
    (("items", "ids", "lines"), []),
    (("price", "amount", "total", "balance", "cost", "value"), 10),
    (("quantity", "count", "stock", "qty", "size", "limit", "page", "per", "age", "seconds", "minutes", "hours",
      "days", "cents", "number", "rating", "priority", "year", "capacity", "duration"), 3),
    (("is", "has", "enabled", "active", "done", "completed", "published", "public"), True),
)  # fmt: skip
_FORMATS = {
    "email": "probe{n}@example.com", "uuid": "00000000-0000-4000-8000-0000000000{n:02d}", "date": "2031-05-0{d}",
    "date-time": "2031-05-0{d}T10:00:00Z", "uri": "https://example.com/probe/{n}", "time": "10:00:00",
    "url": "https://example.com/probe/{n}", "ipv4": "192.0.2.{n}", "password": PASSWORD,
}  # fmt: skip
_UNIQUE = (
    "email",
    "username",
    "login",
    "handle",
    "slug",
    "alias",
    "code",
    "sku",
    "name",
    "title",
    "key",
    "phone",
)


@dataclass(slots=True)
class Values:
    """Makes values; ``n`` counts up, so that what must be unique is."""

    document: Document | None = None
    n: int = 0
    known: dict[str, object] = field(default_factory=dict)

    def fresh(self) -> None:
        """From now on, other values where they have to be unique."""
        self.n += 1

    def of(self, given: Input) -> object:
        """A value for one input."""
        return self._value(given.name, given.schema, 0)

    def _value(self, name: str, schema: Schema, depth: int) -> object:
        schema = self.document.resolve(schema) if self.document else schema
        for key in ("const", "enum", "examples", "example"):
            said = schema.get(key)
            if key in {"enum", "examples"} and isinstance(said, list) and said:
                return said[0]
            if key in {"const", "example"} and key in schema and not self._must_be_fresh(name):
                return said
        kind = schema.get("type")
        kind = next((k for k in kind if k != "null"), "") if isinstance(kind, list) else kind
        kind = kind if isinstance(kind, str) else ""
        if kind == "object" or "properties" in schema:
            return self._object(schema, depth)
        if kind == "array":
            inner = schema.get("items")
            least = _number(schema.get("minItems"), 0)
            singular = name.removesuffix("s")
            made = (
                [self._value(singular, inner, depth + 1)]
                if isinstance(inner, dict) and depth < _DEPTH
                else []
            )
            return made * max(1, min(int(least), 5))
        if kind in {"integer", "number"}:
            return self._bounded(name, schema, kind == "integer")
        if kind == "boolean":
            return True
        return self._text(name, schema) if kind == "string" or schema else self._by_name(name)

    def _object(self, schema: Schema, depth: int) -> dict[str, object]:
        properties = schema.get("properties")
        required = schema.get("required")
        needed = {str(r) for r in required} if isinstance(required, list) else set()
        if not isinstance(properties, dict) or depth > _DEPTH:
            return {}
        return {
            str(name): self._value(str(name), inner, depth + 1)
            for name, inner in list(properties.items())[:40]
            if isinstance(inner, dict) and (str(name) in needed or not needed)
        }

    def _bounded(self, name: str, schema: Schema, whole: bool) -> object:
        guess = self._by_name(name)
        value = float(guess) if isinstance(guess, (int, float)) and not isinstance(guess, bool) else 3.0
        low = _number(schema.get("minimum", schema.get("exclusiveMinimum")), float("-inf"))
        high = _number(schema.get("maximum", schema.get("exclusiveMaximum")), float("inf"))
        if not low <= value <= high:
            value = (
                low + 1 if low > float("-inf") and low + 1 <= high else low if low > float("-inf") else high
            )
        return int(value) if whole or value == int(value) else value

    def _text(self, name: str, schema: Schema) -> str:
        given = schema.get("format")
        text = self._filled(_FORMATS[given]) if isinstance(given, str) and given in _FORMATS else ""
        if not text:
            guess = self._by_name(name)
            text = (
                guess
                if isinstance(guess, str)
                else str(guess)
                if isinstance(guess, int)
                else f"probe {self.n}"
            )
        least, most = _number(schema.get("minLength"), 0), _number(schema.get("maxLength"), 10_000)
        if len(text) < least:
            text += "a" * (min(int(least), 5_000) - len(text))
        return text[: max(int(most), 0)]

    def _by_name(self, name: str) -> object:
        words = [word.lower() for word in _WORDS.findall(name[:100])]
        for signs, value in _BY_WORD:
            if any(word in signs for word in words):
                return self._filled(value) if isinstance(value, str) else value
        return self._filled("probe {n}")

    def _filled(self, text: str) -> str:
        return text.format(n=self.n, d=self.n % 9 + 1)

    def _must_be_fresh(self, name: str) -> bool:
        return any(word.lower() in _UNIQUE for word in _WORDS.findall(name[:100]))

    def renewed(self, body: dict[str, object]) -> dict[str, object]:
        """The body with other values where they are likely to have to be unique."""
        made: dict[str, object] = {}
        for name, value in body.items():
            words = {word.lower() for word in _WORDS.findall(name[:100])}
            if isinstance(value, str) and words & {"email", "mail"}:
                made[name] = f"probe{self.n}@example.com"
            elif isinstance(value, str) and words & set(_UNIQUE) and "password" not in words and value:
                made[name] = f"{value[:40].rstrip('0123456789')}{self.n}"
            else:
                made[name] = value
        return made


def _number(value: object, default: float) -> float:
    plain = isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < _LARGEST
    return float(value) if plain else default  # type: ignore[arg-type]  # plain says that it is a number
