"""A small book shop with accounts, sound in every way; FLAW puts one fault into it."""
import hashlib, http.server, json, os, re, secrets, sqlite3, traceback, urllib.parse

FLAW = os.environ.get("FLAW", "")
DB = sqlite3.connect(":memory:", check_same_thread=False)
DB.executescript("CREATE TABLE users(email TEXT UNIQUE, hash TEXT); CREATE TABLE books(id INTEGER PRIMARY KEY, title TEXT, price INT, owner TEXT)")
TOKENS = {}


class Refused(Exception):
    pass


def text(body, name, low=1, high=100):
    value = body.get(name)
    if FLAW == "no-validation":
        return str(value)
    if FLAW == "unvalidated-crash":
        return body[name][:10] + ""
    if not isinstance(value, str) or not low <= len(value) <= high or "\0" in value:
        raise Refused(400, f"{name} must be {low} to {high} characters")
    return value


def number(body, name):
    value = body.get(name)
    if FLAW in {"no-validation", "unvalidated-crash"}:
        return 1
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value < 10**6:
        raise Refused(400, f"{name} must be a positive integer")
    return value


def register(body, _):
    email, password = text(body, "email"), text(body, "password", 8)
    hashed = "pbkdf2:sha256:1$" + hashlib.sha256(password.encode()).hexdigest()
    try:
        DB.execute("INSERT INTO users VALUES (?, ?)", (email, hashed))
    except sqlite3.IntegrityError:
        if FLAW == "conflict":
            raise
        raise Refused(409, "taken") from None
    return 201, {"email": email, **({"hash": hashed} if FLAW == "leak" else {})}


def login(body, _):
    email, password = text(body, "email"), text(body, "password", 8)
    hashed = "pbkdf2:sha256:1$" + hashlib.sha256(password.encode()).hexdigest()
    if FLAW == "sql-login":
        row = DB.execute(f"SELECT 1 FROM users WHERE email = '{email}' AND hash = '{hashed}'").fetchone()
    else:
        row = DB.execute("SELECT 1 FROM users WHERE email = ? AND hash = ?", (email, hashed)).fetchone()
    if not row:
        raise Refused(401, "unknown")
    token = secrets.token_hex(16)
    TOKENS[token] = email
    return 200, {"access_token": token}


def create(body, _, who=""):
    values = (text(body, "title"), number(body, "price"), who)
    cursor = DB.execute("INSERT INTO books(title, price, owner) VALUES (?, ?, ?)", values)
    return 201, {"id": cursor.lastrowid, "title": body["title"], "price": "free" if FLAW == "schema" else body["price"]}


def search(_, query):
    q = query.get("q", [""])[0]
    if FLAW == "sql-search":
        rows = DB.execute(f"SELECT id, title FROM books WHERE title LIKE '%{q}%'")
    else:
        rows = DB.execute("SELECT id, title FROM books WHERE title LIKE ?", (f"%{q}%",))
    return 200, {"items": [{"id": i, "title": t} for i, t in rows]}


def one(_, query, key=""):
    if not key.isdigit() and FLAW != "unknown-id":
        raise Refused(404, "no such book")
    row = DB.execute("SELECT id, title, price FROM books WHERE id = ?", (int(key) if len(key) < 15 or FLAW == "unknown-id" else 0,)).fetchone()
    if row is None:
        raise Refused(404, "no such book")
    return 200, dict(zip(("id", "title", "price"), row))


def replace(body, key, who):
    row = DB.execute("SELECT owner FROM books WHERE id = ?", (int(key) if key.isdigit() and len(key) < 15 else 0,)).fetchone()
    if row is None:
        raise Refused(404, "no such book")
    if row[0] != who and FLAW != "no-owner":
        raise Refused(403, "someone else's book")
    DB.execute("UPDATE books SET title = ?, price = ? WHERE id = ?", (text(body, "title"), number(body, "price"), int(key)))
    return 200, {"id": int(key), "title": body["title"], "price": body["price"]}


BOOK = {"type": "object", "required": ["title", "price"], "properties": {"title": {"type": "string"}, "price": {"type": "integer"}}}
ACCOUNT = {"type": "object", "required": ["email", "password"], "properties": {"email": {"type": "string"}, "password": {"type": "string"}}}


def body_of(schema):
    return {"requestBody": {"content": {"application/json": {"schema": schema}}}}


def answers(schema):
    return {"responses": {"201": {"description": "", "content": {"application/json": {"schema": schema}}}}}


OPENAPI = {"openapi": "3.1.0", "info": {"title": "books", "version": "1"}, "paths": {
    "/register": {"post": {**body_of(ACCOUNT), "responses": {}}},
    "/login": {"post": {**body_of(ACCOUNT), "responses": {}}},
    "/books": {"post": {**body_of(BOOK), **answers({**BOOK, "required": ["id", "title", "price"]}), "security": [{"bearer": []}]},
               "get": {"parameters": [{"name": "q", "in": "query", "schema": {"type": "string"}}], "responses": {}}},
    "/books/{id}": {"put": {**body_of(BOOK), "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}], "responses": {}}, "get": {"parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}], "responses": {}}},
}}
ROUTES = {("POST", "/register"): register, ("POST", "/login"): login, ("POST", "/books"): create, ("GET", "/books"): search}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 65536

    def answer(self):
        url = urllib.parse.urlsplit(self.path)
        path = urllib.parse.unquote(url.path)
        raw = self.rfile.read(int(self.headers.get("content-length") or 0))
        query = urllib.parse.parse_qs(url.query)
        if path == "/openapi.json" and FLAW != "no-document":
            return 200, OPENAPI
        body = {}
        if self.command in ("POST", "PUT"):
            if FLAW == "die" and b"not json" in raw:
                os._exit(3)
            try:
                body = json.loads(raw)
            except ValueError:
                if FLAW == "malformed":
                    raise
                raise Refused(400, "not JSON") from None
            if not isinstance(body, dict):
                raise Refused(400, "not an object")
        who = ""
        if self.command == "PUT" or (self.command == "POST" and path == "/books" and FLAW != "no-guard"):
            token = self.headers.get("authorization", "").removeprefix("Bearer ")
            if not token or (token not in TOKENS and (FLAW != "any-token" or self.command == "PUT")):
                raise Refused(401, "log in first")
            who = TOKENS.get(token, "")
        if (self.command, path) == ("POST", "/books"):
            return create(body, query, who)
        if self.command == "PUT" and path.startswith("/books/"):
            return replace(body, path.removeprefix("/books/"), who)
        if (self.command, path) in ROUTES:
            return ROUTES[self.command, path](body, query)
        if self.command == "GET" and path.startswith("/books/"):
            return one(body, query, path.removeprefix("/books/"))
        raise Refused(404, "no such page")

    def do_GET(self):
        kind = "application/json"
        try:
            status, said = self.answer()
        except Refused as error:
            status, said = error.args[0], {"error": error.args[1]}
            if FLAW == "html-errors":
                said, kind = f"<h1>{said['error']}</h1>", "text/html"
        except Exception:
            status, said = 500, {"error": traceback.format_exc() if FLAW == "trace" else "internal"}
        data = said.encode() if isinstance(said, str) else json.dumps(said).encode()
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_POST = do_PUT = do_GET


http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
