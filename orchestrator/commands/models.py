"""``backsmith models``: which models can be used here, what is missing for the rest, and whether one answers."""

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from orchestrator.commands.options import BaseUrl
from prompts.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from decimal import Decimal

    from agents.completion import Completion
    from agents.providers.registry import ProviderSpec

app = typer.Typer(rich_markup_mode=None, help="Which models can be used, and whether one answers.")

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON on standard output.")]

# Enough for a model that thinks before it says one word.
_TOKENS = 512


@app.callback(invoke_without_command=True)
def models(context: typer.Context) -> None:
    """List providers and models, or test one. Without a command: list.

    \b
    backsmith models
    backsmith models list anthropic
    backsmith models test ollama/qwen3-coder
    """
    if context.invoked_subcommand is None:
        list_(None, None)


@app.command("list")
def list_(
    provider: Annotated[str | None, typer.Argument(help="List this provider's models with prices.")] = None,
    base_url: BaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """List the providers, what is missing for each; or one provider's models with context size and prices.

    Servers of your own are asked which models they have.

    \b
    backsmith models list
    backsmith models list openai --json
    backsmith models list ollama
    """
    if provider is None:
        _list_providers(as_json)
    else:
        _list_models(provider, base_url, as_json)


@app.command("test")
def test(
    model: Annotated[str, typer.Argument(help="The model's full name, provider/NAME.")],
    base_url: BaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Make one tiny call to a model, and explain what went wrong if it fails.

    Exits with 0 when the model answers, 2 when it is not configured, 3 when the provider fails.

    \b
    backsmith models test anthropic/claude-opus-5
    backsmith models test compatible/local --base-url http://127.0.0.1:8000/v1
    """
    import asyncio

    completion = asyncio.run(_call(model, base_url))
    if as_json:
        _write_json(_completion_json(model, completion))
        return
    from orchestrator.terminal import console
    from prompts.quoting import visible

    out = console()
    out.print(f"{model} answers: {visible(completion.text.strip()[:200])}")
    out.print(f"  answered by  {visible(completion.model)}")
    out.print(
        f"  took         {_seconds(completion.first_token_seconds)} to the first token, "
        f"{_seconds(completion.seconds)} in all, {completion.attempts} requests"
    )
    used = completion.usage
    out.print(
        f"  tokens       {_count(used.input)} in, {_count(used.output)} out; cost {_money(completion.cost)}"
    )
    out.print(f"  request id   {visible(completion.request_id or 'unknown')}")


async def _call(name: str, base_url: str | None) -> "Completion":
    from agents.completion import CallTag, Message, Parameters, Request
    from agents.models import ModelOptions, close_model, open_model
    from agents.providers.registry import OFFLINE
    from agents.retries import Retries, Timeouts

    if name.partition("/")[0] in OFFLINE:
        raise ConfigError(f"{name} calls no provider: there is nothing to test")
    options = ModelOptions(
        base_url=base_url,
        timeouts=Timeouts(connect=10, first_token=60, idle=30, total=120),
        retries=Retries(tries=2),
        continuations=0,
    )
    model = open_model(name, options)
    request = Request(
        name,
        (Message("user", "Answer with the one word: ready"),),
        CallTag(task="models test", role="test"),
        Parameters(max_tokens=_TOKENS),
    )
    try:
        return await model.complete(request)
    finally:
        await close_model(model)


def _list_providers(as_json: bool) -> None:
    from agents.models import missing
    from agents.providers.registry import OFFLINE, providers

    specs = list(providers().values())
    if as_json:
        _write_json({"providers": [_provider_json(spec) for spec in specs], "offline": OFFLINE})
        return
    rows = [[f"{spec.name}/NAME", missing(spec) or "nothing: ready", spec.about] for spec in specs]
    rows += [[name, "nothing: ready", about] for name, about in OFFLINE.items()]
    _table(["model", "still needs", "what it is"], rows)


def _list_models(name: str, base_url: str | None, as_json: bool) -> None:
    import asyncio

    from agents.models import ModelOptions, served_models
    from agents.pricing import facts, known_models
    from agents.providers.registry import find
    from prompts.quoting import visible

    spec = find(name)
    json_of_provider = _provider_json(spec)
    names: Sequence[str] = known_models(spec.name)
    if not names:
        names = asyncio.run(served_models(name, ModelOptions(base_url=base_url)))
    known = [(model, facts(model)) for model in names]
    if as_json:
        rows = [
            {
                "model": model,
                "context": fact.context,
                "input_usd_per_million": _number(fact.input_price),
                "output_usd_per_million": _number(fact.output_price),
            }
            for model, fact in known
        ]
        _write_json({**json_of_provider, "models": rows})
        return
    _table(
        ["model", "context", "in, $/M tokens", "out, $/M tokens"],
        [[visible(m), _count(f.context), _price(f.input_price), _price(f.output_price)] for m, f in known],
    )
    sys.stdout.write(f"\nSettings (--set NAME=VALUE): {', '.join(json_of_provider['settings'])}\n")


def _provider_json(spec: "ProviderSpec") -> dict[str, Any]:
    from agents.models import missing
    from agents.settings import COMMON

    needs = missing(spec)
    return {
        "name": spec.name,
        "about": spec.about,
        "configured": not needs,
        "missing": needs or None,
        "key_variables": list(spec.keys),
        "url_variables": list(spec.url_variables),
        "settings": [name for name in COMMON if name not in spec.refused] + list(spec.extra),
    }


def _completion_json(model: str, completion: "Completion") -> dict[str, Any]:
    return {
        "model": model,
        "answered_by": completion.model,
        "text": completion.text,
        "stop_reason": completion.stop_reason,
        "request_id": completion.request_id,
        "first_token_seconds": completion.first_token_seconds,
        "seconds": completion.seconds,
        "attempts": completion.attempts,
        "usage": {"input": completion.usage.input, "output": completion.usage.output},
        "cost_usd": _number(completion.cost),
    }


def _table(head: "Sequence[str]", rows: "Sequence[Sequence[str]]") -> None:
    from rich.table import Table

    from orchestrator.terminal import console

    table = Table(*head, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        table.add_row(*row)
    console().print(table)


def _write_json(value: object) -> None:
    import json

    sys.stdout.write(json.dumps(value, indent=2) + "\n")


def _number(amount: "Decimal | None") -> float | None:
    return None if amount is None else float(amount)


def _price(amount: "Decimal | None") -> str:
    return "unknown" if amount is None else f"{amount:.2f}"


def _money(amount: "Decimal | None") -> str:
    return "unknown" if amount is None else f"${amount:.6f}"


def _count(number: int | None) -> str:
    return "unknown" if number is None else f"{number:,}"


def _seconds(seconds: float | None) -> str:
    return "unknown" if seconds is None else f"{seconds:.2f} s"
