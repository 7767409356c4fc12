"""GET /v1/caller: whose credential this is, for services beside the gateway that leave verifying to it."""

from aiohttp import web

from opencode_router.endpoints.json_response import json_response
from opencode_router.identity.caller import Caller
from opencode_router.identity.identity import IDENTITY
from opencode_router.wire.gateway_api import CallerFacts


async def caller(request: web.Request) -> web.Response:
    """200 for every verified credential, whatever the client's version. Raises Unauthenticated, Unavailable."""
    response = json_response(facts(await request.app[IDENTITY].verify(request.headers)))
    response.headers["Cache-Control"] = "no-store"
    return response


def facts(caller: Caller) -> CallerFacts:
    return CallerFacts(
        id=caller.id,
        email=caller.email,
        name=caller.name,
        groups=caller.groups,
        kind="token" if caller.key_prefix is None else "key",
    )
