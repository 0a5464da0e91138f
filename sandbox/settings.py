"""Fills in the environment variables that an answer names: real services, generated secrets, plain values.

A pure function of its arguments but for the secrets, which come from ``secret``.
"""

import re
import secrets
from collections.abc import Callable, Iterable, Mapping
from urllib.parse import urlsplit

from sandbox.services.protocol import Binding

_SECRET_NAME = re.compile(
    r"(?:^|_)(?:SECRET|SECRETS|TOKEN|PASSWORD|PASSWD|PASSPHRASE|SALT|PEPPER|KEY|KEYS|CREDENTIALS?)(?:_|$)",
    re.ASCII,
)
# Names that hold one of the words above and yet are settings: JWT_SECRET_LENGTH, TOKEN_TTL_HOURS, KEY_PREFIX.
_SETTING_NAME = re.compile(
    r"_(?:TTL|LENGTH|SIZE|HOURS|MINUTES|SECONDS|DAYS|EXPIRES?(?:_IN|_AT)?|EXPIRATION|EXPIRY|LIFETIME|PREFIX|HEADER|"
    r"ALGORITHM|ALG|TYPE|NAME|FILE|PATH|URL|URI|ISSUER|AUDIENCE|LIMIT|COUNT|MIN|MAX|ROUNDS|ENABLED|REQUIRED)(?:_|$)",
    re.ASCII,
)
_ANGLED = re.compile(r"^<[^>]*>$|^\[[^\]]*\]$|^\{[^}]*\}$")
_URL_PARTS = {
    "HOST": "host",
    "HOSTNAME": "host",
    "SERVER": "host",
    "PORT": "port",
    "USER": "user",
    "USERNAME": "user",
    "PASSWORD": "password",
    "PASS": "password",
    "NAME": "database",
    "DATABASE": "database",
    "DBNAME": "database",
    "DB": "database",
}
_DATABASE_PREFIX = re.compile(
    r"^(?:TEST_)?(?:DB|DATABASE|POSTGRES|POSTGRESQL|PG|SQL|RDS)_?(?=[A-Z])", re.ASCII
)
_URL_NAME = re.compile(
    r"(?:^|_)(?:DATABASE_URL|DATABASE_URI|DB_URL|DB_URI|DSN|POSTGRES_URL|POSTGRESQL_URL)$", re.ASCII
)


def schemes_of(values: Iterable[str]) -> frozenset[str]:
    """The URL schemes among the values, without drivers and in lower case."""
    found = set()
    for value in values:
        scheme, separator, _ = value.partition("://")
        if separator and scheme and len(scheme) <= 40:
            found.add(scheme.split("+", 1)[0].lower())
    return frozenset(found)


def fill_settings(
    named: Iterable[tuple[str, str]],
    extra: Mapping[str, str],
    bindings: Iterable[Binding],
    secret: Callable[[], str] = lambda: secrets.token_hex(32),
) -> dict[str, str]:
    """The whole set of variables for a sample.

    ``named`` are the answer's own, with its example values; ``extra`` the task's, which win. URLs of a
    service that is bound lead to it and keep the driver's scheme. Secrets are generated; what is neither
    stays as the answer has it, or is left out where it is only a placeholder.
    """
    bound = [binding for binding in bindings if binding.host]
    settings: dict[str, str] = {}
    for binding in bound:
        settings.update(binding.env)
    if bound:
        settings["DATABASE_URL"] = bound[0].url(bound[0].schemes[-1])
    for name, example in named:
        value = _value(name, example.strip().strip("\"'"), bound, secret)
        if value is not None:
            settings[name] = value
    settings.update(extra)
    return settings


def _value(name: str, example: str, bound: list[Binding], secret: Callable[[], str]) -> str | None:
    for binding in bound:
        found = _service_value(name, example, binding)
        if found is not None:
            return found
    upper = name.upper()
    if _SECRET_NAME.search(upper) and not _SETTING_NAME.search(upper):
        return secret()
    if _ANGLED.match(example) or not example:
        return None
    return example


def _service_value(name: str, example: str, binding: Binding) -> str | None:
    scheme, separator, _ = example.partition("://")
    if separator and scheme.split("+", 1)[0].lower() in binding.schemes:
        return binding.url(scheme) + _kept_query(example)
    upper = name.upper()
    if not separator and _URL_NAME.search(upper):
        return binding.url(binding.schemes[-1])
    prefix = _DATABASE_PREFIX.match(upper)
    if prefix and not separator:
        attribute = _URL_PARTS.get(upper[prefix.end() :])
        if attribute is not None:
            return str(getattr(binding, attribute))
    return None


def _kept_query(url: str) -> str:
    """The part of a URL's query that does not say how to get there (``sslmode=require`` would not work)."""
    try:
        query = urlsplit(url).query
    except ValueError:
        return ""
    dropped = ("ssl", "host", "port", "user", "password", "channel_binding")
    kept = [part for part in query.split("&") if part and not part.lower().startswith(dropped)]
    return "?" + "&".join(kept) if kept else ""
