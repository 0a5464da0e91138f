"""Who may call which endpoint, where a task file says it outright (``auth:``) instead of in its requirements."""

import re
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict, model_validator

from prompts.endpoints import METHODS, same_shape

Standing = Literal["public", "required", "owner"]
_ENTRY = re.compile(r"(?:(?P<methods>[A-Za-z*]+(?:\s*[,/|]\s*[A-Za-z]+)*)\s+)?(?P<path>/\S*|\*)", re.ASCII)


@dataclass(frozen=True, slots=True)
class AccessRule:
    """One entry. No ``methods`` means all of them; ``below`` means every path that begins so."""

    standing: Standing
    methods: frozenset[str]
    path: str
    below: bool
    text: str

    @property
    def weight(self) -> tuple[bool, int, bool]:
        """Of several rules for an endpoint the one with the greatest weight counts: whole paths before
        beginnings, long beginnings before short ones, named methods before all."""
        return (not self.below, len(self.path), bool(self.methods))


class Access(BaseModel):
    """The field ``auth``: entries such as ``GET /notes``, ``PUT, DELETE /notes/{id}``, ``/admin/*`` and ``*``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    public: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    owner: tuple[str, ...] = ()

    @property
    def rules(self) -> tuple[AccessRule, ...]:
        """All entries, those that count first before the others."""
        found = [access_rule("public", text) for text in self.public]
        found += [access_rule("required", text) for text in self.required]
        found += [access_rule("owner", text) for text in self.owner]
        return tuple(sorted(found, key=lambda rule: rule.weight, reverse=True))

    @model_validator(mode="after")
    def _is_of_one_mind(self) -> "Access":
        problem = contradiction(self.rules)
        if problem:
            raise ValueError(problem)
        return self


def access_rule(standing: Standing, text: str) -> AccessRule:
    """One entry, read. Raises ValueError with what is wrong."""
    match = _ENTRY.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"`{text[:60]}` names no endpoint (write `GET /notes/{{id}}`, `/admin/*` or `*`)")
    names = [
        name for name in re.split(r"[\s,/|]+", (match["methods"] or "").upper()) if name not in {"", "*"}
    ]
    unknown = [name for name in names if name not in METHODS]
    if unknown:
        raise ValueError(f"`{unknown[0][:20]}` is no HTTP method (they are {', '.join(METHODS)})")
    path = match["path"]
    below = path.endswith("*")
    plain = same_shape("/" + path.rstrip("*").strip("/"))
    if "*" in plain:
        raise ValueError(f"`{text[:60]}`: `*` may only stand at the end of a path")
    return AccessRule(standing, frozenset(names), plain, below, text.strip())


def contradiction(rules: tuple[AccessRule, ...]) -> str:
    """What two entries of equal weight say differently of one endpoint, or empty.

    ``owner`` says more than ``required`` and does not contradict it.
    """
    seen: dict[tuple[str, bool, str], AccessRule] = {}
    for rule in rules:
        for method in sorted(rule.methods) or ["*"]:
            other = seen.setdefault((rule.path, rule.below, method), rule)
            if "public" in {other.standing, rule.standing} and other.standing != rule.standing:
                name = rule.path if method == "*" else f"{method} {rule.path}"
                return f"{name} is both `{other.standing}` and `{rule.standing}`"
    return ""
