"""What comes of asking a function."""

from collections.abc import Mapping
from typing import Any, Protocol


class FunctionFailed(Exception):
    """The function ended with an error, ran out of time, or could not be started.

    `document` is Lambda's: `{"errorType": ..., "errorMessage": ..., "stackTrace": [...]}`.
    """

    def __init__(self, document: Mapping[str, Any]) -> None:
        super().__init__(f"{document.get('errorType', 'Error')}: {document.get('errorMessage', '')}")
        self.document = document


class Throttled(Exception):
    """All instances that the function may have are at work."""


class Invoke(Protocol):
    """Asks the function of an ARN (a version or alias at its end or not) and waits for its answer.

    The event and the answer are values of JSON. Raises FunctionFailed, Throttled, or LookupError for an unknown ARN.
    """

    async def __call__(self, function_arn: str, event: Any) -> Any: ...
