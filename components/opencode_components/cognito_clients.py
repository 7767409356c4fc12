"""The two app clients of the user pool and the addresses they may send people back to.

Source: Amazon Cognito user pools API reference, "CreateUserPoolClient" and "RefreshTokenRotationType" (read
2026-11-21).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from pulumi import Input
from pulumi_aws import cognito

from opencode_components.refusals import refusal
from opencode_components.verified import https_url, is_loopback

SCOPES = ("openid", "email", "profile")
TOKEN_HOURS = 1
"""Of access and id tokens: the time until a person who has left is shut out."""
REFRESH_HOURS = 12
"""One working day."""
ROTATION_GRACE_S = 60
"""How long a spent refresh token still works, so that an answer lost on the way does not end a session."""
LOOPBACK_HOSTS = ("localhost", "127.0.0.1")
PORTS = range(1024, 65536)
"""That a person may open without being an administrator."""
REFRESH_ONLY = ["ALLOW_REFRESH_TOKEN_AUTH"]
NO_DIRECT_SIGN_IN = ["ALLOW_CUSTOM_AUTH"]
"""An empty list would mean Cognito's defaults, which rotation forbids. This one takes Lambda triggers, of which the
pool has none: what is left is the authorization code."""
HOURS = cognito.UserPoolClientTokenValidityUnitsArgs(access_token="hours", id_token="hours", refresh_token="hours")  # noqa: S106  units of time


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a client belongs and the only provider that people may sign in at."""

    user_pool_id: Input[str]
    region: Input[str]
    provider: str


def cli_client_args(place: Place, ports: Sequence[int], *, rotates: bool) -> cognito.UserPoolClientArgs:
    """Public: whoever holds the code and its verifier gets the tokens.

    With `rotates` each refresh replaces the refresh token.
    """
    args = client_args(place)
    args.generate_secret = False
    args.callback_urls = loopback_callbacks(ports)
    args.explicit_auth_flows = NO_DIRECT_SIGN_IN if rotates else REFRESH_ONLY
    if rotates:
        args.refresh_token_rotation = cognito.UserPoolClientRefreshTokenRotationArgs(
            feature="ENABLED", retry_grace_period_seconds=ROTATION_GRACE_S
        )
    return args


def browser_client_args(
    place: Place, callback_urls: Sequence[str], logout_urls: Sequence[str]
) -> cognito.UserPoolClientArgs:
    """Confidential: Cognito makes its secret. The load balancer's nodes refresh independently: no rotation."""
    args = client_args(place)
    args.generate_secret = True
    args.callback_urls = [*callback_urls]
    args.logout_urls = [*logout_urls]
    args.explicit_auth_flows = REFRESH_ONLY
    return args


def client_args(place: Place) -> cognito.UserPoolClientArgs:
    """What both clients have in common."""
    return cognito.UserPoolClientArgs(
        user_pool_id=place.user_pool_id,
        region=place.region,
        supported_identity_providers=[place.provider],
        allowed_oauth_flows_user_pool_client=True,
        allowed_oauth_flows=["code"],
        allowed_oauth_scopes=[*SCOPES],
        access_token_validity=TOKEN_HOURS,
        id_token_validity=TOKEN_HOURS,
        refresh_token_validity=REFRESH_HOURS,
        token_validity_units=HOURS,
        enable_token_revocation=True,
        prevent_user_existence_errors="ENABLED",
    )


def loopback_callbacks(ports: Sequence[int]) -> list[str]:
    return [f"http://{host}:{port}/callback" for port in ports for host in LOOPBACK_HOSTS]


def callback_ports(ports: Sequence[float]) -> Sequence[int]:
    """The ports as whole numbers. Raises ValueError for none at all, one twice, or one that is out of range."""
    whole = [int(port) for port in ports]
    bad = [port for port in ports if port not in PORTS or whole.count(int(port)) > 1]
    if bad or not whole:
        raise refusal(
            "cli_callback_ports",
            bad or ports,
            reason="leaves the command line nowhere to wait",
            fix=f"give at least one port of {PORTS.start} to {PORTS.stop - 1}, each once",
        )
    return whole


def check_browser_urls(key: str, urls: Sequence[str]) -> None:
    """Raises ValueError for none at all, and for one that is not https or means the person's own machine."""
    if not urls:
        raise refusal(key, urls, reason="leaves browsers nowhere to come back to", fix="give at least one https URL")
    for url in urls:
        https_url(key, url)
        if is_loopback(urlsplit(url).hostname or ""):
            raise refusal(
                key,
                url,
                reason="means the person's own machine, where anyone can wait for a code",
                fix="give the public address; only the command line's client comes back to loopback",
            )
