"""Lambda's Invoke, answered by the functions of this run: the embedded AWS would look for containers to run them in.

Source: Lambda API reference, "Invoke" (read 2026-11-21).
"""

import asyncio
import json
import logging
from collections.abc import Mapping
from typing import Any

from opencode_local.access.operations import Asked
from opencode_local.access.refusals import Answer
from opencode_local.access.services.messaging import function_arn
from opencode_local.access.signatures import Received
from opencode_local.functions.invocation import FunctionFailed, Invoke, Throttled

log = logging.getLogger(__name__)

OPERATION = "lambda:Invoke"
TYPE = "x-amz-invocation-type"
LONGEST_S = 900 + 60
"""Of a function, and some time to start it."""
NOT_FOUND, TOO_MANY, NO_JSON = "ResourceNotFoundException", "TooManyRequestsException", "InvalidRequestContentException"


class Invocations:
    """Serves requests in their own threads, with functions that live in the loop that this was made in."""

    def __init__(self, invoke: Invoke) -> None:
        self._invoke = invoke
        self._loop = asyncio.get_running_loop()

    def __call__(self, asked: Asked, received: Received) -> Answer:
        arn = function_arn(asked)
        try:
            event = json.loads(received.body or b"{}")
        except ValueError as error:
            return refusal(400, NO_JSON, f"Could not parse request body into json: {error}")
        match received.header(TYPE) or "RequestResponse":
            case "DryRun":
                return Answer(status=204, headers={}, body=b"")
            case "Event":
                asyncio.run_coroutine_threadsafe(self._unattended(arn, event), self._loop)
                return Answer(status=202, headers={}, body=b"")
            case _:
                return self._answered(arn, event)

    def _answered(self, arn: str, event: Any) -> Answer:
        running = asyncio.run_coroutine_threadsafe(self._invoke(arn, event), self._loop)
        try:
            return document(running.result(LONGEST_S), {})
        except FunctionFailed as failed:
            return document(failed.document, {"X-Amz-Function-Error": "Unhandled"})
        except Throttled:
            return refusal(429, TOO_MANY, "Rate Exceeded.")
        except LookupError:
            return refusal(404, NOT_FOUND, f"Function not found: {arn}")

    async def _unattended(self, arn: str, event: Any) -> None:
        try:
            await self._invoke(arn, event)
        except (FunctionFailed, Throttled, LookupError) as error:
            log.warning("the event for %s is lost: %s", arn, error)


def document(value: Any, headers: Mapping[str, str]) -> Answer:
    given = {"Content-Type": "application/json", "X-Amz-Executed-Version": "$LATEST", **headers}
    return Answer(status=200, headers=given, body=json.dumps(value).encode())


def refusal(status: int, name: str, message: str) -> Answer:
    headers = {"Content-Type": "application/json", "x-amzn-ErrorType": name}
    return Answer(status=status, headers=headers, body=json.dumps({"Type": "User", "Message": message}).encode())
