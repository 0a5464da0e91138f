"""Spans of model calls."""

import subprocess
import sys

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.semconv._incubating.attributes import gen_ai_attributes
from opentelemetry.trace import SpanKind, StatusCode

from agents.completion import Parameters
from agents.tracing import Traced, wanted
from prompts.errors import ProviderError
from tests.agents.conftest import Opener, request_for
from tests.agents.loopback import Loopback, fault

NAME = "openai-chat/gpt-5"


@pytest.fixture
def spans() -> InMemorySpanExporter:
    return InMemorySpanExporter()


def traced(opened: Opener, spans: InMemorySpanExporter) -> Traced:
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(spans))
    return Traced(opened(NAME), provider.get_tracer("test"))


async def test_a_call_is_one_span_by_the_conventions(
    server: Loopback, opened: Opener, spans: InMemorySpanExporter
) -> None:
    server.script = [fault(500)]
    parameters = Parameters(temperature=0.5, max_tokens=100, stop=("END",))
    await traced(opened, spans).complete(request_for(NAME, parameters=parameters))

    (span,) = spans.get_finished_spans()
    assert span.name == "chat gpt-5"
    assert span.kind is SpanKind.CLIENT
    assert span.attributes is not None
    told = dict(span.attributes)
    assert told["gen_ai.operation.name"] == "chat"
    assert told["gen_ai.provider.name"] == "openai"
    assert told["gen_ai.request.model"] == "gpt-5"
    assert told["gen_ai.request.temperature"] == 0.5
    assert told["gen_ai.request.stop_sequences"] == ("END",)
    assert told["gen_ai.usage.input_tokens"] == 100
    assert told["gen_ai.usage.cache_read.input_tokens"] == 40
    assert told["gen_ai.response.finish_reasons"] == ("end",)
    assert told["backsmith.attempts"] == 2
    conventions = {value for key, value in vars(gen_ai_attributes).items() if key.startswith("GEN_AI_")}
    assert {name for name in told if name.startswith("gen_ai.")} <= conventions


async def test_spans_hold_no_prompt_and_no_answer(opened: Opener, spans: InMemorySpanExporter) -> None:
    await traced(opened, spans).complete(request_for(NAME, "A private prompt."))
    (span,) = spans.get_finished_spans()
    assert "private" not in span.to_json()
    assert "Hello" not in span.to_json()


async def test_a_failed_call_is_a_failed_span(
    server: Loopback, opened: Opener, spans: InMemorySpanExporter
) -> None:
    server.script = [fault(401, "no")]
    with pytest.raises(ProviderError):
        await traced(opened, spans).complete(request_for(NAME))
    (span,) = spans.get_finished_spans()
    assert span.status.status_code is StatusCode.ERROR
    assert span.attributes is not None
    assert span.attributes["error.type"] == "ProviderError"


@pytest.mark.parametrize(
    ("environ", "spans"),
    [
        ({}, False),
        ({"OTEL_SERVICE_NAME": "x"}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318"}, True),
        ({"OTEL_TRACES_EXPORTER": "console"}, True),
        ({"OTEL_TRACES_EXPORTER": "none", "OTEL_EXPORTER_OTLP_ENDPOINT": "x"}, False),
        ({"OTEL_SDK_DISABLED": "true", "OTEL_EXPORTER_OTLP_ENDPOINT": "x"}, False),
    ],
)
def test_spans_are_made_only_when_asked_for(environ: dict[str, str], spans: bool) -> None:
    assert wanted(environ) is spans


def test_without_a_wish_opentelemetry_is_not_even_imported() -> None:
    code = (
        "import sys; from agents.models import open_model; open_model('ollama/x', environ={}); "
        "print('opentelemetry.sdk' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_spans_reach_where_the_environment_says() -> None:
    code = (
        "import asyncio\n"
        "from agents.models import ModelOptions, close_model, open_model\n"
        "from tests.agents.conftest import request_for\n"
        "from tests.agents.loopback import loopback\n"
        "async def main():\n"
        "    async with loopback() as server:\n"
        "        model = open_model('ollama/x', ModelOptions(base_url=server.v1),"
        " environ={'OTEL_TRACES_EXPORTER': 'console'})\n"
        "        await model.complete(request_for('ollama/x'))\n"
        "        await close_model(model)\n"
        "asyncio.run(main())\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert '"name": "chat x"' in done.stderr
    assert '"gen_ai.usage.output_tokens": 20' in done.stderr
    assert done.stdout == ""
