"""The latest release, as far as this machine may believe it.

The manifest is believed when a pinned key has signed it and its sequence is not below the highest that was ever seen;
the keys that it names become the pins.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from opencode_auth import gateway, web
from opencode_auth.errors import ClientError, Misused, Unreachable
from opencode_auth.files import lock, read_state, write_json
from opencode_auth.gateway import GatewaySettings
from opencode_auth.paths import state_folder
from opencode_auth.updates import envelope, manifest, notice
from opencode_auth.updates.envelope import Untrusted
from opencode_auth.updates.manifest import Manifest

MANIFEST_PATH = "/version.json"


@dataclass(frozen=True, kw_only=True)
class Seen:
    """The highest sequence of a manifest, and the version of the settings patch that was applied last."""

    sequence: int = 0
    config_version: int = 0


def latest(settings: GatewaySettings) -> Manifest:
    """The verified manifest; what it says of keys, and that it was seen, is kept.

    Raises Misused for a gateway without downloads, ClientError before the first release, Unreachable, Untrusted.
    """
    found = verified(settings)
    with lock(seen_file().with_suffix(".lock")):
        before = seen(settings.api_url)
        if found.sequence < before.sequence:
            raise Untrusted(
                f"the release is older than one seen before (sequence {found.sequence} after {before.sequence})",
                hint="a cache may be in between: try again in 10 minutes, then tell whoever runs the gateway",
            )
        gateway.amend(settings, release_keys=found.keys)
        remember(settings.api_url, replace(before, sequence=found.sequence))
    notice.remember(settings.api_url, found)
    return found


def verified(settings: GatewaySettings) -> Manifest:
    if settings.downloads_url is None or not settings.release_keys:
        raise Misused(
            f"{settings.api_url} publishes no releases that this machine could trust",
            hint=f"opencode-auth setup {settings.api_url}, once it does",
        )
    answer = web.send(web.Request(url=settings.downloads_url.rstrip("/") + MANIFEST_PATH))
    if answer.status == 404:
        raise ClientError(f"{answer.host} has no release yet")
    if not answer.is_success:
        raise Unreachable(f"{answer.host} answered {answer.status}", hint="opencode-auth doctor")
    return manifest.parsed(envelope.opened(answer.document(), settings.release_keys))


def seen_file() -> Path:
    return state_folder() / "releases.json"


def seen(api_url: str) -> Seen:
    """Of that gateway."""
    match read_state(seen_file()).get(api_url):
        case {"sequence": int(sequence), "config_version": int(config_version)}:
            return Seen(sequence=sequence, config_version=config_version)
    return Seen()


def remember(api_url: str, now: Seen) -> None:
    """Called with the lock held."""
    rewrite({api_url: {"sequence": now.sequence, "config_version": now.config_version}})


def remember_config(api_url: str, config_version: int) -> None:
    with lock(seen_file().with_suffix(".lock")):
        remember(api_url, replace(seen(api_url), config_version=config_version))


def forget(api_url: str) -> None:
    """For a gateway whose new keys the person trusts: its releases count anew."""
    with lock(seen_file().with_suffix(".lock")):
        rewrite({api_url: None})


def rewrite(changes: dict[str, Any]) -> None:
    merged = {**read_state(seen_file()), **changes}
    write_json(seen_file(), {name: value for name, value in merged.items() if value is not None})
