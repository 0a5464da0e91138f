"""Asks the application over its socket. Its answers are hostile: bounded in size and time, never followed."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, urlencode

_MOST_BYTES = 1_000_000
_SECONDS = 10.0
_ORIGIN = "http://localhost"
_MOST_PATH = 20_000


@dataclass(frozen=True, slots=True)
class Ask:
    """One request. ``path`` is plain text that still has to be quoted, unless ``raw_target`` has path and query as
    they go over the wire; ``body`` is sent as it is.
    """

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes | None = None
    raw_target: str = ""

    @property
    def target(self) -> str:
        """Path and query as they go over the wire."""
        if self.raw_target:
            return self.raw_target
        path = quote(self.path, safe="/:@!$&'()*+,;=~-._%" if "%" in self.path else "/:@!$'()*,;=~-._")
        return path + (f"?{urlencode(self.query)}" if self.query else "")

    @property
    def shown(self) -> str:
        """The request in one line, shortened; credentials are left out."""
        text = f"{self.method} {_short(self.target, 120)}"
        if self.body:
            text += f" with {_short(self.body.decode('utf-8', 'replace'), 120)}"
        return text


@dataclass(frozen=True, slots=True)
class Answer:
    """One response. ``status`` 0 means that there was none: ``silence`` says why. Header names are in lower case."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    silence: str = ""

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode("utf-8", "replace")

    @property
    def json(self) -> object:
        """The body as JSON; None where it is none."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None

    @property
    def good(self) -> bool:
        """Whether the request was granted."""
        return 200 <= self.status < 300

    @property
    def refused(self) -> bool:
        """Whether the request was refused as the caller's fault."""
        return 400 <= self.status < 500

    @property
    def shown(self) -> str:
        """The response in one line, shortened."""
        return (
            f"{self.status} {_short(self.text, 160)}".strip() if self.status else f"nothing ({self.silence})"
        )


class Client:
    """Sends requests one after the other; every one stands alone: no cookies, no redirects, no proxies."""

    def __init__(self, socket: str, seconds: float) -> None:
        """``seconds``: how long there is for everything; what is asked later is not sent."""
        import httpx2

        self._http = httpx2.Client(
            transport=httpx2.HTTPTransport(uds=socket),
            timeout=_SECONDS,
            follow_redirects=False,
            trust_env=False,
        )
        self.socket = socket
        self._end = time.monotonic() + seconds
        self.asked = 0

    @property
    def left(self) -> float:
        """The seconds that are left."""
        return self._end - time.monotonic()

    def ask(self, ask: Ask) -> Answer:
        """The answer, or why there is none."""
        if self.left <= 0:
            return Answer(0, silence="the time for probes was used up")
        if len(ask.target) > _MOST_PATH:
            return Answer(0, silence="the path is too long to be sent")
        import httpx2

        self.asked += 1
        headers = {"accept": "application/json", "accept-encoding": "identity", **dict(ask.headers)}
        try:
            with self._http.stream(
                ask.method, _ORIGIN + ask.target, headers=headers, content=ask.body
            ) as response:
                body = self._body(response.iter_raw())
                told = {k.lower(): v for k, v in response.headers.items()}
                return Answer(response.status_code, told, body)
        except httpx2.TimeoutException:
            return Answer(0, silence=f"no answer within {_SECONDS:g} s")
        except (httpx2.HTTPError, httpx2.InvalidURL, httpx2.StreamError, UnicodeError) as error:
            return Answer(0, silence=f"{type(error).__name__}: {_short(str(error), 120)}")
        finally:
            self._http.cookies.clear()

    def _body(self, chunks: "object") -> bytes:
        body = bytearray()
        end = time.monotonic() + _SECONDS
        for chunk in chunks:  # type: ignore[attr-defined]
            body += chunk
            if len(body) > _MOST_BYTES or time.monotonic() > end:
                break
        return bytes(body[:_MOST_BYTES])

    def close(self) -> None:
        """Let go of the connections."""
        self._http.close()


def as_json(value: object) -> bytes:
    """A value as a JSON body."""
    return json.dumps(value, allow_nan=True).encode("utf-8")


def _short(text: str, limit: int) -> str:
    plain = "".join(c if c.isprintable() else " " for c in text[: limit * 3])
    plain = " ".join(plain.split())
    return plain if len(plain) <= limit else plain[: limit - 1] + "\N{HORIZONTAL ELLIPSIS}"
