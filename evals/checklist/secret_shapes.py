"""What names, literals and key formats look like when they are secrets, and when they only seem so."""

import math
import re
from collections import Counter

_SECRET_NAME = re.compile(
    r"(?:^|[^a-z])(?:(?:pg|db|my|my?sql|postgres|redis|mongo|smtp|mail|app|auth|jwt|admin|root|user|api|web|client)?"
    r"(?:secrets?(?:[^a-z]?keys?)?|pass[^a-z]?words?|passwd|pwd|pass|pass[^a-z]?phrase|tokens?)|api[^a-z]?keys?"
    r"|access[^a-z]?keys?(?:[^a-z]?id)?|private[^a-z]?keys?|auth[^a-z]?keys?|salt|app[^a-z]?key|license[^a-z]?key"
    r"|(?:auth|access|api|bearer|refresh|bot|admin)[^a-z]?tokens?|jwt[^a-z]?(?:keys?|tokens?|secrets?)"
    r"|(?:signing|sign|signature|encryption|enc|hmac|crypto|cipher|aes|rsa|jws|jwe|session|master|fernet|cookie|account"
    r"|service|role|secret|webhook)[^a-z]?keys?"
    r"|(?:openai|stripe|sendgrid|supabase|azure|aws|twilio|mailgun|mailchimp|anthropic|gemini|groq|mistral|hubspot|heroku"
    r"|github|gitlab|slack|sentry|datadog|algolia|paypal|razorpay|plaid|cloudinary|pusher|firebase|rapidapi|messagebird"
    r"|alibaba|finnhub|shopify|dropbox|zendesk|okta|auth0)[^a-z]?keys?"
    r"|credentials?|pepper|client[^a-z]?secrets?|secret[^a-z]?or[^a-z]?key)$"
)
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_TRAILER = re.compile(
    r"_(?:for_[a-z_]{1,30}|default|value|str|string|bytes|b64|base64|hex|env|prod|dev|fallback|plain|raw|\d+|hs256)$"
)
_NOT_SECRET = re.compile(
    r"(?:^|_)(?:public|hashed|hash|encrypted|dummy|fake|mock|invalid|wrong|bad|reset|confirm|forgot|csrf|next|page"
    r"|cursor|continuation|cancel|stop|start|end|eos|bos|pad|unk|sep|mask|max|min|num|count|total|missing|blank)_"
)
_SENTENCE = re.compile(
    r"\b(must|required|requires?|invalid|incorrect|wrong|cannot|can't|should|please|enter|too|least|match(es)?|failed"
    r"|missing|expired|is|are|was|not|your|the|need(s|ed)?|between|longer|shorter|characters?|confirm|repeat)\b",
    re.IGNORECASE,
)
_WORDS = frozenset(
    ("token", "apikey", "api_key", "api-key", "string", "str", "text", "bearer", "basic", "none", "null",
     "undefined", "true", "false", "hidden", "authorization", "x-api-key", "x-auth-token", "access_token",
     "refresh_token", "accesstoken", "refreshtoken", "client_secret", "client_credentials",
     "authorization_code", "id_token", "jwt", "hs256", "rs256", "es256", "argon2", "bcrypt", "cookie",
     "cookies", "header", "headers", "query", "body", "oauth2", "env", "session", "redacted", "password_hash",
     "passwordhash", "invalid", "expired", "private_key", "public_key", "file", "path", "required", "optional",
     "password_confirmation", "hashed_password", "secret_key", "bytes", "number")
)  # fmt: skip
_REFERENCE = re.compile(
    r"^(:\w+|\w+:\".*|\$\{?[\w.:-]+\}?|\$\{[\w.]+:?\?[^}]*\}|\{\{.*\}\}|%\(?\w+\)?s?|<[^<>]*>|\{\w*\}|@\w+@|#\{.*\}|vault:.*|arn:.*|!.*|secretKeyRef)$"
)
_PLACE = re.compile(r"^(https?://|/|\./|\.\./|~/|[A-Za-z]:\\)|^[\w./-]+\.(pem|key|json|txt|crt|env|ya?ml)$")
_MASKED = re.compile(r"^[x*.•#-]+$", re.IGNORECASE)

_REFUSAL = re.compile(
    r"\b(must|required|requires?|invalid|incorrect|wrong|cannot|should|too|failed|missing|expired|needs?|enter)\b",
    re.IGNORECASE,
)
_STORED_AS = re.compile(r"^[@\w-]+(?:[.:/][\w-]+){1,3}$")

PLACEHOLDER = re.compile(
    r"change[-_ ]?(me|this|it)|your[-_ ]|replace|placeholder|example|dummy|todo|fixme|insert|<.*>|xxx+|\.\.\."
    r"|sample"
    r"|^(test|dev|local|postgres|root|admin|user|pass|password|secret|mysql|guest|none|null|undefined)$|\btest\b",
    re.IGNORECASE,
)

_URL_PASSWORD = re.compile(
    r"\b[a-zA-Z][a-zA-Z0-9+.-]{1,40}://([^\s:/@'\"<>{}$]{0,80}):([^\s@/'\"<>{}$%\x01]{1,120}|%[0-9A-Fa-f]{2}[^\s@/'\"\x01]{0,120})@[\w\[.\x01-]"
)


_LONGEST_DSN = 2000
_GO_DSN = re.compile(r"[\w.-]{1,60}:([^\s:@/{}$%<>\x01]{1,100})@(?:tcp|unix)\(")
_DSN_PLACE = re.compile(
    r"(?:^|[\s;?&])(?:host|hostaddr|server|dbname|database|data source|initial catalog)\s?=|^jdbc:",
    re.IGNORECASE,
)
_DSN_PASSWORD = re.compile(
    r"(?:^|[\s;?&])(?:password|pwd)=([A-Za-z0-9!@#^*_+.-][^\s;'\"&{}$%<>?\x01]{0,120})(?=[\s;'\"&]|$)",
    re.IGNORECASE,
)


_SEPARATORS = str.maketrans("-. :/", "_____")
_CALLED = re.compile(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+")
_LABEL = re.compile(r"(?!(?:My|Your|The|This|Super|Top|Dev|Very|Some) )[A-Z][a-z]+(?: [A-Za-z][a-z]+){1,3}")
_MADE_UP = re.compile(r"MY_|YOUR|SUPER|CHANGE|DEFAULT|DEV|TEST|THIS|LOCAL|INSECURE|EXAMPLE")


def secret_name(name: str) -> bool:
    """Whether what a name holds is a secret: ``JWT_SECRET``, ``dbPassword``; not ``token_url``, ``password_hash``."""
    plain = _CAMEL.sub("_", name[-80:]).lower().translate(_SEPARATORS).strip("_")
    while (shorter := _TRAILER.sub("", plain)) != plain:
        plain = shorter
    return bool(_SECRET_NAME.search(plain)) and not _NOT_SECRET.search(plain)


def secret_value(value: str, name: str = "") -> bool:
    """Whether a literal can be a secret: not empty, no word of the trade, no message, no reference, no
    path. Where the name says ``secret`` it may be as short as one letter."""
    plain = value.strip()
    if len(plain) < 3 and not (plain.isalnum() and "secret" in name.lower()):
        return False
    if plain.lower() in _WORDS or _REFERENCE.match(plain) or _PLACE.match(plain):
        return False
    if _MASKED.match(plain) or (len(plain) > 80 and "\n" in plain and "PRIVATE KEY" not in plain):
        return False
    if _CALLED.fullmatch(plain) and secret_name(plain) and not _MADE_UP.search(plain):
        return False  # password: "DB_PASSWORD", the variable that holds it
    if _STORED_AS.match(plain) and re.split("[.:/]", plain)[-1].lower() == name.lower():
        return False  # token: "auth.token", the place where it is kept
    if _LABEL.fullmatch(plain) and plain.rpartition(" ")[2].lower() == name.lower():
        return False  # token: "Access token", what people read
    sentence = _REFUSAL if name.lower().endswith("secret") else _SENTENCE
    return not (" " in plain and sentence.search(plain))


def url_password(value: str) -> str:
    """The password inside a connection string, or empty."""
    match = _URL_PASSWORD.search(value)
    return match[2] if match else ""


def dsn_password(value: str) -> str:
    """The password in ``host=db user=app password=...`` or ``Server=db;Password=...``, or empty."""
    plain = _GO_DSN.match(value)
    if plain:
        return plain[1]
    if len(value) > _LONGEST_DSN or not _DSN_PLACE.search(value):
        return ""
    match = _DSN_PASSWORD.search(value)
    return match[1] if match else ""


def random_looking(value: str) -> bool:
    """Whether a literal has the length and entropy of a generated key, and is no alphabet, UUID or plain word."""
    if not 24 <= len(value) <= 512 or not re.fullmatch(r"[A-Za-z0-9+/=_\-.!@#$%^&*]+", value):
        return False
    if re.fullmatch(
        r"[0-9a-fA-F]{32}|[0-9a-fA-F]{40}|[0-9a-fA-F]{48}|[0-9a-fA-F]{64}|[0-9a-fA-F]{96,}", value
    ):
        return entropy(value.lower()) > 3.0
    kinds = sum(bool(re.search(kind, value)) for kind in ("[a-z]", "[A-Z]", "[0-9]"))
    if (
        kinds < 3
        or re.search(r"abcdef|ABCDEF|012345|qwerty", value)
        or value.count(".") > 2
        or "/" in value[:8]
    ):
        return False
    words = re.findall(r"[A-Za-z]{5,}", value)
    wordy = sum(map(len, words)) > len(value) * 0.6 and all(
        w.islower() or w.istitle() or w.isupper() for w in words
    )
    return entropy(value) > 4.0 and not wordy


def entropy(value: str) -> float:
    """Shannon's entropy in bits a character."""
    total = len(value)
    return -sum(c / total * math.log2(c / total) for c in Counter(value).values()) if total else 0.0
