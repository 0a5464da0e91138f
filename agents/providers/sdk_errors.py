"""The two official SDKs' errors as faults. Both are made by the same generator and share their shape."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from json import JSONDecodeError
from types import ModuleType
from typing import Any

from agents.providers.faults import Fault, kind_of, message_of, retry_after


@dataclass(slots=True)
class StreamState:
    """How far a stream has come, which decides what a broken connection means."""

    opened: bool = False
    request_id: str | None = None


@contextmanager
def translating(sdk: ModuleType, state: StreamState) -> Iterator[None]:
    """Turn what the SDK, its transport and its event decoder raise into Fault."""
    import httpx2

    try:
        yield
    except sdk.APIStatusError as error:
        raise _status(error) from None
    except sdk.APIConnectionError as error:
        raise _transport(error, error.__cause__, state) from None
    except sdk.APIError as error:
        body = error.body
        raise Fault(
            kind_of(_numeric_code(body), body, error.message),
            message_of(body, error.message),
            request_id=state.request_id,
        ) from None
    except httpx2.HTTPError as error:
        raise _transport(error, error, state) from None
    except (JSONDecodeError, UnicodeDecodeError) as error:
        raise Fault("malformed", f"an event is not JSON: {error}", request_id=state.request_id) from None
    except (AttributeError, TypeError, KeyError, ValueError) as error:
        # The SDKs take events as they come and do not check them: one of another shape shows up as one of these.
        words = f"an event has another shape: {type(error).__name__}: {error}"
        raise Fault("malformed", words, request_id=state.request_id) from None


def require_event_stream(response: Any, state: StreamState) -> None:
    """Note the request's id; refuse a body that is no event stream (a proxy's page, say)."""
    state.opened = True
    headers = response.headers
    state.request_id = headers.get("x-request-id") or headers.get("request-id")
    kind = headers.get("content-type", "")
    if "text/event-stream" not in kind.lower():
        raise Fault(
            "malformed",
            f"the server answered with {kind or 'no content type'} instead of an event stream",
            status=response.status_code,
            request_id=state.request_id,
        )


def _status(error: Any) -> Fault:
    response = error.response
    # An error event in a stream carries the stream's own status, 200, which says nothing about the error.
    status = error.status_code if error.status_code >= 400 else _numeric_code(error.body)
    return Fault(
        kind_of(status, error.body, error.message),
        message_of(error.body, error.message),
        status=status,
        retry_after=retry_after(response.headers),
        request_id=response.headers.get("x-request-id") or response.headers.get("request-id"),
    )


def _transport(error: Exception, cause: BaseException | None, state: StreamState) -> Fault:
    import httpx2

    words = f"{type(cause or error).__name__}: {cause or error}".rstrip(": ")
    if isinstance(cause, httpx2.ConnectTimeout | httpx2.PoolTimeout):
        return Fault("connect-timeout", f"no connection within the time limit ({words})")
    if isinstance(cause, httpx2.TimeoutException):
        kind = "idle-timeout" if state.opened else "first-token-timeout"
        return Fault("idle-timeout" if kind == "idle-timeout" else "first-token-timeout", words)
    if state.opened or not isinstance(cause, httpx2.ConnectError | httpx2.ProxyError):
        # The request may have arrived, which matters to who must not send it twice.
        return Fault(
            "cut-stream",
            f"the connection broke before the answer was whole ({words})",
            request_id=state.request_id,
        )
    return Fault("connection", words)


def _numeric_code(body: object) -> int | None:
    error = body.get("error", body) if isinstance(body, dict) else None
    code = error.get("code") if isinstance(error, dict) else None
    try:
        number = int(str(code))
    except ValueError:
        return None
    return number if 400 <= number < 600 else None
