"""Requests that Bedrock refuses, and how each of its surfaces says so.

The AWS operations answer `{"message": ...}` with the error's name in `x-amzn-errortype`. The OpenAI-compatible routes
answer `{"error": {...}}`, the Messages route `{"type": "error", "error": {...}}`, each with its protocol's own words.
Statuses of AWS errors: botocore's model of bedrock-runtime (1.43, 2026-11-21). How the other two routes name each error
is not published; they name it as their protocol would.
"""

from enum import StrEnum
from typing import NamedTuple

import msgspec
from aiohttp import web

from opencode_local.bedrock.prompt import Json


class Dialect(StrEnum):
    """Whose error shapes a route speaks."""

    AWS = "aws"
    OPENAI = "openai"
    ANTHROPIC = "anthropic"


class Words(NamedTuple):
    """One error in each dialect: status and type (and code, for OpenAI)."""

    aws: int
    anthropic: tuple[int, str]
    openai: tuple[int, str, str]


ERRORS = {
    "ValidationException": Words(400, (400, "invalid_request_error"), (400, "invalid_request_error", "invalid_value")),
    "UnrecognizedClientException": Words(
        403, (401, "authentication_error"), (401, "authentication_error", "invalid_api_key")
    ),
    "ExpiredTokenException": Words(
        403, (401, "authentication_error"), (401, "authentication_error", "expired_api_key")
    ),
    "AccessDeniedException": Words(403, (403, "permission_error"), (403, "permission_denied_error", "access_denied")),
    "ResourceNotFoundException": Words(404, (404, "not_found_error"), (404, "not_found_error", "model_not_found")),
    "ModelTimeoutException": Words(408, (504, "timeout_error"), (408, "timeout_error", "request_timeout")),
    "ThrottlingException": Words(429, (429, "rate_limit_error"), (429, "rate_limit_error", "rate_limit_exceeded")),
    "ModelNotReadyException": Words(429, (529, "overloaded_error"), (503, "server_error", "model_not_ready")),
    "InternalServerException": Words(500, (500, "api_error"), (500, "server_error", "internal_server_error")),
    "ServiceUnavailableException": Words(
        503, (503, "overloaded_error"), (503, "service_unavailable_error", "service_unavailable")
    ),
    "ModelStreamErrorException": Words(424, (500, "api_error"), (500, "server_error", "model_stream_error")),
}


class Refused(Exception):
    """The request is answered with an error. `name` is AWS's: a key of ERRORS."""

    def __init__(self, name: str, message: str, *, code: str | None = None) -> None:
        super().__init__(message)
        self.name = name
        self.message = message
        self.code = code
        """OpenAI's code, where it says more than the error's usual one."""


def invalid(message: str) -> Refused:
    return Refused("ValidationException", message)


def status(refused: Refused, dialect: Dialect) -> int:
    words = ERRORS[refused.name]
    return {Dialect.AWS: words.aws, Dialect.ANTHROPIC: words.anthropic[0], Dialect.OPENAI: words.openai[0]}[dialect]


def body(refused: Refused, dialect: Dialect) -> Json:
    words = ERRORS[refused.name]
    match dialect:
        case Dialect.AWS:
            return {"message": refused.message}
        case Dialect.ANTHROPIC:
            return {"type": "error", "error": {"type": words.anthropic[1], "message": refused.message}}
        case Dialect.OPENAI:
            _, kind, code = words.openai
            return {"error": {"message": refused.message, "type": kind, "param": None, "code": refused.code or code}}


def response(refused: Refused, dialect: Dialect) -> web.Response:
    headers = {"x-amzn-errortype": refused.name} if dialect is Dialect.AWS else {}
    return web.Response(
        status=status(refused, dialect),
        body=msgspec.json.encode(body(refused, dialect)),
        content_type="application/json",
        headers=headers,
    )
