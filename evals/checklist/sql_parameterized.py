"""Whether values reach SQL as bound parameters, never as part of its text."""

from evals.checklist.findings import Findings, shown, unread, unread_languages
from evals.code import nodes as n
from evals.code import sql_knowledge as sql
from evals.code.flow import Flow
from evals.code.origins import origins
from evals.code.values import Trust
from evals.code.view import CodeView
from evals.verdict import CheckResult, Evidence

ITEM = "sql-parameterized"

_DRIVERS = (
    "sqlite3", "psycopg", "asyncpg", "aiosqlite", "pymysql", "mysql", "sqlalchemy", "sqlmodel",
    "django.db", "peewee",
    "databases", "pg", "pg-promise", "better-sqlite3", "knex", "sequelize", "typeorm", "@prisma/client",
    "sqlite",
    "database/sql", "gorm.io", "sqlx", "jackc/pgx", "flask_sqlalchemy", "tortoise", "pyodbc", "java.sql",
    "diesel",
)  # fmt: skip


def check(view: CodeView) -> CheckResult:
    """Fails where a value that a caller can choose becomes part of a query's text."""
    findings = Findings(ITEM)
    modules = view.modules_of("source", "migration")
    flow = Flow(view.project, view.routes, frozenset(m.path for m in modules))
    for sink in flow.sinks.values():
        for origin in origins(flow, sink):
            message = f"{shown(origin.source)} becomes part of the text of a query ({shown(sink.call, 40)})"
            if (origin.path, origin.line) != (sink.path, sink.line):
                message += f", run at {sink.path}:{sink.line}"
            found = findings.against if origin.trust is Trust.OUTSIDE else findings.unknown
            found.append(Evidence(message, origin.path, origin.line))
            if origin.built and (origin.path, origin.built) not in {(e.path, e.line) for e in found}:
                found.append(
                    Evidence("the text of that query is put together here", origin.path, origin.built)
                )
    if flow.exhausted:
        findings.unknown.append(Evidence("the code is too tangled for its values to be followed"))
    findings.unknown.extend((*unread(modules), *unread_languages(view)))
    queries = [(m, item) for m in modules for item in n.only(m, n.Call) if _queries(item)]
    for module, item in queries[:5]:
        findings.fine.append(
            Evidence(f"{shown(n.dotted(item.func), 40)} takes no text from outside", module.path, item.line)
        )
    drivers = [(m, i) for m in modules for i in m.body if isinstance(i, n.Import) and _driver(i.module)]
    if not queries and drivers:
        module, stmt = drivers[0]
        findings.fine.append(Evidence(f"{shown(stmt.module, 40)} builds the queries", module.path, stmt.line))
    return findings.verdict(
        failed="{count} queries take a caller's value as part of their text",
        passed="every query is constant or binds its values",
        unsure="{count} queries hold a value whose origin is not known",
        absent="no query in the code",
    )


def _queries(item: n.Call) -> bool:
    if n.last(item.func) not in sql.STRONG | sql.WEAK:
        return False
    pieces = [
        str(p.value) for p in n.walk(*item.args[:2]) if isinstance(p, n.Const) and isinstance(p.value, str)
    ]
    return bool(pieces) and (
        sql.looks_like_sql(pieces[0]) or sql.looks_like_sql("\0".join(pieces[:20])[:2000])
    )


def _driver(module: str) -> bool:
    return module.startswith(_DRIVERS) or any(part in module for part in ("/pgx", "gorm", "/sqlx", "sqlite"))
