"""One judged answer as a value that can be written down and read back: the shape of ``score --json``.

The field names are the JSON's own; they are stable and documented in docs/json.md. Texts of files are left
out: the run's git repository has them.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING

from agents.completion import Usage
from agents.submission import Adherence, Answer, Deletion, Dependency, Diagnostic, Edit, EnvVar, Migration
from evals.judgement import Judgement
from evals.mutants.mutant import MutantReport
from evals.plain_json import dump
from evals.probes.report import ProbeReport
from evals.prose import Prose
from evals.verdict import CheckResult, Evidence, Verdict
from sandbox.migrations import MigrationStep
from sandbox.report import TestCase, TestReport

if TYPE_CHECKING:
    from pydantic import TypeAdapter


@dataclass(frozen=True, slots=True)
class FileShape:
    """One file of an answer, by the hash of its text in UTF-8."""

    path: str
    sha256: str
    bytes: int
    span: tuple[int, int]


@dataclass(frozen=True, slots=True)
class AnswerShape:
    """A parsed answer: the shape of ``parse --json``."""

    files: tuple[FileShape, ...] = ()
    dependencies: tuple[Dependency, ...] = ()
    migrations: tuple[Migration, ...] = ()
    env_vars: tuple[EnvVar, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    adherence: Adherence = "clean"
    edits: tuple[Edit, ...] = ()
    deletions: tuple[Deletion, ...] = ()


@dataclass(frozen=True, slots=True)
class Tests:
    """The counts of a test report, its cases, and why the run did not end as it should (or "").

    ``ours``: the problem is this machine's, not the answer's. ``cached``: they ran at an earlier time.
    """

    __test__ = False

    passed: int = 0
    failed: int = 0
    errored: int = 0
    skipped: int = 0
    problem: str = ""
    ours: bool = False
    output: str = ""
    cases: tuple[TestCase, ...] = ()
    cached: bool = False


@dataclass(frozen=True, slots=True)
class Score:
    """One judged answer. ``timings`` are seconds by stage; ``cost_usd`` is None where it is unknown; ``probes`` and
    ``mutants`` are None where none were wanted, ``prose`` where no judge was named.
    """

    verdict: Verdict
    reasons: tuple[Evidence, ...]
    submission: AnswerShape
    tests: Tests
    checklist: tuple[CheckResult, ...]
    migrations: tuple[MigrationStep, ...] = ()
    timings: Mapping[str, float] = field(default_factory=dict)
    usage: Usage = field(default_factory=Usage)
    cost_usd: Decimal | None = None
    toolchain: str = ""
    environment: str = ""
    notes: tuple[str, ...] = ()
    probes: ProbeReport | None = None
    mutants: MutantReport | None = None
    prose: Prose | None = None

    @property
    def unjudged(self) -> bool:
        """Whether a cause of this machine's kept the answer from a verdict: another try may bring one."""
        return self.verdict is Verdict.INCONCLUSIVE and self.tests.ours


def score_of(judgement: Judgement, usage: Usage | None = None, cost: Decimal | None = None) -> Score:
    """The score of a judgement, with what the answer cost where a model was asked for it."""
    trial = judgement.trial
    return Score(
        verdict=judgement.verdict,
        reasons=judgement.reasons,
        submission=answer_shape(judgement.answer),
        tests=_tests(trial.report, cached=trial.cached) if trial else Tests(),
        checklist=judgement.checks,
        migrations=trial.migrations if trial else (),
        timings=judgement.timings,
        usage=usage or Usage(),
        cost_usd=cost,
        toolchain=trial.toolchain if trial else "",
        environment=trial.environment if trial else "",
        notes=trial.notes if trial else (),
        probes=judgement.probes,
        mutants=judgement.mutants,
    )


def with_prose(score: Score, prose: Prose | None) -> Score:
    """The score with what a judge said of the prose: what of that counts and fails makes it fail."""
    if prose is None:
        return score
    failures = prose.failures
    if not failures:
        return replace(score, prose=prose)
    before = score.reasons if score.verdict is Verdict.FAIL else ()
    return replace(score, verdict=Verdict.FAIL, reasons=(*before, *failures), prose=prose)


def spent(usage: Usage, cost: Decimal | None) -> str:
    """Tokens and cost in words, with what the provider read from its cache; empty where it told no tokens."""
    if usage.output is None:
        return ""
    cached = f" ({usage.cached} of them from the provider's cache)" if usage.cached else ""
    price = "unknown" if cost is None else f"${cost:.4f}"
    return f"{usage.input} in{cached}, {usage.output} out; cost {price}"


def answer_shape(answer: Answer) -> AnswerShape:
    """A parsed answer without the texts of its files."""
    said = answer.submission
    files = []
    for file in said.files:
        data = file.text.encode("utf-8", "surrogatepass")
        files.append(FileShape(file.path, hashlib.sha256(data).hexdigest(), len(data), file.span))
    return AnswerShape(
        files=tuple(files),
        dependencies=said.dependencies or (),
        migrations=said.migrations or (),
        env_vars=said.env_vars or (),
        diagnostics=answer.diagnostics,
        adherence=answer.adherence,
        edits=said.edits,
        deletions=said.deletions,
    )


def write_score(score: Score) -> str:
    """The score as one line of JSON."""
    return dump(_adapter(), score)


def read_score(text: str) -> Score:
    """The score that ``write_score`` wrote. Raises ValueError for anything else."""
    return _adapter().validate_json(text)


def score_from(value: object) -> Score:
    """The score in a JSON value that was read already. Raises ValueError for anything else."""
    return _adapter().validate_python(value)


def _tests(report: TestReport, *, cached: bool) -> Tests:
    return Tests(
        passed=report.count("passed"),
        failed=report.count("failed"),
        errored=report.count("errored"),
        skipped=report.count("skipped"),
        problem=report.problem,
        ours=report.ours,
        output=report.output,
        cases=report.cases,
        cached=cached,
    )


@cache
def _adapter() -> "TypeAdapter[Score]":
    from pydantic import TypeAdapter

    return TypeAdapter(Score)
