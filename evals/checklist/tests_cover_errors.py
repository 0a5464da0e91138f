"""Whether the tests ask every endpoint for a success and, where it can refuse, for an error."""

import re
from collections import defaultdict

from evals.checklist.findings import Findings, unread, unread_routes
from evals.code.routes import Route, shape
from evals.code.test_requests import TestReader
from evals.code.test_values import Request
from evals.code.view import CodeView
from evals.verdict import CheckResult, Evidence

ITEM = "tests-cover-errors"

_PROBES = re.compile(
    r"(^|/)(health[\w-]*|ready[\w-]*|live[\w-]*|ping|status|metrics|version|docs|favicon\.ico)?/?$"
)
"""What monitors ask; it says that the service runs, and needs no test of its own."""


_INLINE = re.compile(r"#\[(?:cfg\(test\)|(?:\w+::)?test\b)")


def check(view: CodeView) -> CheckResult:
    """Fails where there are no tests, or an endpoint lacks a test of its success or of its refusal."""
    findings = Findings(ITEM)
    tests = view.modules_of("test")
    hidden = {m.path for m in tests}
    routes = [r for r in view.routes if r.file not in hidden]
    languages = {m.language for m in view.modules_of("source")}
    inline = next((f for f in view.files if f.language == "rust" and _INLINE.search(f.text)), None)
    if languages and not tests and inline is not None:
        findings.unknown.append(Evidence("tests beside the code are not read here", inline.path))
    elif languages and not tests:
        findings.against.append(Evidence("the submission has no test file"))
    elif routes:
        _judge(findings, routes, TestReader(view.project, tests))
        findings.unknown.extend(unread(tests))
    else:
        findings.unknown.extend(unread_routes(view))
    if view.tests is not None and not view.tests.ours and tests and not view.tests.count("passed"):
        findings.against.append(
            Evidence(f"no test passed{': ' if view.tests.problem else ''}{view.tests.problem[:200]}")
        )
    return findings.verdict(
        failed="{count} endpoints lack a test of their success or of an error",
        passed="every endpoint is asked for a success and for an error",
        unsure="{count} endpoints could not be judged: some requests of the tests could not be followed",
        absent="no route in the code" if languages else "no source file in a language that is read here",
    )


def _judge(findings: Findings, routes: list[Route], reader: TestReader) -> None:
    asked: dict[int, set[int]] = defaultdict(set)
    for expectation in reader.expectations:
        for route in _targets(expectation.request, routes):
            asked[id(route)].add(expectation.status or 200)
    answered = {e.request for e in reader.expectations if 0 < e.status < 400}
    strange = [
        r for r in answered if not _targets(r, routes)
    ]  # a route is there that was not found in the code
    blind = reader.exhausted or bool(strange) or any(r.path is None for r in reader.requests)
    if not reader.requests:
        findings.unknown.append(Evidence("no request of the tests to an endpoint could be followed"))
        return
    for route in routes:
        if route.method == "GET" and _PROBES.search(route.path):
            continue
        codes = asked[id(route)]
        missing = []
        if not any(code < 400 for code in codes):
            missing.append("its success")
        if _can_refuse(route) and not any(code >= 400 for code in codes):
            missing.append("an error")
        place = (route.file, route.line)
        if not missing:
            listed = ", ".join(str(c) for c in sorted(codes))
            findings.fine.append(Evidence(f"{route.name} is tested for {listed}", *place))
            continue
        what = f"no test asks {route.name} for {' or '.join(missing)}"
        (findings.unknown if blind else findings.against).append(Evidence(what, *place))


def _can_refuse(route: Route) -> bool:
    """Whether an endpoint has anything to refuse: input, a parameter, a guard."""
    return route.method != "GET" or "{}" in shape(route.path) or route.guarded


def _targets(request: Request, routes: list[Route]) -> list[Route]:
    """The routes that a request reaches: those of the most exact path."""
    if request.path is None:
        return []
    parts = [p for p in request.path.split("/") if p]
    best: list[Route] = []
    most = -1
    for route in routes:
        if route.method != request.method:
            continue
        wanted = [p for p in shape(route.path).split("/") if p]
        score = _fit(wanted, parts)
        if score > most:
            best, most = [route], score
        elif score == most and score >= 0:
            best.append(route)
    return best


def _fit(wanted: list[str], parts: list[str]) -> int:
    """How exactly a path fits a route's: the number of equal segments, or -1. A hole fits any segment."""
    if len(wanted) != len(parts):
        return -1
    score = 0
    for want, part in zip(wanted, parts, strict=True):
        if want == part:
            score += 2
        elif "{}" in part or want == "{}":
            score += 1 if want == "{}" else 0
        else:
            return -1
    return score
