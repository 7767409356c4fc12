"""What functions read of their environments, once, and check."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

URL = re.compile(r"https?://[A-Za-z0-9.\-]+(:\d{1,5})?(/[A-Za-z0-9._~/\-]*)?")


class SettingsError(Exception):
    """The text names the variable and says what is wrong with it."""


@dataclass(frozen=True, kw_only=True)
class SignInSettings:
    """Whose word on the person counts."""

    signer_arn: str
    """Of the load balancer."""
    signer_keys_url: str
    """Below it, each key by its id. Without a slash at its end, as all URLs here."""
    client_id: str
    issuer: str


def sign_in_settings(environment: Mapping[str, str]) -> SignInSettings:
    """Raises SettingsError."""
    return SignInSettings(
        signer_arn=needed(environment, "SIGNER_ARN"),
        signer_keys_url=url(environment, "SIGNER_KEYS_URL"),
        client_id=needed(environment, "CLIENT_ID"),
        issuer=needed(environment, "ISSUER"),
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
