"""The functions' environments, read once and checked."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from served_site.settings import SettingsError, SignInSettings, needed, sign_in_settings, url
from share_sessions import limits
from share_sessions.redaction import MODES, Mode

LIVE_URL = re.compile(r"wss?://[A-Za-z0-9.\-]+(:\d{1,5})?(/[A-Za-z0-9._~/\-]*)?")


@dataclass(frozen=True, kw_only=True)
class StoreSettings:
    table: str
    bucket: str
    sharing_url: str
    """Without a slash at its end, as all URLs here."""
    admin_groups: frozenset[str]
    """Their members may list, change and delete any share."""


@dataclass(frozen=True, kw_only=True)
class ApiSettings:
    store: StoreSettings
    gateway_url: str
    redaction: Mode
    live_endpoint: str
    """Of API Gateway's management API."""
    default_expiry_hours: int


@dataclass(frozen=True, kw_only=True)
class ViewerSettings:
    store: StoreSettings
    gateway_url: str
    sign_in: SignInSettings
    live_url: str
    """Of the WebSocket API."""


def store_settings(environment: Mapping[str, str]) -> StoreSettings:
    """Raises SettingsError."""
    groups = (group.strip() for group in environment.get("ADMIN_GROUPS", "").split(","))
    return StoreSettings(
        table=needed(environment, "TABLE"),
        bucket=needed(environment, "BUCKET"),
        sharing_url=url(environment, "SHARING_URL"),
        admin_groups=frozenset(filter(None, groups)),
    )


def api_settings(environment: Mapping[str, str]) -> ApiSettings:
    """Raises SettingsError."""
    return ApiSettings(
        store=store_settings(environment),
        gateway_url=url(environment, "GATEWAY_URL"),
        redaction=redaction(environment),
        live_endpoint=url(environment, "LIVE_ENDPOINT"),
        default_expiry_hours=expiry_hours(environment),
    )


def viewer_settings(environment: Mapping[str, str]) -> ViewerSettings:
    """Raises SettingsError."""
    live_url = needed(environment, "LIVE_URL")
    if not LIVE_URL.fullmatch(live_url):
        raise SettingsError(f"LIVE_URL={live_url!r} is no address of a WebSocket")
    return ViewerSettings(
        store=store_settings(environment),
        gateway_url=url(environment, "GATEWAY_URL"),
        sign_in=sign_in_settings(environment),
        live_url=live_url.rstrip("/"),
    )


def redaction(environment: Mapping[str, str]) -> Mode:
    value = environment.get("REDACTION", "warn")
    if value not in MODES:
        raise SettingsError(f"REDACTION={value!r} is none of {', '.join(MODES)}")
    return MODES[value]


def expiry_hours(environment: Mapping[str, str]) -> int:
    text = environment.get("DEFAULT_EXPIRY_HOURS", str(limits.DEFAULT_EXPIRY_HOURS))
    if not (text.isascii() and text.isdigit() and len(text) < 6 and int(text) in limits.EXPIRY_HOURS):
        raise SettingsError(
            f"DEFAULT_EXPIRY_HOURS={text!r} is no whole number from 1 to {limits.EXPIRY_HOURS.stop - 1}"
        )
    return int(text)
