"""No body makes the stand-in stumble, and what it lets through botocore lets through as well."""

import base64
from collections.abc import Mapping
from typing import Any

from botocore.model import Shape
from botocore.validate import ParamValidator
from hypothesis import given, settings
from hypothesis import strategies as st

from opencode_local.bedrock.instances import UnusableSchema
from opencode_local.bedrock.operations import OPERATIONS, Asked
from opencode_local.bedrock.prompt_cache import PromptCache
from opencode_local.bedrock.refusals import Refused
from opencode_local.bedrock.script import script
from opencode_local.bedrock.service_model import operation
from tests.local.bedrock_callers import (
    CLAUDE,
    PNG,
    chat_body,
    chat_tool,
    converse_body,
    converse_tool,
    messages_body,
    messages_tool,
)

Json = dict[str, Any]

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.floats(-2, 2) | st.sampled_from(["", "a", "user", "tool"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["type", "text", "a"]), inner),
    max_leaves=4,
)
LOOP = [
    {"role": "user", "content": [{"text": "call add {}"}, {"image": {"format": "png", "source": {"bytes": PNG}}}]},
    {"role": "assistant", "content": [{"toolUse": {"toolUseId": "t", "name": "add", "input": {"a": 1}}}]},
    {"role": "user", "content": [{"toolResult": {"toolUseId": "t", "content": [{"text": "3"}, {"json": {}}]}}]},
]
CONVERSE_LOOP: Json = {
    **converse_body(
        system=[{"text": "be kind"}, {"cachePoint": {"type": "default"}}],
        inferenceConfig={"maxTokens": 3000, "stopSequences": ["x"]},
        toolConfig={"tools": [converse_tool()], "toolChoice": {"auto": {}}},
        additionalModelRequestFields={"thinking": {"type": "disabled"}},
        outputConfig={"textFormat": {"type": "json_schema", "structure": {"jsonSchema": {"schema": "{}"}}}},
    ),
    "messages": LOOP,
}
USE = {"type": "tool_use", "id": "t", "name": "add", "input": {}}
MESSAGES_LOOP: Json = {
    **messages_body(
        system=[{"type": "text", "text": "be kind", "cache_control": {"type": "ephemeral"}}],
        tools=[messages_tool()],
        tool_choice={"type": "any"},
        stop_sequences=["x"],
        thinking={"type": "disabled"},
        output_config={"format": {"type": "json_schema", "schema": {"type": "object", "properties": {"a": {}}}}},
    ),
    "messages": [
        {"role": "user", "content": "call add {}"},
        {"role": "assistant", "content": [USE]},
        {
            "role": "user",
            "content": [{"type": "tool_result", "tool_use_id": "t", "content": [{"type": "text", "text": "3"}]}],
        },
    ],
}
CALL = {"id": "c", "type": "function", "function": {"name": "add", "arguments": "{}"}}
CHAT_LOOP: Json = {
    **chat_body(
        tools=[chat_tool()],
        tool_choice={"type": "function", "function": {"name": "add"}},
        response_format={"type": "json_schema", "json_schema": {"schema": {"type": "object"}}},
        stop=["x"],
        max_tokens=9,
        reasoning_effort="low",
    ),
    "messages": [
        {"role": "system", "content": "be kind"},
        {"role": "user", "content": [{"type": "text", "text": "call add {}"}]},
        {"role": "assistant", "content": None, "tool_calls": [CALL]},
        {"role": "tool", "tool_call_id": "c", "content": "3"},
    ],
}
RESPONSES_LOOP: Json = {
    "model": "m",
    "instructions": "be kind",
    "max_output_tokens": 9,
    "reasoning": {"effort": "low"},
    "text": {"format": {"type": "json_schema", "schema": {"type": "object"}}},
    "tools": [{"type": "function", "name": "add", "parameters": {"type": "object"}}],
    "input": [
        {"role": "user", "content": [{"type": "input_text", "text": "call add {}"}]},
        {"type": "function_call", "call_id": "c", "name": "add", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "c", "output": "3"},
    ],
}
BODIES: Mapping[str, Json] = {
    "/model/{model_id}/converse-stream": CONVERSE_LOOP,
    "/model/{model_id}/count-tokens": {
        "input": {"converse": {name: CONVERSE_LOOP[name] for name in ("messages", "system", "toolConfig")}}
    },
    "/anthropic/v1/messages": MESSAGES_LOOP,
    "/v1/chat/completions": CHAT_LOOP,
    "/v1/responses": RESPONSES_LOOP,
}


def places(value: Any, before: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path of every value inside `value`."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [before, *(place for key, member in inner for place in places(member, (*before, key)))]


def with_value(whole: Any, place: tuple[Any, ...], value: Any) -> Any:
    """A copy of `whole` with `value` at `place`."""
    if not place:
        return value
    key, *rest = place
    items = whole.items() if isinstance(whole, dict) else enumerate(whole)
    changed = {name: with_value(member, tuple(rest), value) if name == key else member for name, member in items}
    return changed if isinstance(whole, dict) else list(changed.values())


@st.composite
def spoilt_requests(draw: st.DrawFn) -> tuple[str, Json]:
    """A good request of some route with one or two values put in where they may not belong."""
    path = draw(st.sampled_from(sorted(BODIES)))
    body: Any = BODIES[path]
    for _ in range(draw(st.integers(0, 2))):
        place = draw(st.sampled_from(places(body)[1:] or [("a",)]))
        body = with_value(body, place, draw(JSON_VALUES))
    return path, body


def answer(path: str, body: Json) -> bool:
    """Whether the stand-in answers `body`, in full and as a stream; False when it refuses. Raises for anything else."""
    route = OPERATIONS[path]
    asked = Asked(body=body, model_id=CLAUDE, headers={"anthropic-version": "2023-06-01"})
    try:
        route.check(asked)
        prompt = route.read(asked.body, asked.model_id)
        written = script(prompt)
    except (Refused, UnusableSchema):
        return False
    usage = PromptCache().usage(prompt, written)
    assert route.writer.answer(written, usage, asked.body)
    assert route.writer.events(written, usage, asked.body)
    return True


def as_parameters(shape: Shape, value: Any) -> Any:
    """JSON as a caller of botocore writes it: blobs as bytes, absent for null."""
    if shape.type_name == "structure" and not shape.is_document_type:
        return {
            name: as_parameters(shape.members[name], member) for name, member in value.items() if member is not None
        }
    if shape.type_name == "list":
        return [as_parameters(shape.member, member) for member in value]
    return base64.b64decode(value) if shape.type_name == "blob" else value


@settings(max_examples=600, deadline=None, derandomize=True, database=None)
@given(spoilt_requests())
def test_every_body_is_answered_or_refused(request: tuple[str, Json]) -> None:
    path, body = request

    answer(path, body)


def test_the_bodies_that_are_spoilt_are_good_to_begin_with() -> None:
    assert [path for path, body in BODIES.items() if not answer(path, body)] == []


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(st.data())
def test_what_converse_lets_through_botocore_lets_through(data: st.DataObject) -> None:
    place = data.draw(st.sampled_from(places(CONVERSE_LOOP)[1:]))
    body = with_value(CONVERSE_LOOP, place, data.draw(JSON_VALUES))
    shape = operation("Converse").input_shape

    if answer("/model/{model_id}/converse", body):
        report = ParamValidator().validate({"modelId": CLAUDE, **as_parameters(shape, body)}, shape)
        assert not report.has_errors(), report.generate_report()
