"""``backsmith mcp``: run, score, check and context for other agents and editors, by the Model Context Protocol."""

from pathlib import Path
from typing import Annotated

import typer

from orchestrator.commands.options import Cassette


def mcp(
    root: Annotated[
        list[Path] | None, typer.Option(help="A folder that callers may name paths in (default: this one).")
    ] = None,
    model: Annotated[str | None, typer.Option("--model", "-m", help="The model of every run.")] = None,
    team: Annotated[str, typer.Option(help="The team of every run.")] = "build",
    rounds: Annotated[int, typer.Option(min=1, max=20, help="The most answers of a run.")] = 3,
    budget: Annotated[
        list[str] | None,
        typer.Option(help="The most that one run may spend, as in money=2.50. Can be repeated."),
    ] = None,
    cassette: Cassette = None,
    replay: Annotated[str, typer.Option(help="exact, or by-task.")] = "exact",
    sandbox: Annotated[str, typer.Option(help="auto, bubblewrap or docker.")] = "auto",
) -> None:
    """Serve other agents and editors over standard input and output (Model Context Protocol).

    They can run tasks, score answers, check folders and see contexts, within the folders, the model and the budget
    that are given here; code never runs outside of a sandbox.

    \b
    backsmith mcp --root ~/src/shop --model openai/gpt-5 --budget money=2.50
    """
    from orchestrator.mcp_server import Limits, make_server
    from orchestrator.teams import find_team
    from prompts.errors import ConfigError

    if sandbox == "host":
        raise ConfigError(
            "the server runs no code without isolation", "use --sandbox auto, bubblewrap or docker"
        )
    options = ["--team", find_team(team).name, "--rounds", str(rounds), "--replay", replay]
    options += ["--model", model] if model else []
    options += ["--cassette", str(cassette.resolve())] if cassette else []
    options += [part for amount in budget or [] for part in ("--budget", amount)]
    roots = tuple(folder.resolve() for folder in root or [Path()])
    make_server(Limits(roots, tuple(options), sandbox)).run("stdio")
