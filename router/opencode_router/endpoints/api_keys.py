"""POST and GET /v1/api-keys, DELETE /v1/api-keys/{key_prefix}: people manage their own keys, signed in with a JWT."""

from datetime import datetime, timedelta

import msgspec
from aiohttp import web

from opencode_router.endpoints.json_response import json_response
from opencode_router.identity.api_keys import API_KEYS, NewKey
from opencode_router.identity.identity import IDENTITY
from opencode_router.identity.key_record import KeyRecord, KeyStatus, iso
from opencode_router.translate.decoding import decoded
from opencode_router.wire.gateway_api import ApiKey, ApiKeyList, ApiKeyRequest, NewApiKey, RevokedApiKey

DEFAULT_DAYS = 90
ORDER = msgspec.json.Decoder(ApiKeyRequest)


async def create(request: web.Request) -> web.Response:
    """201 with the key, which is shown this once."""
    caller = await request.app[IDENTITY].identify_person(request.headers)
    order = order_of(await request.read())
    lifetime = timedelta(days=order.expires_in_days or DEFAULT_DAYS)
    new = await request.app[API_KEYS].create(caller, description=order.description or "", lifetime=lifetime)
    response = json_response(shown_once(new), status=201)
    response.headers["Cache-Control"] = "no-store"
    return response


async def listing(request: web.Request) -> web.Response:
    """200 with all the caller's keys, newest first."""
    caller = await request.app[IDENTITY].identify_person(request.headers)
    keys = request.app[API_KEYS]
    records = await keys.of_caller(caller)
    return json_response(ApiKeyList(data=[listed(record, now_s=keys.now()) for record in records]))


async def revoke(request: web.Request) -> web.Response:
    """200, and from now on the key is refused: here at once, by other processes within a minute."""
    caller = await request.app[IDENTITY].identify_person(request.headers)
    key_prefix = request.match_info["key_prefix"]
    await request.app[API_KEYS].revoke(caller, key_prefix)
    return json_response(RevokedApiKey(key_prefix=key_prefix, status=KeyStatus.REVOKED))


def order_of(body: bytes) -> ApiKeyRequest:
    """An empty body orders a key with all defaults. Raises BadRequest."""
    return decoded(body, ORDER.decode) if body.strip() else ApiKeyRequest()


def shown_once(new: NewKey) -> NewApiKey:
    return NewApiKey(
        key=new.text,
        key_prefix=new.record.key_prefix,
        description=new.record.description,
        status=KeyStatus.ACTIVE,
        created_at=iso(new.record.created_at),
        expires_at=iso(new.record.expires_at),
    )


def listed(record: KeyRecord, *, now_s: float) -> ApiKey:
    return ApiKey(
        key_prefix=record.key_prefix,
        description=record.description,
        status=record.status(now_s),
        created_at=iso(record.created_at),
        expires_at=iso(record.expires_at),
        last_used_at=iso_or_null(record.last_used_at),
    )


def iso_or_null(at: datetime | None) -> str | None:
    return iso(at) if at else None
