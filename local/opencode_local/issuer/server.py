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
