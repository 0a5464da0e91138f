"""``backsmith eval``: many samples of a suite."""

import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from orchestrator.commands.options import (
    BaseUrl,
    Budget,
    Judge,
    Overlay,
    Overwrite,
    Record,
    RunFolder,
    Sandbox,
    Settings,
    Warm,
)
from prompts.errors import BacksmithError, InfrastructureError

if TYPE_CHECKING:
    from evals.results import RunResults
    from evals.suites.suite import Suite
    from orchestrator.eval_engine import Pace
    from orchestrator.eval_run import Where
    from orchestrator.eval_setup import Wanted
    from orchestrator.model_choice import ModelChoice


def eval_suite(
    suite: Annotated[str, typer.Argument(help="A folder with suite.yaml, or a shipped suite (recordings).")],
    model: Annotated[
        list[str] | None, typer.Option("--model", "-m", help="openai/NAME, replay, ... Can be repeated.")
    ] = None,
    outputs: Annotated[
        list[Path] | None,
        typer.Option(
            help="Score answers from elsewhere, and ask no model: .jsonl, or logs of Inspect AI. Can be repeated."
        ),
    ] = None,
    role: Annotated[
        list[str] | None,
        typer.Option(help="The role that builds (default: backend-builder). Can be repeated."),
    ] = None,
    team: Annotated[
        list[str] | None, typer.Option(help="build, design-build or design-build-review. Can be repeated.")
    ] = None,
    task: Annotated[
        list[str] | None, typer.Option(help="Only this task of the suite. Can be repeated.")
    ] = None,
    epochs: Annotated[
        int | None, typer.Option(min=1, help="Samples of each task by each agent (default: the suite's).")
    ] = None,
    rounds: Annotated[
        int | None, typer.Option(min=1, max=20, help="Answers at most in a sample (default: the suite's).")
    ] = None,
    jobs: Annotated[
        int | None,
        typer.Option("--jobs", "-j", min=1, help="Answers in the sandbox at a time (default: cores)."),
    ] = None,
    calls: Annotated[
        int | None, typer.Option(min=1, help="Samples with their model at a time (default: 256).")
    ] = None,
    retries: Annotated[
        int, typer.Option(min=0, max=20, help="How often a sample is tried again when infrastructure fails.")
    ] = 2,
    run_folder: RunFolder = None,
    sandbox: Sandbox = "auto",
    engine: Annotated[
        str, typer.Option(help="local, or ray: judge on the nodes of a Ray cluster.")
    ] = "local",
    ray_address: Annotated[
        str | None, typer.Option(help="The Ray cluster's address (default: one on this machine).")
    ] = None,
    warm: Warm = "auto",
    no_tests: Annotated[
        bool, typer.Option("--no-tests", help="Only ask and read the answers: no sandbox, no checklist.")
    ] = False,
    probes: Annotated[
        bool | None,
        typer.Option(
            "--probes/--no-probes",
            help="Start the applications and judge their answers too (default: the suite's).",
        ),
    ] = None,
    mutants: Annotated[
        float,
        typer.Option(min=0, max=3600, help="Seconds for small faults to be run against each answer's tests."),
    ] = 0,
    judge: Judge = None,
    batch: Annotated[bool, typer.Option("--batch", help="Send calls by the provider's batch API.")] = False,
    setting: Settings = None,
    base_url: BaseUrl = None,
    cassette: Annotated[
        Path | None, typer.Option(help="The cassette folder of --model replay (default: the suite's).")
    ] = None,
    replay: Annotated[
        str | None, typer.Option(help="exact, or by-task (says when the prompt has changed).")
    ] = None,
    record: Record = None,
    overwrite: Overwrite = False,
    budget: Budget = None,
    no_cache: Annotated[
        bool,
        typer.Option(
            "--no-cache", help="Ask and test anew even where this machine knows the answer or its outcome."
        ),
    ] = False,
    prompts: Overlay = None,
    exit_zero: Annotated[
        bool,
        typer.Option("--exit-zero", help="Exit with 0 although samples fall short (a gate decides later)."),
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="The run's metrics as JSON on standard output.")
    ] = False,
) -> None:
    """Run a suite: each task by each agent (model, role, team), as often as --epochs says.

    Exits with 0 when every sample is verified, 1 when some fall short, 3 when the run is not finished or says
    nothing (more than 5 percent of the samples got no verdict because infrastructure failed). Interrupted or
    killed at any time, the same command with --run FOLDER goes on: nothing is asked or paid for twice.

    \b
    backsmith eval recordings --model replay
    backsmith eval suites/mine --model openai/gpt-5 --epochs 5 --budget money=20
    backsmith eval suites/mine --model openai/gpt-5 --model anthropic/NAME
    backsmith eval suites/mine --model openai/gpt-5 --batch --run runs/nightly
    backsmith eval suites/mine --model ollama/NAME --engine ray --ray-address auto
    """
    from evals.suites.reading import find_suite, load_suite
    from orchestrator.eval_engine import Pace
    from orchestrator.eval_run import Where
    from orchestrator.eval_setup import Wanted, for_suite
    from orchestrator.eval_show import eval_exit_code, result_lines
    from orchestrator.exit_codes import FALLS_SHORT, VERIFIED
    from orchestrator.model_choice import ModelChoice
    from orchestrator.results import read_results
    from orchestrator.stopping import stoppable
    from orchestrator.terminal import console
    from prompts.role import default_overlay
    from sandbox.warm.mode import warm_mode

    loaded = load_suite(find_suite(suite))
    choice = ModelChoice(
        None,
        tuple(setting or ()),
        tuple(budget or ()),
        base_url,
        cassette,
        record=record,
        overwrite=overwrite,
        cache=not no_cache,
        batch=batch,
        judge=judge,
    )
    wanted = Wanted(
        models=tuple(model or ()),
        roles=tuple(role or ()),
        teams=tuple(team or ()),
        epochs=epochs,
        rounds=rounds,
        tests=not no_tests,
        probes=probes,
        mutant_seconds=mutants,
        tasks=tuple(task or ()),
        overlay=prompts or default_overlay(),
    )
    # A batch is worth most when it holds everything; its calls cost no connections while they wait.
    pace = Pace(calls=calls or (10_000 if batch else 256), jobs=jobs or 0, retries=retries)
    where = Where(sandbox, engine, ray_address, cache=not no_cache, warm=warm_mode(warm))
    place = _Place(run_folder, where, quiet=as_json)
    if outputs:
        folder = stoppable(_score(loaded, outputs, wanted, pace, place, judge))
    else:
        folder = stoppable(_eval(loaded, wanted, for_suite(choice, loaded, replay), pace, place))
    results = read_results(folder)
    if as_json:
        sys.stdout.write(_json(results))
    else:
        console().print("\n".join(result_lines(results)))
    code = eval_exit_code(results)
    raise typer.Exit(VERIFIED if exit_zero and code == FALLS_SHORT else code)


@dataclass(frozen=True, slots=True)
class _Place:
    run: Path | None
    where: "Where"
    quiet: bool


async def _score(
    suite: "Suite", outputs: list[Path], wanted: "Wanted", pace: "Pace", place: _Place, judge: str | None
) -> Path:
    from orchestrator.score_outputs import read_outputs, score_outputs
    from orchestrator.terminal import console
    from prompts.errors import ConfigError

    if wanted.models or wanted.roles or wanted.teams or judge:
        raise ConfigError(
            "--outputs asks no model", "leave out --model, --role, --team and --judge, or --outputs"
        )
    found = read_outputs(outputs, lambda text: console(stderr=True).print(f"note: {text}", markup=False))
    return await score_outputs(suite, found, place.run, pace, place.where, wanted=wanted, quiet=place.quiet)


async def _eval(suite: "Suite", wanted: "Wanted", choice: "ModelChoice", pace: "Pace", place: _Place) -> Path:
    import asyncio

    from agents.project import find_project
    from orchestrator.eval_progress import eval_progress
    from orchestrator.eval_run import run_eval
    from orchestrator.eval_setup import opened
    from orchestrator.model_choice import model_options
    from orchestrator.new_folder import discard, fresh_folder
    from orchestrator.terminal import console

    folder = place.run or fresh_folder(Path("runs"), suite.name)
    try:
        options = model_options(choice, find_project(Path.cwd()), folder)
        with eval_progress(quiet=place.quiet) as progress:
            told = replace(options, on_batch=progress.batch)
            async with opened(suite, wanted, choice, told) as run:
                await run_eval(run, folder, pace, place.where, options.spending, progress)
    except (InfrastructureError, asyncio.CancelledError):
        if folder.is_dir():
            console(stderr=True).print(f"What there is so far is kept; go on with: --run {folder}")
        raise
    except BacksmithError:
        discard(folder)
        raise
    return folder


def _json(results: "RunResults") -> str:
    from pydantic import TypeAdapter

    from evals.metrics.summary import Summary
    from orchestrator.eval_show import summaries_of

    found: dict[str, object] = {
        "folder": results.folder,
        "suite": results.suite,
        "epochs": results.epochs,
        "planned": results.planned,
        "finished": len(results.samples),
        "errors": len(results.errors),
        "inconclusive": results.inconclusive,
        "agents": {summary.name: summary for summary in summaries_of(results)},
    }
    adapter = TypeAdapter(dict[str, str | int | bool | dict[str, Summary]])
    return adapter.dump_json(found, indent=2).decode("utf-8") + "\n"  # type: ignore[arg-type]  # as listed above
