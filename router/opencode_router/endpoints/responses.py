"""POST /v1/responses: OpenAI Responses, for the models that Bedrock itself serves in it.

Bedrock stores a response, for whoever has its id in the same AWS account, unless `store` is false; all callers of this
gateway share one account. So nothing is stored, and nothing stored can be named. Sources: Amazon Bedrock user guide,
"Responses API" and "Data retention" (read 2026-11-21).
"""

from aiohttp import web

from opencode_router.bedrock.client import Call
from opencode_router.catalogue.model import Surface
from opencode_router.endpoints.codex_members import in_words_of_bedrock
from opencode_router.endpoints.inference import Conversation, answer
from opencode_router.endpoints.plan import Ask, Plan
from opencode_router.errors import BadRequest
from opencode_router.protocol import RESPONSES as PROTOCOL
from opencode_router.relay.native_responses import ResponsesStream, responses_answer
from opencode_router.translate.decoding import decoded
from opencode_router.wire import openai_responses

STORED = ("store", "background", "previous_response_id", "conversation", "prompt")
"""Members that keep something in the account, or name what is kept there."""
WHY = "this gateway stores nothing between requests; send the whole conversation in 'input'"


async def responses(request: web.Request) -> web.StreamResponse:
    return await answer(request, RESPONSES)


def plan(ask: Ask) -> Plan:
    """The body as it is, but for the model's id, `store` and what Bedrock does not take of Codex.

    Raises BadRequest naming what would be stored.
    """
    envelope, choice = ask.envelope, ask.choice
    body = decoded(envelope.body, openai_responses.decode)
    refuse_stored(body)
    return Plan(
        call=Call(
            surface=choice.surface,
            model_id=choice.model_id,
            body=envelope.with_members(
                {**in_words_of_bedrock(envelope, body), "model": choice.model_id, "store": False}
            ),
            is_streaming=envelope.is_streaming,
        ),
        stream=lambda: ResponsesStream(model=envelope.model),
        answer=lambda body: responses_answer(body, model=envelope.model),
    )


def refuse_stored(body: openai_responses.Request) -> None:
    """Raises BadRequest naming the member that keeps something, or names what is kept."""
    for name in STORED:
        if getattr(body, name):
            raise BadRequest(WHY, param=name)
    items = body.input if isinstance(body.input, list) else ()
    for position, item in enumerate(items):
        if item.is_reference:
            raise BadRequest(WHY, param=f"input[{position}]")


RESPONSES = Conversation(protocol=PROTOCOL, surfaces=(Surface.RESPONSES, Surface.MANTLE_RESPONSES), plan=plan)
