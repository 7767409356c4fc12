"""What only Codex says in a Responses request, and what Bedrock is told instead."""

import json
from typing import Any

import pytest

from opencode_local.bedrock import BedrockStandIn
from tests.router.running import Router
from tests.router.test_responses import ON_RUNTIME, post

RUN = {"type": "custom", "name": "exec"}
SPAWN = {"type": "namespace", "name": "agents", "tools": [{"type": "function", "name": "spawn"}]}
DEFAULTS = {"type": "namespace", "name": "functions", "tools": [RUN]}
HELLO = {"type": "message", "role": "user", "content": "hello"}
SHELL_CALL = {"type": "local_shell_call", "call_id": "c1", "status": "completed", "action": {"command": ["ls"]}}
SHELL_RESULT = {"type": "function_call_output", "call_id": "c1", "output": "a file"}


async def test_what_only_codex_says_reaches_bedrock_in_its_own_words(
    router: Router, bedrock: BedrockStandIn, as_ada: dict[str, str]
) -> None:
    told = {"type": "agent_message", "author": "a", "content": [{"type": "input_text", "text": "done"}, {}]}
    silent = {"type": "agent_message", "content": []}
    compacted = {"type": "context_compaction", "encrypted_content": "sealed"}
    more = {"type": "additional_tools", "role": "developer", "tools": [DEFAULTS, SPAWN]}

    answer = await post(
        router,
        as_ada,
        model=ON_RUNTIME,
        tools=[{"type": "function", "name": "add"}],
        input=[more, HELLO, told, silent, compacted, SHELL_CALL, SHELL_RESULT],
    )

    assert answer.status == 200, answer.body
    sent = bedrock.calls[-1].body
    assert sent["tools"] == [{"type": "function", "name": "add"}, RUN, SPAWN]
    call = {"type": "function_call", "call_id": "c1", "name": "local_shell", "arguments": '{"command":["ls"]}'}
    said = {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "done"}]}
    assert sent["input"] == [HELLO, said, {**compacted, "type": "compaction"}, call, SHELL_RESULT]


async def test_tools_of_the_default_namespace_are_tools_without_one(
    router: Router, bedrock: BedrockStandIn, as_ada: dict[str, str]
) -> None:
    answer = await post(router, as_ada, model=ON_RUNTIME, tools=[DEFAULTS, SPAWN])

    assert answer.status == 200, answer.body
    assert bedrock.calls[-1].body["tools"] == [RUN, SPAWN]
    assert bedrock.calls[-1].body["input"] == "say 20 words"


@pytest.mark.parametrize(
    ("members", "param"),
    [
        ({"input": [HELLO, {"type": "additional_tools", "tools": "all"}]}, "input[1]"),
        ({"input": [{"type": "agent_message", "content": [1]}]}, "input[0]"),
        ({"input": [{"type": "local_shell_call", "action": {}}]}, "input[0]"),
        ({"tools": [RUN, {"type": "namespace", "name": "functions", "tools": [None]}]}, "tools[1]"),
        ({"tools": "all"}, "tools"),
    ],
)
async def test_what_has_not_the_shape_that_codex_gives_it_is_refused_by_place(
    router: Router, bedrock: BedrockStandIn, as_ada: dict[str, str], members: dict[str, Any], param: str
) -> None:
    answer = await post(router, as_ada, model=ON_RUNTIME, **members)

    assert answer.status == 400, answer.body
    assert json.loads(answer.body)["error"]["param"] == param
    assert not bedrock.calls


async def test_codex_is_told_that_no_model_is_described_in_its_shape(router: Router, as_ada: dict[str, str]) -> None:
    async with router.client.get("/v1/models?client_version=0.169.0", headers=as_ada) as response:
        listed = await response.json()
    async with router.client.get("/v1/models", headers=as_ada) as response:
        usual = await response.json()

    assert listed == {**usual, "models": []}
    assert "models" not in usual
