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
    "HOSTS": "host",
    "NODES": "host",
    "CONTACT_POINT": "host",
    "CONTACT_POINTS": "host",
    "SERVER": "host",
    "PORT": "port",
    "USER": "user",
    "USERNAME": "user",
    "PASSWORD": "password",
    "PASS": "password",
    "NAME": "database",
    "DATABASE": "database",
    "DBNAME": "database",
    "KEYSPACE": "database",
    "DB": "database",
}
# What names begin with where any primary database may be meant; a service's own words are its binding's.
_DATABASE = ("DATABASE", "DATASOURCE", "DB", "JDBC", "RDS", "SPRING_DATASOURCE", "SQL")
_URL_PART = re.compile(r"(?:^|_)(?:URL|URI|DSN)$", re.ASCII)
# What variables that hold an http URL of a server are called, beside its own words.
_WEB_PART = re.compile(r"(?:URLS?|URIS?|NODES?|ENDPOINTS?)", re.ASCII)
_WEB_PART_WITH_SCHEME = re.compile(r"(?:HOSTS?|SERVERS?)?", re.ASCII)


# Variables that steer interpreters, runners and loaders: an answer's settings are for its application alone.
_STEERING = re.compile(
    r"^(?:PATH|HOME|TMPDIR|SHELL|ENV|BASH_ENV|IFS|LD_\w+|PYTEST_\w+|PYTHON(?!PATH$)\w*|COVERAGE_\w+|NODE_OPTIONS|"
    r"NODE_PATH|NPM_\w+|GO(?:FLAGS|PROXY|ROOT|PATH|CACHE|MODCACHE|TOOLCHAIN|SUMDB|ENV|EXPERIMENT|WORK|DEBUG)|CGO_\w+|"
    r"CARGO_\w+|RUST\w*|JAVA_TOOL_OPTIONS|JDK_JAVA_OPTIONS|_JAVA_OPTIONS|MAVEN_\w+|MVN_\w+|RUBY(?:OPT|LIB)|BUNDLE_\w+|"
    r"GEM_\w+|DOTNET_\w+|GIT_\w+|VIRTUAL_ENV|BACKSMITH_\w+)$",
    re.ASCII | re.IGNORECASE,
)


def schemes_of(values: Iterable[str]) -> frozenset[str]:
    """The URL schemes among the values, without drivers and in lower case."""
    found = set()
    for value in values:
        scheme, separator, _ = value.partition("://")
        if separator and scheme and len(scheme) <= 40:
            found.add(_plain_scheme(scheme))
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
    stays as the answer has it, or is left out where it is only a placeholder. Names that steer an interpreter
    or a test runner (``PATH``, ``PYTEST_ADDOPTS``, ``NODE_OPTIONS``) are not taken from an answer.
    """
    bound = [binding for binding in bindings if binding.host]
    settings: dict[str, str] = {}
    for binding in bound:
        settings.update(binding.env)
    for binding in bound:
        if binding.primary:
            settings.setdefault("DATABASE_URL", binding.url(binding.schemes[-1]))
    for name, example in named:
        if _STEERING.match(name):
            continue
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
    if separator and _plain_scheme(scheme) in binding.schemes:
        return _url(binding, scheme, example)
    if separator and not binding.web:
        return None
    upper = name.upper().removeprefix("TEST_")
    words = (*binding.names, *(_DATABASE if binding.primary else ()))
    word = max((word for word in words if upper.startswith(word)), key=len, default="")
    if binding.primary and upper.endswith(("DATABASE_URL", "DATABASE_URI", "DB_URL", "DB_URI", "DSN")):
        return binding.url(binding.schemes[-1])
    if not word:
        return None
    rest = upper[len(word) :].lstrip("_")
    if binding.web and (_WEB_PART.fullmatch(rest) or (separator and _WEB_PART_WITH_SCHEME.fullmatch(rest))):
        return binding.url("http")
    if separator:
        return None
    if _URL_PART.fullmatch(rest):
        java = "jdbc:" if word in {"JDBC", "DATASOURCE", "SPRING_DATASOURCE"} else ""
        return binding.url(java + binding.schemes[-1])
    attribute = _URL_PARTS.get(rest)
    if attribute is None:
        return binding.env.get(upper)
    if attribute == "database" and _stays(binding, example):
        return None
    return str(getattr(binding, attribute))


def _plain_scheme(scheme: str) -> str:
    """A URL's scheme without a driver (``postgresql+asyncpg``, ``jdbc:postgresql``)."""
    return scheme.split("+", 1)[0].lower().removeprefix("jdbc:")


def _url(binding: Binding, scheme: str, example: str) -> str:
    url = binding.url(scheme)
    if binding.keeps_path:
        try:
            path = urlsplit(example).path.strip("/")
        except ValueError:
            path = ""
        if _stays(binding, path):
            url = url.removesuffix(f"/{binding.database}") + f"/{path}"
    return url + _kept_query(example)


def _stays(binding: Binding, path: str) -> bool:
    """Whether an answer's own name for a database can be used as it is."""
    return bool(binding.keeps_path) and re.fullmatch(binding.keeps_path, path, re.ASCII) is not None


def _kept_query(url: str) -> str:
    """The part of a URL's query that does not say how to get there (``sslmode=require`` would not work)."""
    try:
        query = urlsplit(url).query
    except ValueError:
        return ""
    dropped = ("ssl", "tls", "host", "port", "user", "password", "channel_binding", "auth", "replicaset")
    kept = [part for part in query.split("&") if part and not part.lower().startswith(dropped)]
    return "?" + "&".join(kept) if kept else ""
