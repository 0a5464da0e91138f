"""Opens a model by its name: the one door to every provider, to replay and to manual answers."""

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

from agents.completion import Model
from agents.limiter import Limiters
from agents.providers.registry import Endpoint, ProviderSpec, find, providers
from agents.redaction import Redactor
from agents.retries import Retries, Timeouts
from agents.spending import Spending
from prompts.errors import ConfigError, ProviderError

if TYPE_CHECKING:
    from opentelemetry.trace import Tracer

    from agents.batch.service import Progress


@dataclass(frozen=True, slots=True)
class ModelOptions:
    """How models are opened. The models of one run share limiters and spending by sharing this.

    ``cassette`` and ``by_task`` are for ``replay``; ``manual`` is the folder of prompts and answers, ``wait``
    says that a person is there to answer, and ``on_wait`` is told once where to put the answer.

    ``cache`` is the folder of the completion cache (None: no cache). ``record`` is a cassette folder in which
    every live completion is kept; ``present`` says what to do with requests that are on it already. An answer
    that was cut off is continued up to ``continuations`` times.

    ``batch`` sends calls by the provider's batch API and is the folder that remembers what was submitted; open
    batches are looked at every ``batch_poll`` seconds, and ``on_batch`` is told how far they are.
    """

    base_url: str | None = None
    cache: Path | None = None
    record: Path | None = None
    present: Literal["refuse", "reuse", "overwrite"] = "refuse"
    continuations: int = 2
    batch: Path | None = None
    batch_poll: float = 30
    on_batch: "Callable[[Progress], None] | None" = None
    cassette: Path | None = None
    by_task: bool = False
    manual: Path | None = None
    wait: bool = False
    on_wait: Callable[[Path, Path], None] | None = None
    timeouts: Timeouts = field(default_factory=Timeouts)
    retries: Retries = field(default_factory=Retries)
    limiters: Limiters = field(default_factory=Limiters)
    spending: Spending = field(default_factory=Spending)


def open_model(
    name: str, options: ModelOptions | None = None, *, environ: Mapping[str, str] | None = None
) -> Model:
    """The model called ``name``: ``provider/name``, ``replay``, ``replay/provider/name`` or ``manual``.

    Reads keys from ``environ`` (default: the process's) alone, and imports the provider's SDK only now.
    Raises ConfigError for an unknown provider, a missing key or URL, or a missing folder.
    """
    options = options or ModelOptions()
    environ = os.environ if environ is None else environ
    provider, _, rest = name.partition("/")
    secrets = redactor(environ)
    model: Model
    if provider == "manual":
        return _open_manual(rest, options, secrets)
    if provider == "replay":
        model = _open_replay(rest, options, secrets)
    else:
        spec = find(provider)
        if not rest:
            raise ConfigError(f"model {name!r} names only a provider", hint=f"Write {provider}/NAME.")
        model = _kept(_open_live(name, spec, options, environ, secrets), options, secrets)
    if options.continuations:
        from agents.continuation import Continuing, block_never_closes

        model = Continuing(model, limit=options.continuations, unfinished=block_never_closes)
    return model


async def close_model(model: Model) -> None:
    """Let go of a model's connections; does nothing for one that has none."""
    aclose = getattr(model, "aclose", None)
    if aclose is not None:
        await aclose()


async def served_models(
    provider: str, options: ModelOptions | None = None, *, environ: Mapping[str, str] | None = None
) -> tuple[str, ...]:
    """The full names of the models that a provider's server says it has; none of a provider that tells no such list.

    Raises ConfigError as ``open_model`` does, ProviderError where the server does not answer.
    """
    from agents.providers.faults import Fault

    options = options or ModelOptions()
    environ = os.environ if environ is None else environ
    spec = find(provider)
    try:
        names = await spec.served(_endpoint(spec, "NAME", options, environ))
    except Fault as fault:
        message = redactor(environ).redact_message(f"{provider}: {fault.kind}: {fault.detail}")
        raise ProviderError(message, hint=fault.hint) from None
    return tuple(f"{provider}/{name}" for name in names)


def redactor(environ: Mapping[str, str] | None = None) -> Redactor:
    """Takes every key that a provider may read, and every other secret of the environment, out of a text."""
    keys = [key for spec in providers().values() for key in spec.keys]
    return Redactor.from_environment(os.environ if environ is None else environ, keys)


def missing(spec: ProviderSpec, environ: Mapping[str, str] | None = None) -> str:
    """What a provider still needs before it can be used; empty where nothing is missing."""
    environ = os.environ if environ is None else environ
    needs: list[str] = []
    if spec.key_needed and not any(environ.get(name) for name in (*spec.keys, *spec.other_credentials)):
        needs.append(f"a key in {' or '.join(spec.keys)}")
    if spec.url_needed and not any(environ.get(name) for name in spec.url_variables):
        needs.append(f"a URL in {' or '.join(spec.url_variables)} (or --base-url)")
    return " and ".join(needs)


def _open_live(
    name: str, spec: ProviderSpec, options: ModelOptions, environ: Mapping[str, str], secrets: Redactor
) -> Model:
    from agents.live import CallRules, LiveModel

    endpoint = _endpoint(spec, name.partition("/")[2], options, environ)
    if options.batch is not None:
        return _open_batch(name, spec, endpoint, options, secrets)
    rules = CallRules(
        timeouts=options.timeouts,
        retries=options.retries,
        limiter=options.limiters.of(name),
        spending=options.spending,
        redactor=secrets,
    )
    model = LiveModel(name, spec.open(endpoint), rules)
    tracer = _tracer(environ)
    if tracer is None:
        return model
    from agents.tracing import Traced

    return Traced(model, tracer)


def _open_batch(
    name: str, spec: ProviderSpec, endpoint: Endpoint, options: ModelOptions, secrets: Redactor
) -> Model:
    from agents.batch.ledger import Ledger
    from agents.batch.model import BatchModel, BatchRules

    assert options.batch is not None  # noqa: S101 - the caller looked
    rules = BatchRules(poll=options.batch_poll, retries=options.retries, on_progress=options.on_batch)
    service = spec.open_batches(endpoint)
    ledger = Ledger(options.batch / re.sub(r"[^A-Za-z0-9.-]+", "-", name))
    return BatchModel(name, service, ledger, rules=rules, spending=options.spending, redactor=secrets)


def _tracer(environ: Mapping[str, str]) -> "Tracer | None":
    # Looked at before anything of OpenTelemetry is imported.
    if not any(name.startswith("OTEL_") for name in environ):
        return None
    from agents.tracing import tracer_of

    return tracer_of(environ)


def _kept(model: Model, options: ModelOptions, secrets: Redactor) -> Model:
    """The model behind the cache and the recorder that were asked for."""
    if options.cache is not None:
        from agents.cache import Cached

        model = Cached(model, options.cache, secrets)
    if options.record is not None:
        from agents.cassette.cassette import Cassette
        from agents.cassette.replay import Recorder

        model = Recorder(model, Cassette(options.record, secrets), present=options.present)
    return model


def _endpoint(spec: ProviderSpec, name: str, options: ModelOptions, environ: Mapping[str, str]) -> Endpoint:
    variable = next((key for key in spec.keys if environ.get(key)), "")
    if spec.key_needed and not variable and not any(environ.get(key) for key in spec.other_credentials):
        raise ConfigError(
            f"{spec.name}/{name} needs a key, and {' and '.join(spec.keys)} "
            f"{'is' if len(spec.keys) == 1 else 'are'} not set",
            hint=f"Set {spec.keys[0]} in the environment; Backsmith reads keys from nowhere else.",
        )
    url = options.base_url or next((environ[key] for key in spec.url_variables if environ.get(key)), None)
    url = url or spec.default_url
    if url is None and spec.url_needed:
        raise ConfigError(
            f"{spec.name}/{name} needs a URL, and {' and '.join(spec.url_variables)} is not set",
            hint=f"Set {spec.url_variables[0]}, or give --base-url, as in http://127.0.0.1:8000/v1",
        )
    if url is not None:
        _check_url(url)
    return Endpoint(
        name=name,
        base_url=url,
        key=environ.get(variable) if variable else None,
        key_variable=variable,
        connect_seconds=options.timeouts.connect,
        # The rules about silence are ours; the transport's own limit only backs them up.
        silence_seconds=max(options.timeouts.first_token, options.timeouts.idle) + 30,
    )


def _check_url(url: str) -> None:
    try:
        parts = urlsplit(url)
        fine = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        fine = False
    if not fine:
        raise ConfigError(f"base URL {url!r} is none", hint="Write it as in http://127.0.0.1:8000/v1")


def _open_replay(recorded: str, options: ModelOptions, secrets: Redactor) -> Model:
    from agents.cassette.cassette import open_cassette
    from agents.cassette.replay import ReplayModel

    if options.cassette is None:
        raise ConfigError("model replay needs a cassette folder", hint="Give one with --cassette.")
    return ReplayModel(open_cassette(options.cassette, secrets), by_task=options.by_task, model=recorded)


def _open_manual(rest: str, options: ModelOptions, secrets: Redactor) -> Model:
    from agents.manual import ManualModel

    if rest:
        raise ConfigError(f"model 'manual/{rest}' is unknown", hint="Write manual.")
    if options.manual is None:
        raise ConfigError("model manual needs a folder for prompts and answers")
    return ManualModel(options.manual, wait=options.wait, on_wait=options.on_wait, redactor=secrets)
