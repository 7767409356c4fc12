"""The issuer as the local run and tests hold it: started, asked for tokens, made to misbehave, stopped."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from flask import Flask

from opencode_local.issuer.app import Endpoints, Publication, build_app
from opencode_local.issuer.authorization import Authorization, Provider
from opencode_local.issuer.clients import DEFAULT_CLIENTS, Client, Use, command_line
from opencode_local.issuer.device_pages import DevicePages
from opencode_local.issuer.keys import SigningKeys
from opencode_local.issuer.openid import OPENID
from opencode_local.issuer.pages import SignInPages
from opencode_local.issuer.people import DEFAULT_USERS, Listed, User
from opencode_local.issuer.serving import Serving
from opencode_local.issuer.sign_out_pages import SignOutPages
from opencode_local.issuer.store import Store
from opencode_local.issuer.tokens import Tokens


class Issuer:
    """An OpenID Connect provider on loopback, in a daemon thread.

    Its sign-ins end with it; its keys do too, unless `state_dir` keeps them. `clock` gives seconds since the epoch.
    """

    def __init__(
        self,
        *,
        users: Sequence[User] = DEFAULT_USERS,
        clients: Sequence[Client] = DEFAULT_CLIENTS,
        token_life_s: int = 3600,
        clock: Callable[[], float] = time.time,
        state_dir: Path | None = None,
    ) -> None:
        self.users = tuple(users)
        self.clients = tuple(clients)
        self.publication = Publication()
        self._keys = SigningKeys(state_dir)
        self._store = Store(clock)
        self._token_life_s = token_life_s
        self._tokens: Tokens | None = None
        self._serving = Serving()

    @property
    def url(self) -> str:
        """`http://127.0.0.1:PORT`, without a slash at the end. Raises RuntimeError before the start."""
        return self._started.issuer

    def start(self, port: int = 0) -> str:
        """Its URL; port 0 takes a free one. Raises OSError when the port is taken."""
        self._serving.start(port, self._app)
        return self.url

    def stop(self) -> None:
        """Does nothing if it does not run."""
        self._serving.stop()

    def token(self, user_sub: str, *, use: Use = "id", life_s: int | None = None, **claims: Any) -> str:
        """A signed JWT of a user for the command line client, as a sign-in would give it.

        `claims` go over the usual ones; one that is None is left out. Raises LookupError for an unknown user.
        """
        user = next((user for user in self.users if user.sub == user_sub), None)
        if user is None:
            raise LookupError(f"no user {user_sub!r}; there are {', '.join(user.sub for user in self.users)}")
        return self._started.signed_in(use, user, command_line(self.clients), life_s=life_s, **claims)

    def rotate_keys(self, *, forget: bool = False) -> None:
        """Signs with a new key from now on; the old ones stay published unless told to forget them."""
        self._keys.rotate(forget=forget)

    def fail(self, status: int | None) -> None:
        """Discovery and JWKS answer with this status from now on; None heals them."""
        self.publication.failing_status = status

    @property
    def discovery_requests(self) -> int:
        return self.publication.discovery_requests

    @property
    def jwks_requests(self) -> int:
        return self.publication.jwks_requests

    def _app(self, origin: str) -> Flask:
        clock = self._store.clock
        self._tokens = Tokens(self._keys, OPENID, origin=origin, life_s=self._token_life_s, clock=clock)
        server = Authorization(
            Provider(
                dialect=OPENID,
                clients=self.clients,
                directory=Listed(self.users),
                store=self._store,
                tokens=self._tokens,
                keys=self._keys,
            )
        )
        sign_in = SignInPages(server)
        return build_app(
            server,
            Endpoints(server, self.publication),
            sign_in,
            DevicePages(server, sign_in),
            SignOutPages(server),
        )

    @property
    def _started(self) -> Tokens:
        if self._tokens is None:
            raise RuntimeError("the issuer has not been started: it has no URL to sign for")
        return self._tokens
