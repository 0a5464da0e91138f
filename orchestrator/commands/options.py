"""Options that several commands take, told once."""

from pathlib import Path
from typing import Annotated

import typer

AskAnew = Annotated[bool, typer.Option("--no-cache", help="Ask anew even what this machine has answers for.")]
BaseUrl = Annotated[str | None, typer.Option(help="The URL of an OpenAI-compatible server.")]
Budget = Annotated[
    list[str] | None,
    typer.Option(help="The most to spend: money=2.50, tokens=N, calls=N or seconds=N. Can be repeated."),
]
Cassette = Annotated[Path | None, typer.Option(help="The cassette folder of --model replay.")]
Judge = Annotated[
    str | None,
    typer.Option(
        help="A model that judges the expert's prose by the rubric; advice, unless it is calibrated."
    ),
]
JudgeModel = Annotated[
    str | None, typer.Option("--model", "-m", help="The judge: openai/NAME, anthropic/NAME, ...")
]
JudgeSettings = Annotated[
    list[str] | None,
    typer.Option("--set", help="A model setting, as in temperature=0. Can be repeated."),
]
Mutants = Annotated[
    float,
    typer.Option(
        metavar="SECONDS", min=0, help="How long to try small faults against the answer's own tests."
    ),
]
OneObject = Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")]
Overlay = Annotated[Path | None, typer.Option(help="A folder that overlays the role templates.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Let --record replace what the cassette has.")]
Probes = Annotated[
    bool, typer.Option("--probes/--no-probes", help="Start the application and judge its answers too.")
]
Record = Annotated[Path | None, typer.Option(help="Record every completion into this cassette.")]
RubricFile = Annotated[Path | None, typer.Option(help="A rubric of your own (YAML).")]
RunFolder = Annotated[
    Path | None, typer.Option("--run", help="The run's folder; one that holds this run goes on with it.")
]
Sandbox = Annotated[str, typer.Option(help="auto, bubblewrap, docker or host (no isolation at all).")]
Settings = Annotated[
    list[str] | None,
    typer.Option("--set", help="A model setting, as in temperature=0.2. Can be repeated."),
]
Warm = Annotated[
    str,
    typer.Option(
        help="auto forks tests from a process that has their packages imported, from the second answer with the "
        "same packages on; always, from the first one; off, never; compare runs both ways and tells what differs."
    ),
]
