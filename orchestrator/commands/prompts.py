"""``backsmith prompts``: which roles there are, what a model would get, and what a change does to it."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from prompts.errors import ConfigError

if TYPE_CHECKING:
    from prompts.render import Prompt
    from prompts.role import Role
    from prompts.task import Task

app = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="What models are told: roles and their templates."
)

Folder = Annotated[
    Path | None,
    typer.Option(
        "--prompts",
        metavar="FOLDER",
        help="Your templates. Default: BACKSMITH_PROMPTS, else backsmith/prompts where you keep settings.",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON on standard output.")]


class Purpose(StrEnum):
    """What the role is asked to do."""

    TASK = "task"
    DESIGN = "design"
    REVIEW = "review"


@app.command("list")
def list_(folder: Folder = None, as_json: AsJson = False) -> None:
    """List the roles with version and digest, and the parts that tasks can get.

    \b
    backsmith prompts list
    backsmith prompts list --prompts ./our-prompts --json
    """
    from prompts.role import list_roles

    overlay = _overlay(folder)
    roles = list_roles(overlay)
    if as_json:
        _write_json(
            {
                "folder": str(overlay) if overlay else None,
                "roles": [
                    {
                        "name": role.name,
                        "version": role.version,
                        "digest": role.digest,
                        "summary": role.summary,
                        "overlaid": list(role.overlaid),
                    }
                    for role in roles
                ],
                "parts": _parts(roles[0]),
            }
        )
        return
    _show_roles(roles, overlay)


@app.command()
def show(
    role: Annotated[str, typer.Argument(help="A role's name, as `prompts list` gives it.")],
    task: Annotated[Path, typer.Option("--task", metavar="TASK", help="The task file.")],
    purpose: Annotated[Purpose, typer.Option("--for", help="What the role is asked to do.")] = Purpose.TASK,
    answer: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The answer to review (with `--for review`).")
    ] = None,
    model: Annotated[
        str | None, typer.Option(metavar="MODEL", help="Count tokens for this model, such as openai/gpt-5.")
    ] = None,
    folder: Folder = None,
    as_json: AsJson = False,
) -> None:
    """Print what a model would really get for a task: both messages, with token counts.

    \b
    backsmith prompts show backend-builder --task task.yaml
    backsmith prompts show backend-expert --task task.yaml --for design
    backsmith prompts show backend-builder --task task.yaml --model openai/gpt-5
    """
    from prompts.role import load_role
    from prompts.stack import name_hints
    from prompts.taskfile import load_task
    from prompts.tokens import count_tokens

    loaded = load_task(task)
    for hint in name_hints(loaded):
        sys.stderr.write(f"note: {hint}\n")
    prompt = _prompt(load_role(role, _overlay(folder)), loaded, purpose, answer)
    counts = {"system": count_tokens(prompt.system, model), "user": count_tokens(prompt.user, model)}
    if as_json:
        _write_json(
            {
                "role": prompt.role,
                "version": prompt.version,
                "digest": prompt.digest,
                "task": loaded.digest,
                "system": prompt.system,
                "user": prompt.user,
                "tokens": {
                    **{name: count.tokens for name, count in counts.items()},
                    "exact": counts["system"].exact,
                    "how": counts["system"].how,
                },
            }
        )
        return
    _show_prompt(prompt, {name: f"{count.tokens:,} tokens ({count.how})" for name, count in counts.items()})


@app.command()
def diff(
    role: Annotated[str, typer.Argument(help="A role's name, as `prompts list` gives it.")],
    task: Annotated[
        Path | None, typer.Option("--task", metavar="TASK", help="Compare what this task's messages say.")
    ] = None,
    other_task: Annotated[
        Path | None, typer.Option(metavar="TASK", help="Compare with this task's messages, same templates.")
    ] = None,
    against: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Compare with this folder instead of what is shipped."),
    ] = None,
    purpose: Annotated[Purpose, typer.Option("--for", help="What the role is asked to do.")] = Purpose.TASK,
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help="Exit with 1 when there is a difference.")
    ] = False,
    folder: Folder = None,
    as_json: AsJson = False,
) -> None:
    """Show what your templates change: in the template files, or in the messages for a task.

    \b
    backsmith prompts diff backend-builder
    backsmith prompts diff backend-builder --task task.yaml
    backsmith prompts diff backend-builder --task task.yaml --against ./last-week
    backsmith prompts diff backend-builder --task a.yaml --other-task b.yaml
    """
    from prompts.role import load_role
    from prompts.taskfile import load_task

    if other_task is not None and (task is None or against is not None):
        raise ConfigError("--other-task compares two tasks: it needs --task and no --against")
    mine = _overlay(folder)
    right = load_role(role, mine)
    left = right if other_task else load_role(role, against)
    if task is None:
        texts = _by_file(left), _by_file(right)
        names = str(against or "shipped"), str(mine or "shipped")
    else:
        second = load_task(other_task) if other_task else load_task(task)
        first = load_task(task)
        texts = _messages(left, first, purpose), _messages(right, second, purpose)
        names = (
            (str(task), str(other_task))
            if other_task
            else (str(against or "shipped"), str(mine or "shipped"))
        )
    changes = _changes(texts, names)
    if as_json:
        _write_json(
            {"role": role, "left": names[0], "right": names[1], "same": not changes, "changes": changes}
        )
    else:
        _show_changes(changes, names)
    raise typer.Exit(1 if exit_code and changes else 0)


def _overlay(folder: Path | None) -> Path | None:
    from prompts.role import default_overlay

    return folder or default_overlay()


def _prompt(role: "Role", task: "Task", purpose: Purpose, answer: Path | None) -> "Prompt":
    from prompts.render import render, render_design, render_review

    if (purpose is Purpose.REVIEW) != (answer is not None):
        raise ConfigError("--for review and --answer FILE belong together")
    if answer is not None:
        try:
            return render_review(role, task, answer.read_text(encoding="utf-8"))
        except OSError as error:
            raise ConfigError(f"{answer}: cannot be read: {error.strerror}") from None
        except UnicodeDecodeError:
            raise ConfigError(f"{answer}: not UTF-8 text") from None
    return render_design(role, task) if purpose is Purpose.DESIGN else render(role, task)


def _parts(role: "Role") -> dict[str, list[str]]:
    parts: dict[str, list[str]] = {}
    for source in role.sources:
        folders = source.name.split("/")
        if folders[0] == "parts" and len(folders) == 3:
            parts.setdefault(folders[1], []).append(folders[2].removesuffix(".md.j2"))
    return parts


def _by_file(role: "Role") -> dict[str, str]:
    return {source.name: source.text for source in role.sources}


def _messages(role: "Role", task: "Task", purpose: Purpose) -> dict[str, str]:
    if purpose is Purpose.REVIEW:
        raise ConfigError("a review cannot be compared, since it needs an answer", "use --for task or design")
    prompt = _prompt(role, task, purpose, None)
    return {"system": prompt.system, "user": prompt.user}


def _changes(texts: tuple[dict[str, str], dict[str, str]], names: tuple[str, str]) -> list[dict[str, str]]:
    """A unified diff for each text that is not the same on both sides."""
    import difflib

    changes: list[dict[str, str]] = []
    for key in sorted({*texts[0], *texts[1]}):
        before, after = (side.get(key, "") for side in texts)
        if before != after:
            lines = difflib.unified_diff(
                before.split("\n"), after.split("\n"), f"{names[0]}: {key}", f"{names[1]}: {key}", lineterm=""
            )
            changes.append({"name": key, "diff": "\n".join(lines)})
    return changes


def _write_json(value: Any) -> None:
    import json

    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def _show_roles(roles: "tuple[Role, ...]", overlay: Path | None) -> None:
    from rich.text import Text

    from orchestrator.terminal import console

    out = console()
    for role in roles:
        out.print(Text.assemble((role.name, "bold"), f"  {role.version}  {role.short_digest}"))
        out.print(f"  {role.summary}")
        for name in role.overlaid:
            out.print(Text.assemble("  from your folder: ", (name, "yellow")))
    out.print()
    for kind, names in _parts(roles[0]).items():
        out.print(Text.assemble((f"{kind:<10}", "bold"), ", ".join(names)))
    out.print(f"\nyour folder: {overlay or 'none (see docs/prompts.md)'}")


def _show_prompt(prompt: "Prompt", counts: dict[str, str]) -> None:
    from rich.text import Text

    from orchestrator.terminal import console
    from prompts.quoting import visible

    out = console()
    origin = f"{prompt.role} {prompt.version}, {prompt.digest[:12]}"
    for name, text in (("system", prompt.system), ("user", prompt.user)):
        out.print(Text(f"===== {name}: {counts[name]}, {origin} =====", style="bold cyan"))
        out.print(Text(visible(text)))


def _show_changes(changes: list[dict[str, str]], names: tuple[str, str]) -> None:
    from rich.text import Text

    from orchestrator.terminal import console
    from prompts.quoting import visible

    out = console()
    if names[0] == names[1]:
        out.print("you have no folder of templates, so there is nothing to compare (see docs/prompts.md)")
    elif not changes:
        out.print(f"no difference between {names[0]} and {names[1]}")
    styles = {"+": "green", "-": "red", "@": "cyan"}
    for change in changes:
        for line in visible(change["diff"]).split("\n"):
            style = "bold" if line.startswith(("--- ", "+++ ")) else styles.get(line[:1], "")
            out.print(Text(line, style=style))
