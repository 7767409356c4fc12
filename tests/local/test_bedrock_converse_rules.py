"""What Converse refuses, and in which words."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from opencode_local.bedrock import BedrockStandIn
from opencode_local.bedrock.signatures import redaction, signature
from tests.local.bedrock_callers import (
    CONVERSE,
    PNG,
    converse_body,
    converse_tool,
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
        said(("user", [text()]), ("system", [text()])),
        "messages.1: role 'system' is not supported on this model",
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

ACCEPTED: Mapping[str, Json] = {
    "a null for an absent member": (converse_body(system=None, toolConfig=None)),
    "a prefill without thinking": (said(("user", [text()]), ("assistant", [text("So")]))),
    "a whole tool loop with thinking": (
        said(
            *LOOP[:1],
            ("assistant", [reasoning(), {"reasoningContent": {"redactedContent": redaction("x")}}, use()]),
            *LOOP[2:],
            additionalModelRequestFields=thinking(),
            **TOOLS,
        )
    ),
    "cache points after results": (said(*LOOP[:2], ("user", [result(), POINT, text()]), **TOOLS)),
    "an image with its format": (converse_body({"image": {"format": "png", "source": {"bytes": PNG}}})),
}


@pytest.mark.parametrize("case", CONVERSE_REFUSALS)
async def test_converse_refuses(case: str, stand_in: BedrockStandIn) -> None:
    body, expected = CONVERSE_REFUSALS[case]

    status, answer, headers = await post(stand_in.url, CONVERSE, body)

    assert (status, headers["x-amzn-errortype"]) == (400, "ValidationException")
    assert expected in answer["message"]


@pytest.mark.parametrize("case", ACCEPTED)
async def test_converse_accepts(case: str, stand_in: BedrockStandIn) -> None:
    status, answer, _ = await post(stand_in.url, CONVERSE, ACCEPTED[case])

    assert status == 200, answer
