"""``backsmith parse``: what an answer says, and every deviation from the format. No model, no sandbox."""

import dataclasses
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from orchestrator.commands.options import OneObject

if TYPE_CHECKING:
    from rich.console import Console

    from agents.submission import Answer, Diagnostic

_SHORT = 200


def parse(
    response: Annotated[
        Path, typer.Argument(help="A file with a model's raw answer; - reads standard input.")
    ],
    into: Annotated[
        Path | None, typer.Option(help="Write the files below this folder: all of them, or none.")
    ] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="With --into: replace files that exist.")
    ] = False,
    stop_reason: Annotated[
        str | None, typer.Option(help="Why the provider stopped; 'length' means that the answer was cut off.")
    ] = None,
    as_json: OneObject = False,
) -> None:
    """Show the files, sections and format deviations of a model's answer.

    Exits with 0 when the answer can be used, 1 when it has errors, 2 when the file cannot be read.

    \b
    backsmith parse response.md
    backsmith parse response.md --into out/
    backsmith parse - --json < response.md | jq .diagnostics
    """
    from agents.fileblock import parse as parse_text
    from orchestrator.terminal import console

    answer = parse_text(_read(response), stop_reason)
    if into is not None and answer.submission.edits:
        answer = _applied(answer, into)
    written: tuple[Path, ...] = ()
    if into is not None and not answer.errors:
        from agents.fileblock.writing import write

        written = write(answer.submission.files, into, replace=replace)
    if as_json:
        sys.stdout.write(_json(answer) + "\n")
    else:
        _show(console(), answer)
    if into is not None:
        done = (
            f"{len(written)} files written below {into}"
            if written
            else "nothing written: the answer has errors"
        )
        console(stderr=True).print(_shown(done))
        if answer.submission.deletions:
            console(stderr=True).print("files to be deleted are named above and left where they are")
    raise typer.Exit(1 if answer.errors else 0)


def _applied(answer: "Answer", folder: Path) -> "Answer":
    """The answer with its edits applied to the files below ``folder``."""
    from agents.fileblock.applying import apply_edits
    from agents.fileblock.writing import read
    from agents.submission import Answer

    paths = {edit.path for edit in answer.submission.edits}
    applied = apply_edits(answer.submission, read(paths, folder) if folder.is_dir() else {})
    deletions = answer.submission.deletions
    return Answer(
        dataclasses.replace(applied.submission, deletions=deletions),
        (*answer.diagnostics, *applied.diagnostics),
    )


def _read(path: Path) -> str:
    from prompts.errors import ConfigError

    try:
        data = sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}", "name a file that holds a model's answer") from error
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not UTF-8 at byte {error.start}", "save the answer as UTF-8") from error


def _json(answer: "Answer") -> str:
    from pydantic import TypeAdapter

    from evals.score import AnswerShape, answer_shape

    shape = TypeAdapter(AnswerShape).dump_json(answer_shape(answer))
    return shape.decode("utf-8")


def _show(out: "Console", answer: "Answer") -> None:
    """The answer for people. Everything that a model wrote has its control characters made visible."""
    from rich.table import Table
    from rich.text import Text

    said = answer.submission
    table = Table("file", "lines", "bytes", box=None, pad_edge=False, header_style="bold")
    for file in said.files:
        size = len(file.text.encode("utf-8", "surrogatepass"))
        table.add_row(Text(_shown(file.path)), f"{file.span[0]}-{file.span[1]}", str(size))
    if said.files:
        out.print(table)
    for edit in said.edits:
        out.print(Text(f"edit    {_shown(edit.path)}  {len(edit.pieces)} pieces, line {edit.span[0]}"))
    for deletion in said.deletions:
        out.print(Text(f"delete  {_shown(deletion.path)}"))
    for name, lines in (
        ("DEPENDENCIES", said.dependencies and [f"{d.ecosystem}: {d.spec}" for d in said.dependencies]),
        ("MIGRATIONS", said.migrations and [f"{m.kind}: {m.text}" for m in said.migrations]),
        ("ENV_VARS", said.env_vars and [f"{v.name}={v.value}" for v in said.env_vars]),
    ):
        if lines is not None:
            out.print(f"\n{name}", style="bold")
            for line in lines or ["(none)"]:
                out.print(Text("  " + _shown(line)))
    if answer.diagnostics:
        out.print("\nDIAGNOSTICS", style="bold")
    for diagnostic in answer.diagnostics:
        out.print(Text(_told(diagnostic), style="red" if diagnostic.severity == "error" else "yellow"))
    errors, warnings = len(answer.errors), len(answer.diagnostics) - len(answer.errors)
    changes = "".join(
        f", {len(found)} {name}"
        for name, found in (("edits", said.edits), ("deletions", said.deletions))
        if found
    )
    out.print(f"\n{answer.adherence}: {len(said.files)} files{changes}, {errors} errors, {warnings} warnings")


def _told(diagnostic: "Diagnostic") -> str:
    place = f"line {diagnostic.line}" if diagnostic.line else "answer"
    return f"  {place:<10} {diagnostic.severity:<8} {diagnostic.code:<19} {_shown(diagnostic.message)}"


def _shown(text: str) -> str:
    """Untrusted text on one line, shortened, with everything that a terminal would not print escaped."""
    short = text if len(text) <= _SHORT else text[: _SHORT - 1] + "…"
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode("ascii")
        for character in short
    )
