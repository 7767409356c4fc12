"""GET /.well-known/opencode: what clients have to know of this gateway before anyone has signed in.

`opencode-auth setup` and `opencode auth login` need nothing but the gateway's URL.
"""

import hashlib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime

import msgspec
from aiohttp import ETag, web

from opencode_router.catalogue.choose import Catalogue, Entry
from opencode_router.catalogue.load import CatalogueError
from opencode_router.endpoints.chat_completions import CHAT_COMPLETIONS
from opencode_router.endpoints.inference import choice_on
from opencode_router.endpoints.opencode_config import PricedModel, opencode_config
from opencode_router.errors import NotFound, UnknownModel
from opencode_router.gateway import Gateway
from opencode_router.settings import Settings
from opencode_router.wire.client_settings import ClientConfig, ClientSettings, GatewayFacts, TokenCommand

TOKEN = TokenCommand(command=("opencode-auth", "token"), env="OPENCODE_GATEWAY_TOKEN")
MAX_AGE_S = 300
"""Short enough that everyone hears of a new minimum version within minutes."""
USUAL_MODEL = "claude-sonnet"
"""What tools begin with unless DEFAULT_MODEL says otherwise, where it is to be had."""


@dataclass(frozen=True, slots=True)
class Document:
    """Encoded once for all who ask on one day."""

    body: bytes
    etag: ETag


class ClientSettingsOfDay:
    """What clients are told changes with the process, and with the prices of the day."""

    def __init__(self, gateway: Gateway, config: ClientConfig) -> None:
        """Raises CatalogueError when DEFAULT_MODEL is none of this gateway's."""
        self._gateway = gateway
        self._config = config
        self._day = datetime.now(UTC).date()
        self._document = published(gateway, config, self._day)

    def on(self, day: date) -> Document:
        if day != self._day:
            self._document = published(self._gateway, self._config, day)
            self._day = day
        return self._document


CLIENT_SETTINGS = web.AppKey("client_settings", ClientSettingsOfDay)
"""Absent without CLIENT_CONFIG."""


async def client_settings(request: web.Request) -> web.Response:
    """200, or 304 for who has it already. Raises NotFound where the operators have not set CLIENT_CONFIG."""
    settings = request.app.get(CLIENT_SETTINGS)
    if settings is None:
        raise NotFound("this gateway publishes no settings for clients; its operators can set CLIENT_CONFIG")
    document = settings.on(datetime.now(UTC).date())
    is_known = any(known in (document.etag, ETag("*")) for known in request.if_none_match or ())
    response = web.Response(status=304) if is_known else web.Response(body=document.body)
    if not is_known:
        response.content_type = "application/json"
    response.etag = document.etag
    response.headers["Cache-Control"] = f"public, max-age={MAX_AGE_S}"
    return response


def published(gateway: Gateway, config: ClientConfig, day: date) -> Document:
    """Raises CatalogueError when DEFAULT_MODEL is none of this gateway's."""
    settings = gateway.settings
    models = chat_models(gateway, day)
    content = ClientSettings(
        auth=TOKEN,
        config=opencode_config(
            api_url=config.api_url,
            token_variable=TOKEN.env,
            models=models,
            first_model=first_model(settings, gateway.catalogue, models),
        ),
        gateway=gateway_facts(settings, config),
    )
    body = msgspec.json.encode(content)
    return Document(body, ETag(hashlib.sha256(body).hexdigest()))


def chat_models(gateway: Gateway, day: date) -> Mapping[str, PricedModel]:
    """The models that Chat Completions reaches from here, by id, as a request of that day would be reckoned."""
    settings = gateway.settings
    found: dict[str, PricedModel] = {}
    for id_, model in gateway.catalogue.available(settings.aws_region, settings.bedrock_profiles).items():
        surface = next((surface for surface in CHAT_COMPLETIONS.surfaces if surface in model.surfaces), None)
        if surface is None:
            continue
        with suppress(UnknownModel):  # served from here in another protocol alone, or not for sale yet
            choice = choice_on(day, settings, Entry(id=id_, model=model), surface)
            found[id_] = PricedModel(model, choice.price_for(0))
    return found


def first_model(settings: Settings, catalogue: Catalogue, models: Mapping[str, PricedModel]) -> str | None:
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
