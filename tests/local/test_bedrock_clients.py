"""Real clients against the stand-in: they read what it writes."""

import asyncio
import json
from typing import Any

import anthropic
import openai

from opencode_local.bedrock import BedrockStandIn
from tests.local.bedrock_callers import (
    CLAUDE,
    GPT_OSS,
    anthropic_client,
    boto,
    chat_tool,
    converse_body,
    converse_tool,
    messages_body,
    messages_tool,
    openai_client,
)

Json = dict[str, Any]
THINKING = {"type": "enabled", "budget_tokens": 1024}
INVOKE_BODY = {
    "anthropic_version": "bedrock-2023-05-31",
    "max_tokens": 100,
    "messages": [{"role": "user", "content": 'call add {"a": 1}'}],
    "tools": [messages_tool()],
}


async def test_boto_reads_a_converse_answer(stand_in: BedrockStandIn) -> None:
    answer = await asyncio.to_thread(boto(stand_in.url).converse, modelId=CLAUDE, **converse_body())

    assert answer["output"]["message"]["content"] == [{"text": "You said: hello"}]
    assert answer["usage"]["totalTokens"] == 6
    assert stand_in.calls[-1].model_id == CLAUDE


async def test_boto_reads_a_converse_stream_word_by_word(stand_in: BedrockStandIn) -> None:
    def stream() -> list[Json]:
        answer = boto(stand_in.url).converse_stream(
            modelId=CLAUDE,
            **converse_body({"text": 'think redacted\ncall add {"a": 1}'}),
            inferenceConfig={"maxTokens": 3000},
            toolConfig={"tools": [converse_tool()]},
            additionalModelRequestFields={"thinking": THINKING},
        )
        return list(answer["stream"])

    events = await asyncio.to_thread(stream)

    deltas = [event["contentBlockDelta"]["delta"] for event in events if "contentBlockDelta" in event]
    reasoning = [delta["reasoningContent"] for delta in deltas if "reasoningContent" in delta]
    assert "".join(part.get("text", "") for part in reasoning).startswith("The user wants: think redacted")
    assert [sorted(part) for part in reasoning[-2:]] == [["signature"], ["redactedContent"]]
    assert "".join(delta["toolUse"]["input"] for delta in deltas if "toolUse" in delta) == '{"a":1}'
    assert sum("toolUse" in delta for delta in deltas) > 1
    assert events[-2] == {"messageStop": {"stopReason": "tool_use"}}
    assert events[-1]["metadata"]["metrics"]["latencyMs"] > 0


async def test_boto_invokes_a_claude_model(stand_in: BedrockStandIn) -> None:
    def invoke() -> tuple[Json, list[Json]]:
        client = boto(stand_in.url)
        body = json.dumps(INVOKE_BODY)
        whole = client.invoke_model(modelId=CLAUDE, body=body)["body"].read()
        chunks = client.invoke_model_with_response_stream(modelId=CLAUDE, body=body)["body"]
        return json.loads(whole), [json.loads(chunk["chunk"]["bytes"]) for chunk in chunks]

    whole, chunks = await asyncio.to_thread(invoke)

    assert whole["content"][0]["input"] == {"a": 1}
    assert [chunk["type"] for chunk in chunks[:3]] == ["message_start", "ping", "content_block_start"]
    assert chunks[-1]["amazon-bedrock-invocationMetrics"]["outputTokenCount"] == whole["usage"]["output_tokens"]


async def test_boto_counts_tokens_both_ways(stand_in: BedrockStandIn) -> None:
    def count() -> tuple[int, int]:
        client = boto(stand_in.url)
        invoke = {"invokeModel": {"body": json.dumps(INVOKE_BODY)}}
        converse = client.count_tokens(modelId=CLAUDE, input={"converse": converse_body()})
        return converse["inputTokens"], client.count_tokens(modelId=CLAUDE, input=invoke)["inputTokens"]

    converse, invoke = await asyncio.to_thread(count)

    assert converse == 2
    assert invoke > 10
    assert {call.surface for call in stand_in.calls} == {"count_tokens"}


async def test_the_openai_client_reads_answers_and_streams(stand_in: BedrockStandIn) -> None:
    async with openai_client(stand_in.url) as client:
        whole = await client.chat.completions.create(model=GPT_OSS, messages=[{"role": "user", "content": "hi"}])
        stream = await client.chat.completions.create(
            model=GPT_OSS,
            messages=[{"role": "user", "content": 'call add {"a": 1}\ncall add {"a": 2}\nsay 3 words'}],
            tools=[chat_tool()],
            stream=True,
            stream_options={"include_usage": True},
        )
        chunks = [chunk async for chunk in stream]

    calls: dict[int, str] = {}
    for chunk in chunks[:-1]:
        for call in chunk.choices[0].delta.tool_calls or ():
            assert call.function is not None
            calls[call.index] = calls.get(call.index, "") + (call.function.arguments or "")
    assert whole.choices[0].message.content == "You said: hi"
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks[:-1]) == "word1 word2 word3"
    assert calls == {0: '{"a":1}', 1: '{"a":2}'}
    assert chunks[-2].choices[0].finish_reason == "tool_calls"
    assert chunks[-1].choices == []
    assert chunks[-1].usage is not None
    assert chunks[-1].model == GPT_OSS


async def test_a_chat_stream_says_nothing_of_usage_unless_asked(stand_in: BedrockStandIn) -> None:
    async with openai_client(stand_in.url) as client:
        stream = await client.chat.completions.create(
            model=GPT_OSS, messages=[{"role": "user", "content": "hi"}], stream=True
        )
        chunks = [chunk async for chunk in stream]

    assert all("usage" not in chunk.model_fields_set for chunk in chunks)


async def test_the_openai_client_reads_responses(stand_in: BedrockStandIn) -> None:
    tool: Any = {"type": "function", "name": "add", "parameters": {"type": "object"}, "strict": False}
    async with openai_client(stand_in.url) as client:
        first = await client.responses.create(model=GPT_OSS, input='call add {"a": 1}', tools=[tool])
        call: Any = first.output[0]
        given: Any = [
            {"role": "user", "content": "call add {}"},
            call.model_dump(),
            {"type": "function_call_output", "call_id": call.call_id, "output": "3"},
        ]
        second = await client.responses.create(model=GPT_OSS, input=given, tools=[tool])
        stream = await client.responses.create(model=GPT_OSS, input="say 3 words", stream=True)
        events = [event async for event in stream]

    assert (call.name, call.arguments) == ("add", '{"a":1}')
    assert second.output_text == "The tool add returned: 3"
    deltas = [event.delta for event in events if event.type == "response.output_text.delta"]
    assert "".join(deltas) == "word1 word2 word3"
    assert events[0].type == "response.created"
    assert events[-1].type == "response.completed"


async def test_the_anthropic_client_reads_answers_and_streams(stand_in: BedrockStandIn) -> None:
    async with anthropic_client(stand_in.url) as client:
        async with client.messages.stream(
            model=CLAUDE,
            max_tokens=3000,
            thinking={"type": "enabled", "budget_tokens": 1024},
            messages=[{"role": "user", "content": 'think redacted\ncall add {"a": 1}'}],
            tools=[{"name": "add", "input_schema": {"type": "object"}}],
        ) as stream:
            first = await stream.get_final_message()
        call: Any = first.content[-1]
        second = await client.messages.create(
            model=CLAUDE,
            max_tokens=3000,
            thinking={"type": "enabled", "budget_tokens": 1024},
            tools=[{"name": "add", "input_schema": {"type": "object"}}],
            messages=[
                {"role": "user", "content": "call add {}"},
                {"role": "assistant", "content": first.content},
                {"role": "user", "content": [{"type": "tool_result", "tool_use_id": call.id, "content": "3"}]},
            ],
        )
        count = await client.messages.count_tokens(model=CLAUDE, messages=[{"role": "user", "content": "12345678"}])

    assert [block.type for block in first.content] == ["thinking", "redacted_thinking", "tool_use"]
    assert call.input == {"a": 1}
    assert second.content[-1].type == "text"
    assert second.content[-1].text == "The tool add returned: 3"
    assert count.input_tokens == 2


async def test_clients_know_the_errors_of_their_protocol(stand_in: BedrockStandIn) -> None:
    async with openai_client(stand_in.url) as chat, anthropic_client(stand_in.url) as messages:
        refusals = []
        try:
            await chat.chat.completions.create(model=GPT_OSS, messages=[])
        except openai.BadRequestError as error:
            refusals.append(error.code)
        try:
            await messages.messages.create(**{**messages_body(), "messages": []})
        except anthropic.BadRequestError as error:
            refusals.append(error.message)

    assert refusals[0] == "invalid_value"
    assert "at least one message is required" in str(refusals[1])
