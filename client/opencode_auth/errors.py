"""Everything that ends a command, as the person is told about it.

    ClientError            1   did not work
    ├── Unreachable        1   a server did not answer, or not usefully
    ├── SignInFailed       1   the provider or the person said no, or an answer failed a check
    ├── Misused            2   the command or the set-up is not right
    └── SignInNeeded       3   only the person can go on: by signing in

The number is the exit code. Messages are one line and carry no secret.
"""

from typing import ClassVar


class ClientError(Exception):
    """`hint` says what to do about it, best as a command."""

    exit_code: ClassVar[int] = 1
    retry_after_s: float | None = None
    """A server's own wish, in seconds."""

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class Unreachable(ClientError):
    """A server did not answer, or not usefully."""

    def __init__(self, message: str, *, hint: str | None = None, retry_after_s: float | None = None) -> None:
        super().__init__(message, hint=hint)
        self.retry_after_s = retry_after_s


class SignInFailed(ClientError):
    """The provider or the person said no, or an answer failed a check."""


class Misused(ClientError):
    """The command or the set-up is not right."""

    exit_code = 2


class SignInNeeded(ClientError):
    """Only the person can go on."""

    exit_code = 3

    def __init__(self, message: str, *, hint: str | None = "opencode-auth login") -> None:
        super().__init__(message, hint=hint)
