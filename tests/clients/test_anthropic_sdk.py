"""Anthropic's SDK works through the gateway, with models served in its protocol and with one that is translated."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import anthropic
import pytest
import pytest_asyncio
from anthropic.types import MessageParam, ToolUseBlock

from opencode_local.bedrock import BedrockStandIn, Fault
from tests.clients.developer import Developer
from tests.clients.pictures import PIXEL_PNG
from tests.clients.weather import ANTHROPIC_TOOL

NATIVE, INVOKED, TRANSLATED = "claude-sonnet-5", "claude-sonnet", "nova-2-lite"
every_way = pytest.mark.parametrize("model", [NATIVE, INVOKED, TRANSLATED])


@pytest.fixture(params=["api_key", "auth_token"])
def credential(request: pytest.FixtureRequest, developer: Developer) -> dict[str, str]:
    """A key in `x-api-key`, or a sign-in's token as a bearer."""
    return {request.param: developer.api_key if request.param == "api_key" else developer.jwt}


@pytest_asyncio.fixture
async def client(developer: Developer, credential: dict[str, Any]) -> AsyncIterator[anthropic.AsyncAnthropic]:
    async with anthropic.AsyncAnthropic(base_url=developer.router.url, max_retries=0, **credential) as connected:
        yield connected


@pytest.fixture
def blocking_client(developer: Developer) -> Iterator[anthropic.Anthropic]:
    with anthropic.Anthropic(
        base_url=f"{developer.router.url}/anthropic", api_key=developer.api_key, max_retries=0
    ) as connected:
        yield connected


def user(text: str) -> MessageParam:
    return {"role": "user", "content": text}


def text_of(message: anthropic.types.Message) -> str:
    return "".join(block.text for block in message.content if block.type == "text")


@every_way
async def test_an_answer_comes_whole(client: anthropic.AsyncAnthropic, model: str) -> None:
    message = await client.messages.create(model=model, max_tokens=100, messages=[user("good morning")])

    assert text_of(message) == "You said: good morning"
    assert message.stop_reason == "end_turn"
    assert message.model == model
    assert message.usage.input_tokens > 0
    assert message.usage.output_tokens > 0


@every_way
async def test_the_streaming_helper_gives_words_and_the_whole_message(
    client: anthropic.AsyncAnthropic, model: str
) -> None:
    async with client.messages.stream(model=model, max_tokens=100, messages=[user("say 20 words")]) as stream:
        words = [text async for text in stream.text_stream]
        message = await stream.get_final_message()

    assert len(words) > 10, "word by word"
    assert "".join(words) == text_of(message)
    assert text_of(message).split()[-1] == "word20"
    assert message.stop_reason == "end_turn"
    assert message.usage.output_tokens > 0


@every_way
async def test_parallel_tool_calls_are_answered(client: anthropic.AsyncAnthropic, model: str) -> None:
    messages = [user('call weather {"city": "Oslo"}\ncall weather {"city": "Rome"}')]
    asked = await client.messages.create(model=model, max_tokens=100, messages=messages, tools=[ANTHROPIC_TOOL])
    calls = [block for block in asked.content if isinstance(block, ToolUseBlock)]

    assert asked.stop_reason == "tool_use"
    assert [call.input for call in calls] == [{"city": "Oslo"}, {"city": "Rome"}]
    results: Any = [
        {"type": "tool_result", "tool_use_id": call.id, "content": f"{place} degrees"}
        for place, call in enumerate(calls)
    ]
    messages += [{"role": "assistant", "content": asked.content}, {"role": "user", "content": results}]
    answered = await client.messages.create(model=model, max_tokens=100, messages=messages, tools=[ANTHROPIC_TOOL])
    assert text_of(answered).splitlines() == [
        "The tool weather returned: 0 degrees",
        "The tool weather returned: 1 degrees",
    ]


@every_way
async def test_the_streaming_helper_assembles_a_tool_call(client: anthropic.AsyncAnthropic, model: str) -> None:
    async with client.messages.stream(
        model=model, max_tokens=100, messages=[user('call weather {"city": "Oslo"}')], tools=[ANTHROPIC_TOOL]
    ) as stream:
        message = await stream.get_final_message()

    assert [(block.type, getattr(block, "input", None)) for block in message.content] == [
        ("tool_use", {"city": "Oslo"})
    ]


@pytest.mark.parametrize("is_eager", [True, False])
async def test_eager_tools_reach_the_model_as_the_beta_that_bedrock_has_for_them(
    client: anthropic.AsyncAnthropic, bedrock: BedrockStandIn, is_eager: bool
) -> None:
    eager: Any = {**ANTHROPIC_TOOL, "eager_input_streaming": is_eager}

    await client.messages.create(model=NATIVE, max_tokens=100, messages=[user("good morning")], tools=[eager])

    assert bedrock.calls[-1].body["tools"] == [ANTHROPIC_TOOL]
    betas = bedrock.calls[-1].headers.get("anthropic-beta", "")
    assert betas == ("fine-grained-tool-streaming-2025-05-14" if is_eager else "")


async def test_a_beta_goes_by_the_name_that_bedrock_has_for_it(
    client: anthropic.AsyncAnthropic, bedrock: BedrockStandIn
) -> None:
    await client.beta.messages.create(
        model=NATIVE,
        max_tokens=100,
        messages=[{"role": "user", "content": "good morning"}],
        betas=["advanced-tool-use-2025-11-20"],
    )

    assert bedrock.calls[-1].headers["anthropic-beta"] == "tool-search-tool-2025-10-19"


@pytest.mark.parametrize(("model", "is_kept"), [(NATIVE, True), (INVOKED, False)])
async def test_what_needs_a_beta_goes_where_the_beta_goes(
    client: anthropic.AsyncAnthropic, bedrock: BedrockStandIn, model: str, is_kept: bool
) -> None:
    edits: Any = {"edits": [{"type": "clear_tool_uses_20250919"}]}

    await client.beta.messages.create(
        model=model,
        max_tokens=100,
        messages=[{"role": "user", "content": "good morning"}],
        betas=["context-management-2025-06-27"],
        context_management=edits,
    )

    assert ("context_management" in bedrock.calls[-1].body) is is_kept
    assert ("context-management-2025-06-27" in str(bedrock.calls[-1].headers)) is is_kept


@every_way
async def test_an_image_reaches_the_model(
    client: anthropic.AsyncAnthropic, bedrock: BedrockStandIn, model: str
) -> None:
    content: Any = [
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PIXEL_PNG}},
        {"type": "text", "text": "what is this?"},
    ]

    message = await client.messages.create(model=model, max_tokens=100, messages=[{"role": "user", "content": content}])

    assert text_of(message) == "You said: what is this?"
    assert PIXEL_PNG in str(bedrock.calls[-1].body)


@every_way
@pytest.mark.parametrize(
    ("kind", "error", "type_"),
    [
        ("throttle", anthropic.RateLimitError, "rate_limit_error"),
        ("validation", anthropic.BadRequestError, "invalid_request_error"),
        ("deny", anthropic.PermissionDeniedError, "permission_error"),
        ("unavailable", anthropic.InternalServerError, "overloaded_error"),
    ],
)
async def test_failures_of_the_model_are_typed(
    client: anthropic.AsyncAnthropic,
    bedrock: BedrockStandIn,
    model: str,
    kind: Any,
    error: type[anthropic.APIStatusError],
    type_: str,
) -> None:
    bedrock.order(Fault(kind=kind))

    with pytest.raises(error) as raised:
        await client.messages.create(model=model, max_tokens=100, messages=[user("good morning")])

    assert raised.value.type == type_
    assert raised.value.request_id


async def test_faults_of_the_caller_are_typed(client: anthropic.AsyncAnthropic, developer: Developer) -> None:
    with pytest.raises(anthropic.BadRequestError, match="max_tokens"):
        await client.messages.create(model=TRANSLATED, max_tokens=0, messages=[user("good morning")])
    with pytest.raises(anthropic.NotFoundError, match="claude-sonnet"):
        await client.messages.create(model="claude-sonet", max_tokens=100, messages=[user("good morning")])
    async with anthropic.AsyncAnthropic(base_url=developer.router.url, api_key=f"oc_{'x' * 43}") as stranger:
        with pytest.raises(anthropic.AuthenticationError):
            await stranger.models.list()


@every_way
async def test_an_error_in_mid_stream_is_raised(
    client: anthropic.AsyncAnthropic, bedrock: BedrockStandIn, model: str
) -> None:
    bedrock.order(Fault(kind="exception", after_events=5))

    with pytest.raises(anthropic.APIError):
        async with client.messages.stream(model=model, max_tokens=100, messages=[user("say 20 words")]) as stream:
            await stream.get_final_message()


@every_way
async def test_a_request_is_found_in_the_usage_by_the_id_that_the_client_was_given(
    client: anthropic.AsyncAnthropic, developer: Developer, model: str
) -> None:
    message = await client.messages.create(model=model, max_tokens=100, messages=[user("good morning")])

    assert message._request_id  # the SDK's documented name for it
    record = await developer.router.usage(message._request_id)
    assert record["email"] == developer.email
    assert record["output_tokens"] == message.usage.output_tokens


@every_way
async def test_tokens_are_counted_without_a_usage_record(
    client: anthropic.AsyncAnthropic, developer: Developer, model: str
) -> None:
    count = await client.messages.count_tokens(model=model, messages=[user("good morning")], tools=[ANTHROPIC_TOOL])

    assert count.input_tokens > 10
    assert await developer.usage() == []


async def test_models_are_listed_and_found_by_their_other_names(client: anthropic.AsyncAnthropic) -> None:
    names = {model.id async for model in client.models.list(limit=1000)}

    assert "claude-sonnet-4-6" in names
    assert (await client.models.retrieve("claude-sonnet")).display_name == "Claude Sonnet 4.6"


@every_way
async def test_the_blocking_client_streams_and_calls_tools(blocking_client: anthropic.Anthropic, model: str) -> None:
    def converse() -> tuple[str, str | None]:
        with blocking_client.messages.stream(model=model, max_tokens=100, messages=[user("say 9 words")]) as stream:
            text = stream.get_final_text()
        whole = blocking_client.messages.create(
            model=model, max_tokens=100, messages=[user('call weather {"city": "Oslo"}')], tools=[ANTHROPIC_TOOL]
        )
        return text, whole.stop_reason

    text, stop_reason = await asyncio.to_thread(converse)

    assert text.split()[-1] == "word9"
    assert stop_reason == "tool_use"
