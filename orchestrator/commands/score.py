"""``backsmith score``: verify answers that came from elsewhere."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from orchestrator.commands.options import BaseUrl, Budget, Judge, Mutants, Probes, Sandbox, Warm

if TYPE_CHECKING:
    from evals.scrutiny import Scrutiny
    from evals.verdict import Verdict
    from orchestrator.model_choice import ModelChoice
    from sandbox.warm.mode import WarmMode


def score(
    responses: Annotated[
        list[Path],
        typer.Argument(help="Files with a model's raw answer each; - reads one from standard input."),
    ],
    task: Annotated[Path, typer.Option("--task", "-t", help="The task file that they answer.")],
    sandbox: Sandbox = "auto",
    no_cache: Annotated[
        bool, typer.Option("--no-cache", help="Run the tests anew even where this machine has their results.")
    ] = False,
    warm: Warm = "auto",
    probes: Probes = True,
    mutants: Mutants = 0,
    judge: Judge = None,
    base_url: BaseUrl = None,
    budget: Budget = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object a line on standard output.")
    ] = False,
) -> None:
    """Verify answers that came from elsewhere; no model is called, but for the judge where one is named.

    Exits with 0 when all are verified, 1 when one falls short, 3 when one could not be judged.

    \b
    backsmith score response.md --task task.yaml
    backsmith score answers/*.md --task task.yaml --json | jq .verdict
    """
    from evals.scrutiny import Scrutiny
    from orchestrator.exit_codes import exit_code
    from orchestrator.model_choice import ModelChoice
    from orchestrator.stopping import stoppable
    from sandbox.warm.mode import warm_mode

    scrutiny = Scrutiny(probes, mutants)
    mode = warm_mode(warm)
    choice = ModelChoice(None, (), tuple(budget or ()), base_url, cache=not no_cache, judge=judge)
    scores = stoppable(_score(responses, task, sandbox, as_json, scrutiny, mode, choice, no_cache=no_cache))
    raise typer.Exit(exit_code(scores))


async def _score(
    responses: list[Path],
    task_file: Path,
    sandbox: str,
    as_json: bool,
    scrutiny: "Scrutiny",
    warm: "WarmMode",
    choice: "ModelChoice",
    *,
    no_cache: bool,
) -> list["Verdict"]:
    from agents.fileblock.parsing import parse
    from agents.models import close_model
    from evals.score import score_of, with_prose, write_score
    from orchestrator.model_choice import judge_alone
    from orchestrator.sandboxes import open_sandbox
    from orchestrator.show import show_score
    from orchestrator.terminal import console, progress
    from orchestrator.verify import verify
    from prompts.taskfile import load_task
    from sandbox.trial import Laboratory
    from sandbox.trial_cache import TrialCache

    task = load_task(task_file)
    texts = [(str(response), _read(response)) for response in responses]
    isolation = open_sandbox(sandbox)
    judge = judge_alone(choice)
    verdicts = []
    try:
        with progress(quiet=as_json) as watcher:
            cache = None if no_cache else TrialCache()
            async with Laboratory(isolation, watcher.stage, cache, warm) as laboratory:
                for name, text in texts:
                    watcher.stage("parse", name)
                    judged = score_of(await verify(parse(text), task, laboratory, scrutiny))
                    if judge is not None:
                        from evals.rubric.prose import question

                        watcher.stage("judge", judge.model.name)
                        judged = with_prose(judged, await judge.judge("answer", text, question(task)))
                    verdicts.append(judged.verdict)
                    if as_json:
                        sys.stdout.write(write_score(judged) + "\n")
                        sys.stdout.flush()
                    else:
                        show_score(console(), judged, name)
    finally:
        if judge is not None:
            await close_model(judge.model)
    return verdicts


def _read(path: Path) -> str:
    from prompts.errors import ConfigError

    if path.name.lower().endswith((".jsonl", ".jsonl.gz", ".eval")):
        raise ConfigError(
            f"{path} holds many outputs, and this scores one answer a file",
            f"backsmith eval SUITE --outputs {path}",
        )
    try:
        data = sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}", "name a file that holds a model's answer") from error
    # What is no UTF-8 becomes a mark that the reader can see; the answer is judged all the same.
    return data.decode("utf-8", "replace")
