"""What an answer gives away: faults of the server, errors of a database, stored passwords. Pure."""

import re

from evals.probes.client import Answer

_TRACES = re.compile(
    r"Traceback \(most recent call last\)|^\s+File \"[^\"\n]{1,200}\", line \d+|^\s+at [^\n]{1,200}:\d+:\d+\)?$"
    r"|goroutine \d+ \[|^\s+at [\w.$]{1,200}\([\w]+\.java:\d+\)|thread '[^'\n]{1,60}' panicked at"
    r"|Werkzeug Debugger|DEBUG = True",
    re.MULTILINE,
)
_DATABASE = re.compile(
    r"syntax error at or near|unterminated quoted string|invalid input syntax for|SQLSTATE\[?\w{5}"
    r"|sqlite3?\.(?:Operational|Programming|Integrity|Database)Error|SQLITE_(?:ERROR|MISUSE)|SQL logic error"
    r"|near \"[^\"\n]{0,80}\": syntax error|unrecognized token: |incomplete input \(1\)"
    r"|You have an error in your SQL syntax|psycopg2?\.(?:errors|Error)|asyncpg\.exceptions|ORA-\d{5}"
    r"|(?:Query|Database)Error: |sqlalchemy\.exc\.|QueryFailedError|SequelizeDatabaseError|PrismaClient\w*Error"
    r"|pq: |ERROR: .{1,80} \(SQLSTATE",
)
_HASHES = re.compile(
    r"\$2[abxy]\$\d\d\$[./A-Za-z0-9]{50}|\$argon2(?:id|i|d)\$|pbkdf2[:_]sha\d{1,3}[:$]|scrypt:\d+:\d+:\d+\$"
    r"|\$scrypt\$|\$pbkdf2-sha\d{1,3}\$|\$[156]\$[./A-Za-z0-9]{1,16}\$[./A-Za-z0-9]{20}|bcrypt_sha256\$"
)
_HASH_KEYS = re.compile(
    r"^(?:password|passwd|hashed_?password|password_?(?:hash|digest|salt)|pwd_?hash)$", re.IGNORECASE
)


def fault(answer: Answer) -> str:
    """Why an answer is the server's own fault, whatever was asked; empty where it is none."""
    if answer.status >= 500:
        return "a 5xx"
    if trace := _TRACES.search(answer.text):
        return f"a stack trace ({trace[0].strip()[:60]})"
    return ""


def database_error(answer: Answer) -> str:
    """The words of a database that an answer passes on; empty where there are none."""
    found = _DATABASE.search(answer.text)
    return found[0][:80] if found else ""


def leaked_hash(answer: Answer) -> str:
    """What in an answer is a stored password; empty where nothing is."""
    if found := _HASHES.search(answer.text):
        return f"a password's hash ({found[0][:12]}\N{HORIZONTAL ELLIPSIS})"
    for key, value in pairs(answer.json):
        if _HASH_KEYS.match(key) and isinstance(value, str) and value.strip("*") and answer.good:
            return f"the field {key[:40]}"
    return ""


def is_json_error(answer: Answer) -> bool:
    """Whether an error's body is JSON: an object or a list with something in it."""
    return isinstance(answer.json, (dict, list))


def pairs(value: object, most: int = 5_000) -> "list[tuple[str, object]]":
    """All keys and values below a JSON value, in order."""
    found: list[tuple[str, object]] = []
    stack = [value]
    while stack and len(found) < most:
        item = stack.pop()
        if isinstance(item, dict):
            found += [(str(k), v) for k, v in item.items()]
            stack += list(item.values())[::-1]
        elif isinstance(item, list):
            stack += item[::-1]
    return found


def rows(value: object) -> int | None:
    """How many things an answer lists; None where it lists none."""
    if isinstance(value, list):
        return len(value)
    if isinstance(value, dict):
        lists = [v for v in value.values() if isinstance(v, list)]
        inner = value.get("data")
        if not lists and isinstance(inner, dict):
            lists = [v for v in inner.values() if isinstance(v, list)]
        if len(lists) == 1:
            return len(lists[0])
    return None
