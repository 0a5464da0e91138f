"""Secrets and their fallbacks, one line each: what is one, and what only looks like one."""

import pytest

from evals.checklist.no_hardcoded_secrets import check
from evals.code.view import build_view
from evals.verdict import Verdict

SECRETS = {
    "a.py": [
        'SECRET_KEY = os.getenv("SECRET_KEY", "dev-secret")',
        'SECRET_KEY = os.environ.get("SECRET_KEY", "change-me-in-production")',
        'SECRET_KEY = os.getenv("SECRET_KEY") or "fallback"',
        'SECRET_KEY = os.environ["SECRET_KEY"] if "SECRET_KEY" in os.environ else "dev"',
        'x = os.environ.setdefault("JWT_SECRET", "abc")',
        'x = config("JWT_SECRET", default="abc")',
        'x = env.str("DB_PASSWORD", "postgres")',
        'x = getattr(settings, "SECRET_KEY", "abc")',
        'x = os.getenv(key="API_KEY", default="abc")',
        'class Settings(BaseSettings):\n    jwt_secret: str = "change-me"',
        'class Settings(BaseSettings):\n    jwt_secret: SecretStr = SecretStr("change-me")',
        'class Settings(BaseSettings):\n    api_key: str = Field("abc123", env="API_KEY")',
        'key = os.getenv("JWT_SECRET")\nif not key:\n    key = "dev"',
        'try:\n    k = os.environ["JWT_SECRET"]\nexcept KeyError:\n    k = "dev"',
        'DEFAULT = "dev-key"\nx = os.getenv("SECRET_KEY", DEFAULT)',
        'def secret():\n    value = os.getenv("JWT_SECRET")\n    if value:\n        return value\n    return "dev-key"',
        'app.config["SECRET_KEY"] = "hunter2hunter2"',
        'app.config.update(SECRET_KEY="hunter2")',
        'app.secret_key = b"hunter2"',
        'token = jwt.encode(payload, "mykey", algorithm="HS256")',
        'db = connect(user="root", password="password")',
        'engine = create_engine("postgresql://app:s3cret@db/app")',
        'URL = os.getenv("DATABASE_URL", "postgresql://postgres:postgres@localhost/app")',
        'AWS = "AKIAIOSFODNN7ABCDEFG"',
        'def login(user, password="letmein"):\n    pass',
        'if password == "letmein":\n    pass',
        'f = Fernet(b"Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4MTIzNDU2Nzg=")',
    ],
    "a.js": [
        "const s = process.env.JWT_SECRET || 'secret';",
        "const s = process.env.JWT_SECRET ?? 'secret';",
        "const s = process.env['JWT_SECRET'] || `dev`;",
        "const s = process.env.JWT_SECRET ? process.env.JWT_SECRET : 'dev';",
        "const { JWT_SECRET = 'dev', PORT = 3000 } = process.env;",
        "const env = z.object({ JWT_SECRET: z.string().default('dev') }).parse(process.env);",
        "const c = convict({ jwt: { secret: { format: String, default: 'dev', env: 'JWT_SECRET' } } });",
        "app.use(session({ secret: 'keyboard cat' }));",
        "const get = (k, d) => process.env[k] || d;\nconst s = get('JWT_SECRET', 'dev');",
        "function key(k, d) { return process.env[k] ?? d; }\nmodule.exports = { s: key('API_KEY', 'abc') };",
        "let secret = process.env.APP_KEY;\nif (!secret) { secret = 'dev'; }",
        "process.env.JWT_SECRET ||= 'dev';",
        "jwt.sign({ id }, 'shhh');",
        "const key = 'shhh';\njwt.verify(token, key);",
        "const pool = new Pool({ connectionString: 'postgres://u:p4ss@db/x' });",
    ],
    "a.go": [
        'package a\nvar key = []byte("my_secret_key")\nvar t, _ = token.SignedString(key)',
        'package a\nfunc f() { s := getEnv("JWT_SECRET", "dev") }',
        'package a\nfunc f() { s := cmp.Or(os.Getenv("JWT_SECRET"), "dev") }',
        'package a\nfunc f() { s := os.Getenv("JWT_SECRET")\nif s == "" { s = "dev" }\n}',
        'package a\nfunc f() { s, ok := os.LookupEnv("JWT_SECRET")\nif !ok { s = "dev" }\n}',
        'package a\nfunc f() { viper.SetDefault("jwt.secret", "dev") }',
        'package a\nfunc f() string { if v := os.Getenv("API_KEY"); v != "" { return v }\nreturn "dev" }',
        'package a\ntype C struct { S string `env:"JWT_SECRET" envDefault:"dev"` }',
    ],
    "A.java": [
        'class A { private static final String JWT_SECRET = "my-key"; }',
        'class A { @Value("${jwt.secret:dev}") private String secret; }',
        'class A { String s = System.getenv().getOrDefault("JWT_SECRET", "dev"); }',
        'class A { String s = Optional.ofNullable(System.getenv("API_KEY")).orElse("dev"); }',
        'class A { String s = System.getenv("JWT_SECRET") != null ? System.getenv("JWT_SECRET") : "dev"; }',
        'class A { String t() { return JWT.create().sign(Algorithm.HMAC256("shh")); } }',
    ],
    "main.rs": [
        'let s = env::var("JWT_SECRET").unwrap_or_else(|_| "dev".to_string());',
        'let s = std::env::var("JWT_SECRET").unwrap_or("dev".into());',
        'let s = std::env::var("API_KEY")\n    .unwrap_or_else(|_| String::from("dev"));',
        'const JWT_SECRET: &str = "my-key";',
        'let key = EncodingKey::from_secret(b"my-key");',
        'let url = "postgres://app:s3cret@db/app";',
    ],
    "a.cs": [
        'var s = Environment.GetEnvironmentVariable("JWT_SECRET") ?? "dev";',
        'string apiKey = "abc-123-def";',
    ],
    "a.rb": ['SECRET = ENV.fetch("SECRET_KEY_BASE_SECRET", "dev")', 's = ENV["JWT_SECRET"] || "dev"'],
    "a.php": ["$s = getenv('JWT_SECRET') ?: 'dev';", "$password = 'hunter2';"],
    "application.yml": ["jwt:\n  secret: ${JWT_SECRET:dev-key}", "db_password: hunter2x"],
    ".env": ["JWT_SECRET=8f2b9c0d1e", "DATABASE_URL=postgres://app:Zk29slA@db/app"],
}
FINE = {
    "a.py": [
        'SECRET_KEY = os.environ["SECRET_KEY"]',
        'SECRET_KEY = os.getenv("SECRET_KEY", "")',
        'SECRET_KEY = os.getenv("SECRET_KEY")\nif not SECRET_KEY:\n    raise RuntimeError("SECRET_KEY must be set")',
        'SECRET_KEY = os.getenv("SECRET_KEY") or secrets.token_hex(32)',
        'ALGORITHM = os.getenv("JWT_ALGORITHM", "HS256")',
        'MINUTES = int(os.getenv("TOKEN_EXPIRE_MINUTES", "30"))',
        'HEADER = os.getenv("API_KEY_HEADER", "X-API-Key")',
        'PATH = os.getenv("JWT_SECRET_FILE", "/run/secrets/jwt")',
        'URL = os.getenv("DATABASE_URL", "sqlite:///./app.db")',
        'URL = os.getenv("REDIS_URL", "redis://localhost:6379/0")',
        'scheme = OAuth2PasswordBearer(tokenUrl="auth/token")',
        'token_type: str = "bearer"',
        'PASSWORD_HASHERS = ["argon2"]',
        'password_hash = "pending"',
        'raise HTTPException(401, detail="Invalid password")',
        'errors = {"password": "Password must have 8 characters"}',
        'secret_name = "prod/db"',
        "class Settings(BaseSettings):\n    jwt_secret: str\n    token_minutes: int = 30",
        "class Settings(BaseSettings):\n    jwt_secret: str = Field(..., min_length=32)",
        'password = ""',
        'if password == "":\n    pass',
        'password: str = Field(min_length=8, description="The password of the account")',
        'CHARS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"',
        'ID = "6f1b2c3d-4e5f-6789-abcd-ef0123456789"',
        'url = f"postgresql://{user}:{password}@{host}/db"',
        'DOC = "postgresql://<user>:<password>@host/db"',
        'next_token = "start"',
    ],
    "a.js": [
        "const s = process.env.JWT_SECRET;",
        "if (!process.env.JWT_SECRET) throw new Error('JWT_SECRET is required');",
        "const port = process.env.PORT || '3000';",
        "const expires = process.env.JWT_EXPIRES || '1h';",
        "const s = process.env.JWT_SECRET || '';",
        "const s = process.env.JWT_SECRET || crypto.randomBytes(32).toString('hex');",
        "const rules = { password: 'Password is required' };",
        "const schema = z.object({ password: z.string().min(8, 'too short') });",
        "const header = { type: 'apiKey', name: 'x-api-key' };",
        "const fields = ['password', 'token'];",
        "const url = process.env.DATABASE_URL || 'postgres://localhost/app';",
        "const TOKEN_TYPE = 'Bearer';",
    ],
    "a.go": [
        'package a\nvar s = os.Getenv("JWT_SECRET")',
        'package a\nfunc f() { p := getEnv("PORT", "8080") }',
        'package a\nfunc f() { s := os.Getenv("JWT_SECRET")\nif s == "" { log.Fatal("JWT_SECRET is not set") }\n}',
        'package a\nvar ErrPassword = errors.New("wrong password")',
        'package a\nconst tokenHeader = "X-Token"',
    ],
    "A.java": [
        'class A { String s = System.getenv("JWT_SECRET"); }',
        'class A { @Value("${jwt.secret}") private String secret; }',
        'class A { static final String TOKEN_HEADER = "X-Auth-Token"; }',
        'class A { @NotBlank(message = "Password is required") private String password; }',
    ],
    "main.rs": [
        'let s = env::var("JWT_SECRET").expect("JWT_SECRET must be set");',
        'let s = env::var("JWT_SECRET")?;',
        'let c = Config { secret: env::var("JWT_SECRET")?, url: "http://localhost".into() };',
        'let port = env::var("PORT").unwrap_or_else(|_| "3000".to_string());',
        '// const JWT_SECRET: &str = "my-key";',
        'const TOKEN_HEADER: &str = "x-token";',
    ],
    "a.cs": [
        'var s = Environment.GetEnvironmentVariable("JWT_SECRET") ?? throw new Exception("JWT_SECRET");'
    ],
    "a.rb": ['s = ENV.fetch("JWT_SECRET")', 'p = ENV.fetch("PORT", "3000")'],
    "application.yml": ["jwt:\n  secret: ${JWT_SECRET}", "password: ${DB_PASSWORD:}"],
    ".env.example": ["JWT_SECRET=8f2b9c0d1e2f", "DATABASE_URL=postgres://user:pass@localhost/app"],
    "tests/test_a.py": [
        'SECRET_KEY = "test-secret-key"',
        'client.post("/login", json={"password": "hunter22"})',
    ],
    "README.md": ["Set JWT_SECRET=abcdef123456 before you start."],
}


def cases(table: dict[str, list[str]]) -> list[tuple[str, str]]:
    return [(path, text) for path, texts in table.items() for text in texts]


@pytest.mark.parametrize(("path", "text"), cases(SECRETS))
def test_a_secret_is_found(path: str, text: str) -> None:
    result = check(build_view({path: text + "\n"}))
    assert result.verdict is Verdict.FAIL
    assert {e.path for e in result.evidence} == {path}


@pytest.mark.parametrize(("path", "text"), cases(FINE))
def test_what_is_no_secret_is_left_alone(path: str, text: str) -> None:
    assert check(build_view({path: text + "\n"})).verdict is not Verdict.FAIL
