"""Whether each endpoint checks the type, format and limits of what it takes before it uses it."""

import re
from collections.abc import Iterator

from evals.checklist.findings import Findings, shown, unread, unread_routes
from evals.checklist.task_limits import missing_limits
from evals.code.fields import Care, Field
from evals.code.inputs import Inputs
from evals.code.routes import Route
from evals.code.schemas import Schemas
from evals.code.view import CodeView
from evals.verdict import CheckResult, Evidence

ITEM = "input-validation"

_FORMATS = re.compile(
    r"^(e_?mail|url|website|uri|link|target_?url|phone|slug|currency|country)(_address)?$", re.IGNORECASE
)
_AMOUNTS = re.compile(
    r"(^|_)(amount|price|quantity|qty|stock|balance|cents|age|rating|count)(_|$)", re.IGNORECASE
)
_PAGES = re.compile(r"^(limit|per_?page|page_?size|size|take|pageSize|perPage)$")
_LOGIN = re.compile(r"/(login|signin|sign-in|token|refresh|logout)/?$")


def check(view: CodeView) -> CheckResult:
    """Fails where a field is used unlooked at, or a limit that the task names is nowhere in the code."""
    findings = Findings(ITEM)
    hidden = {m.path for m in view.modules_of("test", "documentation", "example")}
    routes = [r for r in view.routes if r.file not in hidden]
    inputs, schemas = Inputs(view.project), Schemas(view.project)
    for route in routes:
        place = (route.file, route.line)
        if route.handler is None or route.function is None:
            findings.unknown.append(Evidence(f"the handler of {route.name} was not found", *place))
            continue
        fields, whole = inputs.of(route)
        found = schemas.of(route)
        if found:
            fields = [f for f in fields if f.place != "body" or f.care > Care.NONE] + found
            whole = False
        faults = list(_faults(route, fields, whole=whole))
        findings.against.extend(faults)
        if fields and not faults:
            names = ", ".join(sorted({shown(f.name, 24) for f in fields})[:6])
            findings.fine.append(Evidence(f"{route.name} checks {names}", *place))
        elif whole and not faults:
            findings.fine.append(Evidence(f"{route.name} checks its input with a schema", *place))
    if routes:
        findings.against.extend(missing_limits(view))
    findings.unknown.extend(unread(view.modules_of("source")) if routes else unread_routes(view))
    return findings.verdict(
        failed="{count} inputs are used without being checked",
        passed="every endpoint checks what it takes",
        unsure="{count} endpoints could not be judged",
        absent="no endpoint takes input" if routes else "no route in the code",
    )


def _faults(route: Route, fields: list[Field], *, whole: bool) -> Iterator[Evidence]:
    body = [f for f in fields if f.place == "body"]
    for field in fields:
        where = (field.path, field.line)
        name = shown(field.name, 40)
        if (
            field.care is Care.NONE
            and not whole
            and field.place in {"body", "query"}
            and not _secret(route, field)
        ):
            yield Evidence(f"{route.name} uses {name} without checking it", *where)
        elif field.place == "query" and _PAGES.match(field.name) and field.care < Care.LIMITS and not whole:
            yield Evidence(f"{route.name} sets no limit to {name}", *where)
        elif field.place == "body" and not whole and not _LOGIN.search(route.path):
            if _FORMATS.match(field.name) and field.kind != "number" and field.care < Care.LIMITS:
                yield Evidence(f"{route.name} does not check the format of {name}", *where)
            elif _AMOUNTS.search(field.name) and field.kind == "number" and field.care < Care.LIMITS:
                yield Evidence(f"{route.name} sets no limits to {name}", *where)
    if body and not whole and not _LOGIN.search(route.path):
        texts = [f for f in body if f.kind in {"text", "other"}]
        if texts and max(f.care for f in texts) < Care.LIMITS and Care.NONE not in {f.care for f in body}:
            first = texts[0]
            names = ", ".join(shown(f.name, 24) for f in texts[:6])
            yield Evidence(f"{route.name} checks no format or length of {names}", first.path, first.line)


def _secret(route: Route, field: Field) -> bool:
    """A login compares the password and needs no rule for it."""
    return bool(_LOGIN.search(route.path)) and field.name.lower() in {
        "password",
        "username",
        "email",
        "token",
    }
