"""GET /v1/update/download-url and /v1/update/config: how a client of any version comes to the newest one.

Clients of the sample gateway ask at these paths, too. What theirs reads of the answers: its `update.go`, `patch.go` and
`main.go` (read 2026-11-21).
"""

from collections.abc import Mapping

import msgspec
from aiohttp import web

from opencode_router.endpoints.json_response import json_response
from opencode_router.errors import BadRequest, NotFound
from opencode_router.gateway import GATEWAY, Gateway
from opencode_router.releases.bucket import INSTALLER, artifact_key
from opencode_router.releases.downloads import Downloads
from opencode_router.translate.decoding import validation_fault
from opencode_router.wire.client_settings import ClientConfig
from opencode_router.wire.gateway_api import ConfigPatches, DownloadQuery, DownloadUrl, FilePatch

EXPECTED = {
    "version": "a release, as in version=1.4.0, beside 'name'",
    "name": "one of the release's files: letters, digits, '.', '_' and '-', at most 128, beside 'version'",
}
UNPUBLISHED = 0
"""The settings of this gateway are no part of any release; a client notes the number that the release has."""
OWN_FILE = "config.json"
"""What the sample's client knows of its gateway."""


async def download_url(request: web.Request) -> web.Response:
    """200 with a presigned address of one file, or of the sample's installer without parameters.

    Raises NotFound without RELEASES_BUCKET, BadRequest, Unavailable.
    """
    downloads = await authorized(request)
    download = await downloads.download(key_of(request.query))
    return unkept(DownloadUrl(download_url=download.url, expires_in=download.life_s))


async def config(request: web.Request) -> web.Response:
    """200 with the changes that lead the sample's client here. Raises NotFound without RELEASES_BUCKET."""
    await authorized(request)
    known = request.app[GATEWAY].settings.client_config
    patches = {OWN_FILE: FilePatch(set=own_settings(known))} if known else {}
    return unkept(ConfigPatches(config_version=UNPUBLISHED, patches=patches))


async def authorized(request: web.Request) -> Downloads:
    """Only for verified callers; an outdated client is one of them, or it could never update."""
    gateway: Gateway = request.app[GATEWAY]
    await gateway.identity.verify(request.headers)
    if gateway.downloads is None:
        raise NotFound("this gateway has no releases of opencode-auth; its operators can set RELEASES_BUCKET")
    return gateway.downloads


def key_of(query: Mapping[str, str]) -> str:
    """The object that is asked for; parameters that are not ours are passed over. Raises BadRequest."""
    given = {field: query[field] for field in EXPECTED if field in query}
    if not given:
        return INSTALLER
    try:
        asked = msgspec.convert(given, DownloadQuery)
    except msgspec.ValidationError as error:
        field = validation_fault(str(error)).param or ""
        raise BadRequest(f"{field!r} must be {EXPECTED[field]}", param=field) from error
    return artifact_key(asked.version, asked.name)


def own_settings(known: ClientConfig) -> dict[str, str]:
    """In the sample's words; it knows its addresses with their paths."""
    own = {"client_id": known.client_id, "api_endpoint": f"{known.api_url.rstrip('/')}/v1", "issuer": known.issuer}
    if known.downloads_url is None:
        return own
    return {**own, "version_check_url": f"{known.downloads_url.rstrip('/')}/version.json"}


def unkept(body: object) -> web.Response:
    response = json_response(body)
    response.headers["Cache-Control"] = "no-store"
    return response
