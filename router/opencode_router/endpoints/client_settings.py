"""GET /.well-known/opencode: what clients have to know of this gateway before anyone has signed in.

`opencode-auth setup` and `opencode auth login` need nothing but the gateway's URL.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import msgspec
from aiohttp import ETag, web

from opencode_router.catalogue.choose import Catalogue
from opencode_router.catalogue.load import CatalogueError
from opencode_router.catalogue.model import Model
from opencode_router.endpoints.chat_completions import CHAT_COMPLETIONS
from opencode_router.endpoints.opencode_config import opencode_config
from opencode_router.errors import NotFound, UnknownModel
from opencode_router.gateway import Gateway
from opencode_router.settings import Settings
from opencode_router.wire.client_settings import ClientConfig, ClientSettings, GatewayFacts, TokenCommand

TOKEN = TokenCommand(command=("opencode-auth", "token"), env="OPENCODE_GATEWAY_TOKEN")
MAX_AGE_S = 300
"""Short enough that everyone hears of a new minimum version within minutes."""
USUAL_MODEL = "claude-sonnet"
"""What tools begin with unless DEFAULT_MODEL says otherwise, where it is to be had."""
CHAT_SURFACES = frozenset(CHAT_COMPLETIONS.surfaces)


@dataclass(frozen=True, slots=True)
class Document:
    """Encoded once: it changes only with the process."""

    body: bytes
    etag: ETag


CLIENT_SETTINGS = web.AppKey("client_settings", Document)
"""Absent without CLIENT_CONFIG."""


async def client_settings(request: web.Request) -> web.Response:
    """200, or 304 for who has it already. Raises NotFound where the operators have not set CLIENT_CONFIG."""
    document = request.app.get(CLIENT_SETTINGS)
    if document is None:
        raise NotFound("this gateway publishes no settings for clients; its operators can set CLIENT_CONFIG")
    is_known = any(known in (document.etag, ETag("*")) for known in request.if_none_match or ())
    response = web.Response(status=304) if is_known else web.Response(body=document.body)
    if not is_known:
        response.content_type = "application/json"
    response.etag = document.etag
    response.headers["Cache-Control"] = f"public, max-age={MAX_AGE_S}"
    return response


def published(gateway: Gateway) -> Document | None:
    """None without CLIENT_CONFIG. Raises CatalogueError when DEFAULT_MODEL is none of this gateway's."""
    settings = gateway.settings
    if settings.client_config is None:
        return None
    models = chat_models(gateway)
    content = ClientSettings(
        auth=TOKEN,
        config=opencode_config(
            api_url=settings.client_config.api_url,
            token_variable=TOKEN.env,
            models=models,
            first_model=first_model(settings, gateway.catalogue, models),
        ),
        gateway=gateway_facts(settings, settings.client_config),
    )
    body = msgspec.json.encode(content)
    return Document(body, ETag(hashlib.sha256(body).hexdigest()))


def chat_models(gateway: Gateway) -> Mapping[str, Model]:
    """The models that Chat Completions reaches from here, by id."""
    settings = gateway.settings
    available = gateway.catalogue.available(settings.aws_region, settings.bedrock_profiles)
    return {id_: model for id_, model in available.items() if CHAT_SURFACES & {*model.surfaces}}


def first_model(settings: Settings, catalogue: Catalogue, models: Mapping[str, Model]) -> str | None:
    """The id of the model that tools begin with; None where there is no model at all. Raises CatalogueError."""
    wanted = settings.default_model or USUAL_MODEL
    try:
        found = catalogue.find(wanted).id
    except UnknownModel:
        found = ""
    if found in models:
        return found
    if settings.default_model:
        reason = f"is no model that callers can reach from {settings.aws_region}"
        raise CatalogueError(f"DEFAULT_MODEL={wanted!r} {reason}; those are {', '.join(models)}")
    return next(iter(models), None)


def gateway_facts(settings: Settings, config: ClientConfig) -> GatewayFacts:
    return GatewayFacts(
        **msgspec.structs.asdict(config),
        minimum_client=str(settings.minimum_client) if settings.minimum_client else None,
        latest_client=str(settings.latest_client) if settings.latest_client else None,
    )
