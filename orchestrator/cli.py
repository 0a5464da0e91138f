"""The command line. Nothing heavy is imported before a command really runs."""

import codecs
import contextlib
import io
import os
import sys
from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from prompts.errors import BacksmithError


def _show_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        sys.stdout.write(f"backsmith {version('backsmith')}\n")
        raise typer.Exit


def backsmith(
    _version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Say which version this is."),
    ] = False,
) -> None:
    """Hand a backend task to a language model and get back code that was verified in a real sandbox.

    \b
    Start here:       backsmith demo
    One task:         backsmith run task.yaml --model anthropic/NAME
    In a repository:  backsmith run "Add rate limits" --into . --model openai/NAME
    Other answers:    backsmith score response.md --task task.yaml
    Any directory:    backsmith check src/
    Many samples:     backsmith eval recordings --model replay
    """


# Where each command is, and what the list of commands says of it. A module is imported when its command runs:
# all of them together would take longer than Python itself.
_COMMANDS = {
    "demo": ("demo:demo", "Do the main job on recorded answers: no key, no Docker, no root."),
    "run": ("run:run", "Hand one task to a model and get verified code back."),
    "init": ("init:init", "Write a task file for the repository at hand, with comments."),
    "context": ("context:context", "Show what a model would be told about a repository."),
    "parse": ("parse:parse", "Show the files, sections and format deviations of an answer."),
    "score": ("score:score", "Verify answers that came from elsewhere; no model is called."),
    "check": ("check:check", "Judge the code of a folder by the checklist."),
    "judge": ("judge:judge", "Judge answers in prose by the rubric."),
    "calibrate": ("calibrate:calibrate", "Measure a judge model on labelled answers."),
    "eval": ("eval:eval_suite", "Run a suite: each task by each agent, as often as told."),
    "report": ("report:report", "Tell what a run found, finished or not."),
    "compare": ("compare:compare", "Tell what improved and what regressed between two runs."),
    "gate": ("gate:app", "Tell whether a run is worse than its baseline."),
    "bless": ("bless:bless", "Write a run's counts as the baseline of the gate."),
    "doctor": ("doctor:doctor", "Say what this machine has for Backsmith and what is missing."),
    "prompts": ("prompts:app", "What models are told: roles and their templates."),
    "models": ("models:app", "Which models can be used, and whether one answers."),
    "mcp": ("mcp:mcp", "Serve other agents and editors over standard input and output."),
}


class _Commands(TyperGroup):
    """The commands by name; each is loaded when it is called."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        for name, (_, short) in _COMMANDS.items():
            self.add_command(TyperCommand(name, short_help=short))

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        name, _, rest = super().resolve_command(ctx, args)
        return name, _load(name) if name else None, rest


def _load(name: str) -> Any:
    module, _, attribute = _COMMANDS[name][0].partition(":")
    found = getattr(import_module(f"orchestrator.commands.{module}"), attribute)
    app = _typer()
    if isinstance(found, typer.Typer):
        app.add_typer(found, name=name)
    else:
        app.command(name)(found)
    return typer.main.get_group(app).commands[name]


def _typer(group: type[TyperGroup] = TyperGroup) -> typer.Typer:
    return typer.Typer(
        name="backsmith",
        cls=group,
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )


def application() -> typer.Typer:
    """The Typer application with all its commands."""
    app = _typer(_Commands)
    app.callback()(backsmith)
    return app


def _write_what_can_be_written() -> None:
    """Where a locale's encoding lacks a character, its escape is printed; no report ends in the middle for one.

    The escape is JSON's, so that JSON stays what it is.
    """
    codecs.register_error("escaped", _escaped)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and stream.errors == "strict":
            stream.reconfigure(errors="escaped")


def _escaped(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    units = error.object[error.start : error.end].encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[n : n + 2].hex()}" for n in range(0, len(units), 2)), error.end


def main() -> None:
    """Run the command line; every error of ours becomes one clear message and its exit code.

    What nobody foresaw exits with 3: a fault of this machine's or of ours must never read as a verdict, which 1 is.
    """
    _write_what_can_be_written()
    try:
        try:
            application()()
        finally:
            if sys.stdout:
                sys.stdout.flush()
    except BacksmithError as error:
        _say(error)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        sys.exit(130)
    except BrokenPipeError:
        # The reader of a pipe has had enough; nothing is wrong.
        sys.stderr.close()
        sys.exit(141)
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        _say(BacksmithError(f"{place}{error.strerror or error}"))
        _forget_output()
        sys.exit(3)
    except Exception:
        sys.excepthook(*sys.exc_info())
        sys.exit(3)


def _forget_output() -> None:
    """Let go of what could not be written, lest the interpreter stumble over it once more as it ends."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)


def _say(error: BacksmithError) -> None:
    from prompts.quoting import visible

    # Where nobody can read it, the exit code still says it.
    with contextlib.suppress(OSError):
        sys.stderr.write(f"error: {visible(str(error))}\n")
        if error.hint:
            sys.stderr.write(f"  {visible(error.hint)}\n")
