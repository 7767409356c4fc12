"""The device flow: a short code, typed in a browser anywhere. Source: RFC 8628 (read 2026-11-21)."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from opencode_auth import clock
from opencode_auth.addresses import check_url
from opencode_auth.errors import Misused, SignInFailed, Unreachable
from opencode_auth.oauth import grants
from opencode_auth.oauth.provider import Provider

DEFAULT_INTERVAL_S = 5.0
LONGEST_INTERVAL_S = 60.0
SLOWER_S = 5.0
MAX_LIFE_S = 1800.0


@dataclass(frozen=True, kw_only=True)
class Device:
    """What the person is shown, and the secret that stands for it."""

    device_code: str = field(repr=False)
    user_code: str
    verification_uri: str
    complete_uri: str | None
    """With the code in it, for a link or a QR code."""
    until_s: float
    """Seconds since the epoch."""
    interval_s: float


def begun(provider: Provider, scopes: Sequence[str]) -> Device:
    """Raises Misused where the provider has no device flow, Refused, Unreachable."""
    if provider.device_authorization_endpoint is None:
        raise Misused("the provider has no device sign-in", hint="opencode-auth login --no-browser")
    form = {"client_id": provider.client_id, "scope": " ".join(scopes)}
    answer = grants.send_form(provider.device_authorization_endpoint, form)
    if not answer.is_success:
        raise grants.failure(answer)
    document = answer.document()
    names = ("device_code", "user_code", "verification_uri")
    if not all(isinstance(document.get(name), str) and document[name].isprintable() for name in names):
        raise Unreachable(f"{answer.host} began no device sign-in")
    complete = document.get("verification_uri_complete")
    return Device(
        device_code=document["device_code"],
        user_code=document["user_code"],
        verification_uri=check_url(document["verification_uri"]),
        complete_uri=check_url(complete) if isinstance(complete, str) and complete.isprintable() else None,
        until_s=clock.now_s() + min(grants.life_s(document.get("expires_in")), MAX_LIFE_S),
        interval_s=min(max(1.0, grants.positive(document.get("interval")) or DEFAULT_INTERVAL_S), LONGEST_INTERVAL_S),
    )


def answered(provider: Provider, device: Device) -> grants.Grant:
    """Waits for the person. Raises SignInFailed when they say no or take too long; a fault in between is waited out."""
    interval_s = device.interval_s
    while clock.now_s() < device.until_s:
        clock.wait(interval_s)
        try:
            return grants.granted(provider, grants.DEVICE_GRANT, {"device_code": device.device_code})
        except grants.Refused as refused:
            if refused.code != "authorization_pending":
                raise
        except Unreachable as error:
            interval_s += max(SLOWER_S, error.retry_after_s or 0)
    raise SignInFailed("nobody answered in time", hint="opencode-auth login --device")
