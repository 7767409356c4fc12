"""OpenAI's SDK works through the gateway, with a model served in its protocol and with one that is translated."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import openai
import pytest
import pytest_asyncio
from openai.types.chat import (
    ChatCompletionChunk,
    ChatCompletionMessageFunctionToolCall,
    ChatCompletionMessageParam,
)
from pydantic import BaseModel

from opencode_local.bedrock import BedrockStandIn, Fault
from tests.clients.developer import Developer
from tests.clients.pictures import PIXEL_PNG
from tests.clients.weather import OPENAI_TOOL

NATIVE, TRANSLATED = "kimi-k25", "claude-sonnet"
both_ways = pytest.mark.parametrize("model", [NATIVE, TRANSLATED])


@pytest.fixture(params=["api_key", "jwt"])
def credential(request: pytest.FixtureRequest, developer: Developer) -> str:
    return str(getattr(developer, request.param))


@pytest_asyncio.fixture
async def client(developer: Developer, credential: str) -> AsyncIterator[openai.AsyncOpenAI]:
    async with openai.AsyncOpenAI(
        base_url=f"{developer.router.url}/v1", api_key=credential, max_retries=0
    ) as connected:
        yield connected


@pytest.fixture
def blocking_client(developer: Developer) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{developer.router.url}/v1", api_key=developer.api_key, max_retries=0) as connected:
        yield connected


def user(text: str) -> ChatCompletionMessageParam:
    return {"role": "user", "content": text}


def joined(chunks: list[ChatCompletionChunk]) -> str:
    return "".join(choice.delta.content or "" for chunk in chunks for choice in chunk.choices)


@both_ways
async def test_an_answer_comes_whole(client: openai.AsyncOpenAI, model: str) -> None:
    completion = await client.chat.completions.create(model=model, messages=[user("good morning")])

    assert completion.choices[0].message.content == "You said: good morning"
    assert completion.choices[0].finish_reason == "stop"
    assert completion.model == model
    assert completion.usage is not None
    assert completion.usage.total_tokens == completion.usage.prompt_tokens + completion.usage.completion_tokens > 0


@both_ways
async def test_a_streamed_answer_ends_with_the_usage_that_was_asked_for(client: openai.AsyncOpenAI, model: str) -> None:
    stream = await client.chat.completions.create(
        model=model, messages=[user("say 20 words")], stream=True, stream_options={"include_usage": True}
    )
    chunks = [chunk async for chunk in stream]

    assert joined(chunks).split()[-1] == "word20"
    assert len(chunks) > 10, "word by word"
    assert chunks[-1].choices == []
    assert chunks[-1].usage is not None
    assert chunks[-1].usage.completion_tokens > 0
    assert all(chunk.usage is None for chunk in chunks[:-1])


@both_ways
async def test_a_streamed_answer_has_no_usage_unasked(client: openai.AsyncOpenAI, model: str) -> None:
    stream = await client.chat.completions.create(model=model, messages=[user("good morning")], stream=True)

    chunks = [chunk async for chunk in stream]

    assert joined(chunks) == "You said: good morning"
    assert all(chunk.usage is None and chunk.choices for chunk in chunks)


@both_ways
async def test_parallel_tool_calls_are_answered(client: openai.AsyncOpenAI, model: str) -> None:
    messages = [user('call weather {"city": "Oslo"}\ncall weather {"city": "Rome"}')]
    asked = (await client.chat.completions.create(model=model, messages=messages, tools=[OPENAI_TOOL])).choices[0]
    calls = [call for call in asked.message.tool_calls or () if isinstance(call, ChatCompletionMessageFunctionToolCall)]

    assert asked.finish_reason == "tool_calls"
    assert [call.function.arguments for call in calls] == ['{"city":"Oslo"}', '{"city":"Rome"}']
    messages.append(asked.message.to_dict())  # type: ignore[arg-type]  # an answer is a message
    messages += [
        {"role": "tool", "tool_call_id": call.id, "content": f"{place} degrees"} for place, call in enumerate(calls)
    ]
    answered = await client.chat.completions.create(model=model, messages=messages, tools=[OPENAI_TOOL])
    assert (answered.choices[0].message.content or "").splitlines() == [
        "The tool weather returned: 0 degrees",
        "The tool weather returned: 1 degrees",
    ]


@both_ways
async def test_the_streaming_helper_assembles_a_tool_call(client: openai.AsyncOpenAI, model: str) -> None:
    async with client.chat.completions.stream(
        model=model, messages=[user('call weather {"city": "Oslo"}')], tools=[OPENAI_TOOL]
    ) as stream:
        completion = await stream.get_final_completion()

    calls = completion.choices[0].message.tool_calls
    assert calls
    assert calls[0].function.name == "weather"
    assert calls[0].function.arguments == '{"city":"Oslo"}'


@both_ways
async def test_an_image_reaches_the_model(client: openai.AsyncOpenAI, bedrock: BedrockStandIn, model: str) -> None:
    picture: Any = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PIXEL_PNG}"}}
    content: Any = [{"type": "text", "text": "what is this?"}, picture]

    completion = await client.chat.completions.create(model=model, messages=[{"role": "user", "content": content}])

    assert completion.choices[0].message.content == "You said: what is this?"
    assert PIXEL_PNG in str(bedrock.calls[-1].body)


@pytest.mark.filterwarnings("ignore:Pydantic serializer warnings")  # the SDK's, about an answer it has parsed itself
async def test_an_answer_in_a_given_shape_is_parsed_and_can_be_sent_back(client: openai.AsyncOpenAI) -> None:
    class Forecast(BaseModel):
        city: str
        degrees: int

    messages: list[Any] = [user("json")]
    first = await client.chat.completions.parse(model=TRANSLATED, messages=messages, response_format=Forecast)
    messages += [first.choices[0].message, user("json")]
    second = await client.chat.completions.parse(model=TRANSLATED, messages=messages, response_format=Forecast)

    assert isinstance(first.choices[0].message.parsed, Forecast)
    assert isinstance(second.choices[0].message.parsed, Forecast)


@both_ways
@pytest.mark.parametrize(
    ("kind", "error", "code"),
    [
        ("throttle", openai.RateLimitError, "rate_limit_exceeded"),
        ("validation", openai.BadRequestError, "invalid_request"),
        ("context_too_long", openai.BadRequestError, "context_length_exceeded"),
        ("deny", openai.PermissionDeniedError, "access_denied"),
        ("unavailable", openai.InternalServerError, "service_unavailable"),
    ],
)
async def test_failures_of_the_model_are_typed(
    client: openai.AsyncOpenAI,
    bedrock: BedrockStandIn,
    model: str,
    kind: Any,
    error: type[openai.APIStatusError],
    code: str,
) -> None:
    bedrock.order(Fault(kind=kind))

    with pytest.raises(error) as raised:
        await client.chat.completions.create(model=model, messages=[user("good morning")])

    assert raised.value.code == code
    assert raised.value.request_id


async def test_faults_of_the_caller_are_typed(client: openai.AsyncOpenAI, developer: Developer) -> None:
    with pytest.raises(openai.BadRequestError) as refused:
        await client.chat.completions.create(model=TRANSLATED, messages=[user("good morning")], n=2)
    with pytest.raises(openai.NotFoundError, match="claude-sonnet"):
        await client.chat.completions.create(model="claude-sonet", messages=[user("good morning")])
    with pytest.raises(openai.AuthenticationError):
        await client.with_options(api_key=f"oc_{'x' * 43}").models.list()

    assert refused.value.param == "n"


@both_ways
async def test_an_error_in_mid_stream_is_raised(
    client: openai.AsyncOpenAI, bedrock: BedrockStandIn, model: str
) -> None:
    bedrock.order(Fault(kind="exception", after_events=5))
    stream = await client.chat.completions.create(model=model, messages=[user("say 20 words")], stream=True)

    with pytest.raises(openai.APIError):
        async for _ in stream:
            pass


@both_ways
async def test_a_request_is_found_in_the_usage_by_the_id_that_the_client_was_given(
    client: openai.AsyncOpenAI, developer: Developer, model: str
) -> None:
    raw = await client.chat.completions.with_raw_response.create(model=model, messages=[user("good morning")])
    completion = raw.parse()

    assert raw.request_id
    record = await developer.router.usage(raw.request_id)
    assert record["email"] == developer.email
    assert completion.usage is not None
    assert record["output_tokens"] == completion.usage.completion_tokens


async def test_models_are_listed_and_found_by_their_other_names(client: openai.AsyncOpenAI) -> None:
    names = {model.id async for model in client.models.list()}

    assert "claude-sonnet-4-6" in names
    assert (await client.models.retrieve("claude-sonnet")).owned_by == "anthropic"


@both_ways
async def test_the_blocking_client_streams_and_calls_tools(blocking_client: openai.OpenAI, model: str) -> None:
    def converse() -> tuple[str, str]:
        words = blocking_client.chat.completions.create(model=model, messages=[user("say 9 words")], stream=True)
        text = joined(list(words))
        whole = blocking_client.chat.completions.create(
            model=model, messages=[user('call weather {"city": "Oslo"}')], tools=[OPENAI_TOOL]
        )
        return text, whole.choices[0].finish_reason

    text, finish_reason = await asyncio.to_thread(converse)

    assert text.split()[-1] == "word9"
    assert finish_reason == "tool_calls"
