"""``backsmith compare``: what two runs differ by."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from orchestrator.commands.options import OneObject


def compare(
    first: Annotated[Path, typer.Argument(help="The first run's folder: what was.")],
    second: Annotated[Path, typer.Argument(help="The second run's folder: what is now.")],
    first_agent: Annotated[
        str | None, typer.Option(help="The first run's agent, by id or model, where it has several.")
    ] = None,
    second_agent: Annotated[str | None, typer.Option(help="The second run's agent.")] = None,
    diffs: Annotated[
        int, typer.Option(help="Show prompt and answer diffs of so many changed tasks.", min=0)
    ] = 3,
    as_json: OneObject = False,
) -> None:
    """Tell what improved, what regressed and what cannot be compared, with error bars.

    Differences are paired by task; their errors are clustered by task family. A task whose text, tests or grader
    changed is not compared. Exits with 0, or 3 where nothing can be compared.

    \b
    backsmith compare runs/before runs/after
    backsmith compare runs/x runs/x --first-agent openai/a --second-agent openai/b
    """
    from evals.compare.comparison import compare as compare_runs
    from evals.compare.comparison import comparison_json
    from orchestrator.exit_codes import INCONCLUSIVE, VERIFIED
    from orchestrator.results import read_results
    from orchestrator.run_objects import RunObjects
    from orchestrator.sample_texts import SamplePair
    from orchestrator.show_comparison import show_comparison
    from orchestrator.terminal import console

    before, after = read_results(first), read_results(second)
    with RunObjects(Path(before.repository)) as here, RunObjects(Path(after.repository)) as there:
        found = compare_runs(
            before,
            after,
            first_agent=first_agent,
            second_agent=second_agent,
            texts=SamplePair(here, there).diffs if as_json or diffs else None,
        )
    if as_json:
        sys.stdout.write(comparison_json(found))
    else:
        show_comparison(console(), found, diffs)
    raise typer.Exit(VERIFIED if found.tasks else INCONCLUSIVE)
