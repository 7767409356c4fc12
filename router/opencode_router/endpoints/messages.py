"""POST /v1/messages: Anthropic Messages.

Newer Claude models take the version and the betas as headers, as Anthropic's own API does, older ones within the body
of InvokeModel; both refuse betas they do not know. Source: Amazon Bedrock user guide, "Inference using Anthropic
Messages API" (read 2026-11-21).
"""

from collections.abc import Mapping, Sequence

from aiohttp import web

from opencode_router.bedrock.client import Call
from opencode_router.catalogue.model import Surface
from opencode_router.endpoints.beta_members import orphans, split, with_plain_tools
from opencode_router.endpoints.envelope import Envelope, Value, member
from opencode_router.endpoints.inference import Conversation, answer
from opencode_router.endpoints.plan import Ask, Plan, converse_call, ignored_header
from opencode_router.protocol import ANTHROPIC
from opencode_router.relay.invoke_messages import InvokeStream
from opencode_router.relay.native_messages import MessagesStream, messages_answer
from opencode_router.requests import REQUEST_ID
from opencode_router.translate import converse_to_messages, messages_to_converse
from opencode_router.translate.decoding import decoded
from opencode_router.wire import anthropic_messages

VERSION = "2023-06-01"
"""Sent whatever the caller's own is: newer ones are refused for some models on Bedrock."""
INVOKE_VERSION = "bedrock-2023-05-31"
DROPPED_BETAS_HEADER = "anthropic-beta-dropped"


async def messages(request: web.Request) -> web.StreamResponse:
    return await answer(request, MESSAGES)


def plan(ask: Ask) -> Plan:
    return translated(ask) if ask.choice.surface is Surface.CONVERSE else native(ask)


def native(ask: Ask) -> Plan:
    """The body as it is, but for what Bedrock demands; betas that the catalogue does not list are named and dropped."""
    call, dropped = native_call(ask)
    reader = InvokeStream if ask.choice.surface is Surface.INVOKE else MessagesStream
    return Plan(
        call=call,
        stream=lambda: reader(model=ask.envelope.model),
        answer=lambda body: messages_answer(body, model=ask.envelope.model),
        headers=dropped,
    )


def native_call(ask: Ask) -> tuple[Call, Mapping[str, str]]:
    """The call, and the header that names the betas it goes without."""
    choice = ask.choice
    envelope, implied = with_plain_tools(ask.envelope)
    betas = dict.fromkeys((*asked_betas(ask.request, envelope), *implied))
    kept, dropped = split(list(betas), ask.model.betas)
    is_invoke = choice.surface is Surface.INVOKE
    call = Call(
        surface=choice.surface,
        model_id=choice.model_id,
        body=envelope.with_members(
            {**orphans(dropped), **(invoke_members(kept) if is_invoke else messages_members(choice.model_id))}
        ),
        is_streaming=envelope.is_streaming,
        headers={} if is_invoke else messages_headers(kept),
    )
    return call, {DROPPED_BETAS_HEADER: ",".join(dropped)} if dropped else {}


def invoke_members(betas: Sequence[str]) -> Mapping[str, Value | None]:
    """InvokeModel has the model and the wish to stream in its path, version and betas in the body."""
    return {
        "model": None,
        "stream": None,
        "anthropic_version": INVOKE_VERSION,
        "anthropic_beta": list(betas) or None,
    }


def messages_members(model_id: str) -> Mapping[str, Value | None]:
    """Version and betas go as headers; some clients of InvokeModel send them in the body here too."""
    return {"model": model_id, "anthropic_version": None, "anthropic_beta": None}


def messages_headers(betas: Sequence[str]) -> Mapping[str, str]:
    version = {"anthropic-version": VERSION}
    return {**version, "anthropic-beta": ",".join(betas)} if betas else version


def asked_betas(request: web.Request, envelope: Envelope) -> Sequence[str]:
    """Each beta once, in the order asked for, from all `anthropic-beta` headers and the body's list."""
    values = [
        *request.headers.getall("anthropic-beta", ()),
        *(member(envelope.members, "anthropic_beta", list[str]) or ()),
    ]
    names = (name.strip() for value in values for name in value.split(","))
    return list(dict.fromkeys(name for name in names if name))


def translated(ask: Ask) -> Plan:
    """Converse and back."""
    body = decoded(ask.envelope.body, anthropic_messages.decode)
    message_id = f"msg_{ask.request[REQUEST_ID].removeprefix('req_')}"
    return Plan(
        call=converse_call(ask, messages_to_converse.request(body, ask.model)),
        stream=lambda: converse_to_messages.Stream(message_id=message_id, model=ask.envelope.model),
        answer=lambda answer_body: converse_to_messages.answer(
            answer_body, message_id=message_id, model=ask.envelope.model
        ),
        headers=ignored_header(messages_to_converse.ignored(body, ask.model)),
    )


MESSAGES = Conversation(
    protocol=ANTHROPIC,
    surfaces=(Surface.MESSAGES, Surface.INVOKE, Surface.MANTLE_MESSAGES, Surface.CONVERSE),
    plan=plan,
)
