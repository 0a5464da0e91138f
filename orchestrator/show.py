"""Shows a score to a person."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from evals.prose import Prose
from evals.reports.sources import counted
from evals.score import Score
from evals.verdict import Evidence, Verdict
from prompts.quoting import one_line

if TYPE_CHECKING:
    from rich.console import Console

STYLES = {
    Verdict.PASS: "bold green",
    Verdict.FAIL: "bold red",
    Verdict.NOT_APPLICABLE: "dim",
    Verdict.INCONCLUSIVE: "bold yellow",
}
_MAX_REASONS = 12
_MAX_EVIDENCE = 4


def show_score(console: "Console", score: Score, title: str) -> None:
    """Verdict, counts, reasons and the checklist with its evidence."""
    from rich.text import Text

    tests = score.tests
    console.print()
    console.print(
        Text.assemble((f"{score.verdict}".upper(), STYLES[score.verdict]), f"  {one_line(title, 120)}")
    )
    how = ", ".join(filter(None, (score.toolchain, "kept from an earlier run" if tests.cached else "")))
    console.print(
        f"  tests      {tests.passed} passed, {tests.failed} failed, {tests.errored} errored, "
        f"{tests.skipped} skipped" + (f" ({how})" if how else "")
    )
    if hidden := [case for case in tests.cases if case.hidden]:
        passed = sum(case.outcome == "passed" for case in hidden)
        console.print(f"  hidden     {passed} of {len(hidden)} of these are the task's own tests and passed")
    said = score.submission
    console.print(
        f"  answer     {counted(len(said.files), 'file')}, format {said.adherence}"
        + (f", {counted(len(said.diagnostics), 'diagnostic')}" if said.diagnostics else "")
    )
    _show_at_work(console, score)
    if score.prose is not None:
        _show_prose(console, score.prose)
    if score.verdict is not Verdict.PASS:
        for reason in score.reasons[:_MAX_REASONS]:
            console.print(f"  - {place(reason)}")
        if len(score.reasons) > _MAX_REASONS:
            console.print(f"  and {len(score.reasons) - _MAX_REASONS} more")
    _show_notes(console, score)
    if score.checklist:
        console.print("  checklist")
        _show_checklist(console, score)


def _show_at_work(console: "Console", score: Score) -> None:
    """What probes and mutants came to, and the first that speak against the code or its tests."""
    if (probes := score.probes) is not None:
        console.print(f"  probes     {one_line(probes.told, 300)}")
        failed = probes.failures
        _show_first(
            console, [Evidence(f"{r.verdict} {r.probe} at {r.endpoint}: {r.message}") for r in failed]
        )
    if (mutants := score.mutants) is not None:
        console.print(f"  mutants    {one_line(mutants.told, 300)}")
        survived = mutants.survived
        _show_first(console, [Evidence(f"no test notices {m.shown}", m.path, m.line) for m in survived])


def _show_first(console: "Console", found: Sequence[Evidence], indent: str = "    ") -> None:
    for evidence in found[:_MAX_EVIDENCE]:
        console.print(f"{indent}{place(evidence)}", style="dim")
    if len(found) > _MAX_EVIDENCE:
        console.print(f"{indent}and {len(found) - _MAX_EVIDENCE} more", style="dim")


def _show_prose(console: "Console", prose: Prose) -> None:
    """What a judge said; what passes is only counted."""
    console.print(f"  prose      {one_line(prose.told, 300)}")
    for ruling in prose.rulings:
        if ruling.verdict in {Verdict.FAIL, Verdict.INCONCLUSIVE}:
            mark = "" if ruling.counts else " (advice)"
            console.print(f"    {ruling.verdict} {ruling.criterion}{mark}: {one_line(ruling.reason, 300)}")


def _show_notes(console: "Console", score: Score) -> None:
    for diagnostic in score.submission.diagnostics:
        if diagnostic.severity == "warning":
            console.print(f"  line {diagnostic.line}: {one_line(diagnostic.message, 200)}", style="dim")
    for step in score.migrations:
        if not step.ok:
            console.print(f"  migration did not go through: {one_line(step.message, 200)}", style="dim")
    for note in score.notes:
        console.print(f"  note: {one_line(note, 200)}", style="dim")


def _show_checklist(console: "Console", score: Score) -> None:
    from rich.text import Text

    for check in score.checklist:
        label = Text.assemble("    ", (f"{check.verdict:<15}", STYLES[check.verdict]), f"{check.item}: ")
        console.print(label + Text(one_line(check.reason, 160)))
        told = [e for e in check.evidence if e.path or e.message != check.reason]
        _show_first(console, told, "        ")


def place(evidence: Evidence) -> str:
    """Evidence on one line, its place first."""
    where = f"{one_line(evidence.path, 160)}:{evidence.line}  " if evidence.path else ""
    return where + one_line(evidence.message, 300)
