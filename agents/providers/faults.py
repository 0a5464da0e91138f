"""What can go wrong on a wire, and which of it is worth another try."""

import email.utils
import time
from collections.abc import Mapping
from typing import Literal, get_args

PassingKind = Literal[
    "connection",
    "connect-timeout",
    "first-token-timeout",
    "idle-timeout",
    "total-timeout",
    "cut-stream",
    "malformed",
    "empty",
    "request-timeout",
    "conflict",
    "rate-limit",
    "server",
    "overloaded",
]
FaultKind = Literal[
    PassingKind,
    "quota",
    "bad-request",
    "context-overflow",
    "unauthorized",
    "forbidden",
    "not-found",
    "content-filter",
]

RETRYABLE: frozenset[FaultKind] = frozenset(get_args(PassingKind))
CONGESTED: frozenset[FaultKind] = frozenset({"rate-limit", "overloaded"})

_LONGEST_DETAIL = 600

_HINTS: dict[FaultKind, str] = {
    "connection": "Check the network, the proxy settings and the base URL.",
    "connect-timeout": "Check the network, the proxy settings and the base URL.",
    "first-token-timeout": "Raise the first-token timeout if this model thinks for long.",
    "idle-timeout": "Raise the idle timeout if this model pauses for long.",
    "total-timeout": "Raise the total timeout, or lower max_tokens.",
    "malformed": "The server does not speak the protocol that it is asked in; check the base URL.",
    "quota": "The account has no credit left or reached its spending limit: add credit or raise the limit.",
    "bad-request": "The provider refused a setting or the prompt; its message above says which.",
    "context-overflow": "Shorten the task's context files, lower max_tokens, or use a model that reads more.",
    "unauthorized": "The key is missing, wrong or expired: check the environment variable that holds it.",
    "forbidden": "The key may not use this model or region: check the project's permissions.",
    "not-found": "The provider knows no such model (or URL): check the model's name and the base URL.",
    "content-filter": "The provider's filter stopped the prompt; reword the task.",
    "rate-limit": "Run fewer samples at a time, or raise the account's limits.",
    "overloaded": "The provider is overloaded; go on later with the same command.",
    "server": "The provider has a problem; go on later with the same command.",
}


class Fault(Exception):  # noqa: N818 - a fault is data for the retry loop until it becomes a ProviderError
    """One failed attempt. ``retry_after`` is what the provider asked to wait, in seconds."""

    def __init__(
        self,
        kind: FaultKind,
        detail: str,
        *,
        status: int | None = None,
        retry_after: float | None = None,
        request_id: str | None = None,
    ) -> None:
        super().__init__(detail)
        self.kind: FaultKind = kind
        self.detail = detail if len(detail) <= _LONGEST_DETAIL else detail[:_LONGEST_DETAIL] + " ..."
        self.status = status
        self.retry_after = retry_after
        self.request_id = request_id

    @property
    def retryable(self) -> bool:
        """Whether the same request may succeed when it is sent again."""
        return self.kind in RETRYABLE

    @property
    def congested(self) -> bool:
        """Whether the provider says that too much is asked of it at once."""
        return self.kind in CONGESTED

    @property
    def hint(self) -> str:
        """What a person can do about it; may be empty."""
        return _HINTS.get(self.kind, "")


_BY_STATUS: dict[int, FaultKind] = {
    400: "bad-request",
    401: "unauthorized",
    402: "quota",
    403: "forbidden",
    404: "not-found",
    408: "request-timeout",
    409: "conflict",
    413: "context-overflow",
    422: "bad-request",
    425: "conflict",
    429: "rate-limit",
    529: "overloaded",
}

# The codes and types that providers put into the body, where they say more than the status.
_BY_CODE: dict[str, FaultKind] = {
    "insufficient_quota": "quota",
    "billing_error": "quota",
    "billing_hard_limit_reached": "quota",
    "contract_spend_limit_reached": "quota",
    "enforced_spend_limit_reached": "quota",
    "context_length_exceeded": "context-overflow",
    "string_above_max_length": "context-overflow",
    "request_too_large": "context-overflow",
    "model_not_found": "not-found",
    "content_filter": "content-filter",
    "content_policy_violation": "content-filter",
    "overloaded_error": "overloaded",
    "rate_limit_error": "rate-limit",
    "rate_limit_exceeded": "rate-limit",
    "api_error": "server",
    "server_error": "server",
    "timeout_error": "request-timeout",
    "authentication_error": "unauthorized",
    "permission_error": "forbidden",
    "not_found_error": "not-found",
    "invalid_request_error": "bad-request",
    "invalid_prompt": "bad-request",
}

# llama.cpp, vLLM, Ollama and Anthropic say this in words alone, with status 400.
_OVERFLOW_WORDS = (
    "maximum context length",
    "context window",
    "context size",
    "context length",
    "prompt is too long",
    "input is too long",
    "too many tokens",
)


def kind_of(status: int | None, body: object, message: str) -> FaultKind:
    """What kind of fault an HTTP status and an error body are."""
    error = body.get("error", body) if isinstance(body, Mapping) else None
    words = [str(error.get(key) or "") for key in ("code", "type")] if isinstance(error, Mapping) else []
    by_code = next((_BY_CODE[word] for word in words if word in _BY_CODE), None)
    by_status = _BY_STATUS.get(status) if status is not None else None
    if by_status is None and status is not None and status >= 500:
        by_status = "server"
    if by_status is None and status is not None and 400 <= status < 500:
        by_status = "bad-request"
    kind = by_code or by_status or "server"
    # A general code must not hide what the status says (a 404 of type invalid_request_error is a 404).
    if by_code == "bad-request" and by_status is not None:
        kind = by_status
    if kind == "bad-request" and any(word in message.lower() for word in _OVERFLOW_WORDS):
        kind = "context-overflow"
    return kind


def message_of(body: object, otherwise: str) -> str:
    """The provider's own words in an error body."""
    error = body.get("error", body) if isinstance(body, Mapping) else body
    if isinstance(error, Mapping):
        error = error.get("message") or error.get("detail")
    return error.strip() if isinstance(error, str) and error.strip() else otherwise


def retry_after(headers: Mapping[str, str], now: float | None = None) -> float | None:
    """Seconds that ``Retry-After`` (or ``retry-after-ms``) asks to wait; None where it is absent or unclear.

    RFC 9110, section 10.2.3: a number of seconds or an HTTP date.
    """
    milliseconds = _number(headers.get("retry-after-ms"))
    if milliseconds is not None:
        return milliseconds / 1000
    value = headers.get("retry-after")
    seconds = _number(value)
    if seconds is not None or value is None:
        return seconds
    try:
        date = email.utils.parsedate_to_datetime(value)
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
    return max(0.0, date.timestamp() - (time.time() if now is None else now))


def _number(text: str | None) -> float | None:
    try:
        number = float(text) if text is not None else None
    except ValueError:
        return None
    return number if number is not None and 0 <= number < 1e9 else None
