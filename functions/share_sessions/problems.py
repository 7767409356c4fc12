"""Why nothing is written or shown; `Problem.text` is the answer's message and says nothing of the content."""

from collections.abc import Mapping
from http import HTTPStatus

from served_site.problems import Problem


class BadRequest(Problem):
    """The text names the field."""

    status = 400
    code = "invalid_request"
    title = "This cannot be understood"

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


class NoCredential(Problem):
    """The reason is for the log."""

    status = 401
    code = "sign_in_needed"
    title = "You are not signed in"
    text = "Send a token of your sign-in, or an API key, in the header Authorization."

    @property
    def headers(self) -> Mapping[str, str]:
        return {"WWW-Authenticate": "Bearer"}


class NotYours(Problem):
    status = 403
    code = "forbidden"
    title = "This share is not for you"
    text = "Its owner shares it with others only, or this needs its owner or an administrator."


class WrongSecret(Problem):
    status = 403
    code = "wrong_secret"
    title = "This is not the share's secret"
    text = "The secret is not the one that was given out when the share was made."


class UnknownShare(Problem):
    status = 404
    code = "share_not_found"
    title = "There is no such share"
    text = "The address is wrong, or what was shared has been removed for good."


class DeletedShare(Problem):
    status = 410
    code = "share_deleted"
    title = "This share was deleted"
    text = "Its owner or an administrator has deleted it with all that was in it."


class ExpiredShare(Problem):
    status = 410
    code = "share_expired"
    title = "This share has expired"
    text = "It could be seen for as long as its owner wanted; ask for a new link."


class TooLarge(Problem):
    status = 413
    code = "too_large"
    title = "This is too large"

    def __init__(self, what: str, *, value: int, limit: int, unit: str) -> None:
        super().__init__(f"{what}: {value} of {limit} {unit}")
        self.text = f"{what} has {value:,} {unit}; the limit is {limit:,} {unit}."


class TooMany(Problem):
    """What fits again later."""

    status = 429
    code = "too_many"
    title = "This is too much at once"

    def __init__(self, text: str, *, retry_after_s: int) -> None:
        super().__init__(text)
        self.text = text
        self._retry_after_s = retry_after_s

    @property
    def headers(self) -> Mapping[str, str]:
        return {"Retry-After": str(self._retry_after_s)}


class Busy(Problem):
    """Writers or readers of one share kept getting in each other's way."""

    text = "The share is being changed by others at this moment. Please try again."

    @property
    def headers(self) -> Mapping[str, str]:
        return {"Retry-After": "1"}


class GatewayUnavailable(Problem):
    """The gateway could not be asked who the caller is; the text of the error says why."""


TYPES: Mapping[int, str] = {
    HTTPStatus.UNAUTHORIZED: "authentication_error",
    HTTPStatus.FORBIDDEN: "permission_error",
    HTTPStatus.NOT_FOUND: "not_found_error",
    HTTPStatus.GONE: "not_found_error",
    HTTPStatus.TOO_MANY_REQUESTS: "rate_limit_error",
    HTTPStatus.SERVICE_UNAVAILABLE: "api_error",
}
"""By status; every other one is an `invalid_request_error`."""
