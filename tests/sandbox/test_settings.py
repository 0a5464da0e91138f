from sandbox.services.protocol import Binding
from sandbox.settings import fill_settings, schemes_of

POSTGRES = Binding(
    service="postgresql",
    schemes=("postgres", "postgresql"),
    host="localhost",
    port=5432,
    user="s_1",
    password="pw",
    database="s_1",
    names=("POSTGRES", "POSTGRESQL", "PG"),
    primary=True,
)
REDIS = Binding(
    "redis", ("rediss", "redis"), "localhost", 6379, database="0", names=("REDIS",), keeps_path=r"\d+"
)
URL = "postgresql://s_1:pw@localhost:5432/s_1"


def fill(
    *named: tuple[str, str], bindings: tuple[Binding, ...] = (POSTGRES,), **extra: str
) -> dict[str, str]:
    return fill_settings(named, extra, bindings, secret=lambda: "GENERATED")


def test_url_leads_to_the_real_service_and_keeps_its_driver() -> None:
    assert fill(("DATABASE_URL", "postgresql+asyncpg://user:pass@db:5432/app"))["DATABASE_URL"] == (
        "postgresql+asyncpg://s_1:pw@localhost:5432/s_1"
    )


def test_query_is_kept_but_for_how_to_get_there() -> None:
    filled = fill(("DATABASE_URL", "postgresql://u:p@db/app?sslmode=require&application_name=x"))
    assert filled["DATABASE_URL"] == URL + "?application_name=x"


def test_url_is_there_even_when_the_answer_names_none() -> None:
    assert fill()["DATABASE_URL"] == URL


def test_placeholder_url_by_name() -> None:
    assert fill(("SQLALCHEMY_DATABASE_URI", "<your database>"))["SQLALCHEMY_DATABASE_URI"] == URL


def test_split_settings() -> None:
    filled = fill(
        ("DB_HOST", "db"),
        ("DB_PORT", "5433"),
        ("POSTGRES_USER", "u"),
        ("DB_PASSWORD", "x"),
        ("DB_NAME", "app"),
    )
    assert {
        key: filled[key] for key in ("DB_HOST", "DB_PORT", "POSTGRES_USER", "DB_PASSWORD", "DB_NAME")
    } == {
        "DB_HOST": "localhost",
        "DB_PORT": "5432",
        "POSTGRES_USER": "s_1",
        "DB_PASSWORD": "pw",
        "DB_NAME": "s_1",
    }


def test_secrets_are_generated_and_settings_kept() -> None:
    filled = fill(
        ("JWT_SECRET", "your-secret-key-here"),
        ("API_KEYS", "comma-separated"),
        ("TOKEN_TTL_HOURS", "24"),
        ("JWT_SECRET_MIN_LENGTH", "32"),
        ("API_KEY_HEADER", "X-API-Key"),
        ("BCRYPT_ROUNDS", "12"),
    )
    assert filled["JWT_SECRET"] == filled["API_KEYS"] == "GENERATED"
    assert filled["TOKEN_TTL_HOURS"] == "24"
    assert filled["JWT_SECRET_MIN_LENGTH"] == "32"
    assert filled["API_KEY_HEADER"] == "X-API-Key"
    assert filled["BCRYPT_ROUNDS"] == "12"


def test_generated_secrets_differ_and_are_long() -> None:
    one, two = (fill_settings([("JWT_SECRET", "")], {}, [])["JWT_SECRET"] for _ in range(2))
    assert one != two
    assert len(one) >= 32


def test_placeholders_are_left_out_and_quotes_taken_off() -> None:
    filled = fill(("SMTP_HOST", "<your host>"), ("EMPTY", ""), ("GREETING", '"hello"'))
    assert "SMTP_HOST" not in filled
    assert "EMPTY" not in filled
    assert filled["GREETING"] == "hello"


def test_what_steers_interpreters_and_runners_is_not_taken() -> None:
    steering = (
        "PATH",
        "LD_PRELOAD",
        "PYTEST_ADDOPTS",
        "PYTHONSTARTUP",
        "NODE_OPTIONS",
        "GOFLAGS",
        "npm_config_prefix",
    )
    filled = fill(
        *((name, "x") for name in steering), ("PYTHONPATH", "src"), ("GOOGLE_ID", "g"), ("NODE_ENV", "test")
    )
    assert not set(steering) & filled.keys()
    assert (filled["PYTHONPATH"], filled["GOOGLE_ID"], filled["NODE_ENV"]) == ("src", "g", "test")


def test_sqlite_url_stays() -> None:
    sqlite = Binding(service="sqlite", schemes=("sqlite",))
    assert (
        fill(("DATABASE_URL", "sqlite:///./a.db"), bindings=(sqlite,))["DATABASE_URL"] == "sqlite:///./a.db"
    )


def test_redis_beside_a_database() -> None:
    filled = fill(
        ("DATABASE_URL", "postgresql://u:p@db/x"),
        ("REDIS_URL", "<redis>"),
        ("CELERY_BROKER_URL", "redis://:pw@redis:6379/1"),
        ("CACHE_URL", "rediss://cache.example:6380"),
        ("REDIS_HOST", "redis"),
        ("REDIS_DB", "2"),
        ("DB_HOST", "db"),
        bindings=(REDIS, POSTGRES),
    )
    assert filled == {
        "DATABASE_URL": URL,
        "REDIS_URL": "redis://localhost:6379/0",
        "CELERY_BROKER_URL": "redis://localhost:6379/1",
        "CACHE_URL": "redis://localhost:6379/0",
        "REDIS_HOST": "localhost",
        "REDIS_DB": "2",
        "DB_HOST": "localhost",
    }


def test_java_urls_hold_no_login() -> None:
    filled = fill(
        ("SPRING_DATASOURCE_URL", "jdbc:postgresql://db:5432/app?sslmode=require"),
        ("SPRING_DATASOURCE_USERNAME", "app"),
        ("SPRING_DATASOURCE_PASSWORD", "app"),
        ("JDBC_URL", ""),
    )
    assert filled["SPRING_DATASOURCE_URL"] == filled["JDBC_URL"] == "jdbc:postgresql://localhost:5432/s_1"
    assert (filled["SPRING_DATASOURCE_USERNAME"], filled["SPRING_DATASOURCE_PASSWORD"]) == ("s_1", "pw")
    assert schemes_of(["jdbc:mysql://x"]) == {"mysql"}


def test_the_task_wins() -> None:
    assert fill(("JWT_SECRET", "x"), JWT_SECRET="task")["JWT_SECRET"] == "task"


def test_schemes() -> None:
    assert schemes_of(["postgresql+asyncpg://x", "Redis://y", "24", ""]) == {"postgresql", "redis"}


ELASTICSEARCH = Binding(
    "elasticsearch", (), "localhost", 9200, names=("ELASTICSEARCH", "ELASTIC", "ES"), web=True
)


def test_http_urls_are_known_by_their_names_alone() -> None:
    filled = fill(
        ("ELASTICSEARCH_URL", "https://elastic:changeme@es01:9200"),
        ("ES_HOSTS", "http://es01:9200"),
        ("ELASTIC_NODE", "<node>"),
        ("ELASTICSEARCH_HOST", "es01"),
        ("ELASTICSEARCH_PORT", "9201"),
        ("BASE_URL", "http://localhost:3000"),
        ("ESCALATION_URL", "http://pager.example"),
        bindings=(ELASTICSEARCH,),
    )
    url = "http://localhost:9200"
    assert filled == {
        "ELASTICSEARCH_URL": url,
        "ES_HOSTS": url,
        "ELASTIC_NODE": url,
        "ELASTICSEARCH_HOST": "localhost",
        "ELASTICSEARCH_PORT": "9200",
        "BASE_URL": "http://localhost:3000",
        "ESCALATION_URL": "http://pager.example",
    }


def test_what_the_service_says_wins_over_the_answers_example() -> None:
    cassandra = Binding(
        "cassandra",
        ("cassandra",),
        "localhost",
        9042,
        database="app",
        names=("CASSANDRA",),
        primary=True,
        env={"CASSANDRA_LOCAL_DC": "datacenter1"},
    )
    filled = fill(
        ("CASSANDRA_LOCAL_DC", "dc1"),
        ("CASSANDRA_KEYSPACE", "shop"),
        ("CASSANDRA_CONTACT_POINTS", "a"),
        ("CASSANDRA_URL", "cassandra://node:9042/shop"),
        ("CASSANDRA_PAGE_SIZE", "50"),
        bindings=(cassandra,),
    )
    assert filled == {
        "DATABASE_URL": "cassandra://localhost:9042/app",
        "CASSANDRA_LOCAL_DC": "datacenter1",
        "CASSANDRA_KEYSPACE": "app",
        "CASSANDRA_CONTACT_POINTS": "localhost",
        "CASSANDRA_URL": "cassandra://localhost:9042/app",
        "CASSANDRA_PAGE_SIZE": "50",
    }


def test_a_database_that_is_the_samples_own_keeps_its_name() -> None:
    mongodb = Binding(
        "mongodb",
        ("mongodb",),
        "localhost",
        27017,
        database="app",
        names=("MONGODB", "MONGO"),
        primary=True,
        keeps_path=r"[A-Za-z]\w{0,62}",
    )
    filled = fill(
        ("MONGODB_URI", "mongodb+srv://u:p@c0.example.net/shop?retryWrites=true&authSource=admin&tls=true"),
        ("MONGO_URL", "mongodb://mongo/a.b$c"),
        ("MONGODB_DB", "shop"),
        bindings=(mongodb,),
    )
    assert filled == {
        "DATABASE_URL": "mongodb://localhost:27017/app",
        "MONGODB_URI": "mongodb://localhost:27017/shop?retryWrites=true",
        "MONGO_URL": "mongodb://localhost:27017/app",
        "MONGODB_DB": "shop",
    }
