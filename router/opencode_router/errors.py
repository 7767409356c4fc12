"""Everything that can go wrong with a request, as the caller is told about it.

    RouterError
    ├── BadRequest                400
    │   └── ContextTooLong        400
    ├── Unauthenticated           401
    ├── Forbidden                 403
    ├── NotFound                  404
    │   └── UnknownModel          404
    ├── MethodNotAllowed          405
    ├── Conflict                  409
    ├── BodyTooLarge              413
    ├── ClientTooOld              426
    ├── Throttled                 429   Bedrock refused for now
    ├── AtCapacity                429   this process refused for now
    ├── Internal                  500   a fault of this program
    ├── UpstreamFailed            502   Bedrock answered, but not usefully
    │   └── StreamCut             502   Bedrock's stream ended before its end
    ├── Unavailable               503   Bedrock is not ready
    │   └── ShuttingDown          503   this process is going away
    └── UpstreamTimeout           504

Each client protocol renders these in its own shape: `protocol.py`.
"""

from collections.abc import Iterable, Sequence
from http import HTTPStatus
from typing import ClassVar


class RouterError(Exception):
    """Base of all refusals; never raised itself."""

    status: ClassVar[HTTPStatus]
    code: str
    """Stable machine-readable reason."""

    def __init__(
        self, message: str, *, code: str | None = None, param: str | None = None, retry_after_s: int | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.param = param
        self.retry_after_s = retry_after_s
        if code is not None:
            self.code = code


class BadRequest(RouterError):
    """The request cannot be understood or expressed; `param` names the field."""

    status = HTTPStatus.BAD_REQUEST
    code = "invalid_request"


class ContextTooLong(BadRequest):
    """The conversation does not fit the model's context window."""

    code = "context_length_exceeded"


class Unauthenticated(RouterError):
    """No credential, or one that does not hold; `code` says which."""

    status = HTTPStatus.UNAUTHORIZED
    code = "missing_credentials"


class Forbidden(RouterError):
    """The caller, or this gateway's own AWS role, may not do this."""

    status = HTTPStatus.FORBIDDEN
    code = "access_denied"


class NotFound(RouterError):
    """No such route or thing."""

    status = HTTPStatus.NOT_FOUND
    code = "not_found"


class UnknownModel(NotFound):
    """The catalogue has no such model."""

    code = "model_not_found"

    def __init__(self, *, model: str, nearest: Sequence[str]) -> None:
        hint = f"; did you mean {' or '.join(repr(name) for name in nearest)}?" if nearest else ""
        super().__init__(f"the model {model!r} does not exist{hint} GET /v1/models lists all", param="model")


class MethodNotAllowed(RouterError):
    """The route exists, but not for this method."""

    status = HTTPStatus.METHOD_NOT_ALLOWED
    code = "method_not_allowed"

    def __init__(self, *, method: str, allowed: Iterable[str]) -> None:
        self.allow = ", ".join(sorted(allowed))
        super().__init__(f"{method} is not allowed here; {self.allow} is")


class Conflict(RouterError):
    """The thing is not in a state that allows this."""

    status = HTTPStatus.CONFLICT
    code = "conflict"


class BodyTooLarge(RouterError):
    """The request body is over the limit."""

    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    code = "request_too_large"

    def __init__(self, *, limit_bytes: int) -> None:
        super().__init__(f"the request body is larger than {limit_bytes} bytes ({limit_bytes // 2**20} MiB)")


class ClientTooOld(RouterError):
    """`opencode-auth` is older than this gateway's operators allow.

    Without the header `Upgrade`: a program has to be newer, not a protocol.
    """

    status = HTTPStatus.UPGRADE_REQUIRED
    code = "client_too_old"

    def __init__(self, *, version: str, minimum: str) -> None:
        super().__init__(
            f"this gateway needs opencode-auth {minimum} or newer, and this is {version}; run: opencode-auth update"
        )


class Throttled(RouterError):
    """Bedrock asked us to slow down."""

    status = HTTPStatus.TOO_MANY_REQUESTS
    code = "rate_limit_exceeded"


class AtCapacity(RouterError):
    """As many upstream calls are open as this process allows."""

    status = HTTPStatus.TOO_MANY_REQUESTS
    code = "gateway_at_capacity"

    def __init__(self, *, limit: int, retry_after_s: int) -> None:
        super().__init__(
            f"all {limit} concurrent calls of this gateway process are in use; retry in {retry_after_s} s",
            retry_after_s=retry_after_s,
        )


class Internal(RouterError):
    """A fault of this program; the log has it under the request's id."""

    status = HTTPStatus.INTERNAL_SERVER_ERROR
    code = "internal_error"

    def __init__(self) -> None:
        super().__init__("the gateway failed to handle this request; its operators can find it by the request id")


class UpstreamFailed(RouterError):
    """Bedrock failed, or its answer could not be read."""

    status = HTTPStatus.BAD_GATEWAY
    code = "upstream_error"


class StreamCut(UpstreamFailed):
    """Bedrock's stream ended without its closing event."""

    code = "upstream_stream_cut"

    def __init__(self) -> None:
        super().__init__("the model's stream ended before it was complete")


class Unavailable(RouterError):
    """Bedrock, or something this process needs, is not ready."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    code = "service_unavailable"


class ShuttingDown(Unavailable):
    """The process is draining."""

    code = "shutting_down"

    def __init__(self) -> None:
        super().__init__("this gateway process is shutting down; retry and another will answer", retry_after_s=1)


class UpstreamTimeout(RouterError):
    """Bedrock did not answer, or fell silent, for longer than we wait."""

    status = HTTPStatus.GATEWAY_TIMEOUT
    code = "upstream_timeout"
