"""POST /v1/chat/completions: OpenAI Chat Completions."""

import time
from collections.abc import Mapping

from aiohttp import web

from opencode_router.bedrock.client import Call
from opencode_router.catalogue.model import Surface
from opencode_router.endpoints.envelope import member
from opencode_router.endpoints.inference import Conversation, answer
from opencode_router.endpoints.plan import Ask, Plan, converse_call, ignored_header
from opencode_router.protocol import OPENAI
from opencode_router.relay.native_chat import ChatStream, chat_answer
from opencode_router.requests import REQUEST_ID
from opencode_router.translate import chat_to_converse, converse_to_chat
from opencode_router.translate.decoding import decoded
from opencode_router.wire import openai_chat


async def chat_completions(request: web.Request) -> web.StreamResponse:
    return await answer(request, CHAT_COMPLETIONS)


def plan(ask: Ask) -> Plan:
    return translated(ask) if ask.choice.surface is Surface.CONVERSE else native(ask)


def native(ask: Ask) -> Plan:
    """The body as it is, but for the model's id and, in a stream, the wish for usage."""
    envelope, choice = ask.envelope, ask.choice
    options = member(envelope.members, "stream_options", dict[str, object]) or {}
    changes: dict[str, str | Mapping[str, object]] = {"model": choice.model_id}
    if envelope.is_streaming:
        changes["stream_options"] = {**options, "include_usage": True}
    return Plan(
        call=Call(
            surface=choice.surface,
            model_id=choice.model_id,
            body=envelope.with_members(changes),
            is_streaming=envelope.is_streaming,
        ),
        stream=lambda: ChatStream(model=envelope.model, hides_usage=not options.get("include_usage")),
        answer=lambda body: chat_answer(body, model=envelope.model),
    )


def translated(ask: Ask) -> Plan:
    """Converse and back."""
    body = decoded(ask.envelope.body, openai_chat.decode)
    completion_id = f"chatcmpl-{ask.request[REQUEST_ID].removeprefix('req_')}"
    created = int(time.time())
    return Plan(
        call=converse_call(ask, chat_to_converse.request(body, ask.model)),
        stream=lambda: converse_to_chat.Stream(
            completion_id=completion_id,
            model=ask.envelope.model,
            created=created,
            include_usage=bool(body.stream_options and body.stream_options.include_usage),
        ),
        answer=lambda answer_body: converse_to_chat.answer(
            answer_body, completion_id=completion_id, model=ask.envelope.model, created=created
        ),
        headers=ignored_header(chat_to_converse.ignored(body, ask.model)),
    )


CHAT_COMPLETIONS = Conversation(
    protocol=OPENAI, surfaces=(Surface.CHAT, Surface.MANTLE_CHAT, Surface.CONVERSE), plan=plan
)
