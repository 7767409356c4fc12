"""The protocols callers speak, as far as every answer needs them: errors, keep-alives, content types.

Sources: OpenAI API reference, "Error codes", "Streaming" and "response.failed"; Anthropic API reference, "Errors" and
"Streaming messages" (all read 2026-11-21).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import msgspec

from opencode_router.errors import RouterError

OPENAI_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "invalid_request_error",
    409: "invalid_request_error",
    413: "invalid_request_error",
    426: "invalid_request_error",
    429: "rate_limit_error",
}
ANTHROPIC_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    409: "invalid_request_error",
    413: "request_too_large",
    426: "invalid_request_error",
    429: "rate_limit_error",
    503: "overloaded_error",
    504: "timeout_error",
}


def openai_error(error: RouterError, request_id: str) -> Mapping[str, object]:
    """`{"error": {"message", "type", "param", "code"}}`, and the request's id beside it."""
    return {
        "error": {
            "message": error.message,
            "type": OPENAI_TYPES.get(error.status, "server_error"),
            "param": error.param,
            "code": error.code,
        },
        "request_id": request_id,
    }


def anthropic_error(error: RouterError, request_id: str) -> Mapping[str, object]:
    """`{"type": "error", "error": {"type", "message"}, "request_id"}`; a field at fault leads the message."""
    message = f"{error.param}: {error.message}" if error.param else error.message
    return {
        "type": "error",
        "error": {"type": ANTHROPIC_TYPES.get(error.status, "api_error"), "message": message},
        "request_id": request_id,
    }


def failed_response(error: RouterError, request_id: str) -> Mapping[str, object]:
    """The event `response.failed`: Codex takes no other for an error. The gateway does not count a stream's events."""
    return {
        "type": "response.failed",
        "sequence_number": 0,
        "response": {
            "id": f"resp_{request_id.removeprefix('req_')}",
            "object": "response",
            "status": "failed",
            "error": {"code": error.code, "message": error.message},
            "incomplete_details": None,
            "output": [],
            "usage": None,
        },
        "request_id": request_id,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientProtocol:
    """How one client protocol says what is not an answer."""

    error: Callable[[RouterError, str], Mapping[str, object]]
    """Error and request id to the body of an error response."""
    error_event_prefix: bytes
    keep_alive: bytes
    """A whole event that every client of the protocol passes over."""
    stream_error: Callable[[RouterError, str], Mapping[str, object]] | None = None
    """The same within a stream; None: as in a response."""

    def error_body(self, error: RouterError, request_id: str) -> bytes:
        return msgspec.json.encode(self.error(error, request_id))

    def error_event(self, error: RouterError, request_id: str) -> bytes:
        """The event that ends a stream that failed after it had begun."""
        body = (self.stream_error or self.error)(error, request_id)
        return self.error_event_prefix + msgspec.json.encode(body) + b"\n\n"


OPENAI = ClientProtocol(error=openai_error, error_event_prefix=b"data: ", keep_alive=b": keep-alive\n\n")
RESPONSES = ClientProtocol(
    error=openai_error,
    error_event_prefix=b"event: response.failed\ndata: ",
    keep_alive=OPENAI.keep_alive,
    stream_error=failed_response,
)
ANTHROPIC = ClientProtocol(
    error=anthropic_error,
    error_event_prefix=b"event: error\ndata: ",
    keep_alive=b'event: ping\ndata: {"type": "ping"}\n\n',
)
