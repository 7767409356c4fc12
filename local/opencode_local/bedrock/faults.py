"""Orders to misbehave, each for one request."""

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple, TypeAlias

from msgspec import Struct

from opencode_local.bedrock.refusals import Dialect, Refused

Kind: TypeAlias = Literal[
    "throttle",
    "deny",
    "not_found",
    "validation",
    "context_too_long",
    "not_ready",
    "server_error",
    "unavailable",
    "model_timeout",
    "expired_token",
    "slow_first_event",
    "stall",
    "pace",
    "exception",
    "split",
    "truncate",
    "cut_frame",
    "drop",
    "corrupt",
    "malformed",
    "html",
]
Exceptional: TypeAlias = Literal[
    "throttlingException",
    "modelStreamErrorException",
    "internalServerException",
    "validationException",
    "serviceUnavailableException",
]
Surface: TypeAlias = Literal["converse", "invoke", "chat", "responses", "messages", "count_tokens"]


class Fault(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One order. In JSON an object of the same names: `{"kind": "stall", "after_events": 3, "seconds": 20}`.

    | kind | what happens |
    | --- | --- |
    | throttle ... expired_token | the request is refused with that error, worded by `message` if given |
    | slow_first_event | nothing, not even response headers, for `seconds` |
    | stall | silence for `seconds` after `after_events` events, then it goes on |
    | pace | `events_per_s` events a second |
    | exception | after `after_events` events comes the error `exception`, and the stream ends |
    | split | every `size` bytes leave in a write of their own |
    | truncate | the response ends properly after `after_events` events, or after half of a whole body |
    | cut_frame | the response ends inside the event after `after_events`; a whole body is shorter than announced |
    | drop | the connection is aborted after `after_events` events; 0 is before any response |
    | corrupt | the frame after `after_events` has a wrong CRC; elsewhere a byte of the event is not UTF-8 |
    | malformed | the event after `after_events`, or the whole body, is no JSON |
    | html | the answer is a 200 with an HTML page |
    """

    kind: Kind
    surface: Surface | None = None
    """Waits for a request to this surface; without it, for any but `count_tokens`."""
    after_events: int = 0
    seconds: float | None = None
    """None: until `release()`, or until the caller is gone."""
    events_per_s: float = 20.0
    size: int = 1
    exception: Exceptional = "modelStreamErrorException"
    message: str | None = None


class Wording(NamedTuple):
    """The error and the message that a kind of fault stands for."""

    name: str
    message: str


REFUSALS: Mapping[str, Wording] = {
    "throttle": Wording("ThrottlingException", "Too many requests, please wait before trying again."),
    "deny": Wording("AccessDeniedException", "You don't have access to the model with the specified model ID."),
    "not_found": Wording("ResourceNotFoundException", "The model ID that you specified does not exist."),
    "validation": Wording("ValidationException", "The provided request is not valid."),
    "context_too_long": Wording("ValidationException", "Input is too long for requested model."),
    "not_ready": Wording("ModelNotReadyException", "The model is not ready for inference. Wait and try again."),
    "server_error": Wording("InternalServerException", "An internal server error occurred. Retry your request."),
    "unavailable": Wording("ServiceUnavailableException", "The service is temporarily unable to handle the request."),
    "model_timeout": Wording("ModelTimeoutException", "The request took too long to process."),
    "expired_token": Wording("ExpiredTokenException", "Bearer Token has expired"),
}
TOO_LONG = {
    Dialect.ANTHROPIC: "prompt is too long: 208310 tokens > 200000 maximum",
    Dialect.OPENAI: "This model's maximum context length is 200000 tokens. However, your messages resulted in 208310"
    " tokens.",
}
NOT_JSON = b'{"output": not json'


def refusal(fault: Fault, dialect: Dialect) -> Refused | None:
    """The error that `fault` answers with, if it is of that kind."""
    if fault.kind not in REFUSALS:
        return None
    name, message = REFUSALS[fault.kind]
    code = None
    if fault.kind == "context_too_long":
        message, code = TOO_LONG.get(dialect, message), "context_length_exceeded"
    return Refused(name, fault.message or message, code=code)


def mid_stream(fault: Fault) -> Refused:
    """The error that an `exception` fault puts into the stream."""
    name = fault.exception[0].upper() + fault.exception[1:]
    return Refused(name, fault.message or f"The model's stream failed: {fault.exception}.")


def take(orders: list[Fault], surface: str) -> Fault | None:
    """Removes and returns the first order that waits for `surface`."""
    for index, fault in enumerate(orders):
        if surface == fault.surface or (fault.surface is None and surface != "count_tokens"):
            return orders.pop(index)
    return None


def spoilt(body: bytes, fault: Fault | None) -> bytes:
    """The whole body as `fault` leaves it."""
    match fault:
        case Fault(kind="truncate"):
            return body[: len(body) // 2]
        case Fault(kind="malformed" | "corrupt"):
            return NOT_JSON
        case _:
            return body


def changed(events: Sequence[bytes], fault: Fault, *, substitute: bytes) -> list[bytes]:
    """The events that are written when `fault` spoils event `after_events`; `substitute` takes its place.

    With no event left to spoil the last one is spoilt, so that an order never passes without effect.
    """
    at = min(fault.after_events, len(events) - 1)
    match fault.kind:
        case "exception":
            return [*events[:at], substitute]
        case "truncate":
            return list(events[:at])
        case "cut_frame":
            return [*events[:at], events[at][: len(events[at]) // 2]]
        case "corrupt" | "malformed":
            return [*events[:at], substitute, *events[at + 1 :]]
        case _:
            return list(events)
