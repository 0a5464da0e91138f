"""Scores many outputs from elsewhere: as a run of a suite whose models are those that gave them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from agents.completion import Parameters
from agents.models import redactor
from agents.outputs.output import Output, OutputModel, numbered
from agents.spending import Spending
from evals.grader import grader_hash
from evals.results import AgentInfo
from evals.suites.suite import Suite, SuiteTask
from orchestrator.eval_engine import Agent, EvalRun, Pace
from orchestrator.eval_plan import EvalPlan, agent_id, roles_hash
from orchestrator.eval_progress import eval_progress
from orchestrator.eval_run import Where, run_eval
from orchestrator.eval_setup import Wanted, task_info, with_probes
from orchestrator.new_folder import fresh_folder
from orchestrator.teams import BUILDER, find_team
from prompts.errors import ConfigError
from prompts.role import load_role

FORMS = (".jsonl", ".jsonl.gz", ".eval", ".json")
MOST_TEXT = 1 << 31
"""Characters of all outputs together: they are held in memory, and a small archive can unpack to anything."""


def read_outputs(files: Sequence[Path], note: Callable[[str], None]) -> list[Output]:
    """The outputs of files: JSON lines, or logs of Inspect AI. ``note`` is told what is missing in them."""
    found: list[Output] = []
    size = 0
    for file in files:
        for output in _outputs(file, note):
            size += len(output.text)
            if size > MOST_TEXT:
                raise ConfigError(
                    f"{output.place}: the outputs are larger than {MOST_TEXT} characters in all"
                )
            found.append(output)
    if not found:
        raise ConfigError(f"{', '.join(map(str, files))}: there is no output", "one JSON object a line")
    return found


def _outputs(file: Path, note: Callable[[str], None]) -> Iterator[Output]:
    from agents.outputs.inspect_log import read_inspect
    from agents.outputs.jsonl import read_jsonl

    name = file.name.lower()
    if name.endswith((".jsonl", ".jsonl.gz")):
        return read_jsonl(file)
    if name.endswith((".eval", ".json")):
        return read_inspect(file, note)
    raise ConfigError(
        f"{file}: outputs for a suite come as {', '.join(FORMS)}",
        "answers to one task: backsmith score FILE --task TASK",
    )


async def score_outputs(
    suite: Suite,
    outputs: Sequence[Output],
    run: Path | None,
    pace: Pace,
    where: Where,
    *,
    wanted: Wanted,
    quiet: bool,
) -> Path:
    """Score outputs in a run folder, and return it; one that holds this run goes on with it.

    Of ``wanted`` only tasks, epochs, tests, probes and mutants count. Tasks that no output answers are left out. A
    task that has fewer samples of a model than others is filled up with samples that could not be judged, so that
    nobody takes the run for whole.
    """
    answered = _answered(suite, outputs, wanted.tasks)
    tasks = {name: with_probes(task, wanted.probes) for name, task in answered.items()}
    by_model = numbered(output for output in outputs if output.task in tasks)
    plan_agents = _agents(by_model, tasks)
    epochs = wanted.epochs or max(epoch for known in by_model.values() for _, epoch in known)
    secrets = redactor()
    redact = secrets.redact if secrets else str
    eval_run = EvalRun(
        plan=EvalPlan(
            suite=suite.name,
            tasks=tuple(task_info(task, redact(task.task.task)) for task in tasks.values()),
            agents=tuple(agent.info for agent in plan_agents.values()),
        ),
        epochs=epochs,
        tasks=tasks,
        agents=plan_agents,
        tests=wanted.tests,
        mutant_seconds=wanted.mutant_seconds,
        grader=grader_hash(),
        redact=redact,
    )
    folder = run or fresh_folder(Path("runs"), suite.name)
    with eval_progress(quiet=quiet) as progress:
        await run_eval(eval_run, folder, pace, where, Spending(), progress)
    return folder


def _answered(suite: Suite, outputs: Sequence[Output], chosen: Sequence[str]) -> dict[str, SuiteTask]:
    import difflib

    known = {task.id: task for task in suite.tasks}
    for output in outputs:
        if output.task not in known:
            near = difflib.get_close_matches(output.task, known, 1, 0.6)
            hint = f"did you mean {near[0]}?" if near else f"it has: {', '.join(list(known)[:20])}"
            raise ConfigError(f"{output.place}: the suite {suite.name} has no task {output.task!r}", hint)
    answered = {output.task for output in outputs}
    named = answered & set(chosen) if chosen else answered
    if not named:
        raise ConfigError(
            f"no output answers {', '.join(chosen)}", f"answered are: {', '.join(sorted(answered)[:20])}"
        )
    return {name: task for name, task in known.items() if name in named}


def _agents(
    by_model: Mapping[str, Mapping[tuple[str, int], Output]], tasks: Mapping[str, SuiteTask]
) -> dict[str, Agent]:
    team = find_team("build")
    roles = {BUILDER: load_role(BUILDER)}
    found: dict[str, Agent] = {}
    for model, outputs in by_model.items():
        info = AgentInfo(
            id=agent_id(model, BUILDER, team.name, tuple(found)),
            model=model,
            team=team.name,
            role="elsewhere",
            role_version="",
            role_hash=roles_hash(["elsewhere"]),
        )
        by_digest = {(tasks[task].task.digest, epoch): output for (task, epoch), output in outputs.items()}
        found[info.id] = Agent(info, OutputModel(model, by_digest), team, roles, lambda _: Parameters())
    return found
