"""Every route of the router, once: what aiohttp serves and what /openapi.json says."""

from dataclasses import dataclass

from aiohttp.typedefs import Handler

from opencode_router.endpoints import api_keys, caller, health, models, updates
from opencode_router.endpoints.chat_completions import chat_completions
from opencode_router.endpoints.client_settings import client_settings
from opencode_router.endpoints.count_tokens import count_tokens
from opencode_router.endpoints.messages import messages
from opencode_router.endpoints.responses import responses
from opencode_router.endpoints.usage import usage
from opencode_router.wire import anthropic_messages, gateway_api, openai_chat, openai_responses
from opencode_router.wire.client_settings import ClientSettings
from opencode_router.wire.usage_report import UsageQuery, UsageReport


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One operation."""

    method: str
    path: str
    handler: Handler
    summary: str
    response: type | None = None
    """Shape of the JSON answer; None: not JSON, or the protocol's own document describes it."""
    status: int = 200
    body: type | None = None
    """Shape of the JSON request body."""
    query: type | None = None
    """Parameters after the path; all of them may be left out."""
    is_public: bool = False
    other_statuses: tuple[int, ...] = ()


INFERENCE_ERRORS = (400, 401, 403, 404, 413, 426, 429, 502, 503, 504)
KEY_ERRORS = (400, 401, 403, 426, 503)
UPDATE_ERRORS = (401, 404, 503)

ROUTES = (
    Route(method="GET", path="/", handler=health.root, summary="A few words", is_public=True),
    Route(
        method="GET",
        path="/health",
        handler=health.health,
        summary="Liveness, without input or output",
        response=gateway_api.Health,
        is_public=True,
    ),
    Route(
        method="GET",
        path="/ready",
        handler=health.ready,
        summary="Readiness: Bedrock credentials, key table, JWKS",
        response=gateway_api.Readiness,
        is_public=True,
        other_statuses=(503,),
    ),
    Route(
        method="GET",
        path="/.well-known/opencode",
        handler=client_settings,
        summary="How clients sign in, and which models they find",
        response=ClientSettings,
        is_public=True,
        other_statuses=(304, 404),
    ),
    Route(
        method="GET",
        path="/v1/models",
        handler=models.models,
        summary="All models",
        response=gateway_api.ModelList,
        other_statuses=(401, 426, 503),
    ),
    Route(
        method="GET",
        path="/v1/models/{model:.+}",
        handler=models.model,
        summary="One model, by id or alias",
        response=gateway_api.ModelObject,
        other_statuses=(401, 404, 426, 503),
    ),
    Route(
        method="GET",
        path="/v1/caller",
        handler=caller.caller,
        summary="Whose credential this is",
        response=gateway_api.CallerFacts,
        other_statuses=(401, 503),
    ),
    Route(
        method="POST",
        path="/v1/chat/completions",
        handler=chat_completions,
        summary="OpenAI Chat Completions",
        body=openai_chat.Request,
        other_statuses=INFERENCE_ERRORS,
    ),
    Route(
        method="POST",
        path="/v1/responses",
        handler=responses,
        summary="OpenAI Responses, for the models that Bedrock serves in it; nothing is stored",
        body=openai_responses.Request,
        other_statuses=INFERENCE_ERRORS,
    ),
    Route(
        method="POST",
        path="/v1/messages",
        handler=messages,
        summary="Anthropic Messages",
        body=anthropic_messages.Request,
        other_statuses=INFERENCE_ERRORS,
    ),
    Route(
        method="POST",
        path="/anthropic/v1/messages",
        handler=messages,
        summary="Anthropic Messages, for clients that add /v1 to a base URL",
        body=anthropic_messages.Request,
        other_statuses=INFERENCE_ERRORS,
    ),
    Route(
        method="POST",
        path="/v1/messages/count_tokens",
        handler=count_tokens,
        summary="Tokens of a prompt; the header x-token-count says exact or estimate",
        body=gateway_api.CountRequest,
        response=gateway_api.TokenCount,
        other_statuses=INFERENCE_ERRORS,
    ),
    Route(
        method="POST",
        path="/anthropic/v1/messages/count_tokens",
        handler=count_tokens,
        summary="Tokens of a prompt, for clients that add /v1 to a base URL",
        body=gateway_api.CountRequest,
        response=gateway_api.TokenCount,
        other_statuses=INFERENCE_ERRORS,
    ),
    Route(
        method="POST",
        path="/v1/api-keys",
        handler=api_keys.create,
        summary="Create a personal API key; needs a JWT",
        body=gateway_api.ApiKeyRequest,
        response=gateway_api.NewApiKey,
        status=201,
        other_statuses=(*KEY_ERRORS, 409, 413),
    ),
    Route(
        method="GET",
        path="/v1/api-keys",
        handler=api_keys.listing,
        summary="The caller's API keys; needs a JWT",
        response=gateway_api.ApiKeyList,
        other_statuses=KEY_ERRORS,
    ),
    Route(
        method="DELETE",
        path="/v1/api-keys/{key_prefix}",
        handler=api_keys.revoke,
        summary="Revoke one of the caller's API keys; needs a JWT",
        response=gateway_api.RevokedApiKey,
        other_statuses=(*KEY_ERRORS, 404, 409),
    ),
    Route(
        method="GET",
        path="/v1/usage",
        handler=usage,
        summary="What the caller has used, by day, model or key; at most 31 days",
        query=UsageQuery,
        response=UsageReport,
        other_statuses=(400, 401, 426, 503),
    ),
    Route(
        method="GET",
        path="/v1/update/download-url",
        handler=updates.download_url,
        summary="Where one file of a release of opencode-auth can be downloaded for five minutes",
        query=gateway_api.DownloadQuery,
        response=gateway_api.DownloadUrl,
        other_statuses=(400, *UPDATE_ERRORS),
    ),
    Route(
        method="GET",
        path="/v1/update/config",
        handler=updates.config,
        summary="Changes that lead clients of the sample gateway to this one",
        response=gateway_api.ConfigPatches,
        other_statuses=UPDATE_ERRORS,
    ),
)
