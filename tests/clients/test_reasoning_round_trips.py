"""Signed reasoning goes out, comes back with the tool results and is accepted, over three turns.

The stand-in, as Bedrock, refuses reasoning that is not exactly what it has signed.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

import anthropic
import openai
import pytest
import pytest_asyncio

from opencode_local.bedrock import BedrockStandIn
from tests.clients.weather import ANTHROPIC_TOOL, OPENAI_TOOL
from tests.router.running import Router, World, running_router

Json = dict[str, Any]

TURNS = 3
TASK = {
    "role": "user",
    "content": 'call weather {"city": "Oslo"}\nthen\nthink redacted\ncall weather {"city": "Rome"}',
}
END = "The tool weather returned: 1 degrees"
CONVERSE_ONLY = """
[models.claude-sonnet-4-6]
surfaces = ["converse"]
[models.claude-haiku-4-5]
surfaces = ["converse"]
"""
ADAPTIVE: Mapping[str, Any] = {"type": "adaptive"}
BUDGET: Mapping[str, Any] = {"type": "enabled", "budget_tokens": 2000}

whole_or_streamed = pytest.mark.parametrize("is_streaming", [False, True], ids=["whole", "streamed"])


@pytest_asyncio.fixture(scope="module")
async def translating_router(world: World) -> AsyncIterator[Router]:
    """Here Claude is served by Converse alone."""
    async with running_router(world, catalogue_overlay=CONVERSE_ONLY) as running:
        yield running


async def message(client: anthropic.AsyncAnthropic, *, is_streaming: bool, **asked: Any) -> anthropic.types.Message:
    if not is_streaming:
        whole: anthropic.types.Message = await client.messages.create(**asked)
        return whole
    async with client.messages.stream(**asked) as stream:
        return await stream.get_final_message()


async def messages_trip(router: Router, api_key: str, **asked: Any) -> Sequence[Sequence[str]]:
    """The kinds of blocks of each turn's answer."""
    said: list[Any] = [TASK]
    kinds = []
    async with anthropic.AsyncAnthropic(base_url=router.url, api_key=api_key, max_retries=0) as client:
        for turn in range(TURNS):
            answer = await message(client, max_tokens=4000, messages=said, tools=[ANTHROPIC_TOOL], **asked)
            kinds.append([block.type for block in answer.content])
            results = [
                {"type": "tool_result", "tool_use_id": block.id, "content": f"{turn} degrees"}
                for block in answer.content
                if block.type == "tool_use"
            ]
            said += [{"role": "assistant", "content": answer.content}, {"role": "user", "content": results}]
    assert [block.text for block in answer.content if block.type == "text"] == [END]
    return kinds


@whole_or_streamed
@pytest.mark.parametrize(
    ("model", "surface", "thinking"),
    [
        ("claude-sonnet-5", "messages", ADAPTIVE),
        ("claude-sonnet-4-6", "invoke", ADAPTIVE),
        ("claude-haiku-4-5", "messages", BUDGET),
        ("claude-sonnet-45", "invoke", BUDGET),
    ],
)
async def test_in_messages(
    router: Router,
    bedrock: BedrockStandIn,
    api_key: str,
    model: str,
    surface: str,
    thinking: Mapping[str, Any],
    is_streaming: bool,
) -> None:
    kinds = await messages_trip(router, api_key, model=model, thinking=thinking, is_streaming=is_streaming)

    assert kinds[:2] == [["thinking", "tool_use"], ["thinking", "redacted_thinking", "tool_use"]]
    assert [(call.surface, call.status) for call in bedrock.calls] == [(surface, 200)] * TURNS


@whole_or_streamed
@pytest.mark.parametrize(("model", "thinking"), [("claude-sonnet-4-6", ADAPTIVE), ("claude-haiku-4-5", BUDGET)])
async def test_in_messages_translated(
    translating_router: Router,
    bedrock: BedrockStandIn,
    api_key: str,
    model: str,
    thinking: Mapping[str, Any],
    is_streaming: bool,
) -> None:
    kinds = await messages_trip(translating_router, api_key, model=model, thinking=thinking, is_streaming=is_streaming)

    assert kinds[:2] == [["thinking", "tool_use"], ["thinking", "redacted_thinking", "tool_use"]]
    assert reasoning_sent(bedrock) == [["reasoningText"], ["reasoningText", "redactedContent"]]


@whole_or_streamed
@pytest.mark.parametrize("model", ["claude-sonnet-4-6", "claude-haiku-4-5", "claude-sonnet-5"])
async def test_in_chat_translated(
    router: Router, bedrock: BedrockStandIn, api_key: str, model: str, is_streaming: bool
) -> None:
    said: list[Any] = [TASK]
    async with openai.AsyncOpenAI(base_url=f"{router.url}/v1", api_key=api_key, max_retries=0) as client:
        for turn in range(TURNS):
            answer = await chat_message(client, model=model, messages=said, is_streaming=is_streaming)
            results = [
                {"role": "tool", "tool_call_id": call["id"], "content": f"{turn} degrees"}
                for call in answer.get("tool_calls") or ()
            ]
            said += [answer, *results]

    assert answer["content"] == END
    assert reasoning_sent(bedrock) == [["reasoningText"], ["reasoningText", "redactedContent"]]


async def chat_message(client: openai.AsyncOpenAI, *, is_streaming: bool, **asked: Any) -> Json:
    """The assistant's message, as a client keeps it for the next turn."""
    asked = {**asked, "tools": [OPENAI_TOOL], "reasoning_effort": "medium", "max_tokens": 4000}
    if not is_streaming:
        whole = await client.chat.completions.create(**asked)
        return dict(whole.choices[0].message.to_dict())
    async with client.chat.completions.stream(**asked) as stream:
        pieces_put_together = await stream.get_final_completion()
    return dict(pieces_put_together.choices[0].message.to_dict())


def reasoning_sent(bedrock: BedrockStandIn) -> list[list[str]]:
    """The kinds of reasoning in each assistant turn of the last call."""
    return [
        [next(iter(block["reasoningContent"])) for block in said["content"] if "reasoningContent" in block]
        for said in bedrock.calls[-1].body["messages"]
        if said["role"] == "assistant"
    ]
