"""Literal keys and passwords that are handed to calls: signers, ciphers, connections, comparisons."""

import re
from collections.abc import Iterator
from itertools import islice

from evals.checklist.findings import shown
from evals.checklist.secret_shapes import secret_name, secret_value
from evals.code import nodes as n
from evals.code.constants import Constants, literal

_SIGNERS = re.compile(r"jwt|jsonwebtoken|jose|jsonwt", re.IGNORECASE)
_MAILS = re.compile(r"smtp|imap|mail|ftp|server", re.IGNORECASE)
_KEYED = {
    ("hmac", "new"): 0, ("crypto", "createHmac"): 1, ("crypto", "createCipheriv"): 1, ("hmac", "New"): 1,
    ("crypto", "createDecipheriv"): 1, ("", "SignedString"): 0, ("", "signWith"): 1, ("Algorithm", "HMAC256"): 0,
    ("Algorithm", "HMAC512"): 0, ("", "Fernet"): 0, ("", "URLSafeTimedSerializer"): 0, ("", "cookieParser"): 0,
    ("", "URLSafeSerializer"): 0, ("cookie", "NewStore"): 0, ("AES", "new"): 0, ("", "Sequelize"): 2,
    ("HmacSha256", "new_from_slice"): 0,
    ("EncodingKey", "from_secret"): 0, ("DecodingKey", "from_secret"): 0, ("", "TimestampSigner"): 0,
    ("", "setSigningKey"): 0, ("Keys", "hmacShaKeyFor"): 0, ("", "SecretKeySpec"): 0, ("", "NewCookieStore"): 0,
    ("DriverManager", "getConnection"): 2,
}  # fmt: skip
_COMPARES = frozenset(
    {"compare_digest", "timingSafeEqual", "ConstantTimeCompare", "safe_str_cmp", "constant_time_compare"}
)
_STORES = frozenset({"set", "Set", "Setenv", "setenv", "setProperty"})
_HEADERS = frozenset({"get", "GetHeader", "header", "Header", "Get", "getHeader"})
_CREDENTIALS = re.compile(r"(?:Bearer|Basic|Token) [A-Za-z0-9._~+/=-]{8,}")


class SecretCalls:
    """Finds them in one module."""

    def __init__(self, constants: Constants) -> None:
        self._constants = constants

    def of(self, call: n.Call) -> Iterator[tuple[int, str]]:
        """Line and message of each literal secret that a call is given."""
        name = n.last(call.func)
        base = n.last(call.func.base) if isinstance(call.func, n.Attr) else ""
        signs = bool(_SIGNERS.search(base))
        position = _KEYED.get((base, name), _KEYED.get(("", name), -1))
        if signs and name in {"encode", "decode", "sign", "verify"}:
            position = 1
        if name == "login" and _MAILS.search(base):
            position = 1
        given = call.args[position] if 0 <= position < len(call.args) else None
        if given is None and (position >= 0 or signs):
            given = dict(call.keywords).get("key")
        text = self._constants.text(given)
        if text and not text.startswith(("-----BEGIN PUBLIC", "-----BEGIN CERT")):
            yield call.line, f"{shown(n.dotted(call.func), 40)} is given a literal key"
        if signs and name.startswith("Parse"):
            yield from self._key_function(call)
        if name in _COMPARES and len(call.args) == 2:
            yield from self.compared(call.line, *call.args)
        if name in _STORES and len(call.args) == 2:
            key, value = literal(call.args[0]), literal(call.args[1])
            if key and value and secret_name(key) and secret_value(value) and "token" not in key.lower():
                yield call.line, f"{shown(key, 40)} is a literal"
        yield from self._accounts(call)

    def compared(self, line: int, left: n.Expr, right: n.Expr) -> Iterator[tuple[int, str]]:
        """``api_key == "literal"``, ``request.headers.get("X-API-Key") != "literal"``."""
        for one, other in ((left, right), (right, left)):
            text, name = literal(other), n.last(one)
            if isinstance(one, n.Index) and isinstance(one.key, n.Const):
                name = str(one.key.value)
            elif isinstance(one, n.Call) and name in _HEADERS and one.args:
                name = literal(one.args[0]) or ""
            if text and name and secret_name(name) and "token" not in name.lower() and secret_value(text):
                yield line, f"{shown(name, 40)} is compared with a literal"

    def header(self, name: str, value: n.Expr) -> Iterator[tuple[int, str]]:
        """``{"Authorization": "Bearer literal"}``."""
        text = literal(value) if name.lower() == "authorization" else None
        if text and _CREDENTIALS.fullmatch(text):
            yield value.line, "credentials for another service are a literal"

    def _key_function(self, call: n.Call) -> Iterator[tuple[int, str]]:
        """``jwt.Parse(token, func(...) { return []byte("literal"), nil })``."""
        for arg in call.args:
            for item in n.inside(arg.function) if isinstance(arg, n.Closure) else ():
                value = item.value if isinstance(item, n.Return) else None
                first = value.items[0] if isinstance(value, n.Group) and value.items else value
                if isinstance(item, n.Return) and first is not None and literal(first):
                    yield item.line, f"{shown(n.dotted(call.func), 40)} is given a literal key"

    def _accounts(self, call: n.Call) -> Iterator[tuple[int, str]]:
        """``auth=("user", "literal")``, ``gin.BasicAuth(gin.Accounts{"user": "literal"})``."""
        pair = dict(call.keywords).get("auth")
        if (
            isinstance(pair, n.Group)
            and pair.kind == "tuple"
            and len(pair.items) == 2
            and literal(pair.items[1])
        ):
            yield pair.line, "a password is a literal"
        if n.last(call.func).lower() != "basicauth":
            return
        for item in islice(n.walk(*call.args), 200):
            if isinstance(item, n.Group) and item.kind == "dict":
                for key, value in zip(item.keys, item.items, strict=False):
                    text = literal(value)
                    if isinstance(key, (n.Const, n.Name)) and text and secret_value(text):
                        yield value.line, "the password of an account is a literal"
