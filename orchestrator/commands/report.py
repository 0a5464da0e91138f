"""``backsmith report``: what a run found."""

from pathlib import Path
from typing import Annotated

import typer


def report(
    run: Annotated[Path, typer.Argument(help="The run's folder.")],
    markdown: Annotated[
        Path | None,
        typer.Option(help="Write Markdown to this file; - prints it. The form when none is named."),
    ] = None,
    html: Annotated[
        Path | None,
        typer.Option(help="Write one HTML file that needs no network: plots, samples, their pages."),
    ] = None,
    junit: Annotated[Path | None, typer.Option(help="Write JUnit XML: one test a sample.")] = None,
    sarif: Annotated[Path | None, typer.Option(help="Write the checklist's findings as SARIF.")] = None,
    as_json: Annotated[
        Path | None, typer.Option("--json", help="Write JSON to this file; - prints it.")
    ] = None,
    rows: Annotated[
        Path | None, typer.Option(help="Write one row a sample: .csv, .jsonl or .parquet (needs pyarrow).")
    ] = None,
    inspect: Annotated[
        Path | None,
        typer.Option(
            help="Write a log that Inspect AI reads: a .json file, or a folder with a log of each agent."
        ),
    ] = None,
    agent: Annotated[
        str | None, typer.Option(help="The agent of --inspect, by id or model, where the run has several.")
    ] = None,
) -> None:
    """Tell what a run found, finished or not; Markdown on standard output unless a file is named.

    \b
    backsmith report runs/20260101-120000-build-user-authentication
    backsmith report runs/NAME --html report.html --junit junit.xml
    backsmith report runs/NAME --json - | jq '.metrics.overall.verified'
    """
    from orchestrator.report_forms import Forms

    forms = Forms(run, agent)
    wanted = (
        (markdown, forms.markdown),
        (html, forms.html),
        (junit, forms.junit),
        (sarif, forms.sarif),
        (as_json, forms.json),
        (rows, forms.rows),
        (inspect, forms.inspect),
    )
    asked = [(target, form) for target, form in wanted if target is not None]
    for target, form in asked or [(Path("-"), forms.markdown)]:
        form(target)
