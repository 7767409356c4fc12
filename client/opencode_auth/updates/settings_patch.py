"""A release may change a few of this program's own settings: never where the gateway is, nor who signs people in."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from opencode_auth import gateway
from opencode_auth.errors import ClientError, Misused
from opencode_auth.gateway import GatewaySettings
from opencode_auth.updates import releases
from opencode_auth.updates.manifest import Manifest

OPENID = "openid"
"""Without this scope nobody could be signed in."""
ALLOWED = ("scopes", "callback_ports", "downloads_url")


class PatchRefused(ClientError):
    """Settings of a release that were not taken over; the others stay as they are."""

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"the release's settings were refused, all of them: {reason}", hint="tell whoever runs the gateway"
        )


def apply(release: Manifest, api_url: str) -> bool:
    """Whether settings were taken over, of that gateway's release; each version of them once. Raises PatchRefused."""
    settings = gateway.saved()
    if settings.api_url != api_url:  # a `setup` while the release was fetched
        return False
    if release.config_version <= releases.seen(api_url).config_version:
        return False
    if release.config:
        changed = patched(settings, release.config)
        gateway.amend(settings, **{name: getattr(changed, name) for name in release.config})
    releases.remember_config(api_url, release.config_version)
    return bool(release.config)


def patched(settings: GatewaySettings, patch: Mapping[str, Any]) -> GatewaySettings:
    """By RFC 7396, where null takes a member away, and through the checks of `setup`."""
    foreign = [name for name in patch if name not in ALLOWED]
    if foreign:
        raise PatchRefused(f"{', '.join(map(repr, foreign))} cannot be set by a release")
    merged = {name: value for name, value in {**asdict(settings), **patch}.items() if value is not None}
    try:
        changed = gateway.parsed(merged, source="the release")
    except Misused as error:
        raise PatchRefused(error.message) from error
    if OPENID not in changed.scopes:
        raise PatchRefused(f"its scopes lack {OPENID}")
    return changed
