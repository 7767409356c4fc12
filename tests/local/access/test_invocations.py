"""Functions that tasks invoke are those of the run.

Source: Lambda API reference, "Invoke" (read 2026-11-21).
"""

import asyncio
import json
from typing import Any

import pytest

from opencode_local.access.invocations import OPERATION, Invocations
from opencode_local.functions.invocation import FunctionFailed, Throttled
from tests.local.access.guarded import Caller, Guarded, allow

FAILURE = {"errorType": "ValueError", "errorMessage": "no"}


class Functions:
    """What the run's functions would answer."""

    def __init__(self) -> None:
        self.events: asyncio.Queue[tuple[str, Any]] = asyncio.Queue()

    async def __call__(self, function_arn: str, event: Any) -> Any:
        await self.events.put((function_arn, event))
        failure = {"fail": FunctionFailed(FAILURE), "busy": Throttled(), "none": LookupError()}.get(event.get("do"))
        if failure is not None:
            raise failure
        return {"seen": event}


@pytest.fixture
async def functions(aws_of_tasks: Guarded) -> Functions:
    functions = Functions()
    aws_of_tasks.endpoint.serve(OPERATION, Invocations(functions))
    return functions


@pytest.fixture(scope="module")
def caller(aws_of_tasks: Guarded) -> Caller:
    return aws_of_tasks.caller(allow("lambda:InvokeFunction", aws_of_tasks.arn("lambda", "function:sweep")))


def payload(answer: Any) -> Any:
    return json.loads(answer["Payload"].read())


async def test_a_function_is_asked_and_its_answer_given(
    aws_of_tasks: Guarded, functions: Functions, caller: Caller
) -> None:
    answer = await caller.call("lambda", "invoke", FunctionName="sweep", Payload=b'{"a": 1}')

    assert (answer["StatusCode"], payload(answer)) == (200, {"seen": {"a": 1}})
    assert functions.events.get_nowait() == (aws_of_tasks.arn("lambda", "function:sweep"), {"a": 1})


async def test_a_function_that_fails_answers_with_its_error(functions: Functions, caller: Caller) -> None:
    answer = await caller.call("lambda", "invoke", FunctionName="sweep", Payload=b'{"do": "fail"}')

    assert (answer["StatusCode"], answer["FunctionError"], payload(answer)) == (200, "Unhandled", FAILURE)


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b'{"do": "busy"}', 429, "TooManyRequestsException"),
        (b'{"do": "none"}', 404, "ResourceNotFoundException"),
        (b"{", 400, "InvalidRequestContentException"),
    ],
)
async def test_what_cannot_be_invoked_is_refused_as_by_lambda(
    functions: Functions, caller: Caller, body: bytes, status: int, code: str
) -> None:
    refused = await caller.refusal("lambda", "invoke", FunctionName="sweep", Payload=body)

    assert refused[:2] == (status, code)


async def test_an_event_is_taken_and_a_dry_run_does_nothing(functions: Functions, caller: Caller) -> None:
    dry = await caller.call("lambda", "invoke", FunctionName="sweep", InvocationType="DryRun", Payload=b"{}")
    taken = await caller.call("lambda", "invoke", FunctionName="sweep", InvocationType="Event", Payload=b'{"b": 2}')

    assert (dry["StatusCode"], taken["StatusCode"]) == (204, 202)
    assert (await asyncio.wait_for(functions.events.get(), 10))[1] == {"b": 2}


async def test_a_function_that_the_role_may_not_invoke_is_not_asked(functions: Functions, caller: Caller) -> None:
    _, code, message = await caller.refusal("lambda", "invoke", FunctionName="another")

    assert code == "AccessDeniedException"
    assert "lambda:InvokeFunction" in message
    assert functions.events.empty()
