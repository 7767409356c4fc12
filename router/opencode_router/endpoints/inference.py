"""One request's way through the router: identify, choose, admit, call, relay, settle."""

import asyncio
import logging
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial

from aiohttp import web

from opencode_router.catalogue.choose import Entry, NoPrice, order, price_at, route
from opencode_router.catalogue.model import Model, Price, Surface
from opencode_router.endpoints.envelope import Envelope, open_envelope
from opencode_router.endpoints.plan import Ask, Plan, surface_for
from opencode_router.errors import Internal, RouterError, UnknownModel
from opencode_router.gateway import GATEWAY, Gateway
from opencode_router.identity.caller import Caller
from opencode_router.logs import write_line
from opencode_router.protocol import ClientProtocol
from opencode_router.relay.passage import CallerGone, Passage
from opencode_router.requests import HAS_USAGE, REQUEST_ID
from opencode_router.settings import Settings
from opencode_router.usage.exchange import Choice, Exchange

log = logging.getLogger(__name__)

CLIENT_REQUEST_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """One client protocol's way of holding a conversation."""

    protocol: ClientProtocol
    surfaces: Sequence[Surface]
    """Where Bedrock speaks this protocol, or one that it is translated to, best first."""
    plan: Callable[[Ask], Plan]
    """Raises BadRequest naming what cannot be expressed."""


async def answer(request: web.Request, conversation: Conversation) -> web.StreamResponse:
    """Raises RouterError while nothing has been sent."""
    gateway = request.app[GATEWAY]
    gateway.refuse_if_draining()
    caller = await gateway.identity.identify(request.headers)
    envelope = open_envelope(await request.read())
    ask = asked(request, envelope, conversation)
    exchange = open_exchange(gateway, ask, caller)
    request[HAS_USAGE] = True
    # Answered by a `usage` line: what has none was lost with its process.
    write_line(log, "accepted", {"request_id": exchange.request_id})
    try:
        return await carry(gateway, ask, conversation, exchange)
    except RouterError as error:
        exchange.fail(error)
        raise
    except Exception:
        exchange.fail(Internal())
        raise
    finally:
        exchange.settle()


def asked(request: web.Request, envelope: Envelope, conversation: Conversation) -> Ask:
    """What the catalogue says to the request. Raises UnknownModel, BadRequest."""
    gateway = request.app[GATEWAY]
    entry = gateway.catalogue.find(envelope.model)
    available = partial(gateway.catalogue.available, gateway.settings.aws_region, gateway.settings.bedrock_profiles)
    surface = surface_for(entry.model, conversation.surfaces, asked=envelope.model, available=available)
    return Ask(request=request, envelope=envelope, model=entry.model, choice=choose(gateway, entry, surface))


async def carry(gateway: Gateway, ask: Ask, conversation: Conversation, exchange: Exchange) -> web.StreamResponse:
    """Plans the call and carries its answer while holding one of the process's slots."""
    plan = conversation.plan(ask)
    passage = Passage(request=ask.request, protocol=conversation.protocol, exchange=exchange, pace=gateway.pace)
    with gateway.slots.held_by(passage):
        try:
            if plan.call.is_streaming:
                return await passage.stream(gateway.bedrock, plan.call, plan.stream(), plan.headers)
            response = await passage.whole(gateway.bedrock, plan.call, plan.answer)
        except CallerGone:
            raise asyncio.CancelledError from None
    response.headers.update(plan.headers)
    return response


def choose(gateway: Gateway, entry: Entry, surface: Surface) -> Choice:
    """What the catalogue says today, remembered for the day. Raises UnknownModel when it cannot be had here."""
    place, day = (entry.id, entry.key, surface), datetime.now(UTC).date()
    known = gateway.choices.get(place)
    if known is None or known.day != day:
        known = gateway.choices[place] = choice_on(day, gateway.settings, entry, surface)
    return known


def choice_on(day: date, settings: Settings, entry: Entry, surface: Surface) -> Choice:
    """The Bedrock id, region and price of one day."""
    way = route(entry, surface, order(settings.aws_region, settings.bedrock_profiles))
    price_for = partial(price_on, entry.model, way.key, day)
    try:
        price_for(0)
    except NoPrice as error:
        raise UnknownModel(model=entry.id, nearest=()) from error
    return Choice(
        model=entry.id,
        model_id=way.bedrock_id,
        surface=surface,
        region=settings.aws_region,
        price_for=price_for,
        day=day,
    )


def price_on(model: Model, key: str, day: date, prompt_tokens: int) -> Price:
    return price_at(model, key=key, day=day, prompt_tokens=prompt_tokens)


def open_exchange(gateway: Gateway, ask: Ask, caller: Caller) -> Exchange:
    client_request_id = ask.request.headers.get("x-request-id", "")
    return Exchange(
        request_id=ask.request[REQUEST_ID],
        client_request_id=client_request_id if CLIENT_REQUEST_ID.fullmatch(client_request_id) else None,
        caller=caller,
        choice=ask.choice,
        prompt_bytes=len(ask.envelope.body),
        record=gateway.record,
    )
