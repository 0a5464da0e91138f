"""Reads a run folder back as a report."""

from pathlib import Path

from evals.reports.run_report import RoundReport, RunReport, SampleReport
from evals.score import read_score
from evals.verdict import Verdict
from orchestrator.journal import Record, read_journal
from orchestrator.run_folder import CODE, JOURNAL
from prompts.errors import ConfigError


def load_report(folder: Path) -> RunReport:
    """The report of the run in ``folder``, finished or not. Raises ConfigError where there is none."""
    import json

    journal = read_journal(folder / JOURNAL)
    plan = _plan(journal.records)
    if plan is None:
        raise ConfigError(f"{folder} holds no run", f"a run folder has a {JOURNAL}; name that folder")
    answers: dict[tuple[str, int], Record] = {}
    rounds: dict[str, dict[int, RoundReport]] = {}
    verdicts: dict[str, Verdict] = {}
    for record in journal.records:
        sample, number = str(record.get("sample")), record.get("round")
        if record["kind"] == "answer" and record.get("step") == "build" and isinstance(number, int):
            answers[sample, number] = record
            rounds.setdefault(sample, {})
        elif record["kind"] == "score" and isinstance(number, int):
            answer = answers.get((sample, number), {})
            rounds.setdefault(sample, {})[number] = RoundReport(
                number=number,
                commit=str(record["commit"]),
                source=str(answer.get("source", "")),
                model=str(answer.get("model", "")),
                score=read_score(json.dumps(record["score"])),
            )
        elif record["kind"] == "sample":
            verdicts[sample] = Verdict(str(record["verdict"]))
    samples = tuple(
        SampleReport(name, f"samples/{name}", verdicts.get(name), tuple(found[n] for n in sorted(found)))
        for name, found in rounds.items()
    )
    roles = plan.get("roles")
    return RunReport(
        folder=str(folder),
        repository=str(folder / CODE),
        task=str(plan.get("title", "")),
        model=str(plan.get("model", "")),
        team=str(plan.get("team", "")),
        roles=tuple(map(str, roles)) if isinstance(roles, list) else (),
        samples=samples,
        damaged=journal.damaged,
    )


def _plan(records: tuple[Record, ...]) -> Record | None:
    for record in records:
        plan = record.get("plan")
        if record.get("kind") == "run" and isinstance(plan, dict):
            return plan
    return None
