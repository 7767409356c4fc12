"""What the proxy itself says no to, in the error shape of the protocol that the caller's tool speaks.

Sources: OpenAI API reference, "Error codes"; Anthropic API reference, "Errors" (both read 2026-11-21).
"""

import json
from collections.abc import Mapping

ANTHROPIC_PATHS = ("/v1/messages", "/anthropic/")
TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    502: "api_error",
    504: "timeout_error",
}
OPENAI_TYPES = {
    **TYPES,
    404: "invalid_request_error",
    413: "invalid_request_error",
    502: "server_error",
    504: "server_error",
}


class Refusal(Exception):
    """An answer of the proxy's own. `code` is stable; the message ends with what to do about it."""

    def __init__(self, status: int, *, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message


def body(refusal: Refusal, path: str) -> bytes:
    """Anthropic's shape for Messages, OpenAI's for everything else."""
    return json.dumps(_anthropic(refusal) if path.startswith(ANTHROPIC_PATHS) else _openai(refusal)).encode()


def _anthropic(refusal: Refusal) -> Mapping[str, object]:
    return {"type": "error", "error": {"type": TYPES.get(refusal.status, "api_error"), "message": refusal.message}}


def _openai(refusal: Refusal) -> Mapping[str, object]:
    error_type = OPENAI_TYPES.get(refusal.status, "server_error")
    return {"error": {"message": refusal.message, "type": error_type, "param": None, "code": refusal.code}}
