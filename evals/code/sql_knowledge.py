"""What is known of requests, queries and conversions, for all languages: names, and how texts of SQL begin."""

import re

from evals.code import nodes as n
from evals.code.values import Value

REQUESTS = frozenset({"request", "req", "flask_request", "event", "httpRequest"})
"""Names that hold a request wherever they stand."""

GLOBALS = frozenset(
    ("process", "console", "Math", "JSON", "Buffer", "__dirname", "__filename", "module", "exports", "require",
     "Object", "Array", "String", "Number", "Boolean", "Date", "Promise", "Map", "Set", "RegExp", "Error",
     "globalThis", "window", "undefined", "NaN", "Infinity", "URL", "URLSearchParams", "this", "super",
     "arguments", "setTimeout", "setInterval", "setImmediate", "clearTimeout", "fetch", "crypto", "Symbol",
     "BigInt", "Reflect", "Intl", "global", "parseInt", "parseFloat", "isNaN", "encodeURIComponent",
     "decodeURIComponent", "structuredClone", "performance", "queueMicrotask", "append", "cap", "close",
     "complex", "copy", "delete", "imag", "len", "make", "new", "panic", "print", "println", "real", "recover",
     "string", "byte", "rune", "error", "any", "nil", "iota", "true", "false", "max", "min", "clear", "_",
     "bool", "self", "cls")
)  # fmt: skip
"""Names that JavaScript and Go bind everywhere."""

REQUEST_OWN = frozenset(
    ("user", "app", "state", "method", "endpoint", "scope", "session", "db", "auth", "userId", "log", "container",
     "is_ajax", "is_secure", "remote_addr", "client", "Context", "ctx", "id", "logger", "registry", "dbsession")
)  # fmt: skip
"""Parts of a request that the service itself has put there."""

GIN_READS = frozenset(
    ("Query", "Param", "PostForm", "DefaultQuery", "DefaultPostForm", "GetHeader", "QueryParam", "FormValue",
     "QueryArray", "Params", "Cookie", "GetQuery", "PathValue", "PostFormValue", "URLParam", "Vars",
     "GetRawData")
)  # fmt: skip
"""Methods by which Go's frameworks read a request, whatever the receiver is called."""

READS = frozenset({"input", "raw_input", "sys.argv", "process.argv", "os.Args", "sys.stdin"})

CONVERSIONS = frozenset(
    ("int", "float", "bool", "len", "ord", "hash", "UUID", "Decimal", "date", "datetime", "fromisoformat",
     "strptime", "Number", "parseInt", "parseFloat", "Atoi", "ParseInt", "ParseFloat", "ParseBool", "ParseUint",
     "Boolean", "abs", "count", "index", "isinstance", "id", "now", "utcnow", "today", "time", "token_urlsafe",
     "token_hex", "uuid4", "uuid1", "randint", "sum", "round", "Itoa", "FormatInt", "parseLong", "parseDouble",
     "valueOf", "toISOString", "int64", "int32", "uint", "uint64", "float64", "BigInt", "timestamp",
     "isoformat", "is_valid", "exists", "any", "all", "sha256", "sha1", "md5", "hexdigest", "b64encode",
     "generate_password_hash", "hash_password", "hashpw", "Sum256", "EncodeToString", "fromtimestamp",
     "enumerate_", "range", "ParseDate", "ObjectId", "Date", "utcfromtimestamp")
)  # fmt: skip
"""Calls whose result holds nothing that a caller could write SQL with."""

QUOTING = frozenset(
    ("Identifier", "Literal", "quote_ident", "quote_identifier", "quote_name", "escape", "escape_string", "escapeId",
     "escapeIdentifier", "escapeLiteral", "QuoteIdentifier", "QuoteLiteral", "quoted_name", "Placeholder", "quote",
     "quoteIdentifier", "escape_id", "bindparam", "Sanitize", "ident", "identifier", "mogrify", "real_escape_string",
     "escape_sql_identifier", "converttoidentifier", "format_ident", "quoteIdent", "quoteLiteral")
)  # fmt: skip

PASSING = frozenset(
    ("strip", "lower", "upper", "title", "encode", "decode", "split", "rsplit", "splitlines", "partition",
     "replace", "lstrip", "rstrip", "str", "String", "toString", "trim", "toLowerCase", "toUpperCase",
     "TrimSpace", "ToLower", "ToUpper", "repr", "dedent", "unicode", "escape_html", "substring", "slice",
     "concat", "capitalize", "casefold", "unquote", "unquote_plus", "to_string", "as_str", "to_owned", "clone",
     "into", "as_ref", "unwrap", "expect", "html_escape", "bytes", "copy", "list", "tuple", "sorted",
     "reversed", "set", "map", "filter", "next", "iter", "join", "expandtabs", "removeprefix", "removesuffix",
     "center", "zfill", "ljust", "rjust", "String.valueOf", "decodeURIComponent", "encodeURIComponent", "Trim",
     "Fields", "Split", "Replace", "ReplaceAll", "cast", "dict", "intern", "getvalue", "from_utf8", "collect",
     "chars", "text_type", "force_str", "smart_str", "ensure_str")
)  # fmt: skip
"""Calls whose result holds the text that they were given."""

FORMATS = frozenset(
    ("Sprintf", "Sprint", "Sprintln", "format", "format_map", "formatted", "Fprintf", "Errorf", "sprintf", "vsprintf")
)  # fmt: skip

STRONG = frozenset(
    ("executemany", "executescript", "exec_driver_sql", "RawSQL", "literal_column", "read_sql",
     "read_sql_query", "$queryRawUnsafe", "$executeRawUnsafe", "whereRaw", "orderByRaw", "havingRaw", "joinRaw",
     "selectRaw", "orWhereRaw", "fromRaw", "groupByRaw", "andWhereRaw", "QueryRow", "QueryRowContext",
     "QueryContext", "ExecContext", "Queryx", "NamedExec", "MustExec", "PrepareContext", "executeQuery",
     "executeUpdate", "prepareStatement", "executeLargeUpdate", "addBatch", "batchUpdate", "queryForRowSet",
     "sqlRestriction", "preparedQuery", "createNativeQuery", "createSQLQuery", "sql_query", "queryForObject",
     "queryForList", "queryForMap", "execute_values", "execute_batch", "queryRaw", "executeRaw", "execute_sql",
     "run_query", "execute_query", "raw_query", "from_statement", "fetchrow", "fetchval", "nativeQuery",
     "createQuery", "prepareCall", "QueryRowx", "Preparex", "NamedQuery", "execute_string",
     "create_async_query", "execute_sql_query", "sqlquery")
)  # fmt: skip
"""Calls whose first text is SQL whatever it looks like."""

WEAK = frozenset(
    ("execute", "query", "Query", "Exec", "exec", "raw", "Raw", "fetch", "fetch_all", "fetch_one", "fetch_val",
     "text", "filter", "where", "distinct", "group_by", "Where", "having", "Having", "order_by", "Order",
     "OrderBy", "orderBy", "run", "all", "get", "each", "prepare", "Prepare", "update", "select", "Select",
     "Joins", "literal", "SQL", "sql", "annotate", "queryAsync", "unsafe", "addSelect", "andWhere", "orWhere",
     "iterate", "simple_query", "query_as", "query_scalar", "do", "execute_async", "Get", "Group",
     "batch_execute", "query_row", "query_map", "cursor", "send", "subquery")
)  # fmt: skip
"""Calls that take SQL, and calls of the same name that do not: the text or the receiver decides."""

KEYWORDS = {
    "extra": ("where", "select", "tables", "order_by"),
    "execute": ("sql", "query", "statement", "operation"),
}
"""Keyword arguments that hold SQL."""

SECOND = frozenset(
    ("QueryContext", "QueryRowContext", "ExecContext", "PrepareContext", "execute_values", "execute_batch",
     "SelectContext", "GetContext")
)  # fmt: skip
"""Calls whose second argument is the SQL."""

HARMLESS = re.compile(
    r"log|print|warn|debug|info|error|exception|critical|raise|fail|abort|jsonify|render|flash|message|response|assert"
    r"|^(len|str|repr|type|isinstance|format|append|strip|replace|write|Error|Errorf|New|send|json|status|add_note"
    r"|startswith|endswith|search|match|find|fullmatch|compile|sub|split|dedent|encode|hash|sha256|md5|echo|dumps|set"
    r"|set_trace|trace|span|record|notify|emit|publish|put|post)$",
    re.IGNORECASE,
)
"""Calls to which a text of SQL may be handed without its being run."""

RECEIVER = re.compile(
    r"(^|[._])(c|cr|cur|curs|cursor\w*|conn\w*|con|connection\w*|db\w*|database|session\w*|engine|tx|trx|txn|transaction|pool"
    r"|client|knex|sequelize|prisma|sqlite\w*|pg|mysql\w*|postgres\w*|stmt|statement|queryrunner|manager|objects"
    r"|entitymanager|em|jdbctemplate|dbsession|cnx|sql|orm|query|repo\w*|store|c2|\w*_?(conn|cursor|db|session|engine))$",
    re.IGNORECASE,
)

_SQL = re.compile(
    r"^[\s(]*(/\*.*?\*/\s*|--[^\n]*\n\s*)?(select\b[\s\S]{0,400}|insert\s+(or\s+\w+\s+)?into\b|insert\s+ignore\b|update\s+\S+"
    r"(\s+(as\s+)?\w+)?\s+set\s+\S|delete\s+from\b|delete\s+\w+\s+from|create\s+(or\s+replace\s+)?(temp\w*\s+|unique\s+"
    r"|materialized\s+)?(table|index|view|database|user|role|schema|function|trigger|sequence|extension)\b|drop\s+(table|index|view"
    r"|database|user|role|schema)\b|alter\s+(table|user|role|database|index)\b|with\s+(recursive\s+)?[\w\0]+\s*(\([^)]*\))?\s+as\b"
    r"|replace\s+into\b|merge\s+into\b|truncate\s+(table\s+)?[\w\0]|exec(ute)?\s+\w|call\s+[\w\0]+|grant\s+\w+|revoke\s+\w+|pragma\s+\w+"
    r"|set\s+(local\s+|session\s+)?\w+\s*(=|to)|explain\s+\w+|show\s+\w+|use\s+\0|copy\s+[\w\0(]+|attach\s+|lock\s+table|vacuum\b"
    r"|\{\s*\??=?\s*call\s+[\w\0]|declare\s+\w+\s+cursor|kill\s+\0|describe\s+|listen\s+\0|notify\s+\0|from\s+\w+\s+(\w+\s+)?where\b)",
    re.IGNORECASE,
)
_SELECT = re.compile(
    r"\bselect\b[\s\S]*?\b(from|where|count|\*|\0|sum|max|min|pg_\w+|\w+\s*\()", re.IGNORECASE
)
_CLAUSE = re.compile(
    r"(\bwhere\b|\band\b|\bor\b|\border\s+by\b|\bgroup\s+by\b|\bhaving\b|\blike\b|\bin\s*\(|\blimit\b|\bjoin\b|\bvalues\s*\()"
    r"|[\w\"`\]]\s*(=|<>|!=|<|>|<=|>=|like|ilike|in)\s*['\"(]?%?\0",
    re.IGNORECASE,
)


def looks_like_sql(text: str) -> bool:
    """Whether a text begins as a statement does."""
    match = _SQL.match(text)
    if match is None:
        return False
    return not match[2].lower().startswith("select") or bool(_SELECT.search(text))


def looks_like_clause(text: str) -> bool:
    """Whether a text could be part of a statement: ``name = '...'``, ``... ORDER BY ...``."""
    return looks_like_sql(text) or bool(_CLAUSE.search(text))


def is_request(expr: n.Expr) -> bool:
    """Whether an expression is the request itself."""
    name = n.dotted(expr)
    return name in REQUESTS or name in {
        "self.request",
        "flask.request",
        "this.request",
        "ctx.request",
        "c.Request",
        "r.URL",
        "self.req",
    }


def sql_argument(name: str, args: list[Value], keywords: dict[str, Value]) -> list[Value]:
    """The arguments of a call that are SQL."""
    position = 1 if name in SECOND else 0
    chosen = args[position : position + 1]
    for keyword in KEYWORDS.get(name, ("sql", "query", "statement")):
        if keyword in keywords:
            chosen.append(keywords[keyword])
    return chosen
