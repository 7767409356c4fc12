"""The two functions' environments, read once and checked."""

import re
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass

from served_site.settings import SettingsError, SignInSettings, needed, sign_in_settings, url

HELP_URL = re.compile(r"(https?://[^\s\"'<>]+|mailto:[^\s\"'<>]+)?")
PUBLIC_KEY_BYTES = 32


@dataclass(frozen=True, kw_only=True)
class PublicSettings:
    bucket: str
    release_keys: tuple[bytes, ...]
    """Raw Ed25519 public keys, any of which may sign a release."""
    downloads_url: str
    """Without a slash at its end, as all URLs here."""
    gateway_url: str


@dataclass(frozen=True, kw_only=True)
class PageSettings:
    public: PublicSettings
    sign_in: SignInSettings
    help_url: str
    """May be empty."""


def public_settings(environment: Mapping[str, str]) -> PublicSettings:
    """Raises SettingsError."""
    return PublicSettings(
        bucket=needed(environment, "BUCKET"),
        release_keys=tuple(map(release_key, needed(environment, "RELEASE_KEYS").split(","))),
        downloads_url=url(environment, "DOWNLOADS_URL"),
        gateway_url=url(environment, "GATEWAY_URL"),
    )


def page_settings(environment: Mapping[str, str]) -> PageSettings:
    """Raises SettingsError."""
    help_url = environment.get("HELP_URL", "")
    if not HELP_URL.fullmatch(help_url):
        raise SettingsError(f"HELP_URL={help_url!r} is neither a web address nor a mailto: one")
    return PageSettings(
        public=public_settings(environment),
        sign_in=sign_in_settings(environment),
        help_url=help_url,
    )


def release_key(text: str) -> bytes:
    try:
        raw = b64decode(text.strip(), validate=True)
    except ValueError as error:
        raise SettingsError(f"RELEASE_KEYS: {text!r} is not standard base64") from error
    if len(raw) != PUBLIC_KEY_BYTES:
        raise SettingsError(f"RELEASE_KEYS: {text!r} has {len(raw)} bytes; a public key of Ed25519 has 32")
    return raw
