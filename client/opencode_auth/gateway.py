"""The gateway's public client settings: fetched once by `setup`, kept, read by everything else."""

import binascii
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from opencode_auth.addresses import check_url
from opencode_auth.errors import Misused, Unreachable
from opencode_auth.files import lock, read_json, write_json
from opencode_auth.paths import config_folder

WELL_KNOWN = "/.well-known/opencode"
PUBLIC_KEY_BYTES = 32
"""Of Ed25519."""


@dataclass(frozen=True, kw_only=True)
class GatewaySettings:
    """What a client needs to sign in and to call; an address is None where there is none."""

    api_url: str
    """Without a slash at the end; the API is below `/v1`."""
    issuer: str
    """To the letter."""
    client_id: str
    scopes: tuple[str, ...] = ("openid", "profile", "email", "offline_access")
    callback_ports: tuple[int, ...] = ()
    """Loopback ports that the provider knows, in order; without any, every port will do."""
    authorization_endpoint: str | None = None
    token_endpoint: str | None = None
    jwks_url: str | None = None
    revocation_endpoint: str | None = None
    device_authorization_endpoint: str | None = None
    end_session_endpoint: str | None = None
    region: str | None = None
    minimum_client: str | None = None
    downloads_url: str | None = None
    """Where releases of this program are announced."""
    sharing_url: str | None = None
    """Where sessions are shared."""
    release_keys: tuple[str, ...] = ()
    """Public keys that vouch for releases, as standard base64; pinned at the first `setup`."""


def is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value) and value.isprintable()


def is_texts(value: object) -> bool:
    return isinstance(value, list | tuple) and all(is_text(item) for item in value)


def is_ports(value: object) -> bool:
    return isinstance(value, list | tuple) and all(
        isinstance(item, int) and not isinstance(item, bool) and 0 < item < 65536 for item in value
    )


def is_keys(value: object) -> bool:
    return isinstance(value, list | tuple) and all(is_key(item) for item in value)


def is_key(value: object) -> bool:
    try:
        return isinstance(value, str) and len(binascii.a2b_base64(value, strict_mode=True)) == PUBLIC_KEY_BYTES
    except ValueError:
        return False


CHECKS: Mapping[str, tuple[Callable[[object], bool], str]] = {
    "scopes": (is_texts, "a list of texts"),
    "callback_ports": (is_ports, "a list of ports"),
    "release_keys": (is_keys, "a list of Ed25519 public keys in base64"),
}
REQUIRED = ("api_url", "issuer", "client_id")
ADDRESSES = tuple(
    each.name for each in fields(GatewaySettings) if each.name.endswith(("_url", "_endpoint")) or each.name == "issuer"
)


def settings_file() -> Path:
    return config_folder() / "gateway.json"


def fetch(host_url: str) -> GatewaySettings:
    """The settings that a gateway publishes at `https://HOST/.well-known/opencode`.

    Raises Misused for an address that is not safe, Unreachable when there is no gateway.
    """
    from opencode_auth import web  # noqa: PLC0415  start-up

    base = origin(host_url)
    document = web.fetch(base + WELL_KNOWN)
    if "gateway" not in document:
        raise Unreachable(f"{base}{WELL_KNOWN} does not describe a gateway")
    return parsed(document["gateway"], source=base)


def origin(host_url: str) -> str:
    """The address as `api_url` has it. Raises Misused for one that is not safe."""
    base = host_url if "://" in host_url else f"https://{host_url}"
    return check_url(base.rstrip("/").removesuffix("/v1"))


def saved() -> GatewaySettings:
    """The settings of the last `setup`. Raises Misused without one."""
    document = read_json(settings_file())
    if document is None:
        raise Misused("no gateway is set up on this machine", hint="opencode-auth setup https://HOST")
    return parsed(document, source=str(settings_file()))


def earlier() -> GatewaySettings | None:
    """Those of the last `setup`; None without one, or where they are damaged."""
    try:
        return saved()
    except Misused:
        return None


def save(settings: GatewaySettings) -> None:
    with changing():
        write_json(settings_file(), asdict(settings))


def amend(of: GatewaySettings, **changes: Any) -> None:
    """Changes members of the saved settings, unless they are for another gateway or other keys by now.

    Members of a later client, which this version does not know, stay.
    """
    with changing():
        now = saved()
        changed = replace(now, **changes)
        if (now.api_url, now.release_keys) == (of.api_url, of.release_keys) and changed != now:
            write_json(settings_file(), {**(read_json(settings_file()) or {}), **asdict(changed)})


def changing() -> AbstractContextManager[None]:
    """Held while the settings are replaced: the proxy and a command may both learn of new keys."""
    return lock(settings_file().with_suffix(".lock"))


def pinned(published: GatewaySettings) -> GatewaySettings:
    """With the release keys that this machine trusts for that gateway already. Raises Misused for others."""
    before = earlier()
    if before is None or before.api_url != published.api_url or not before.release_keys:
        return published
    if not {*published.release_keys} <= {*before.release_keys}:
        raise Misused(
            f"{published.api_url} now names other keys for its releases than this machine has pinned",
            hint="ask whoever runs the gateway; if the keys are theirs: the same command with --trust-new-keys",
        )
    return replace(published, release_keys=before.release_keys)


def parsed(document: Any, *, source: str) -> GatewaySettings:
    """Settings of a JSON object; members that are not known are left out. Raises Misused, which names the member."""
    if not isinstance(document, dict):
        raise Misused(f"the settings from {source} are not an object")
    names = {each.name for each in fields(GatewaySettings)}
    known = {name: value for name, value in document.items() if name in names and value is not None}
    for name in REQUIRED:
        if name not in known:
            raise Misused(f"the settings from {source} lack {name!r}")
    for name, value in known.items():
        is_good, wanted = CHECKS.get(name, (is_text, "text"))
        if not is_good(value):
            raise Misused(f"the settings from {source} have a {name!r} that is not {wanted}")
        if name in ADDRESSES:
            check_url(value)
    listed = {name: tuple(known[name]) for name in CHECKS if name in known}
    api_url = known["api_url"].rstrip("/").removesuffix("/v1")
    return GatewaySettings(**{**known, **listed, "api_url": api_url})
