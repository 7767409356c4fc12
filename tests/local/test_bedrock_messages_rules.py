"""What Messages refuse, and in which words."""

from collections.abc import Mapping
from typing import Any

import pytest

from opencode_local.bedrock import BedrockStandIn
from opencode_local.bedrock.signatures import signature
from tests.local.bedrock_callers import (
    CLAUDE,
    MESSAGES,
    PNG,
    messages_body,
    messages_tool,
    post,
)

Json = dict[str, Any]


TEXT = {"type": "text", "text": "hello"}
CALL = {"type": "tool_use", "id": "t1", "name": "add", "input": {}}
RESULT = {"type": "tool_result", "tool_use_id": "t1", "content": "3"}
CACHED = {**TEXT, "cache_control": {"type": "ephemeral"}}


def turns(*contents: Any, **members: Any) -> Json:
    """A Messages body whose turns alternate, the user's first."""
    roles = ("user", "assistant")
    messages = [{"role": roles[index % 2], "content": content} for index, content in enumerate(contents)]
    return {**messages_body(), "messages": messages, **members}


DECLARED = {"tools": [messages_tool()]}
THINKING = {"thinking": {"type": "enabled", "budget_tokens": 1024}}

MESSAGES_REFUSALS: Mapping[str, tuple[Json, str]] = {
    "an unknown member": (messages_body(reasoning_effort="low"), "reasoning_effort: Extra inputs are not permitted"),
    "no model": ({**messages_body(), "model": None}, "model: Field required"),
    "no limit": ({**messages_body(), "max_tokens": None}, "max_tokens: Field required"),
    "no messages": ({**messages_body(), "messages": []}, "messages: at least one message is required"),
    "a limit of zero": (messages_body(max_tokens=0), "max_tokens: Input should be greater than or equal to 1"),
    "a temperature over one": (messages_body(temperature=1.5), "temperature: range: 0..1"),
    "tools of no list": (messages_body(tools="add"), "tools: Input should be a valid list"),
    "an unknown role": (
        {**messages_body(), "messages": [{"role": "robot", "content": "a"}]},
        "messages.0.role: Input should be 'user', 'assistant' or 'system'",
    ),
    "an assistant first": (
        {**messages_body(), "messages": [{"role": "assistant", "content": "a"}]},
        'first message must use the "user" role',
    ),
    "an empty message": (messages_body(""), "all messages must have non-empty content"),
    "blank text": (messages_body(" "), "messages: text content blocks must contain non-whitespace text"),
    "empty text": (turns([{"type": "text", "text": ""}]), "messages: text content blocks must be non-empty"),
    "a block of unknown type": (turns([{"type": "poem"}]), "messages.0.content.0: Input tag 'poem' found using 'type'"),
    "a block's unknown member": (turns([{**TEXT, "id": "1"}]), "messages.0.content.0.text.id: Extra inputs"),
    "a block without its content": (turns([{"type": "text"}]), "messages.0.content.0.text.text: Field required"),
    "a tool use by the user": (turns([CALL], **DECLARED), "Input tag 'tool_use' found"),
    "a tool use without its result": (
        turns("a", [CALL], "b", **DECLARED),
        "messages.2: `tool_use` ids were found without `tool_result` blocks immediately after: t1",
    ),
    "a result after other content": (turns("a", [CALL], [TEXT, RESULT], **DECLARED), "without `tool_result` blocks"),
    "a result without its tool use": (
        turns([RESULT], **DECLARED),
        "unexpected `tool_use_id` found in `tool_result` blocks: t1",
    ),
    "an id used twice": (turns("a", [CALL, CALL], [RESULT], **DECLARED), "`tool_use` ids must be unique"),
    "a bad tool name": (messages_body(tools=[messages_tool("a b")]), "tools.0.custom.name: String should match"),
    "a tool without a schema": (messages_body(tools=[{"name": "a"}]), "tools.0.custom.input_schema: Field required"),
    "a tool that Anthropic runs": (
        messages_body(tools=[{"type": "web_search_20250305", "name": "web_search"}]),
        "Input tag 'web_search_20250305' found",
    ),
    "a forced tool that is not declared": (
        messages_body(tool_choice={"type": "tool", "name": "b"}, **DECLARED),
        "Tool 'b' not found in provided tools",
    ),
    "five cache points": (
        turns([CACHED] * 4, system=[CACHED]),
        "A maximum of 4 blocks with cache_control may be provided. Found 5.",
    ),
    "a cache point of another kind": (
        turns([{**TEXT, "cache_control": {"type": "default"}}]),
        "messages.0.content.0.text.cache_control.type: Input should be 'ephemeral'",
    ),
    "a cache point of another lifetime": (
        turns([{**TEXT, "cache_control": {"type": "ephemeral", "ttl": "2h"}}]),
        "cache_control.ephemeral.ttl: Input should be '5m' or '1h'",
    ),
    "an image by address": (
        turns([{"type": "image", "source": {"type": "url", "url": "https://example.com/a.png"}}]),
        "messages.0.content.0.image.source: Input tag 'url' found",
    ),
    "an image of another format": (
        turns([{"type": "image", "source": {"type": "base64", "media_type": "image/gif", "data": PNG}}]),
        "but the image appears to be a image/png image",
    ),
    "a small budget": (
        messages_body(thinking={"type": "enabled", "budget_tokens": 10}),
        "thinking.enabled.budget_tokens: Input should be greater than or equal to 1024",
    ),
    "a temperature with thinking": (messages_body(temperature=0, **THINKING), "`temperature` may only be set to 1"),
    "a forced tool with thinking": (
        messages_body(tool_choice={"type": "any"}, **DECLARED, **THINKING),
        "Thinking may not be enabled when tool_choice forces tool use",
    ),
    "a prefill with thinking": (turns("a", "b", **THINKING), "does not support assistant message prefill"),
    "a tool loop that lost its thinking": (
        turns("a", [CALL], [RESULT], **DECLARED, **THINKING),
        "messages.1.content.0.type: Expected `thinking` or `redacted_thinking`, but found `tool_use`",
    ),
    "reasoning that was altered": (
        turns("a", [{"type": "thinking", "thinking": "hm", "signature": signature("ah")}, TEXT], "b"),
        "messages.1.content.0: Invalid `signature` in `thinking` block",
    ),
    "redacted reasoning of another": (
        turns("a", [{"type": "redacted_thinking", "data": "aGVsbG8="}, TEXT], "b"),
        "Invalid `data` in `redacted_thinking` block",
    ),
}


ACCEPTED: Mapping[str, Json] = {
    "two messages of one role": (
        {**messages_body(), "messages": [{"role": "user", "content": "a"}, {"role": "user", "content": "b"}]}
    ),
    "a text after its results": (turns("a", [CALL], [RESULT, TEXT], **DECLARED)),
}


@pytest.mark.parametrize("case", MESSAGES_REFUSALS)
async def test_messages_refuse(case: str, stand_in: BedrockStandIn) -> None:
    body, expected = MESSAGES_REFUSALS[case]

    status, answer, _ = await post(stand_in.url, MESSAGES, body)

    assert (status, answer["type"], answer["error"]["type"]) == (400, "error", "invalid_request_error")
    assert expected in answer["error"]["message"]


@pytest.mark.parametrize("case", ACCEPTED)
async def test_messages_accept(case: str, stand_in: BedrockStandIn) -> None:
    status, answer, _ = await post(stand_in.url, MESSAGES, ACCEPTED[case])

    assert status == 200, answer


async def test_an_unknown_beta_is_refused_and_a_known_one_is_not(stand_in: BedrockStandIn) -> None:
    known = "interleaved-thinking-2025-05-14, context-1m-2025-08-07"
    accepted, _, _ = await post(stand_in.url, MESSAGES, messages_body(), **{"anthropic-beta": known})
    status, answer, _ = await post(
        stand_in.url, MESSAGES, messages_body(), **{"anthropic-beta": "mcp-client-2025-04-04"}
    )

    assert (accepted, status) == (200, 400)
    assert answer["error"]["message"] == "invalid beta flag"


@pytest.mark.parametrize(
    ("version", "model", "members", "status"),
    [
        ("2023-06-01", CLAUDE, {"temperature": 0.5}, 200),
        ("2026-10-21", CLAUDE, {}, 400),
        ("2026-10-21", "us.anthropic.claude-opus-4-7-v1", {}, 200),
        ("2026-10-21", "us.anthropic.claude-sonnet-5", {}, 200),
        ("2026-10-21", "us.anthropic.claude-opus-4-7-v1", {"temperature": 1}, 400),
        ("2020-01-01", CLAUDE, {}, 400),
        ("", CLAUDE, {}, 400),
        ("", CLAUDE, {"anthropic_version": "bedrock-2023-05-31"}, 200),
    ],
)
async def test_messages_need_a_version_that_the_model_has(
    version: str, model: str, members: Json, status: int, stand_in: BedrockStandIn
) -> None:
    body = {**messages_body(), "model": model, **members}

    answered, _, _ = await post(stand_in.url, MESSAGES, body, **{"anthropic-version": version})

    assert answered == status


async def test_a_count_takes_no_output_limit(stand_in: BedrockStandIn) -> None:
    status, answer, _ = await post(stand_in.url, f"{MESSAGES}/count_tokens", messages_body())

    assert status == 400
    assert answer["error"]["message"] == "max_tokens: Extra inputs are not permitted"


@pytest.mark.parametrize(
    ("model", "roles", "status"),
    [
        (CLAUDE, ["user", "system"], 400),
        ("global.anthropic.claude-opus-4-8", ["user", "system"], 200),
        ("global.anthropic.claude-sonnet-5", ["user", "system", "assistant", "user"], 200),
        ("global.anthropic.claude-sonnet-5", ["system", "user"], 400),
        ("global.anthropic.claude-sonnet-5", ["user", "assistant", "system"], 400),
    ],
)
async def test_newer_models_take_a_system_message_after_a_user_turn(
    model: str, roles: list[str], status: int, stand_in: BedrockStandIn
) -> None:
    body = {
        **messages_body(),
        "model": model,
        "messages": [{"role": role, "content": f"from {role}"} for role in roles],
    }
    converse = {"messages": [{"role": role, "content": [{"text": f"from {role}"}]} for role in roles]}

    messages_status, answer, _ = await post(stand_in.url, MESSAGES, body)
    converse_status, _, _ = await post(stand_in.url, f"/model/{model}/converse", converse)

    assert (messages_status, converse_status) == (status, status)
    if status == 200:
        assert answer["content"] == [{"type": "text", "text": "You said: from user"}]
