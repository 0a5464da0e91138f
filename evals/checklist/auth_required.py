"""Whether a guard stands before every endpoint that needs one, and owners are told apart."""

import re
from collections import defaultdict

from evals.checklist.auth_reading import OPEN_PATHS, OWN_PATHS, Need, Reading, same
from evals.checklist.findings import Findings, shown, unread, unread_routes
from evals.code import nodes as n
from evals.code.project import Found, Project
from evals.code.routes import Route, shape
from evals.code.view import CodeView
from evals.verdict import CheckResult, Evidence

ITEM = "auth-required"

_IDENTITY = re.compile(
    r"^(current_?(user|auth|account|identity)\w*|(user|owner|author|account|tenant|customer|creator)_?(id|hash|key|email|name)?"
    r"|auth|principal|identity|subject|sub|created_by|get_jwt_identity|viewer|me|ctx_user|claims|is_owner|api_key\w*|key_hash"
    r"|assert_?(author|owner)\w*|(user|owner|author)_?ID)$",
    re.IGNORECASE,
)
_WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_PEOPLE = re.compile(r"(^|/)(users?|accounts?|members?|customers?|registrations?|subscribers?|people)/?$")
HOPS = 3


def check(view: CodeView) -> CheckResult:
    """By the task's own words where it says something, else by the habits of the code."""
    findings = Findings(ITEM)
    reading = Reading(view.task)
    routes = [r for r in view.routes if not _in_tests(view, r)]
    wanted = {key: False for key in reading.endpoints() if (reading.need(*key)).required}
    habits = _habits(routes)
    for route in routes:
        need = reading.need(route.method, route.path)
        for method, form in wanted:
            if method == route.method and same(form, route.path):
                wanted[method, form] = True
        if need.required is None:
            need = habits.get(id(route), need)
        if need.required:
            _required(findings, view, route, need)
        elif route.guarded and need.required is None:
            findings.fine.append(_stands(route))
    for (method, path), seen in wanted.items():
        if not seen:
            findings.unknown.append(
                Evidence(f"{method} {path} needs a guard by the task, and no route for it was found")
            )
    _unverified(findings, view)
    if not findings.against:
        _nothing_stands(findings, view, reading, routes)
    silent = (
        "the task asks for no authentication and the code has none" if view.task else "no route needs a guard"
    )
    return findings.verdict(
        failed="{count} endpoints lack a guard that they need",
        passed="every endpoint that needs a guard has one",
        unsure="{count} endpoints could not be judged",
        absent=silent if routes else "no route in the code",
    )


def _nothing_stands(findings: Findings, view: CodeView, reading: Reading, routes: list[Route]) -> None:
    """A task that speaks of authentication, and code in which none was found."""
    if not routes:
        findings.unknown.extend((*unread(view.modules_of("source")), *unread_routes(view)))
    spoken = view.task is not None and not reading.silent and bool(view.modules_of("source"))
    opened = any(r.guarded or reading.need(r.method, r.path).required is False for r in routes)
    if spoken and not opened:
        message = "the task speaks of authentication, and nothing in the code checks credentials"
        findings.unknown.append(Evidence(message))


def _required(findings: Findings, view: CodeView, route: Route, need: Need) -> None:
    words = f" ({shown(need.words, 60)})" if need.words else ""
    if not route.guarded:
        if route.handler is None:
            findings.unknown.append(
                Evidence(f"the handler of {route.name} was not found", route.file, route.line)
            )
            return
        findings.against.append(Evidence(f"{route.name} has no guard{words}", route.file, route.line))
        return
    if need.owner and route.handler is not None and not _knows_owner(view.project, route.handler):
        message = f"{route.name} does not look at whose object it is{words}"
        findings.against.append(Evidence(message, route.file, route.line))
        return
    findings.fine.append(_stands(route))


def _stands(route: Route) -> Evidence:
    if route.guards:
        names = ", ".join(dict.fromkeys(shown(g.name, 40) for g in route.guards))
        return Evidence(f"{route.name} is guarded by {names}", route.file, route.line)
    return Evidence(f"{route.name} checks credentials itself", route.file, route.line)


def _in_tests(view: CodeView, route: Route) -> bool:
    return any(f.path == route.file and f.part in {"test", "example"} for f in view.files)


def _habits(routes: list[Route]) -> dict[int, Need]:
    """Routes that stand open among guarded ones of the same resource."""
    groups: dict[str, list[Route]] = defaultdict(list)
    for route in routes:
        parts = [
            p for p in shape(route.path).split("/") if p and p != "{}" and not re.fullmatch(r"api|v\d+", p)
        ]
        groups[parts[0] if parts else ""].append(route)
    found: dict[int, Need] = {}
    issues = any(OPEN_PATHS.search(r.path) and r.method == "POST" for r in routes)
    for resource, members in groups.items():
        for route in members:
            if route.guarded or OPEN_PATHS.search(route.path) or _signs_up(route):
                continue
            others = [r for r in members if r is not route and not OPEN_PATHS.search(r.path)]
            writes = [r for r in others if r.method in _WRITES and r.guarded]
            if route.method in _WRITES and writes:
                found[id(route)] = Need(True, False, f"other changes of {resource} are guarded")
            elif len(others) >= 2 and _alone(route, others):
                found[id(route)] = Need(True, False, f"all other endpoints of {resource} are guarded")
            elif OWN_PATHS.search(route.path) and issues:
                found[id(route)] = Need(True, False, "it speaks of the caller's own account")
    return found


def _alone(route: Route, others: list[Route]) -> bool:
    """Whether a read is the only open one of its resource, and there are other reads."""
    reads = [r for r in others if r.method == "GET"]
    return route.method == "GET" and bool(reads) and all(r.guarded for r in others)


def _signs_up(route: Route) -> bool:
    """``POST /users`` makes an account for someone who has none."""
    return route.method == "POST" and bool(_PEOPLE.search(route.path))


def _knows_owner(project: Project, found: Found, hops: int = HOPS) -> bool:
    """Whether a handler, or what it calls, uses the caller's identity."""
    node = found.node
    if not isinstance(node, n.Function):
        return True
    seen: set[int] = set()
    pending: list[tuple[Found, int]] = [(found, hops)]
    while pending:
        current, left = pending.pop()
        function = current.node
        if not isinstance(function, n.Function) or id(function) in seen:
            continue
        seen.add(id(function))
        for item in n.inside(function):
            name = item.id if isinstance(item, n.Name) else item.name if isinstance(item, n.Attr) else ""
            vague = isinstance(item, n.Name) and item.id in {"auth", "user"} and left < hops
            if name and _IDENTITY.match(name) and not vague:
                return True
        if left:
            pending += [(i, left - 1) for _, i in project.called(current) if isinstance(i.node, n.Function)]
    return False


def _unverified(findings: Findings, view: CodeView) -> None:
    """Tokens that are decoded without their signature being checked guard nothing."""
    for module in view.modules_of("source"):
        for item in n.only(module, n.Call):
            if n.dotted(item.func) not in {"jwt.decode", "jose.jwt.decode"}:
                continue
            options = dict(item.keywords)
            flags = options.get("options")
            pairs = zip(flags.keys, flags.items, strict=False) if isinstance(flags, n.Group) else ()
            off = any(
                isinstance(k, n.Const)
                and k.value in {"verify_signature", "verify_exp"}
                and isinstance(v, n.Const)
                and v.value is False
                for k, v in pairs
            )
            verify = options.get("verify")
            if off or (isinstance(verify, n.Const) and verify.value is False):
                message = "the token is decoded without being verified"
                findings.against.append(Evidence(message, module.path, item.line))
