"""The one list of providers: what each is called, needs, accepts, and how it is opened."""

import difflib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import import_module
from importlib.metadata import entry_points
from typing import TYPE_CHECKING

from agents.providers.wire import Wire
from prompts.errors import ConfigError

if TYPE_CHECKING:
    from agents.batch.service import BatchService

GROUP = "backsmith.models"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a wire connects: the model's own name, the URL (None: the SDK's default) and the key.

    ``key_variable`` is the environment variable that the key came from.
    """

    name: str
    base_url: str | None = None
    key: str | None = field(default=None, repr=False)
    key_variable: str = ""
    connect_seconds: float = 10
    silence_seconds: float = 600


@dataclass(frozen=True, slots=True)
class ProviderSpec:
    """One provider.

    ``opener`` is ``module:function`` and takes an Endpoint; the module, with its SDK, is imported only when a
    model is opened; ``batch_opener`` is the same for its batch API, and ``lister`` for asking a server which
    models it has. ``keys`` are the environment variables that may hold the key, best first; ``key_needed`` says
    whether it can do without; ``other_credentials`` are variables by which the SDK itself finds credentials.
    ``refused`` maps common settings that it has no place for to what to do.
    """

    name: str
    about: str
    opener: str
    keys: tuple[str, ...] = ()
    key_needed: bool = True
    other_credentials: tuple[str, ...] = ()
    url_variables: tuple[str, ...] = ()
    default_url: str | None = None
    url_needed: bool = False
    extra: tuple[str, ...] = ()
    refused: Mapping[str, str] = field(default_factory=dict)
    raw_options: bool = False
    batch_opener: str = ""
    lister: str = ""

    async def served(self, endpoint: Endpoint) -> tuple[str, ...]:
        """The names of the models that the server says it has; none where a server cannot be asked."""
        if not self.lister:
            return ()
        module, _, function = self.lister.partition(":")
        ask: Callable[[Endpoint], Awaitable[tuple[str, ...]]] = getattr(import_module(module), function)
        return await ask(endpoint)

    def open_batches(self, endpoint: Endpoint) -> "BatchService":
        """The provider's batch API; raises ConfigError where it has none."""
        if not self.batch_opener:
            with_batches = [spec.name for spec in providers().values() if spec.batch_opener]
            raise ConfigError(
                f"{self.name} has no batch API", hint=f"These have one: {', '.join(with_batches)}"
            )
        module, _, function = self.batch_opener.partition(":")
        opener: Callable[[Endpoint], BatchService] = getattr(import_module(module), function)
        return opener(endpoint)

    def open(self, endpoint: Endpoint) -> Wire:
        """The wire to ``endpoint``."""
        module, _, function = self.opener.partition(":")
        opener: Callable[[Endpoint], Wire] = getattr(import_module(module), function)
        return opener(endpoint)


_OPENAI_URLS = ("OPENAI_BASE_URL",)
_CHAT = "agents.providers.openai_chat"
_CHAT_EXTRA = ("top_p", "presence_penalty", "frequency_penalty")
_LOCAL_EXTRA = (*_CHAT_EXTRA, "top_k", "min_p", "repetition_penalty", "max_tokens_field")

_BUILT_IN = (
    ProviderSpec(
        name="openai",
        about="OpenAI, Responses API",
        opener="agents.providers.openai_responses:open_wire",
        batch_opener="agents.providers.openai_batch:open_responses",
        keys=("OPENAI_API_KEY",),
        url_variables=_OPENAI_URLS,
        extra=(
            "top_p",
            "service_tier",
            "verbosity",
            "reasoning_summary",
            "prompt_cache_key",
            "store",
            "truncation",
        ),
        refused={
            "seed": "The Responses API has none; openai-chat/NAME (Chat Completions) has one.",
            "stop": "The Responses API has none; openai-chat/NAME (Chat Completions) has one.",
        },
    ),
    ProviderSpec(
        name="openai-chat",
        about="OpenAI, Chat Completions API",
        opener=f"{_CHAT}:open_openai",
        batch_opener="agents.providers.openai_batch:open_chat",
        keys=("OPENAI_API_KEY",),
        url_variables=_OPENAI_URLS,
        extra=(*_CHAT_EXTRA, "service_tier", "verbosity", "prompt_cache_key", "store"),
    ),
    ProviderSpec(
        name="anthropic",
        about="Anthropic, Messages API",
        opener="agents.providers.anthropic_messages:open_wire",
        batch_opener="agents.providers.anthropic_batch:open_batches",
        keys=("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN"),
        other_credentials=("ANTHROPIC_PROFILE", "ANTHROPIC_IDENTITY_TOKEN", "ANTHROPIC_IDENTITY_TOKEN_FILE"),
        url_variables=("ANTHROPIC_BASE_URL",),
        extra=("service_tier", "speed", "thinking", "thinking_budget", "thinking_display", "cache_ttl"),
        refused={
            "seed": "The Messages API has none.",
            "temperature": "The Messages API has none any more; reasoning_effort is what it offers.",
        },
    ),
    ProviderSpec(
        name="compatible",
        about="any server with an OpenAI-compatible chat completions URL",
        opener=f"{_CHAT}:open_compatible",
        lister=f"{_CHAT}:served_models",
        keys=("BACKSMITH_COMPATIBLE_KEY",),
        key_needed=False,
        url_variables=("BACKSMITH_COMPATIBLE_URL",),
        url_needed=True,
        extra=_LOCAL_EXTRA,
        raw_options=True,
    ),
    ProviderSpec(
        name="ollama",
        about="Ollama on this machine",
        opener=f"{_CHAT}:open_compatible",
        lister=f"{_CHAT}:served_models",
        keys=("OLLAMA_API_KEY",),
        key_needed=False,
        url_variables=("BACKSMITH_OLLAMA_URL",),
        default_url="http://127.0.0.1:11434/v1",
        extra=_LOCAL_EXTRA,
        raw_options=True,
    ),
    ProviderSpec(
        name="vllm",
        about="vLLM on this machine",
        opener=f"{_CHAT}:open_compatible",
        lister=f"{_CHAT}:served_models",
        keys=("VLLM_API_KEY",),
        key_needed=False,
        url_variables=("BACKSMITH_VLLM_URL",),
        default_url="http://127.0.0.1:8000/v1",
        extra=_LOCAL_EXTRA,
        raw_options=True,
    ),
    ProviderSpec(
        name="llamacpp",
        about="llama.cpp's llama-server on this machine",
        opener=f"{_CHAT}:open_compatible",
        lister=f"{_CHAT}:served_models",
        keys=("LLAMA_API_KEY",),
        key_needed=False,
        url_variables=("BACKSMITH_LLAMACPP_URL",),
        default_url="http://127.0.0.1:8080/v1",
        extra=_LOCAL_EXTRA,
        raw_options=True,
    ),
    ProviderSpec(
        name="openrouter",
        about="OpenRouter",
        opener=f"{_CHAT}:open_compatible",
        lister=f"{_CHAT}:served_models",
        keys=("OPENROUTER_API_KEY",),
        url_variables=("BACKSMITH_OPENROUTER_URL",),
        default_url="https://openrouter.ai/api/v1",
        extra=_LOCAL_EXTRA,
        raw_options=True,
    ),
)

# Models that call no provider; agents.models opens them.
OFFLINE = {
    "replay": "recorded completions from a cassette folder",
    "manual": "a person: the prompt goes to a file, the answer is picked up from another",
}


@lru_cache(maxsize=1)
def providers() -> Mapping[str, ProviderSpec]:
    """All providers by name: the built-in ones, and those that other distributions add.

    An entry point in the group ``backsmith.models`` names a ProviderSpec. It cannot replace a built-in one.
    Raises ConfigError for one that names anything else.
    """
    found = {spec.name: spec for spec in _BUILT_IN}
    for point in entry_points(group=GROUP):
        spec = point.load()
        if not isinstance(spec, ProviderSpec):
            raise ConfigError(
                f"entry point {point.name!r} in group {GROUP} is no ProviderSpec: {point.value}"
            )
        found.setdefault(spec.name, spec)
    return found


def find(name: str) -> ProviderSpec:
    """The provider of that name; raises ConfigError with the nearest known one."""
    known = providers()
    if name in known:
        return known[name]
    names = [*known, *OFFLINE]
    near = difflib.get_close_matches(name, names, n=1)
    meant = f"Did you mean {near[0]!r}? " if near else ""
    raise ConfigError(f"unknown model provider {name!r}", hint=f"{meant}Known: {', '.join(names)}")
