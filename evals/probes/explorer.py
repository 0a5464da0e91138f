"""Learns how to ask an application what it grants: bodies, ids of things that exist, credentials."""

import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from evals.code.routes import shape
from evals.probes.client import Answer, Ask, Client, as_json
from evals.probes.literals import Example
from evals.probes.openapi import Document
from evals.probes.reading import pairs
from evals.probes.targets import Target
from evals.probes.values import Values

_MOST_TRIES = 6
_WORDS = re.compile(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])")
_IDS = ("id", "uuid", "_id", "code", "slug", "key", "short_code", "name")
NOWHERE = "1"
"""What stands for a parameter of which no value is known."""

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Granted:
    """A request that was granted, by its parts, and its answer."""

    target: Target
    path: str
    body: Mapping[str, object]
    query: tuple[tuple[str, str], ...]
    answer: Answer


class Explorer:
    """Asks on behalf of all probes; keeps every exchange."""

    def __init__(
        self,
        client: Client,
        targets: tuple[Target, ...],
        document: Document | None,
        examples: tuple[Example, ...],
        how_it_ended: Callable[[], str] = str,
    ) -> None:
        """``how_it_ended`` says how the application ended, where it did. All targets are judged until ``judged`` is
        set to fewer."""
        self.client = client
        self.last: tuple[Target, Ask, Answer] | None = None
        self.targets = targets
        self.judged = targets
        self.document = document
        self.values = Values(document)
        self.credentials: Headers = ()
        self.granted: dict[str, Granted] = {}
        self.exchanges: list[tuple[Target, Ask, Answer]] = []
        self._examples = examples
        self._how_it_ended = how_it_ended
        self._things: dict[str, list[dict[str, object]]] = {}

    # --- asking ------------------------------------------------------------------------------------------------------

    def send(
        self,
        target: Target,
        *,
        path: str = "",
        body: object = None,
        raw: bytes | None = None,
        query: tuple[tuple[str, str], ...] = (),
        headers: Headers | None = None,
    ) -> tuple[Ask, Answer]:
        """One request to a target, with the credentials unless other headers are given."""
        sent: list[tuple[str, str]] = [*self._wanted_headers(target)]
        sent += list(self.credentials if headers is None else headers)
        data = raw
        if raw is None and body is not None:
            if target.form and isinstance(body, dict):
                from urllib.parse import urlencode

                data = urlencode({k: str(v) for k, v in body.items()}).encode()
            else:
                data = as_json(body)
        if data is not None:
            kind = "application/x-www-form-urlencoded" if target.form else "application/json"
            sent.append(("content-type", kind))
        ask = Ask(target.method, path or self.path_of(target), query, tuple(dict(sent).items()), data)
        if self.last is not None:
            return ask, Answer(0, silence="the application had ended")
        answer = self.client.ask(ask)
        if not answer.status and self.client.left > 0:
            if self._has_ended():
                self.last = target, ask, answer
                return ask, answer
            answer = self.client.ask(ask)
        if _only_a_slash(ask, answer):
            ask = replace(ask, path=ask.path + "/")
            answer = self.client.ask(ask)
        self.exchanges.append((target, ask, answer))
        return ask, answer

    def alone(self) -> bool:
        """Whether there is nobody left to ask."""
        return self.last is not None or self.client.left <= 0

    def _has_ended(self) -> bool:
        """Whether the application is gone; what ends it may take a moment to be seen."""
        for _ in range(20):
            if self._how_it_ended():
                return True
            time.sleep(0.05)
        return False

    def _wanted_headers(self, target: Target) -> Iterator[tuple[str, str]]:
        """Headers that the endpoint requires and that are no credentials, and those that tell retries apart."""
        for given in target.at("header"):
            name = given.name.lower()
            if (given.required and name not in {"authorization", "cookie"}) or "idempotency" in name:
                self.values.fresh()
                yield given.name.lower(), f"probe-{self.values.n:08d}"

    def path_of(self, target: Target, use: str = "") -> str:
        """The target's path with values of things that exist, or with ``use`` for every parameter."""
        path = target.path
        for name in target.parameters:
            value = use or self._known(target.path, name) or NOWHERE
            path = path.replace("{" + name + "}", value.replace("/", "%2F"), 1)
        return path

    # --- what is granted --------------------------------------------------------------------------------------------

    def explore(self, skip: frozenset[str]) -> None:
        """Find for every target, but those named in ``skip``, a request that is granted; makes things on the way."""
        for target in sorted(self.targets, key=_order):
            if target.name in skip or target.method == "DELETE":
                continue
            creates = target.method == "POST" and not target.parameters
            for full in (False, True) if creates else (True,):
                self.values.fresh()
                self.try_out(target, full=full)

    def try_out(
        self, target: Target, headers: Headers | None = None, *, full: bool = False
    ) -> Granted | None:
        """Ask until it is granted, in a few ways; ``full``: first with all fields, else with those required."""
        path = self.path_of(target)
        for number, body in enumerate(self.bodies(target, full=full)):
            query = self.query_of(target)
            answer = self.send(target, path=path, body=body, query=query, headers=headers)[1]
            if answer.status == 409 and isinstance(body, dict):
                self.values.fresh()
                body = self.values.renewed(body)  # noqa: PLW2901 - what was granted is what is kept
                answer = self.send(target, path=path, body=body, query=query, headers=headers)[1]
            if answer.good or answer.status in {301, 302, 303, 307, 308}:
                granted = Granted(target, path, body or {}, query, answer)
                self.granted[target.name] = granted
                self._keep(target, answer)
                return granted
            if answer.status in {401, 403} or number + 1 >= _MOST_TRIES:
                break
        return None

    def remember(self, target: Target, ask: Ask, answer: Answer) -> None:
        """Keep a request with a JSON or form body as one that is granted."""
        body = _body_of(ask, target)
        if body:
            self.granted[target.name] = Granted(target, ask.path, body, ask.query, answer)

    def query_of(self, target: Target) -> tuple[tuple[str, str], ...]:
        """The required query parameters."""
        return tuple((i.name, str(self.values.of(i))) for i in target.at("query") if i.required)

    def bodies(self, target: Target, *, full: bool = False) -> Iterator[dict[str, object] | None]:
        """Bodies that may be granted, the likeliest first; None where the endpoint takes none."""
        fields = target.at("body")
        if target.method in {"GET", "DELETE", "HEAD"}:
            yield None
            return
        made = list(self._made(target))[:: -1 if full else 1]
        sent = [self._linked(self.values.renewed(e)) for e in self._fitting(target)]
        tried: list[dict[str, object]] = []
        for body in (*made, *sent) if target.known else (*sent, *made):
            if body not in tried:
                tried.append(body)
                yield body
        if not tried:
            yield None if target.known or not fields else {}

    def _made(self, target: Target) -> Iterator[dict[str, object]]:
        fields = target.at("body")
        if not fields:
            return
        if target.known:
            needed = {i.name: self.values.of(i) for i in fields if i.required}
            yield self._linked(needed)
        yield self._linked({_wire(i.name, target): self.values.of(i) for i in fields})

    def _fitting(self, target: Target) -> list[dict[str, object]]:
        """Bodies of the submission's tests that go to this path, or that have its fields; the fullest first."""
        here = shape(target.path)
        fields = {i.name.lower() for i in target.at("body")}
        scored = []
        for position, example in enumerate(self._examples):
            keys = {k.lower() for k in example.body}
            same = any(_fits(here, path) for path in example.paths if path != "/")
            if same or (fields and len(keys & fields) * 2 > max(len(keys), len(fields))):
                score = (
                    (same and not fields.isdisjoint(keys)) or (same and not fields),
                    len(keys & fields),
                    -position,
                )
                scored.append((score, example.body))
        scored.sort(key=lambda pair: pair[0], reverse=True)
        return [body for _, body in scored[:4]]

    def known_id(self, target: Target) -> str:
        """The id that stands for the last parameter of a target's path; empty where none is known."""
        return self._known(target.path, target.parameters[-1]) if target.parameters else ""

    def made(self, path: str) -> tuple[dict[str, object], ...]:
        """What was made at a path, as its creation answered."""
        return tuple(self._things.get(shape(path), ()))

    # --- things that exist ------------------------------------------------------------------------------------------

    def _keep(self, target: Target, answer: Answer) -> None:
        """Keep what a creation answers, for its ids."""
        made = answer.json
        if target.method != "POST" or not isinstance(made, dict):
            return
        flat: dict[str, object] = {}
        for value in made.values():
            if isinstance(value, dict):
                flat.update(value)
        flat.update({k: v for k, v in made.items() if not isinstance(v, (dict, list))})
        self._things.setdefault(shape(target.path), []).append(flat)

    def _known(self, path: str, name: str) -> str:
        """The value of a path parameter: an id of the newest thing made at the path before it."""
        before = shape(path.partition("{" + name + "}")[0])
        singular = _singular(before.rpartition("/")[2])
        names = (name, *_IDS, f"{singular}_id", f"{singular}Id")
        for thing in reversed(self._things.get(before, ())):
            for key in names:
                if isinstance(thing.get(key), (str, int)) and thing[key] != "":
                    return str(thing[key])[:200]
        for things in self._things.values():
            for thing in reversed(things):
                if isinstance(thing.get(name), (str, int)) and name not in {"id", "name"}:
                    return str(thing[name])[:200]
        return ""

    def _linked(self, body: dict[str, object]) -> dict[str, object]:
        """The body with ids of things that exist where its names speak of them."""
        made = dict(body)
        used: dict[str, int] = {}
        for name in body:
            words = [word.lower() for word in _WORDS.findall(name[:100])]
            if not words or words[-1] not in {"id", "uuid", "ids"}:
                continue
            for path, things in self._things.items():
                last = _singular(path.rpartition("/")[2])
                ids = [
                    t[k] for t in things for k in ("id", "uuid", "_id") if isinstance(t.get(k), (str, int))
                ][:8]
                if last in words and ids:
                    at = used.get(path, 0)
                    used[path] = at + 1
                    made[name] = [ids[0]] if words[-1] == "ids" else ids[::-1][at % len(ids)]
        return made


def _only_a_slash(ask: Ask, answer: Answer) -> bool:
    """Whether an answer leads to the same path with a slash at its end."""
    if answer.status not in {301, 302, 307, 308} or ask.path.endswith("/"):
        return False
    try:
        place = urlsplit(answer.headers.get("location", "")).path
    except ValueError:
        return False
    return place == f"{ask.target.partition('?')[0]}/"


def _fits(template: str, path: str) -> bool:
    """Whether a test's path may be one of this template, whatever prefix the test leaves out."""
    wanted, given = template.strip("/").split("/"), path.strip("/").split("/")
    if len(given) > len(wanted):
        return False
    pairs_of = zip(wanted[-len(given) :], given, strict=True)
    return all(want in {have, "{}"} for want, have in pairs_of)


def _body_of(ask: Ask, target: Target) -> dict[str, object]:
    import json
    from urllib.parse import parse_qsl

    text = (ask.body or b"").decode("utf-8", "replace")
    if target.form:
        return dict(parse_qsl(text))
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}


def token_in(answer: Answer) -> str:
    """The token in a login's answer; empty where there is none."""
    for key, value in pairs(answer.json):
        plain = key.lower().replace("_", "").replace("-", "")
        if isinstance(value, str) and len(value) < 8_000 and plain in {
            "token", "accesstoken", "jwt", "idtoken", "authtoken", "bearertoken", "sessiontoken", "apikey",
        }:  # fmt: skip
            return value
    return ""


def _wire(name: str, target: Target) -> str:
    """A Go struct's field goes over the wire in its JSON name; by habit that is snake case."""
    if not target.file.endswith(".go") or not name[:1].isupper():
        return name
    return "_".join(word.lower() for word in _WORDS.findall(name))


def _order(target: Target) -> tuple[int, int, str]:
    rank = {"POST": 1, "GET": 3, "PUT": 4, "PATCH": 5}.get(target.method, 6)
    references = sum(_WORDS.findall(i.name)[-1:] in (["id"], ["Id"], ["ID"]) for i in target.at("body"))
    if target.method == "POST" and (target.parameters or references):
        rank = 2  # needs things that others make
    return rank, references, target.path


def _singular(word: str) -> str:
    if word.endswith("ies"):
        return word[:-3] + "y"
    return word.removesuffix("s")
