"""Who may use the proxy, and for what: checks that raise Refusal.

A web page that resolves its own name to 127.0.0.1 sends a foreign Host, a page of another site sends a foreign
Origin, and another account of this machine lacks the secret.
"""

import hmac
from collections.abc import Mapping
from urllib.parse import urlsplit

from opencode_auth.proxy.headers import presented_secrets
from opencode_auth.proxy.refusals import Refusal

LOGGED_CHARACTERS = 200
LOOPBACK_NAMES = frozenset({"127.0.0.1", "localhost", "::1"})
ROOTS = ("v1", "anthropic")
SHARING = "/sharing/"
SHARE_ROOTS = (["api", "share"], ["api", "shares"])
MAKES_CREDENTIALS = "api-keys"
"""The gateway's path where a token buys a key that outlives it."""


def check_source(headers: Mapping[str, str], *, port: int) -> None:
    """403 unless the request is meant for this address and comes from no web page but a loopback one."""
    if _host_and_port(f"//{headers.get('Host', '')}") not in {(name, port) for name in LOOPBACK_NAMES}:
        raise Refusal(403, code="foreign_host", message="this proxy answers to its own loopback address only")
    origin = headers.get("Origin")
    if origin is not None and _host_and_port(origin)[0] not in LOOPBACK_NAMES:
        raise Refusal(403, code="foreign_origin", message="this proxy does not answer web pages of other origins")


def check_secret(headers: Mapping[str, str], secret: str) -> None:
    """401 unless every key that is shown is the install's secret."""
    shown = presented_secrets(headers)
    if not shown or not all(hmac.compare_digest(one.encode(), secret.encode()) for one in shown):
        message = "this proxy needs its own key; `opencode-auth use TOOL` puts it into the settings of a tool"
        raise Refusal(401, code="proxy_key_required", message=message)


def check_path(path: str, raw_path: str) -> None:
    """404 for what is not the gateway's API, 403 where it hands out credentials."""
    segments = path.split("/")[1:]
    is_plain = raw_path.startswith("/") and "%" not in path and not {"", ".", ".."} & set(segments)
    if not is_plain or segments[0] not in ROOTS:
        raise Refusal(404, code="unknown_path", message="this proxy passes on the gateway's /v1 API only")
    if MAKES_CREDENTIALS in (segment.casefold() for segment in segments):
        message = "this proxy hands out no credentials; use `opencode-auth keys`"
        raise Refusal(403, code="no_credentials_here", message=message)


def share_path(raw_path: str, secret: str) -> str:
    """The path on the share host of `/sharing/SECRET/api/share...`, with its query.

    Tools show no key there, so the path does: 401 for another secret, 404 for what is not the share host's API.
    """
    shown, _, path = raw_path.removeprefix(SHARING).partition("/")
    if not hmac.compare_digest(shown.encode(), secret.encode()):
        message = "this proxy needs its own key; `opencode-auth use opencode` puts it into OpenCode's settings"
        raise Refusal(401, code="proxy_key_required", message=message)
    plain = path.partition("?")[0]
    segments = plain.split("/")
    if segments[:2] not in SHARE_ROOTS or "%" in plain or {"", ".", ".."} & {*segments}:
        raise Refusal(404, code="unknown_path", message="this proxy passes on the share host's /api/share API only")
    return f"/{path}"


def loggable(path: str) -> str:
    """Without what gives access: below `/sharing/` the secret, and ids of shares, which open those that have a link."""
    return f"{SHARING}..." if path.startswith(SHARING) else path[:LOGGED_CHARACTERS]


def _host_and_port(url: str) -> tuple[str | None, int | None]:
    try:
        parts = urlsplit(url)
        return parts.hostname, parts.port
    except ValueError:
        return None, None
