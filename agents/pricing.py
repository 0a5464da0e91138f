"""What a call costs and how much a model can read, from the genai-prices data that ships with the package."""

from dataclasses import dataclass
from decimal import Decimal

from agents.completion import Usage

_HALF = Decimal("0.5")
# Small enough to stay in the lowest tier of models that charge more for long prompts.
_SMALL = 1000

# Backsmith's provider names to those of genai-prices. Servers of one's own have no price list.
_PRICED = {"openai": "openai", "openai-chat": "openai", "anthropic": "anthropic", "openrouter": "openrouter"}


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """What is known of a model; ``None`` where it is not. Prices are US dollars per million tokens."""

    context: int | None = None
    input_price: Decimal | None = None
    output_price: Decimal | None = None


def cost(model: str, usage: Usage, *, batch: bool = False) -> Decimal | None:
    """US dollars for ``usage`` of ``provider/name``; None where price or token counts are unknown.

    A batch costs half (both providers with a batch API price it so).
    """
    if usage.input is None or usage.output is None:
        return None
    provider, _, name = model.partition("/")
    if provider not in _PRICED:
        return None
    import genai_prices

    counts = genai_prices.Usage(
        input_tokens=usage.input,
        output_tokens=usage.output,
        cache_read_tokens=usage.cached or 0,
        cache_write_tokens=usage.cache_written or 0,
    )
    try:
        price = genai_prices.calc_price(counts, name, provider_id=_PRICED[provider]).total_price
    except (LookupError, ValueError):
        return None
    return price * _HALF if batch else price


def facts(model: str) -> ModelFacts:
    """Context size and prices of ``provider/name``."""
    provider, _, name = model.partition("/")
    if provider not in _PRICED:
        return ModelFacts()
    from genai_prices.data_snapshot import get_snapshot

    try:
        _, info = get_snapshot().find_provider_model(name, None, _PRICED[provider], None)
    except LookupError:
        return ModelFacts()
    return ModelFacts(
        context=info.context_window,
        input_price=_per_million(cost(model, Usage(input=_SMALL, output=0))),
        output_price=_per_million(cost(model, Usage(input=0, output=_SMALL))),
    )


def _per_million(price: Decimal | None) -> Decimal | None:
    return None if price is None else price * 1_000_000 / _SMALL


def known_models(provider: str) -> list[str]:
    """The full names of a provider's current models that have prices by token and a known context size."""
    if provider not in _PRICED:
        return []
    from genai_prices.data_snapshot import get_snapshot

    found: list[str] = []
    for known in get_snapshot().providers:
        if known.id == _PRICED[provider]:
            names = [model.id for model in known.models if model.context_window and not model.deprecated]
            found = [f"{provider}/{name}" for name in names]
    return [name for name in found if facts(name).output_price]
