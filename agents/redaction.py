"""Keeps secrets out of everything that is written: cassettes, errors, logs, reports."""

import re
from collections.abc import Iterable, Mapping
from urllib.parse import unquote, urlsplit

_SECRET_NAME = re.compile(
    r"(?:^|_)(?:API_?KEY|KEY|TOKEN|SECRET|PASSWORD|PASSWD|PASSPHRASE|PWD|CREDENTIALS?|AUTH|PAT|DSN|COOKIE)(?:_|$)"
    r"|APIKEY|ACCESSKEY|PGPASSWORD",
    re.IGNORECASE,
)
_SHORTEST = 8
_SHORTEST_PLAIN = 16

# Shapes of well-known keys, each anchored on a literal prefix and bounded, so that a search stays linear.
_SHAPES = re.compile(
    r"\b(?:sk-(?:ant-|proj-|or-|svcacct-)?[A-Za-z0-9_-]{16,256}"
    r"|gh[pousr]_[A-Za-z0-9]{20,255}"
    r"|github_pat_[A-Za-z0-9_]{20,255}"
    r"|AKIA[0-9A-Z]{16}"
    r"|AIza[0-9A-Za-z_-]{30,64}"
    r"|xox[abprs]-[0-9A-Za-z-]{10,128}"
    r"|hf_[A-Za-z0-9]{20,64})"
    r"|(?<=[Bb]earer )[A-Za-z0-9._~+/=-]{16,4096}"
)


class Redactor:
    """Replaces the values of secret environment variables by ``[redacted:NAME]``.

    Short values that are plain words (``DB_PASSWORD=postgres``) are left alone: replacing them would change
    ordinary text, and they protect nothing.
    """

    def __init__(self, secrets: Mapping[str, str]) -> None:
        by_value: dict[str, str] = {}
        for name, value in sorted(secrets.items()):
            by_value.setdefault(value, name)
        # The longest first: a secret that holds another one goes as a whole.
        values = sorted(by_value, key=len, reverse=True)
        self._names = by_value
        self._pattern = re.compile("|".join(map(re.escape, values))) if values else None

    @classmethod
    def from_environment(cls, environ: Mapping[str, str], always: Iterable[str] = ()) -> "Redactor":
        """The secrets of an environment: by the variables' names, and the passwords inside URLs.

        ``always`` names variables that hold keys whatever they are called.
        """
        known = set(always)
        secrets: dict[str, str] = {}
        for name, value in environ.items():
            if (name in known and len(value) >= _SHORTEST) or (
                _SECRET_NAME.search(name) and _looks_secret(value)
            ):
                secrets[name] = value
            password = _url_password(value)
            if password is not None and _looks_secret(password):
                secrets.setdefault(f"{name}:password", password)
        return cls(secrets)

    def __bool__(self) -> bool:
        return self._pattern is not None

    def redact(self, text: str) -> str:
        """``text`` without the secrets' values."""
        if self._pattern is None:
            return text
        return self._pattern.sub(lambda match: f"[redacted:{self._names[match.group()]}]", text)

    def redact_message(self, text: str) -> str:
        """Like ``redact``, and without anything that has the shape of a well-known key.

        For errors and logs; not for answers, in which a key that the model made up is a finding.
        """
        return _SHAPES.sub("[redacted]", self.redact(text))


def _looks_secret(value: str) -> bool:
    if "\n" in value.strip() or len(value) < _SHORTEST:
        return len(value) >= 2 * _SHORTEST_PLAIN
    mixed = any(c.isdigit() for c in value) and any(c.isalpha() for c in value)
    path_like = value.startswith(("/", "./", "~"))
    return not path_like and (mixed or len(value) >= _SHORTEST_PLAIN)


def _url_password(value: str) -> str | None:
    if "://" not in value or "@" not in value:
        return None
    try:
        password = urlsplit(value).password
    except ValueError:
        return None
    return unquote(password) if password else None
