"""POST /v1/messages/count_tokens: Bedrock's own count where it has one, else an estimate that says so.

bedrock-mantle counts Messages bodies, CountTokens counts Converse ones, neither for every model
(github.com/BerriAI/litellm issue 37102, read 2026-11-21). A count is free and leaves no usage record.
"""

import asyncio
from dataclasses import replace
from typing import Any

import msgspec
from aiohttp import web

from opencode_router.bedrock.client import OPERATIONS, Call
from opencode_router.catalogue.model import Surface
from opencode_router.endpoints.envelope import Envelope, open_envelope
from opencode_router.endpoints.inference import asked
from opencode_router.endpoints.json_response import json_response
from opencode_router.endpoints.messages import MESSAGES, native_call
from opencode_router.endpoints.plan import Ask
from opencode_router.errors import BadRequest, RouterError
from opencode_router.gateway import GATEWAY, Gateway
from opencode_router.translate import messages_to_converse
from opencode_router.translate.decoding import decoded
from opencode_router.wire import anthropic_messages

KIND_HEADER = "x-token-count"
COUNT_TIMEOUT_S = 5.0
BYTES_PER_TOKEN = 3
"""Below the true average of about four, so that an estimate errs on the side of a context that is too long."""
IMAGE_TOKENS = 1600
"""The most an image costs. Source: Anthropic documentation, "Vision" (read 2026-11-21)."""
COUNTED_MEMBERS = frozenset({"messages", "system", "toolConfig", "additionalModelRequestFields"})


class RuntimeCount(msgspec.Struct):
    inputTokens: int


class MessagesCount(msgspec.Struct):
    input_tokens: int


async def count_tokens(request: web.Request) -> web.Response:
    gateway = request.app[GATEWAY]
    gateway.refuse_if_draining()
    await gateway.identity.identify(request.headers)
    envelope = open_envelope(await request.read())
    if "messages" not in envelope.members:
        raise BadRequest("messages are required", param="messages")
    ask = asked(request, envelope, MESSAGES)
    call = COUNTS[ask.choice.surface](ask)
    try:
        count, kind = await upstream_count(gateway, call), "exact"
    except (RouterError, TimeoutError, msgspec.DecodeError):
        count, kind = estimate(msgspec.json.decode(envelope.body)), "estimate"
    response = json_response({"input_tokens": count})
    response.headers[KIND_HEADER] = kind
    return response


def mantle_count(ask: Ask) -> Call:
    """bedrock-mantle has no inference profiles: it wants the model's own id, without a region's prefix."""
    model_id = ask.choice.model_id[ask.choice.model_id.index(f"{ask.model.provider}.") :]
    return native_call(replace(ask, choice=replace(ask.choice, model_id=model_id)))[0]


def invoke_count(ask: Ask) -> Call:
    """InvokeModel's body as it would be sent, output limit and all; AWS wants it in base64."""
    call = native_call(replace(ask, envelope=with_limit(ask)))[0]
    return replace(call, body=msgspec.json.encode({"input": {"invokeModel": {"body": call.body}}}), is_streaming=False)


def converse_count(ask: Ask) -> Call:
    body = decoded(with_limit(ask).body, anthropic_messages.decode)
    request = messages_to_converse.request(body, ask.model)
    counted = {name: value for name, value in request.items() if name in COUNTED_MEMBERS}
    content = msgspec.json.encode({"input": {"converse": counted}})
    return Call(surface=Surface.CONVERSE, model_id=ask.choice.model_id, body=content, is_streaming=False)


def with_limit(ask: Ask) -> Envelope:
    """A count needs no output limit, but a body that could be sent does; it does not change the prompt."""
    return open_envelope(ask.envelope.with_members({"max_tokens": ask.model.capabilities.max_output_tokens}))


COUNTS = {
    Surface.MESSAGES: mantle_count,
    Surface.MANTLE_MESSAGES: mantle_count,
    Surface.INVOKE: invoke_count,
    Surface.CONVERSE: converse_count,
}


async def upstream_count(gateway: Gateway, call: Call) -> int:
    """Raises RouterError, TimeoutError or DecodeError when there is no count to be had."""
    async with asyncio.timeout(COUNT_TIMEOUT_S), gateway.bedrock.count_tokens(call) as response:
        body = await response.read()
    if call.surface in OPERATIONS:
        return msgspec.json.decode(body, type=RuntimeCount).inputTokens
    return msgspec.json.decode(body, type=MessagesCount).input_tokens


def estimate(value: Any) -> int:
    """Tokens of any JSON value: text by its bytes, images by their most."""
    match value:
        case {"type": "image"}:
            return IMAGE_TOKENS
        case dict():
            return sum(estimate(name) + estimate(part) for name, part in value.items())
        case list():
            return sum(map(estimate, value))
        case str():
            return -(-len(value.encode()) // BYTES_PER_TOKEN)
        case _:
            return 1
