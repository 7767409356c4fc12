"""Bedrock's error responses and in-stream exceptions, as the errors our callers get.

Sources: Amazon Bedrock API reference, "Converse", "ConverseStream" and "InvokeModel" (errors and their status);
Amazon Bedrock user guide, "Troubleshooting Amazon Bedrock API Error Codes"; Anthropic API reference, "Errors"; OpenAI
API reference, "Error codes" (all read 2026-11-21).
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import msgspec

from opencode_router.errors import (
    BadRequest,
    Conflict,
    ContextTooLong,
    Forbidden,
    NotFound,
    RouterError,
    Throttled,
    Unavailable,
    UpstreamFailed,
    UpstreamTimeout,
)

SHORTEST_RETRY_S = 1
LONGEST_RETRY_S = 60
LONGEST_TEXT_CHARACTERS = 500
"""Of a body that has no message of its own: enough to recognise a proxy's error page."""

TYPES: Mapping[str, type[RouterError]] = {
    # AWS, without their "Exception"
    "accessdenied": Forbidden,
    "conflict": Conflict,
    "expiredtoken": Forbidden,
    "internalfailure": UpstreamFailed,
    "internalserver": UpstreamFailed,
    "modelerror": UpstreamFailed,
    "modelnotready": Unavailable,
    "modelstreamerror": UpstreamFailed,
    "modeltimeout": UpstreamTimeout,
    "resourcenotfound": NotFound,
    "servicequotaexceeded": Throttled,
    "serviceunavailable": Unavailable,
    "throttling": Throttled,
    "unrecognizedclient": Forbidden,
    "validation": BadRequest,
    # Anthropic
    "authentication_error": Forbidden,
    "billing_error": Forbidden,
    "not_found_error": NotFound,
    "overloaded_error": Unavailable,
    "permission_error": Forbidden,
    "rate_limit_error": Throttled,
    "request_too_large": BadRequest,
    "timeout_error": UpstreamTimeout,
    # OpenAI
    "context_length_exceeded": ContextTooLong,
    "insufficient_quota": Throttled,
    "invalid_api_key": Forbidden,
    "model_not_found": NotFound,
    "rate_limit_exceeded": Throttled,
    "service_unavailable_error": Unavailable,
}
VAGUE_TYPES: Mapping[str, type[RouterError]] = {
    "api_error": UpstreamFailed,
    "invalid_request_error": BadRequest,
    "server_error": UpstreamFailed,
}
"""Names that cover several statuses, so that a status says more."""
STATUSES: Mapping[int, type[RouterError]] = {
    400: BadRequest,
    401: Forbidden,  # the gateway's own credentials: a 401 would send the caller off to renew theirs
    403: Forbidden,
    404: NotFound,
    408: UpstreamTimeout,
    409: Conflict,
    413: BadRequest,
    422: BadRequest,
    429: Throttled,
    503: Unavailable,
    504: UpstreamTimeout,
    529: Unavailable,
}
CONTEXT_TOO_LONG = re.compile(
    r"(?:input|prompt|conversation|request) is too long|context (?:window|length|limit)|too many input tokens"
    r"|input tokens exceeded|maximum (?:context|number of input tokens)",
    re.IGNORECASE,
)
"""How the models say so: "Input is too long for requested model", "prompt is too long: 215000 tokens > 200000
maximum", "input length and `max_tokens` exceed context limit", "maximum context length is 8192 tokens"."""
ARN = re.compile(r"arn:aws[a-z-]*:[\w-]+:[\w-]*:\d{12}:[^\s,;\"']+")
"""With an account number in it: AWS tells a caller it refuses which role and account it belongs to, and that is the
gateway's own business."""
MARKUP = re.compile(r"<(style|script|title)\b.*?</\1>|<[^>]*>", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What an error body says."""

    types: tuple[str, ...] = ()
    """Names of the error, most telling first."""
    message: str = ""
    param: str | None = None


def failure(error_type: str, message: str, *, code: str = "") -> RouterError:
    """The error that the upstream calls `error_type`, a name of AWS, Anthropic or OpenAI or a status in digits.

    OpenAI's `code` may say more. Names that are all unknown make an UpstreamFailed.
    """
    keys = [type_key(name) for name in (code, error_type)]
    kinds = [TYPES.get(key) or STATUSES.get(status_in(key)) for key in keys] + [VAGUE_TYPES.get(key) for key in keys]
    kind = next(filter(None, kinds), UpstreamFailed)
    text = message or f"the model failed with {error_type or 'an unnamed error'}"
    return refusal(kind, Report(message=text), SHORTEST_RETRY_S)


def status_in(key: str) -> int:
    return int(key) if len(key) == 3 and key.isdecimal() else 0


def http_failure(status: int, headers: Mapping[str, str], body: bytes) -> RouterError:
    """The error that a response of `status`, other than 200, stands for.

    The body may be AWS's `{"message"}`, OpenAI's `{"error": {...}}`, Anthropic's `{"type": "error", "error": {...}}`,
    a web page or nothing. A known error name decides before the status.
    """
    by_name = {name.lower(): value for name, value in headers.items()}
    report = read_report(body)
    names = (by_name.get("x-amzn-errortype", ""), *report.types)
    known = (TYPES[key] for key in map(type_key, names) if key in TYPES)
    kind = next(known, STATUSES.get(status, UpstreamFailed))
    text = report.message or f"Bedrock answered {status} {next(filter(None, names), 'without a reason')}"
    return refusal(kind, Report(message=text, param=report.param), retry_after_s(by_name.get("retry-after", "")))


def refusal(kind: type[RouterError], report: Report, wait_s: int) -> RouterError:
    message = ARN.sub("(a resource of this gateway)", report.message)
    if issubclass(kind, BadRequest):
        is_too_long = kind is ContextTooLong or CONTEXT_TOO_LONG.search(message)
        return (ContextTooLong if is_too_long else kind)(message, param=report.param)
    return kind(message, retry_after_s=wait_s if issubclass(kind, Throttled | Unavailable) else None)


def type_key(error_type: str) -> str:
    """`com.amazon.coral#ThrottlingException:http://...` and `throttlingException` to `throttling`."""
    return error_type.partition(":")[0].rpartition("#")[2].strip().lower().removesuffix("exception")


def retry_after_s(value: str) -> int:
    """Seconds to wait, 1 to 60; an HTTP date or nonsense counts as 1."""
    seconds = int(value) if value.isascii() and value.isdigit() and len(value) < 10 else SHORTEST_RETRY_S
    return min(max(seconds, SHORTEST_RETRY_S), LONGEST_RETRY_S)


def read_report(body: bytes) -> Report:
    try:
        fields = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        page = MARKUP.sub(" ", body.decode(errors="replace"))
        return Report(message=" ".join(page.split())[:LONGEST_TEXT_CHARACTERS])
    match fields:
        case {"error": dict(error)}:
            return report_of(error)
        case {"error": str(message)}:
            return Report(message=message)
        case dict():
            return report_of(fields)
    return Report()


def report_of(error: Mapping[str, object]) -> Report:
    return Report(
        types=tuple(texts(error, "code", "type", "__type")),
        message=next(texts(error, "message", "Message", "detail"), ""),
        param=next(texts(error, "param"), None),
    )


def texts(fields: Mapping[str, object], *names: str) -> Iterator[str]:
    return (value for name in names if isinstance(value := fields.get(name), str) and value)
