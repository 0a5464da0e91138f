"""The command line. Nothing heavy is imported before a command really runs."""

import sys
from typing import Annotated

import typer

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
    In a repository:  backsmith run "Add rate limiting to POST /login" --into . --model anthropic/NAME
    Other answers:    backsmith score response.md --task task.yaml
    Any directory:    backsmith check src/
    Many samples:     backsmith eval recordings --model replay
    """


def application() -> typer.Typer:
    """The Typer application with all its commands."""
    from orchestrator.commands import (
        bless,
        calibrate,
        check,
        compare,
        context,
        demo,
        doctor,
        eval,
        gate,
        init,
        judge,
        mcp,
        models,
        parse,
        prompts,
        report,
        run,
        score,
    )

    app = typer.Typer(
        name="backsmith",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    app.callback()(backsmith)
    app.command("demo")(demo.demo)
    app.command("run")(run.run)
    app.command("init")(init.init)
    app.command("context")(context.context)
    app.command("parse")(parse.parse)
    app.command("score")(score.score)
    app.command("check")(check.check)
    app.command("judge")(judge.judge)
    app.command("calibrate")(calibrate.calibrate)
    app.command("eval")(eval.eval_suite)
    app.command("report")(report.report)
    app.command("compare")(compare.compare)
    app.command("bless")(bless.bless)
    app.command("doctor")(doctor.doctor)
    app.command("mcp")(mcp.mcp)
    app.add_typer(gate.app, name="gate")
    app.add_typer(prompts.app, name="prompts")
    app.add_typer(models.app, name="models")
    return app


def main() -> None:
    """Run the command line; every error of ours becomes one clear message and its exit code."""
    try:
        application()()
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


def _say(error: BacksmithError) -> None:
    from prompts.quoting import visible

    sys.stderr.write(f"error: {visible(str(error))}\n")
    if error.hint:
        sys.stderr.write(f"  {visible(error.hint)}\n")
