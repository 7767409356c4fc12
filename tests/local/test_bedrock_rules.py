"""What the stand-in refuses, and in which words."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from opencode_local.bedrock import BedrockStandIn
from opencode_local.bedrock.signatures import redaction, signature
from tests.local.bedrock_callers import (
    CHAT,
    CLAUDE,
    CONVERSE,
    MESSAGES,
    PNG,
    RESPONSES,
    chat_body,
    chat_tool,
    converse_body,
    converse_tool,
    messages_body,
    messages_tool,
    post,
)

Json = dict[str, Any]


def said(*turns: tuple[str, Sequence[Json]], **members: Any) -> Json:
    return {"messages": [{"role": role, "content": list(content)} for role, content in turns], **members}


def text(words: str = "hello") -> Json:
    return {"text": words}


def use(name: str = "t1", **members: Any) -> Json:
    return {"toolUse": {"toolUseId": name, "name": "add", "input": {}, **members}}


def result(name: str = "t1", *content: Json) -> Json:
    return {"toolResult": {"toolUseId": name, "content": list(content or (text(),))}}


def thinking(kind: str = "enabled", **members: Any) -> Json:
    budget = {"budget_tokens": 1024} if kind == "enabled" else {}
    return {"thinking": {"type": kind, **budget, **members}}


def reasoning(words: str = "hm", mark: str | None = None) -> Json:
    return {"reasoningContent": {"reasoningText": {"text": words, "signature": mark or signature(words)}}}


TOOLS = {"toolConfig": {"tools": [converse_tool()]}}
POINT = {"cachePoint": {"type": "default"}}
LOOP = (("user", [text()]), ("assistant", [use()]), ("user", [result()]))
HALF = {"inferenceConfig": {"maxTokens": 4000}}

CONVERSE_REFUSALS: Mapping[str, tuple[Json, str]] = {
    "no messages": ({}, "must contain at least one message"),
    "an unknown member": (converse_body(stream=True), "extraneous key [stream] is not permitted"),
    "an unknown member of a block": (converse_body({"text": "a", "type": "text"}), "Exactly one member of the union"),
    "an unknown nested member": (converse_body(inferenceConfig={"topK": 1}), "extraneous key [topK]"),
    "an empty block": (converse_body({}), "Exactly one member of the union ContentBlock must be set, not none"),
    "a wrong type": (converse_body(inferenceConfig={"maxTokens": "9"}), "Member must be of type integer"),
    "a boolean for a number": (converse_body(inferenceConfig={"maxTokens": True}), "Member must be of type integer"),
    "a bound": (
        converse_body(inferenceConfig={"maxTokens": 0}),
        "Value at 'inferenceConfig.maxTokens' failed to satisfy constraint: Member must have value greater than or "
        "equal to 1",
    ),
    "an upper bound": (converse_body(inferenceConfig={"temperature": 1.5}), "less than or equal to 1"),
    "an enumeration": (
        {"messages": [{"role": "tool", "content": [text()]}]},
        "Value 'tool' at 'messages.1.member.role' failed to satisfy constraint: Member must satisfy enum value set",
    ),
    "a pattern": (
        said(*LOOP[:1], ("assistant", [use(toolUseId="a b")]), LOOP[2], **TOOLS),
        "Member must satisfy regular expression pattern: [a-zA-Z0-9_.:-]+",
    ),
    "a missing member": (
        said(*LOOP[:1], ("assistant", [{"toolUse": {"toolUseId": "t1", "name": "add"}}]), **TOOLS),
        "messages.2.member.content.1.member.toolUse.input' failed to satisfy constraint: Member must not be null",
    ),
    "a blob that is not base64": (
        converse_body({"image": {"format": "png", "source": {"bytes": "@@"}}}),
        "Member must be base64",
    ),
    "an empty tool list": (converse_body(toolConfig={"tools": []}), "length greater than or equal to 1"),
    "an assistant first": (said(("assistant", [text()]), ("user", [text()])), "must start with a user message"),
    "one role twice": (said(("user", [text()]), ("user", [text()])), "must alternate between user and assistant"),
    "a system message inside": (
        said(("user", [text()]), ("system", [text()]), ("user", [text()])),
        "must alternate between user and assistant",
    ),
    "an empty message": (said(("user", [])), "content field in the Message object at messages.0 is empty"),
    "blank text": (
        converse_body(text(), text(" \n")),
        "The text field in the ContentBlock object at messages.0.content.1 is blank",
    ),
    "blank system text": (converse_body(system=[text(" ")]), "SystemContentBlock object at system.0 is blank"),
    "a blank tool result": (
        said(*LOOP[:2], ("user", [result("t1", text(""))]), **TOOLS),
        "messages.2.content.0.toolResult.content.0 is blank",
    ),
    "a tool use by the user": (converse_body(use(), **TOOLS), "User messages cannot contain tool uses"),
    "tools used but not declared": (said(*LOOP), "The toolConfig field must be defined when using toolUse"),
    "a tool schema of no object": (
        converse_body(toolConfig={"tools": [{"toolSpec": {"name": "a", "inputSchema": {"json": {"type": "array"}}}}]}),
        "toolConfig.tools.0.toolSpec.inputSchema.json.type must be one of the following: object",
    ),
    "a forced tool that is not declared": (
        converse_body(toolConfig={"tools": [converse_tool()], "toolChoice": {"tool": {"name": "other"}}}),
        "The tool other in toolConfig.toolChoice is not among",
    ),
    "the same tool twice": (converse_body(toolConfig={"tools": [converse_tool()] * 2}), "duplicate tool names"),
    "tool input of no object": (
        said(*LOOP[:1], ("assistant", [use(input="{}")]), LOOP[2], **TOOLS),
        "The format of the value at messages.1.content.0.toolUse.input is invalid",
    ),
    "a tool use without its result": (
        said(*LOOP[:1], ("assistant", [use("a"), use("b")]), ("user", [result("a")]), **TOOLS),
        "Expected toolResult blocks at messages.2.content for the following Ids: b",
    ),
    "a tool use at the end": (
        said(*LOOP[:2], **TOOLS),
        "Expected toolResult blocks at messages.2.content for the following Ids: t1",
    ),
    "a result after other content": (
        said(*LOOP[:2], ("user", [text(), result()]), **TOOLS),
        "Expected toolResult blocks at messages.2.content",
    ),
    "a result without its tool use": (
        said(*LOOP[:2], ("user", [result(), result("t2")]), **TOOLS),
        "The number of toolResult blocks at messages.2.content exceeds the number of toolUse blocks",
    ),
    "an id used twice": (
        said(*LOOP, ("assistant", [use()]), ("user", [result()]), **TOOLS),
        "The toolUseId values t1 are not unique",
    ),
    "five cache points": (
        converse_body(*[block for _ in range(4) for block in (text(), POINT)], system=[text(), POINT]),
        "A maximum of 4 blocks with cache_control may be provided. Found 5.",
    ),
    "a cache point with nothing before it": (converse_body(POINT, text()), "messages.0.content.0 has nothing before"),
    "an image of another format": (
        converse_body(text(), {"image": {"format": "jpeg", "source": {"bytes": PNG}}}),
        "using the image/jpeg media type, but the image appears to be a image/png image",
    ),
    "an image that is none": (
        converse_body(text(), {"image": {"format": "png", "source": {"bytes": "aGVsbG8="}}}),
        "Could not process image",
    ),
    "a document name with a dot": (
        converse_body(text(), {"document": {"name": "a.pdf", "format": "pdf", "source": {"bytes": "aGVsbG8="}}}),
        "The document file name contains an invalid character",
    ),
    "a document without text": (
        converse_body({"document": {"name": "a", "format": "pdf", "source": {"bytes": "aGVsbG8="}}}),
        "A text block must be included when using documents",
    ),
    "too many output tokens": (
        converse_body(inferenceConfig={"maxTokens": 200_001}),
        "exceeds the model limit of 200000",
    ),
    "an output schema that is none": (
        converse_body(
            outputConfig={"textFormat": {"type": "json_schema", "structure": {"jsonSchema": {"schema": "["}}}}
        ),
        "is not a JSON schema",
    ),
    "a budget that is too small": (
        converse_body(additionalModelRequestFields=thinking(budget_tokens=1023)),
        "thinking.enabled.budget_tokens: Input should be greater than or equal to 1024",
    ),
    "no budget": (
        converse_body(additionalModelRequestFields={"thinking": {"type": "enabled"}}),
        "thinking.enabled.budget_tokens: Field required",
    ),
    "a budget over the output limit": (
        converse_body(additionalModelRequestFields=thinking(budget_tokens=4000), **HALF),
        "`max_tokens` must be greater than `thinking.budget_tokens`",
    ),
    "an adaptive budget": (
        converse_body(additionalModelRequestFields=thinking("adaptive", budget_tokens=2000)),
        "thinking.adaptive.budget_tokens: Extra inputs are not permitted",
    ),
    "an unknown kind of thinking": (
        converse_body(additionalModelRequestFields=thinking("deep")),
        "Input tag 'deep' found using 'type' does not match",
    ),
    "a temperature with thinking": (
        converse_body(inferenceConfig={"temperature": 0.5}, additionalModelRequestFields=thinking()),
        "`temperature` may only be set to 1 when thinking is enabled",
    ),
    "a low top_p with thinking": (
        converse_body(inferenceConfig={"topP": 0.5}, additionalModelRequestFields=thinking()),
        "`top_p` must be greater than or equal to 0.95",
    ),
    "top_k with thinking": (
        converse_body(additionalModelRequestFields={**thinking(), "top_k": 5}),
        "`top_k` must be unset",
    ),
    "a forced tool with thinking": (
        converse_body(
            toolConfig={"tools": [converse_tool()], "toolChoice": {"any": {}}},
            additionalModelRequestFields=thinking("adaptive"),
        ),
        "Thinking may not be enabled when tool_choice forces tool use",
    ),
    "a prefill with thinking": (
        said(("user", [text()]), ("assistant", [text()]), additionalModelRequestFields=thinking()),
        "does not support assistant message prefill",
    ),
    "a tool loop that lost its thinking": (
        said(*LOOP, additionalModelRequestFields=thinking(), **TOOLS),
        "messages.1.content.0.type: Expected `thinking` or `redacted_thinking`, but found `tool_use`",
    ),
    "reasoning that was altered": (
        said(("user", [text()]), ("assistant", [reasoning("hm", signature("ah")), text()]), ("user", [text()])),
        "messages.1.content.0: Invalid `signature` in `thinking` block",
    ),
    "reasoning without its signature": (
        said(
            ("user", [text()]),
            ("assistant", [{"reasoningContent": {"reasoningText": {"text": "hm"}}}, text()]),
            ("user", [text()]),
        ),
        "messages.1.content.0.thinking.signature: Field required",
    ),
    "redacted reasoning of another": (
        said(
            ("user", [text()]),
            ("assistant", [{"reasoningContent": {"redactedContent": "aGVsbG8="}}, text()]),
            ("user", [text()]),
        ),
        "Invalid `data` in `redacted_thinking` block",
    ),
    "reasoning after a tool use": (
        said(*LOOP[:1], ("assistant", [use(), reasoning()]), LOOP[2], **TOOLS),
        "`thinking` blocks must precede `tool_use` blocks",
    ),
}

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
        {**messages_body(), "messages": [{"role": "system", "content": "a"}]},
        "messages.0.role: Input should be 'user' or 'assistant'",
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


def chat(*messages: Json, **members: Any) -> Json:
    return {**chat_body(), "messages": list(messages), **members}


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
    "an item of unknown type": ({"model": "m", "input": [{"type": "poem"}]}, "Invalid enum value 'poem'"),
    "a call without its output": (
        {"model": "m", "input": [{"type": "function_call", "call_id": "c1", "name": "a", "arguments": "{}"}]},
        "No tool output found for function call c1",
    ),
}


@pytest.mark.parametrize("case", CONVERSE_REFUSALS)
async def test_converse_refuses(case: str, stand_in: BedrockStandIn) -> None:
    body, expected = CONVERSE_REFUSALS[case]

    status, answer, headers = await post(stand_in.url, CONVERSE, body)

    assert (status, headers["x-amzn-errortype"]) == (400, "ValidationException")
    assert expected in answer["message"]


@pytest.mark.parametrize("case", MESSAGES_REFUSALS)
async def test_messages_refuse(case: str, stand_in: BedrockStandIn) -> None:
    body, expected = MESSAGES_REFUSALS[case]

    status, answer, _ = await post(stand_in.url, MESSAGES, body)

    assert (status, answer["type"], answer["error"]["type"]) == (400, "error", "invalid_request_error")
    assert expected in answer["error"]["message"]


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


ACCEPTED: Mapping[str, tuple[str, Json]] = {
    "a null for an absent member": (CONVERSE, converse_body(system=None, toolConfig=None)),
    "a prefill without thinking": (CONVERSE, said(("user", [text()]), ("assistant", [text("So")]))),
    "a whole tool loop with thinking": (
        CONVERSE,
        said(
            *LOOP[:1],
            ("assistant", [reasoning(), {"reasoningContent": {"redactedContent": redaction("x")}}, use()]),
            *LOOP[2:],
            additionalModelRequestFields=thinking(),
            **TOOLS,
        ),
    ),
    "cache points after results": (CONVERSE, said(*LOOP[:2], ("user", [result(), POINT, text()]), **TOOLS)),
    "an image with its format": (CONVERSE, converse_body({"image": {"format": "png", "source": {"bytes": PNG}}})),
    "two messages of one role": (
        MESSAGES,
        {**messages_body(), "messages": [{"role": "user", "content": "a"}, {"role": "user", "content": "b"}]},
    ),
    "a text after its results": (MESSAGES, turns("a", [CALL], [RESULT, TEXT], **DECLARED)),
    "unknown members of a chat": (CHAT, chat_body(seed=1, unheard_of={"a": 1})),
    "an answered tool call": (CHAT, chat(USER, CALLS, ANSWER, tools=[chat_tool()])),
}


@pytest.mark.parametrize("case", ACCEPTED)
async def test_bedrock_accepts(case: str, stand_in: BedrockStandIn) -> None:
    path, body = ACCEPTED[case]

    status, answer, _ = await post(stand_in.url, path, body)

    assert status == 200, answer


async def test_a_body_that_is_not_json_is_a_validation_error_in_each_shape(stand_in: BedrockStandIn) -> None:
    for path in (CONVERSE, MESSAGES, CHAT):
        status, answer, _ = await post(stand_in.url, path, ["no object"])

        assert status == 400
        assert "not a JSON object" in str(answer)


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
