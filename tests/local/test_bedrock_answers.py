"""What the stand-in says, and what it charges for it."""

from typing import Any

import pytest

from opencode_local.bedrock import BedrockStandIn
from tests.local.bedrock_callers import (
    CHAT,
    CONVERSE,
    MESSAGES,
    chat_body,
    chat_tool,
    converse_body,
    converse_tool,
    messages_body,
    messages_tool,
    post,
)

Json = dict[str, Any]
TOOLS = {"toolConfig": {"tools": [converse_tool("add"), converse_tool("sub")]}}
STOP_REASONS = {
    "end_turn": ("end_turn", "stop"),
    "tool_use": ("tool_use", "tool_calls"),
    "max_tokens": ("max_tokens", "length"),
    "stop_sequence": ("stop_sequence", "stop"),
    "guardrail_intervened": ("refusal", "content_filter"),
    "content_filtered": ("refusal", "content_filter"),
    "malformed_model_output": ("end_turn", "stop"),
    "malformed_tool_use": ("end_turn", "stop"),
    "model_context_window_exceeded": ("model_context_window_exceeded", "length"),
}


async def converse(stand_in: BedrockStandIn, *content: Json, **members: Any) -> Json:
    status, answer, _ = await post(stand_in.url, CONVERSE, converse_body(*content, **members))
    assert status == 200, answer
    return answer


def content(answer: Json) -> list[Json]:
    blocks: list[Json] = answer["output"]["message"]["content"]
    return blocks


def result_of(name: str, text: str, **members: Any) -> Json:
    return {"toolResult": {"toolUseId": name, "content": [{"text": text}], **members}}


async def test_the_answer_repeats_the_users_text(stand_in: BedrockStandIn) -> None:
    answer = await converse(stand_in, {"text": "hello"}, {"text": "there"})

    assert content(answer) == [{"text": "You said: hello\nthere"}]
    assert answer["stopReason"] == "end_turn"


async def test_an_echo_is_cut_at_2000_characters(stand_in: BedrockStandIn) -> None:
    answer = await converse(stand_in, {"text": "x" * 3000})

    assert content(answer) == [{"text": "You said: " + "x" * 2000}]


async def test_a_call_on_its_own_line_calls_that_tool(stand_in: BedrockStandIn) -> None:
    text = '<system-reminder>\ncall sub {}\n</system-reminder>\nPlease do this:\n  call add {"a": [1, {"b": 2}]}\n'
    answer = await converse(stand_in, {"text": text}, **TOOLS)

    (block,) = content(answer)
    assert block["toolUse"]["name"] == "add"
    assert block["toolUse"]["input"] == {"a": [1, {"b": 2}]}
    assert answer["stopReason"] == "tool_use"


async def test_several_calls_are_parallel_calls_with_ids_of_their_own(stand_in: BedrockStandIn) -> None:
    answer = await converse(stand_in, {"text": 'call add {"a": 1}\ncall sub\ncall add {"a": 1}'}, **TOOLS)

    uses = [block["toolUse"] for block in content(answer)]
    assert [(use["name"], use["input"]) for use in uses] == [("add", {"a": 1}), ("sub", {}), ("add", {"a": 1})]
    assert len({use["toolUseId"] for use in uses}) == 3


async def test_a_call_inside_a_sentence_or_without_json_is_only_text(stand_in: BedrockStandIn) -> None:
    for text in ("please call add {}", "call add {1}"):
        answer = await converse(stand_in, {"text": text}, **TOOLS)

        assert content(answer) == [{"text": f"You said: {text}"}]


async def test_a_tool_that_is_not_declared_is_not_called(stand_in: BedrockStandIn) -> None:
    answer = await converse(stand_in, {"text": "call mul {}"}, **TOOLS)

    assert content(answer) == [{"text": "There is no tool mul; declared are: add, sub."}]


async def test_a_command_in_the_quotes_of_opencode_run_is_understood(stand_in: BedrockStandIn) -> None:
    answer = await converse(stand_in, {"text": '"call add {\\"a\\": 1}"'}, **TOOLS)

    assert content(answer)[0]["toolUse"]["input"] == {"a": 1}


async def test_tool_results_end_the_loop(stand_in: BedrockStandIn) -> None:
    first = await converse(stand_in, {"text": "call add {}\ncall sub {}"}, **TOOLS)
    ids = [block["toolUse"]["toolUseId"] for block in content(first)]
    messages = [
        *converse_body({"text": "call add {}\ncall sub {}"})["messages"],
        first["output"]["message"],
        {
            "role": "user",
            "content": [
                result_of(ids[0], "3"),
                result_of(ids[1], "no", status="error"),
                {"text": "<system-reminder>go on</system-reminder>"},
            ],
        },
    ]
    _, answer, _ = await post(stand_in.url, CONVERSE, {"messages": messages, **TOOLS})

    assert content(answer) == [{"text": "The tool add returned: 3\nThe tool sub failed with: no"}]


async def test_what_stands_after_then_is_done_in_the_next_turn(stand_in: BedrockStandIn) -> None:
    body = converse_body({"text": 'call add {"a": 1}\nthen\ncall sub {"b": 2}'}, **TOOLS)
    spoken = []
    for _ in range(3):
        _, answer, _ = await post(stand_in.url, CONVERSE, body)
        uses = [block["toolUse"] for block in content(answer) if "toolUse" in block]
        spoken.append([use["input"] for use in uses] or content(answer))
        results = [result_of(use["toolUseId"], "ok") for use in uses]
        turns = [answer["output"]["message"], {"role": "user", "content": results}]
        body = {**body, "messages": [*body["messages"], *turns]}

    assert spoken == [[{"a": 1}], [{"b": 2}], [{"text": "The tool sub returned: ok"}]]


async def test_a_forced_tool_is_called_with_the_least_that_its_schema_allows(stand_in: BedrockStandIn) -> None:
    schema = {
        "type": "object",
        "required": ["path", "mode", "lines", "place"],
        "properties": {
            "path": {"type": "string", "minLength": 6},
            "mode": {"enum": ["r", "w"]},
            "lines": {"type": "array", "items": {"type": "integer", "minimum": 7}},
            "place": {"$ref": "#/$defs/Place"},
            "unneeded": {"type": "string"},
        },
        "$defs": {"Place": {"anyOf": [{"type": "boolean"}, {"type": "null"}]}},
    }
    tool = {"toolSpec": {"name": "open", "inputSchema": {"json": schema}}}
    choices: list[Json] = [{"any": {}}, {"tool": {"name": "open"}}]
    for choice in choices:
        answer = await converse(stand_in, {"text": "hi"}, toolConfig={"tools": [tool], "toolChoice": choice})

        expected = {"path": "text..", "mode": "r", "lines": [7], "place": True}
        assert content(answer)[0]["toolUse"]["input"] == expected


async def test_a_schema_without_finite_instances_is_refused(stand_in: BedrockStandIn) -> None:
    endless = {"type": "object", "required": ["next"], "properties": {"next": {"$ref": "#"}}}
    body = messages_body(tools=[{"name": "a", "input_schema": endless}], tool_choice={"type": "any"})
    status, answer, _ = await post(stand_in.url, MESSAGES, body)

    assert status == 400
    assert "JSON schema is invalid" in answer["error"]["message"]


async def test_an_asked_for_schema_is_answered_with_an_instance(stand_in: BedrockStandIn) -> None:
    schema = {"type": "object", "properties": {"title": {"const": "On sums"}}, "required": ["title"]}
    chat_format = {"type": "json_schema", "json_schema": {"name": "a", "schema": schema}}
    _, chat, _ = await post(stand_in.url, CHAT, chat_body("json", response_format=chat_format))
    _, messages, _ = await post(
        stand_in.url, MESSAGES, messages_body(output_config={"format": {"type": "json_schema", "schema": schema}})
    )

    assert chat["choices"][0]["message"]["content"] == '{"title":"On sums"}'
    assert messages["content"][0]["text"] == '{"title":"On sums"}'


@pytest.mark.parametrize("reason", STOP_REASONS)
async def test_any_stop_reason_can_be_had_in_each_protocol(reason: str, stand_in: BedrockStandIn) -> None:
    answer = await converse(stand_in, {"text": f"stop {reason}"})
    _, messages, _ = await post(stand_in.url, MESSAGES, messages_body(f"stop {reason}"))
    _, chat, _ = await post(stand_in.url, CHAT, chat_body(f"stop {reason}"))

    assert answer["stopReason"] == reason
    assert (messages["stop_reason"], chat["choices"][0]["finish_reason"]) == STOP_REASONS[reason]


async def test_an_answer_ends_at_the_output_limit(stand_in: BedrockStandIn) -> None:
    answer = await converse(stand_in, {"text": "say 100 words"}, inferenceConfig={"maxTokens": 5})

    assert content(answer) == [{"text": "word1 word2 word3"}]
    assert answer["stopReason"] == "max_tokens"
    assert answer["usage"]["outputTokens"] == 5


async def test_an_answer_ends_before_a_stop_sequence(stand_in: BedrockStandIn) -> None:
    _, answer, _ = await post(stand_in.url, MESSAGES, messages_body("say 9 words", stop_sequences=["word9", " word4"]))
    plain = await converse(stand_in, {"text": "say 9 words"}, inferenceConfig={"stopSequences": ["word2"]})
    asked = await converse(
        stand_in,
        {"text": "say 9 words"},
        inferenceConfig={"stopSequences": ["word2"]},
        additionalModelResponseFieldPaths=["/stop_sequence"],
    )

    assert answer["content"] == [{"type": "text", "text": "word1 word2 word3"}]
    assert (answer["stop_reason"], answer["stop_sequence"]) == ("stop_sequence", " word4")
    assert "additionalModelResponseFields" not in plain
    assert asked["additionalModelResponseFields"] == {"stop_sequence": "word2"}


async def test_reasoning_comes_signed_and_is_taken_back_over_three_turns(stand_in: BedrockStandIn) -> None:
    fields = {"thinking": {"type": "enabled", "budget_tokens": 1024}}
    body = converse_body(
        {"text": "think redacted\ncall add {}"},
        additionalModelRequestFields=fields,
        inferenceConfig={"maxTokens": 3000},
        **TOOLS,
    )
    kinds = []
    for _ in range(3):
        status, answer, _ = await post(stand_in.url, CONVERSE, body)
        assert status == 200, answer
        kinds.append([next(iter(block)) for block in content(answer)])
        uses = [block["toolUse"] for block in content(answer) if "toolUse" in block]
        results = [result_of(use["toolUseId"], "ok") for use in uses] or [{"text": "and now?"}]
        turns = [answer["output"]["message"], {"role": "user", "content": results}]
        body = {**body, "messages": [*body["messages"], *turns]}

    assert kinds == [
        ["reasoningContent", "reasoningContent", "toolUse"],
        ["reasoningContent", "text"],
        ["reasoningContent", "text"],
    ]


async def test_other_models_reason_without_a_signature(stand_in: BedrockStandIn) -> None:
    answer = await converse(stand_in, additionalModelRequestFields={"reasoning_effort": "low"})
    _, chat, _ = await post(stand_in.url, CHAT, chat_body(reasoning_effort="low"))
    _, silent, _ = await post(stand_in.url, CHAT, chat_body(reasoning_effort="none"))

    assert content(answer)[0] == {"reasoningContent": {"reasoningText": {"text": "The user wants: hello"}}}
    assert chat["choices"][0]["message"]["reasoning"] == "The user wants: hello"
    assert chat["usage"]["completion_tokens_details"]["reasoning_tokens"] == 6
    assert "reasoning" not in silent["choices"][0]["message"]


async def test_counts_are_a_quarter_of_the_bytes_of_each_part(stand_in: BedrockStandIn) -> None:
    answer = await converse(stand_in, {"text": "12345"}, {"text": "éé"}, system=[{"text": "a"}])

    assert answer["usage"]["inputTokens"] == 2 + 1 + 1
    assert answer["usage"]["outputTokens"] == 5
    assert answer["usage"]["totalTokens"] == 9


async def test_a_cache_point_writes_once_and_is_read_by_longer_prompts(stand_in: BedrockStandIn) -> None:
    point = {"cachePoint": {"type": "default"}}
    longer = {"cachePoint": {"type": "default", "ttl": "1h"}}
    system = [{"text": "s" * 400}, point]
    first = await converse(stand_in, {"text": "u" * 40}, system=system)
    second = await converse(stand_in, {"text": "v" * 40}, longer, {"text": "w" * 8}, system=system)
    unmarked = await converse(stand_in, {"text": "v" * 40}, system=system[:1])

    assert first["usage"]["cacheWriteInputTokens"] == 100
    assert first["usage"]["cacheDetails"] == [{"ttl": "5m", "inputTokens": 100}]
    assert second["usage"] == {
        "inputTokens": 2,
        "outputTokens": second["usage"]["outputTokens"],
        "totalTokens": 112 + second["usage"]["outputTokens"],
        "cacheReadInputTokens": 100,
        "cacheWriteInputTokens": 10,
        "cacheDetails": [{"ttl": "1h", "inputTokens": 10}],
    }
    assert (unmarked["usage"]["inputTokens"], unmarked["usage"]["cacheReadInputTokens"]) == (110, 0)


async def test_clearing_forgets_what_was_cached(stand_in: BedrockStandIn) -> None:
    marked = {"type": "ephemeral", "ttl": "1h"}
    body = messages_body(system=[{"type": "text", "text": "s" * 400, "cache_control": marked}])
    usages = []
    for _ in range(2):
        _, answer, _ = await post(stand_in.url, MESSAGES, body)
        usages.append(answer["usage"])
    stand_in.clear()
    _, after, _ = await post(stand_in.url, MESSAGES, body)

    assert [usage["cache_creation_input_tokens"] for usage in (*usages, after["usage"])] == [100, 0, 100]
    assert usages[0]["cache_creation"] == {"ephemeral_5m_input_tokens": 0, "ephemeral_1h_input_tokens": 100}
    assert usages[1]["cache_read_input_tokens"] == 100


async def test_the_same_request_has_the_same_answer(stand_in: BedrockStandIn) -> None:
    body = messages_body("call add {}", tools=[messages_tool()])

    assert await post(stand_in.url, MESSAGES, body) is not None
    _, first, _ = await post(stand_in.url, MESSAGES, body)
    _, second, _ = await post(stand_in.url, MESSAGES, body)

    assert first == second


async def test_a_tool_choice_of_none_keeps_tools_uncalled(stand_in: BedrockStandIn) -> None:
    _, chat, _ = await post(stand_in.url, CHAT, chat_body("call add {}", tools=[chat_tool()], tool_choice="none"))
    _, forced, _ = await post(stand_in.url, CHAT, chat_body("hi", tools=[chat_tool()], tool_choice="required"))

    assert "tool_calls" not in chat["choices"][0]["message"]
    assert forced["choices"][0]["message"]["tool_calls"][0]["function"] == {"name": "add", "arguments": "{}"}
