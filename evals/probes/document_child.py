"""A process of its own that asks by an OpenAPI document, with schemathesis. What it finds goes out as lines of JSON.

The document is an answer's: what is generated from it may take for ever or all memory, so that this process has limits
and can be killed. Read by ``evals.probes.by_document``; started as ``python -m evals.probes.document_child``.
"""

import json
import resource
import sys
import warnings
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from evals.probes.client import Answer, Ask, Client

_MEMORY = 1 << 31
_REQUEST_HEADERS = ("content-type", "cookie")


def main() -> None:
    """Read the order from standard input, write a line for every operation as it is done."""
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    warnings.simplefilter("ignore")
    order = json.load(sys.stdin)
    from evals.probes.client import Client

    client = Client(order["socket"], order["seconds"])
    try:
        for told in _operations(order, client):
            sys.stdout.write(json.dumps(told) + "\n")
            sys.stdout.flush()
    finally:
        client.close()


def _operations(order: Mapping[str, Any], client: "Client") -> Iterator[dict[str, Any]]:
    import schemathesis
    from schemathesis.config import GenerationConfig

    config = schemathesis.Config()
    schema = schemathesis.openapi.from_dict(order["document"], config=config)
    # A NUL and half a surrogate pair are other probes' business.
    schema.config.generation = GenerationConfig(
        allow_x00=False, codec="utf-8", with_security_parameters=False
    )
    for found in schema.get_all_operations():
        operation = found.ok() if hasattr(found, "ok") else None
        if operation is None:
            continue
        name = f"{operation.method.upper()} {operation.path}"
        if name in order["names"]:
            yield {"operation": name, **_ask_by(operation, order, client)}


def _ask_by(operation: Any, order: Mapping[str, Any], client: "Client") -> dict[str, Any]:
    """Some requests that the document allows, always the same ones; the first answer that breaks a promise."""
    from hypothesis import HealthCheck, Phase, given, settings
    from schemathesis import GenerationMode

    told: dict[str, Any] = {"asked": 0, "checked": 0}

    @settings(
        max_examples=order["examples"],
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(operation.as_strategy(generation_mode=GenerationMode.POSITIVE))
    def ask(case: Any) -> None:
        if "wrong" in told or client.left <= 0:
            return
        request, answer = _send(case, order["headers"], client)
        if not answer.status:
            return
        told["asked"] += 1
        wrong = "a 5xx to input that the document allows" if answer.status >= 500 else ""
        if answer.good:
            told["checked"] += 1
            wrong = _broken_promise(operation, request, answer)
        if wrong:
            told.update(wrong=wrong, fault=answer.status >= 500, request=request.shown, response=answer.shown)

    ask()
    return told


def _send(case: Any, headers: Mapping[str, str], client: "Client") -> tuple["Ask", "Answer"]:
    import requests

    from evals.probes.client import Ask

    given = case.as_transport_kwargs(base_url="http://localhost", headers=dict(headers))
    known = ("method", "url", "headers", "params", "json", "data", "files", "cookies")
    prepared = requests.Request(**{k: v for k, v in given.items() if k in known}).prepare()
    kept = {k.lower(): str(v) for k, v in {**prepared.headers, **headers}.items()}
    kept.pop("content-length", None)
    kept.pop("transfer-encoding", None)
    body = prepared.body.encode() if isinstance(prepared.body, str) else prepared.body
    content = body if isinstance(body, bytes) else None
    request = Ask(
        str(prepared.method), "", (), tuple(kept.items()), content, raw_target=str(prepared.path_url)
    )
    return request, client.ask(request)


def _broken_promise(operation: Any, request: "Ask", answer: "Answer") -> str:
    """How a granted answer differs from what the document declares for its status; empty where it does not."""
    import requests
    import schemathesis
    from schemathesis.core.failures import Failure, FailureGroup

    response = schemathesis.Response(
        status_code=answer.status,
        headers={name: [value] for name, value in answer.headers.items()},
        content=answer.body,
        request=requests.Request(request.method, "http://localhost" + request.target).prepare(),
        elapsed=0.0,
        verify=False,
    )
    try:
        operation.validate_response(response)
    except (Failure, FailureGroup) as failure:
        first = failure.exceptions[0] if isinstance(failure, FailureGroup) else failure
        detail = " ".join(f"{getattr(first, 'message', '') or first}".split())
        return f"the answer is not what its document declares: {detail[:200]}"
    return ""


if __name__ == "__main__":
    main()
