"""What can be wrong between this machine and an answer: each check says what it found, or raises a ClientError."""

import base64
import json
import os
import socket
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from functools import cached_property, partial
from typing import Any
from urllib.parse import urlsplit

from opencode_auth import clock, gateway, proxy, shares, tokens, web
from opencode_auth.api import refusal
from opencode_auth.errors import ClientError, SignInNeeded
from opencode_auth.gateway import GatewaySettings
from opencode_auth.oauth.provider import discovered
from opencode_auth.proxy import daemon
from opencode_auth.proxy.corporate import proxy_of
from opencode_auth.proxy.record import running
from opencode_auth.tools import config_file
from opencode_auth.tools.catalogue import TOOLS
from opencode_auth.updates import health

MOST_SKEW_S = 60.0
"""What verifiers of tokens usually forgive."""
MADE_FOR = ("client_id", "azp", "cid", "appid")
"""Claims that name the client: of Cognito, of OpenID Connect, of Okta, of Entra ID."""
SET_UP_AGAIN = "opencode-auth setup {url}"


class Problem(ClientError):
    """A check that failed."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """`hint` is what to do about a problem."""

    check: str
    is_ok: bool
    detail: str
    hint: str | None = None


@dataclass
class Facts:
    """What several checks look at, asked for once."""

    environment: Mapping[str, str] = field(default_factory=lambda: os.environ)

    @cached_property
    def settings(self) -> GatewaySettings:
        return gateway.saved()

    @cached_property
    def published(self) -> web.Answer:
        """Raises Unreachable."""
        return web.send(web.Request(url=self.settings.api_url + gateway.WELL_KNOWN))


Check = Callable[[Facts], str]


def findings(facts: Facts) -> Iterator[Finding]:
    """In the order in which a request meets them; without settings nothing else can be looked at."""
    first = found("settings", settings, facts)
    yield first
    if first.is_ok:
        yield from (found(name, check, facts) for name, check in checks(facts))


def checks(facts: Facts) -> Iterator[tuple[str, Check]]:
    """An API key in the environment needs no identity provider."""
    yield from NETWORK.items()
    if not tokens.api_key():
        yield from SIGN_IN.items()
    yield "credential", credential
    yield "sharing", sharing
    yield "proxy", local_proxy
    yield from PROGRAM.items()
    yield from ((name, partial(tool, name)) for name in TOOLS)


def found(name: str, check: Check, facts: Facts) -> Finding:
    try:
        return Finding(check=name, is_ok=True, detail=check(facts))
    except ClientError as error:
        return Finding(check=name, is_ok=False, detail=error.message, hint=error.hint)
    except OSError as error:
        return Finding(check=name, is_ok=False, detail=error.strerror or type(error).__name__)


def settings(facts: Facts) -> str:
    return f"the gateway is {facts.settings.api_url}"


def names(facts: Facts) -> str:
    """A corporate proxy looks names up itself."""
    parts = urlsplit(facts.settings.api_url)
    host = parts.hostname or ""
    if proxy_of(facts.settings.api_url):
        return f"left to the HTTP proxy in between ({host})"
    try:
        addresses = {str(entry[4][0]) for entry in socket.getaddrinfo(host, parts.port or 443)}
    except OSError as error:
        raise Problem(f"{host} has no address: {error.strerror}", hint="are you on the company's network?") from error
    return f"{host} is {', '.join(sorted(addresses))}"


def transport(facts: Facts) -> str:
    """Raises Unreachable, which tells an untrusted certificate from a server that is not there."""
    return f"{facts.published.host} answers {'over TLS' if facts.settings.api_url.startswith('https:') else 'locally'}"


def time_of_day(facts: Facts) -> str:
    """Against the header Date, which counts whole seconds."""
    try:
        theirs_s = parsedate_to_datetime(facts.published.headers.get("date", "")).timestamp()
    except ValueError:
        return f"{facts.published.host} does not tell the time"
    ahead_s = clock.now_s() - theirs_s
    if abs(ahead_s) > MOST_SKEW_S:
        which = "ahead of" if ahead_s > 0 else "behind"
        raise Problem(
            f"this machine's clock is {abs(ahead_s):.0f} s {which} the gateway's", hint="turn on automatic time"
        )
    return f"within {MOST_SKEW_S:.0f} s of the gateway's"


def same_settings(facts: Facts) -> str:
    document = facts.published.document()
    url = facts.settings.api_url
    published = gateway.parsed(document.get("gateway"), source=url)
    for name in ("issuer", "client_id"):
        if getattr(published, name) != getattr(facts.settings, name):
            raise Problem(f"the gateway's {name} has changed", hint=SET_UP_AGAIN.format(url=url))
    return "as the gateway publishes them"


def issuer(facts: Facts) -> str:
    discovered(facts.settings.issuer)
    return f"{facts.settings.issuer} answers"


def token(facts: Facts) -> str:
    """The claims of the token that would be sent now, where it is a JWT; the gateway alone can judge another one."""
    claims = claims_of(tokens.access_token())
    if claims is None:
        return "signed in"
    if claims.get("iss") != facts.settings.issuer:
        raise SignInNeeded(f"the token is from {claims.get('iss')!r}, the gateway wants {facts.settings.issuer!r}")
    if facts.settings.client_id not in audiences(claims):
        raise SignInNeeded(f"the token is not for the gateway's client {facts.settings.client_id!r}")
    return f"of {claims.get('email') or claims.get('sub')}, from the gateway's issuer and for its client"


def claims_of(jwt: str) -> Mapping[str, Any] | None:
    """Read, not verified: for display only. None for what is not a JWT."""
    parts = jwt.split(".")
    try:
        payload = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (IndexError, ValueError):
        return None
    return payload if isinstance(payload, dict) else None


def audiences(claims: Mapping[str, Any]) -> set[object]:
    """All names under which providers say for whom a token was made; Cognito's access tokens have no `aud`."""
    said = claims.get("aud", [])
    return {*(said if isinstance(said, list) else [said]), *(claims.get(name) for name in MADE_FOR)}


def credential(facts: Facts) -> str:
    """By a request that costs nothing. Raises what the gateway says."""
    headers = {"Authorization": f"Bearer {tokens.access_token()}"}
    answer = web.send(web.Request(url=f"{facts.settings.api_url}/v1/models", headers=headers))
    if not answer.is_success:
        raise refusal(answer)
    what = f"the key in {tokens.API_KEY_VARIABLE}" if tokens.api_key() else "the sign-in"
    return f"the gateway accepts {what}"


def local_proxy(facts: Facts) -> str:
    record = running()
    if record is None:
        return "not running; it starts when a tool needs it"
    if not daemon.is_current(record, facts.settings):
        raise Problem(
            f"the proxy at {record.url} is of another version, gateway or key", hint="opencode-auth proxy start"
        )
    return f"running at {record.url}"


def sharing(facts: Facts) -> str:
    """By a request that changes nothing, where the gateway shares sessions."""
    published = gateway.parsed(facts.published.document().get("gateway"), source=facts.settings.api_url).sharing_url
    if published != facts.settings.sharing_url:
        said = f"the gateway shares sessions at {published}" if published else "the gateway shares no sessions any more"
        raise Problem(f"{said}; this machine does not know", hint=SET_UP_AGAIN.format(url=facts.settings.api_url))
    if published is None:
        return "this gateway shares no sessions"
    shares.check()
    return f"{published} accepts the credential"


def tool(name: str, _facts: Facts) -> str:
    """Whether the tool's file still says what `use` wrote, and leads to where the gateway or the proxy is."""
    record = config_file.record_of(name)
    if record is None:
        return "not configured"
    again = f"opencode-auth use {name}"
    plan = config_file.to_undo(name)
    if not record.file.exists() or plan is None:
        raise Problem(f"{record.file} is gone", hint=again)
    if plan.kept:
        places = ", ".join(".".join(place) for place in plan.kept)
        raise Problem(f"{record.file} was changed since: {places}", hint=again)
    address = proxy.address() if record.is_proxied else None
    if address and address.url != record.url:
        raise Problem(f"{record.file} leads to {record.url}, the proxy is at {address.url}", hint=again)
    if not record.is_proxied and record.url.rstrip("/") != gateway.saved().api_url:
        raise Problem(f"{record.file} leads to {record.url}, not to the gateway", hint=again)
    return f"configured in {record.file}"


NETWORK: Mapping[str, Check] = {
    "dns": names,
    "tls": transport,
    "clock": time_of_day,
    "published settings": same_settings,
}
SIGN_IN: Mapping[str, Check] = {"issuer": issuer, "token": token}
PROGRAM: Mapping[str, Check] = {
    "program": lambda _facts: health.program(),
    "update": lambda facts: health.update(facts.settings),
}
