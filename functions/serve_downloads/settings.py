"""The two functions' environments, read once and checked."""

import re
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass

URL = re.compile(r"https?://[A-Za-z0-9.\-]+(:\d{1,5})?(/[A-Za-z0-9._~/\-]*)?")
HELP_URL = re.compile(r"(https?://[^\s\"'<>]+|mailto:[^\s\"'<>]+)?")
PUBLIC_KEY_BYTES = 32


class SettingsError(Exception):
    """The text names the variable and says what is wrong with it."""


@dataclass(frozen=True, kw_only=True)
class PublicSettings:
    bucket: str
    release_keys: tuple[bytes, ...]
    """Raw Ed25519 public keys, any of which may sign a release."""
    downloads_url: str
    """Without a slash at its end, as all URLs here."""
    gateway_url: str


@dataclass(frozen=True, kw_only=True)
class SignInSettings:
    """Whose word on the person counts."""

    signer_arn: str
    """Of the load balancer."""
    signer_keys_url: str
    """Below it, each key by its id."""
    client_id: str
    issuer: str


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
        sign_in=SignInSettings(
            signer_arn=needed(environment, "SIGNER_ARN"),
            signer_keys_url=url(environment, "SIGNER_KEYS_URL"),
            client_id=needed(environment, "CLIENT_ID"),
            issuer=needed(environment, "ISSUER"),
        ),
        help_url=help_url,
    )


def needed(environment: Mapping[str, str], name: str) -> str:
    value = environment.get(name, "")
    if not value:
        raise SettingsError(f"{name} is not set")
    return value


def url(environment: Mapping[str, str], name: str) -> str:
    value = needed(environment, name)
    if not URL.fullmatch(value):
        raise SettingsError(f"{name}={value!r} is no URL of a host")
    return value.rstrip("/")


def release_key(text: str) -> bytes:
    try:
        raw = b64decode(text.strip(), validate=True)
    except ValueError as error:
        raise SettingsError(f"RELEASE_KEYS: {text!r} is not standard base64") from error
    if len(raw) != PUBLIC_KEY_BYTES:
        raise SettingsError(f"RELEASE_KEYS: {text!r} has {len(raw)} bytes; a public key of Ed25519 has 32")
    return raw
