"""The issuer as the local run and tests hold it: started, asked for tokens, made to misbehave, stopped."""

import socket
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from opencode_local.issuer.app import Publication, build_app
from opencode_local.issuer.authorization import Authorization
from opencode_local.issuer.clients import CLI_CLIENT_ID, DEFAULT_CLIENTS, Client
from opencode_local.issuer.keys import SigningKeys
from opencode_local.issuer.people import DEFAULT_USERS, User
from opencode_local.issuer.store import Store
from opencode_local.issuer.tokens import Tokens, Use, access_claims, id_claims

HOST = "127.0.0.1"
STOP_POLL_S = 0.05


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
        self._server: BaseWSGIServer | None = None
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """`http://127.0.0.1:PORT`, without a slash at the end. Raises RuntimeError before the start."""
        return self._started.issuer

    def start(self, port: int = 0) -> str:
        """Its URL; port 0 takes a free one. Raises OSError when the port is taken."""
        with socket.create_server((HOST, port)) as listener:
            port = listener.getsockname()[1]
            self._tokens = Tokens(
                self._keys, issuer=f"http://{HOST}:{port}", life_s=self._token_life_s, clock=self._store.clock
            )
            authorization = Authorization(self.clients, store=self._store, tokens=self._tokens, keys=self._keys)
            app = build_app(authorization, self.users, self.publication)
            self._server = make_server(
                HOST, port, app, threaded=True, request_handler=QuietHandler, fd=listener.fileno()
            )
        self._thread = threading.Thread(target=self._server.serve_forever, args=(STOP_POLL_S,), daemon=True)
        self._thread.start()
        return self.url

    def stop(self) -> None:
        """Does nothing if it does not run."""
        if self._server and self._thread:
            self._server.shutdown()
            self._thread.join()
        self._server = self._thread = None

    def token(self, user_sub: str, *, use: Use = "id", life_s: int | None = None, **claims: Any) -> str:
        """A signed JWT of a user for the command line client, as a sign-in would give it.

        `claims` go over the usual ones; one that is None is left out. Raises LookupError for an unknown user.
        """
        user = next((user for user in self.users if user.sub == user_sub), None)
        if user is None:
            raise LookupError(f"no user {user_sub!r}; there are {', '.join(user.sub for user in self.users)}")
        usual = {"access": access_claims, "id": id_claims}[use](user, CLI_CLIENT_ID)
        return self._started.minted(use, {**usual, **claims}, life_s=life_s)

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

    @property
    def _started(self) -> Tokens:
        if self._tokens is None:
            raise RuntimeError("the issuer has not been started: it has no URL to sign for")
        return self._tokens


class QuietHandler(WSGIRequestHandler):
    """Says nothing about requests; errors are still told."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        pass
