"""Who says who people are: the declared user pool, an OpenID provider of this machine, or the company's own."""

import asyncio
from collections.abc import Mapping
from contextlib import AsyncExitStack
from typing import Any, Protocol
from urllib.parse import urlsplit

from opencode_components.verified import LOOPBACK
from opencode_local.addresses import Addresses
from opencode_local.issuer import DEFAULT_USERS, Client, Issuer
from opencode_local.issuer.clients import GRANT_TYPES, WEB_CLIENT_SECRET
from opencode_local.ports import holder
from opencode_local.run.failure import CloudFailed
from opencode_local.status import Part, Status

SECTION = "opencode:oidc"
CALLBACK = "/oauth2/idpresponse"
CALLBACK_PATHS = ("http://127.0.0.1/callback", "http://localhost/callback", "http://[::1]/callback")


class Provider(Part, Protocol):
    """Somebody on this machine who can vouch for its people."""

    def token(self, user: str) -> str:
        """A token of the command line's client, as a sign-in would give it."""
        ...

    def people(self) -> tuple[str, ...]:
        """Whom one can sign in as; the first one gets the key that is shown."""
        ...


class OwnProvider:
    """An OpenID provider of the run, where the config names an issuer on this machine."""

    def __init__(self, oidc: Mapping[str, Any], addresses: Addresses, *, callback_urls: tuple[str, ...]) -> None:
        """`oidc` is the config's section; the browsers' client may come back to where `callback_urls` stand."""
        browser = Client(
            client_id=oidc["browser_client_id"],
            secret=WEB_CLIENT_SECRET,
            redirect_uris=callback_urls,
            grant_types=("authorization_code", "refresh_token"),
            place=addresses.local,
        )
        cli = Client(client_id=oidc["cli_client_id"], redirect_uris=CALLBACK_PATHS, grant_types=GRANT_TYPES)
        self._audience = str(oidc["audiences"][0])
        self.port = urlsplit(oidc["issuer"]).port or 80
        self._issuer = Issuer(clients=(cli, browser))

    def start(self) -> str:
        """Raises OSError when the port of the config's issuer is taken."""
        return self._issuer.start(self.port)

    def stop(self) -> None:
        self._issuer.stop()

    def token(self, user: str) -> str:
        return self._issuer.token(user, aud=self._audience)

    def people(self) -> tuple[str, ...]:
        return tuple(user.sub for user in DEFAULT_USERS)

    def status(self) -> list[Status]:
        return [Status(name="issuer", kind="identity provider", state="active", detail=self._issuer.url)]


def is_ours(config: Mapping[str, Any]) -> bool:
    """Whether the config wants its provider on this machine."""
    return urlsplit((config.get(SECTION) or {}).get("issuer", "")).hostname in LOOPBACK


async def own_provider(config: Mapping[str, Any], addresses: Addresses, stack: AsyncExitStack) -> OwnProvider | None:
    """Started where the config names an issuer on this machine: the program reads its document. None elsewhere.

    Raises CloudFailed when its port is taken.
    """
    if not is_ours(config):
        return None
    host = config["opencode:domain"]["host"]
    provider = OwnProvider(config[SECTION], addresses, callback_urls=(f"https://{host}{CALLBACK}",))
    try:
        await asyncio.to_thread(provider.start)
    except OSError as error:
        port = provider.port
        reason = f"{SECTION}.issuer is on this machine, and its port {port} is taken by {holder(port)}"
        raise CloudFailed(f"{reason}; end that, or name another port there") from error
    stack.callback(provider.stop)
    return provider
