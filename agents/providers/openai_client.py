"""The OpenAI SDK's client, set up so that every rule about time and retries is ours."""

import os
from typing import TYPE_CHECKING

from agents.providers.registry import Endpoint
from agents.providers.tls import trusted

if TYPE_CHECKING:
    from openai import AsyncOpenAI


def open_client(endpoint: Endpoint, *, own_service: bool) -> "AsyncOpenAI":
    """A client for OpenAI itself (``own_service``) or for somebody else's compatible server.

    The latter never gets what the environment says about the OpenAI account: organization, project, custom
    headers, admin key.
    """
    import httpx2
    from openai import AsyncOpenAI, DefaultAsyncHttpx2Client, Omit

    timeout = httpx2.Timeout(
        endpoint.silence_seconds, connect=endpoint.connect_seconds, pool=endpoint.connect_seconds
    )
    if own_service:
        return AsyncOpenAI(
            api_key=endpoint.key,
            base_url=endpoint.base_url,
            timeout=timeout,
            max_retries=0,
            http_client=DefaultAsyncHttpx2Client(verify=trusted()),
        )
    hidden = {name: Omit() for name in ("OpenAI-Organization", "OpenAI-Project", *_custom_header_names())}
    return AsyncOpenAI(
        api_key=endpoint.key or "none",
        admin_api_key="none",
        base_url=endpoint.base_url,
        timeout=timeout,
        max_retries=0,
        http_client=DefaultAsyncHttpx2Client(verify=trusted()),
        default_headers=hidden,  # type: ignore[arg-type] # the SDK takes Omit as "do not send", its hint does not say so
    )


def _custom_header_names() -> list[str]:
    lines = os.environ.get("OPENAI_CUSTOM_HEADERS", "").split("\n")
    return [line.partition(":")[0].strip() for line in lines if ":" in line]
