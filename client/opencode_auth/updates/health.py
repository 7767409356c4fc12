"""What `doctor` says of this program itself: each check says what it found, or raises a ClientError."""

import os

from opencode_auth.errors import ClientError
from opencode_auth.gateway import GatewaySettings
from opencode_auth.updates import installation, layout, notice, pointer, releases, search_path
from opencode_auth.updates.installation import Kind
from opencode_auth.version import VERSION

UPDATE = "opencode-auth update"
LOOKED_AFTER = {
    Kind.UV: "uv",
    Kind.PIPX: "pipx",
    Kind.PIP: "pip",
    Kind.CHECKOUT: "a checkout",
    Kind.LOOSE: "whoever put it there",
}


def program() -> str:
    """Whether the command leads to this version, and whether a shell finds it."""
    found = installation.here()
    if not found.is_own:
        return f"{VERSION}, looked after by {LOOKED_AFTER[found.kind]}"
    place, leads_to = pointer.file(), layout.current()
    if leads_to != VERSION:
        hint = "run the line of the download page again"
        raise ClientError(f"{place} leads to {leads_to or 'nothing of ours'}, this is {VERSION}", hint=hint)
    if not search_path.has(place.parent, os.environ.get("PATH", "")):
        raise ClientError(f"{place.parent} is not on PATH", hint=search_path.how_to_add(place.parent, os.environ))
    if other := search_path.found_instead(place, os.environ["PATH"]):
        raise ClientError(f"a shell calls {other} instead of {place}", hint=f"remove {other}, or move its folder back")
    return f"{VERSION} at {place}"


def update(settings: GatewaySettings) -> str:
    """A version that has to be replaced is a problem, one that merely can be is not. Raises Untrusted, Unreachable."""
    if settings.downloads_url is None:
        return "this gateway publishes no releases"
    release = releases.latest(settings)
    if notice.is_below(release.minimum):
        raise ClientError(f"{release.minimum} or newer is required, this is {VERSION}", hint=UPDATE)
    if not notice.is_below(release.version):
        return f"{VERSION} is the latest version"
    if release.is_critical:
        raise ClientError(f"{release.version} is a critical update, this is {VERSION}", hint=UPDATE)
    return f"{release.version} is there: {UPDATE}"
