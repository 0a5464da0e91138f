"""``backsmith report``: what a run found."""

import sys
from pathlib import Path
from typing import Annotated

import typer


def report(
    run: Annotated[Path, typer.Argument(help="The run's folder.")],
    markdown: Annotated[
        Path | None, typer.Option(help="Write a Markdown report to this file; - prints it.")
    ] = None,
    as_json: Annotated[
        Path | None, typer.Option("--json", help="Write JSON to this file; - prints it.")
    ] = None,
) -> None:
    """Tell what a run found, finished or not; Markdown on standard output unless a file is named.

    \b
    backsmith report runs/20260101-120000-build-user-authentication
    backsmith report runs/NAME --json - | jq '.samples[].verdict'
    """
    from evals.reports.markdown import report_markdown
    from evals.reports.run_report import report_json
    from orchestrator.reporting import load_report

    found = load_report(run)
    if markdown is None and as_json is None:
        markdown = Path("-")
    for target, form in ((markdown, report_markdown), (as_json, report_json)):
        if target is not None:
            _put(target, form(found))


def _put(target: Path, text: str) -> None:
    from prompts.errors import StoreError

    if str(target) == "-":
        sys.stdout.write(text)
        return
    try:
        target.write_text(text, encoding="utf-8", errors="surrogatepass")
    except OSError as error:
        raise StoreError(f"the report cannot be written to {target}: {error.strerror}") from error
