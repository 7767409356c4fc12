"""What the OpenAI-compatible routes refuse, and in which words."""

from collections.abc import Mapping
from typing import Any

import pytest

from opencode_local.bedrock import BedrockStandIn
from tests.local.bedrock_callers import (
    CHAT,
    CONVERSE,
    MESSAGES,
    RESPONSES,
    chat_body,
    chat_tool,
    post,
)

Json = dict[str, Any]


def chat(*messages: Json, **members: Any) -> Json:
    return {**chat_body(), "messages": list(messages), **members}


def responses(*items: Json, model: str = "openai.gpt-6-sol", **members: Any) -> Json:
    return {"model": model, "input": list(items), **members}


USER = {"role": "user", "content": "hello"}
CALLS = {
    "role": "assistant",
    "content": None,
    "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "add", "arguments": "{}"}}],
}
ANSWER = {"role": "tool", "tool_call_id": "c1", "content": "3"}

CHAT_REFUSALS: Mapping[str, tuple[Json, str]] = {
    "no model": ({"messages": [USER]}, "Missing required parameter: 'model'"),
    "no messages": ({"model": "m"}, "Missing required parameter: 'messages'"),
    "an empty list of messages": (chat(), "Invalid value for 'messages': Expected `array` of length >= 1"),
    "an unknown role": (chat({"role": "robot", "content": "a"}), "Invalid value for 'messages[0].role'"),
    "no content": (chat({"role": "user", "content": None}), "expected a string, got null"),
    "a part of unknown type": (
        chat({"role": "user", "content": [{"type": "poem"}]}),
        "Invalid value for 'messages[0].content[0].type': Invalid enum value 'poem'",
    ),
    "a limit of zero": (chat_body(max_tokens=0), "Invalid value for 'max_tokens': Expected `int` >= 1"),
    "stream options without a stream": (
        chat_body(stream_options={"include_usage": True}),
        "The 'stream_options' parameter is only allowed when 'stream' is enabled",
    ),
    "a tool call without its answer": (
        chat(USER, CALLS, USER),
        "The following tool_call_ids did not have response messages: c1",
    ),
    "an answer without its tool call": (chat(USER, ANSWER), "must be a response to a preceding message"),
    "a tool without a name": (
        chat_body(tools=[{"type": "function"}]),
        "Missing required parameter: 'tools[0].function'",
    ),
}

RESPONSES_REFUSALS: Mapping[str, tuple[Json, str]] = {
    "no input": ({"model": "m"}, "Missing required parameter: 'input'"),
    "an item of unknown type": (responses({"type": "poem"}), "value did not match any expected variant"),
    "an item that only Codex knows": (
        responses({"type": "additional_tools", "tools": []}),
        "value did not match any expected variant",
    ),
    "a call without its output": (
        {"model": "m", "input": [{"type": "function_call", "call_id": "c1", "name": "a", "arguments": "{}"}]},
        "No tool output found for function call c1",
    ),
    "a free-text call without its output": (
        responses({"type": "custom_tool_call", "call_id": "c1", "name": "a", "input": "x"}),
        "No tool output found for function call c1",
    ),
    "reasoning that it has not sealed": (
        responses({"type": "reasoning", "summary": [], "encrypted_content": "mine"}),
        "could not be verified",
    ),
    "a namespace with a name of its own": (
        responses(USER, tools=[{"type": "namespace", "name": "functions", "tools": []}]),
        "User-defined namespace 'functions' collides with an existing tool namespace",
    ),
    "web search on the runtime": (responses(USER, tools=[{"type": "web_search"}]), "unknown variant `web_search`"),
    "a namespace for an open-weight model": (
        responses(USER, model="openai.gpt-oss-20b", tools=[{"type": "namespace", "name": "a", "tools": []}]),
        "unknown variant `namespace`, expected one of `function`, `mcp`",
    ),
}


ACCEPTED: Mapping[str, Json] = {
    "unknown members of a chat": (chat_body(seed=1, unheard_of={"a": 1})),
    "an answered tool call": (chat(USER, CALLS, ANSWER, tools=[chat_tool()])),
}


@pytest.mark.parametrize("case", CHAT_REFUSALS)
async def test_chat_refuses(case: str, stand_in: BedrockStandIn) -> None:
    body, expected = CHAT_REFUSALS[case]

    status, answer, _ = await post(stand_in.url, CHAT, body)

    assert (status, answer["error"]["type"]) == (400, "invalid_request_error")
    assert expected in answer["error"]["message"]


@pytest.mark.parametrize("case", RESPONSES_REFUSALS)
async def test_responses_refuse(case: str, stand_in: BedrockStandIn) -> None:
    body, expected = RESPONSES_REFUSALS[case]

    status, answer, _ = await post(stand_in.url, RESPONSES, body)

    assert status == 400
    assert expected in answer["error"]["message"]


@pytest.mark.parametrize("case", ACCEPTED)
async def test_chat_accepts(case: str, stand_in: BedrockStandIn) -> None:
    status, answer, _ = await post(stand_in.url, CHAT, ACCEPTED[case])

    assert status == 200, answer


async def test_a_body_that_is_not_json_is_a_validation_error_in_each_shape(stand_in: BedrockStandIn) -> None:
    for path in (CONVERSE, MESSAGES, CHAT):
        status, answer, _ = await post(stand_in.url, path, ["no object"])

        assert status == 400
        assert "not a JSON object" in str(answer)
