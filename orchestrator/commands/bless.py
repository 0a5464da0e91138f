"""``backsmith bless``: make a run the baseline that later runs are gated by."""

from pathlib import Path
from typing import Annotated

import typer


def bless(
    run: Annotated[Path, typer.Argument(help="The run's folder; it must be finished.")],
    baseline: Annotated[Path, typer.Option("--baseline", "-b", help="The baseline file to write.")],
    merge: Annotated[
        bool, typer.Option("--merge", help="Add the run's counts to those of the file, to make it deeper.")
    ] = False,
    agent: Annotated[
        str | None, typer.Option(help="The agent to bless, by id or model, where the run has several.")
    ] = None,
) -> None:
    """Write a run's counts as the baseline of `backsmith gate`.

    Refuses runs that are not finished or could not be judged. The file is sorted JSON, made for git: counts for
    each task and checklist item, and the hashes of what they came from.

    \b
    backsmith bless runs/good --baseline evals/baseline.json
    backsmith bless runs/good-again --baseline evals/baseline.json --merge
    """
    from evals.gate.baseline import count, write_baseline
    from evals.gate.baseline import merge as merge_baselines
    from evals.reports.sources import counted
    from orchestrator.baseline_file import load_baseline, store_baseline
    from orchestrator.results import read_results
    from orchestrator.terminal import console
    from prompts.quoting import one_line

    results = read_results(run)
    found = count(results, agent)
    left_out = [task.id for task in results.tasks if task.id not in found.tasks]
    if merge and baseline.exists():
        found = merge_baselines(load_baseline(baseline), found)
    store_baseline(baseline, write_baseline(found))
    samples = sum(task.samples for task in found.tasks.values())
    passed = sum(task.passed for task in found.tasks.values())
    runs = f"{len(found.runs)} runs" if len(found.runs) > 1 else "1 run"
    told = console(stderr=True)
    told.print(
        f"{baseline}: {counted(len(found.tasks), 'task')}, {samples} samples of {runs}, {passed} verified"
    )
    if left_out:
        names = one_line(", ".join(left_out), 400)
        told.print(f"left out, as none of their samples could be judged: {names}", style="yellow")
