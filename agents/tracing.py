"""OpenTelemetry spans of model calls, by the GenAI semantic conventions; nothing unless ``OTEL_*`` asks for it.

Names and values: https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-spans/. Prompts and answers are
never put into spans.
"""

import logging
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

from agents.around import Around
from agents.completion import Completion, Model, Request
from prompts.errors import BacksmithError

if TYPE_CHECKING:
    from opentelemetry.trace import Span, Tracer

OnText = Callable[[str], None]

log = logging.getLogger("backsmith")

_ASKS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_TRACES_EXPORTER")
# Backsmith's names where they differ from the conventions' well-known values of gen_ai.provider.name.
_PROVIDERS = {"openai-chat": "openai"}

Value = str | int | float | bool | list[str]


def wanted(environ: Mapping[str, str]) -> bool:
    """Whether the environment asks for spans."""
    if (
        environ.get("OTEL_SDK_DISABLED", "").lower() == "true"
        or environ.get("OTEL_TRACES_EXPORTER") == "none"
    ):
        return False
    return any(environ.get(name) for name in _ASKS)


def tracer_of(environ: Mapping[str, str]) -> "Tracer | None":
    """A tracer to where the environment says; None where it says nothing, or the SDK is not installed."""
    return _tracer(environ.get("OTEL_TRACES_EXPORTER", "otlp")) if wanted(environ) else None


@lru_cache(maxsize=2)
def _tracer(exporter: str) -> "Tracer | None":
    from opentelemetry import trace

    if not isinstance(trace.get_tracer_provider(), trace.ProxyTracerProvider):
        # The program that we run in has set up its own; that one is meant.
        return trace.get_tracer("backsmith")
    try:
        from opentelemetry.sdk.resources import SERVICE_NAME, Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor, ConsoleSpanExporter

        if exporter == "console":
            import sys

            processor = BatchSpanProcessor(ConsoleSpanExporter(out=sys.stderr))
        else:
            from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

            processor = BatchSpanProcessor(OTLPSpanExporter())
    except ImportError:
        log.warning("OTEL_* asks for spans, but OpenTelemetry's SDK is missing: install backsmith[otel]")
        return None
    # OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES win over this name.
    provider = TracerProvider(resource=Resource({SERVICE_NAME: "backsmith"}).merge(Resource.create()))
    provider.add_span_processor(processor)
    return provider.get_tracer("backsmith")


class Traced(Around):
    """Passes calls on to another model, each within a span of kind CLIENT called ``chat NAME``."""

    def __init__(self, model: Model, tracer: "Tracer") -> None:
        super().__init__(model)
        self._tracer = tracer

    async def complete(self, request: Request, on_text: OnText | None = None) -> Completion:
        """The other model's completion."""
        from opentelemetry.trace import SpanKind, Status, StatusCode

        name = f"chat {request.model.partition('/')[2]}"
        with self._tracer.start_as_current_span(
            name, kind=SpanKind.CLIENT, attributes=_asked(request), record_exception=False
        ) as span:
            try:
                completion = await self._model.complete(request, on_text)
            except BacksmithError as error:
                span.set_attribute("error.type", type(error).__name__)
                span.set_status(Status(StatusCode.ERROR, str(error)))
                raise
            _answered(span, completion)
            return completion


def _asked(request: Request) -> dict[str, Value]:
    provider, _, model = request.model.partition("/")
    settings = request.parameters
    known: dict[str, Value | None] = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": _PROVIDERS.get(provider, provider),
        "gen_ai.request.model": model,
        "gen_ai.request.stream": True,
        "gen_ai.request.temperature": settings.temperature,
        "gen_ai.request.max_tokens": settings.max_tokens,
        "gen_ai.request.seed": settings.seed,
        "gen_ai.request.stop_sequences": list(settings.stop) or None,
        "gen_ai.output.type": "json" if settings.json_schema else "text",
        "gen_ai.agent.name": request.tag.role,
        "backsmith.task": request.tag.task,
        "backsmith.round": request.tag.round,
        "backsmith.epoch": request.tag.epoch,
        "backsmith.part": request.tag.part,
    }
    return {name: value for name, value in known.items() if value is not None}


def _answered(span: "Span", completion: Completion) -> None:
    usage = completion.usage
    known: dict[str, Value | None] = {
        "gen_ai.response.id": completion.request_id,
        "gen_ai.response.model": completion.model,
        "gen_ai.response.finish_reasons": [completion.stop_reason],
        "gen_ai.response.time_to_first_chunk": completion.first_token_seconds,
        "gen_ai.usage.input_tokens": usage.input,
        "gen_ai.usage.output_tokens": usage.output,
        "gen_ai.usage.cache_read.input_tokens": usage.cached,
        "gen_ai.usage.cache_creation.input_tokens": usage.cache_written,
        "gen_ai.usage.reasoning.output_tokens": usage.reasoning,
        "backsmith.attempts": completion.attempts,
        "backsmith.cost_usd": None if completion.cost is None else float(completion.cost),
    }
    for name, value in known.items():
        if value is not None:
            span.set_attribute(name, value)
