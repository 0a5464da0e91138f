"""A sound application passes every probe; each fault put into it is seen by its item, and by no other."""

from collections import defaultdict
from pathlib import Path

import pytest

from evals.code.view import build_view
from evals.probes.conduct import probe
from evals.probes.report import ProbeReport
from evals.verdict import Verdict
from prompts.task import Limits, Task
from sandbox.trial import Laboratory, Project
from tests.isolations import working_bubblewrap

SERVER = (Path(__file__).parent / "submissions" / "server.py").read_text(encoding="utf-8")
TASK = Task(
    task="A book shop",
    framework="none",
    requirements=(
        "POST /register, POST /login - email and password; login returns a token",
        "POST /books - needs a token",
        "PUT /books/{id} - owner only (403 for someone else's book)",
        "GET /books?q= - search, public",
        "GET /books/{id} - public",
    ),
)
FAULTS = {
    "no-guard": "auth-required",
    "any-token": "auth-required",
    "no-owner": "auth-required",
    "sql-login": "sql-parameterized",
    "sql-search": "sql-parameterized",
    "malformed": "error-handling",
    "conflict": "error-handling",
    "unknown-id": "error-handling",
    "html-errors": "error-handling",
    "die": "error-handling",
    "no-validation": "input-validation",
    "unvalidated-crash": "input-validation",
    "leak": "response-models",
    "schema": "response-models",
}


async def probed(flaw: str, seconds: float = 30, server: str = SERVER) -> ProbeReport:
    isolation = working_bubblewrap()
    files = {"server.py": server}
    project = Project(
        files, start="exec python3 server.py", extra_env={"FLAW": flaw}, limits=Limits(seconds=60)
    )
    async with Laboratory(isolation) as laboratory:
        return await probe(project, build_view(files, task=TASK), laboratory, seconds)


def failures(report: ProbeReport) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for result in report.results:
        if result.verdict is Verdict.FAIL:
            found[result.item].append(result.message)
    return found


async def test_a_sound_application_passes() -> None:
    report = await probed("")
    assert report.problem == ""
    assert failures(report) == {}
    seen = {(r.probe, r.endpoint) for r in report.results if r.verdict is Verdict.PASS}
    for probe_name, endpoint in [
        ("stranger", "POST /books"),
        ("other user", "PUT /books/{id}"),
        ("malformed", "POST /register"),
        ("fields", "POST /login"),
        ("fields", "POST /books"),
        ("injection", "GET /books"),
        ("injection", "GET /books/{id}"),
        ("unknown", "GET /books/{id}"),
        ("twice", "POST /register"),
    ]:
        assert (probe_name, endpoint) in seen


@pytest.mark.slow
@pytest.mark.parametrize("flaw", FAULTS)
async def test_a_fault_is_seen_by_its_item_and_by_no_other(flaw: str) -> None:
    report = await probed(flaw)
    assert set(failures(report)) == {FAULTS[flaw]}
    for messages in failures(report).values():
        assert all(" answered " in message for message in messages)


@pytest.mark.slow
async def test_without_a_document_the_endpoints_come_from_the_task() -> None:
    report = await probed("no-document")
    assert failures(report) == {}
    assert {r.endpoint for r in report.results} >= {"POST /books", "GET /books", "GET /books/{id}"}


@pytest.mark.slow
async def test_a_stack_trace_is_seen_whatever_the_status() -> None:
    report = await probed(
        "trace", server=SERVER.replace('FLAW == "malformed"', "FLAW").replace("500,", "400,")
    )
    assert any("a stack trace" in message for message in failures(report)["error-handling"])


async def test_what_does_not_start_is_inconclusive_and_says_why() -> None:
    report = await probed("", server="raise SystemExit('the settings are wrong')")
    assert report.results == ()
    assert "the settings are wrong" in report.problem


async def test_the_time_for_probes_is_bounded() -> None:
    report = await probed("", seconds=0.5)
    assert "time for probes was used up" in report.problem
    assert failures(report) == {}
