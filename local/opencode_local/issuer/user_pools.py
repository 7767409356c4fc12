"""A Cognito user pool of the program, answered for by the issuer's server."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flask import Flask

from opencode_components.testing.graph import Graph, Resource
from opencode_local.addresses import Addresses
from opencode_local.issuer.app import Endpoints, Publication, build_app
from opencode_local.issuer.authorization import Authorization, Provider
from opencode_local.issuer.clients import Use, command_line
from opencode_local.issuer.cognito import pool_dialect
from opencode_local.issuer.keys import SigningKeys
from opencode_local.issuer.pages import SignInPages
from opencode_local.issuer.people import DEFAULT_USERS, User
from opencode_local.issuer.pool_clients import declared_clients
from opencode_local.issuer.pool_pages import PoolSignOut
from opencode_local.issuer.pool_people import PoolPeople, called
from opencode_local.issuer.serving import Serving
from opencode_local.issuer.store import Store
from opencode_local.issuer.tokens import Tokens
from opencode_local.provider.aws import Account
from opencode_local.status import Status

POOL = "aws:cognito/userPool:UserPool"
DOMAIN = "aws:cognito/userPoolDomain:UserPoolDomain"
TOKEN_LIFE_S = 3600


class UserPool:
    """One declared pool with its clients, domain, groups and people.

    People are those that the embedded AWS has in the pool at the moment: whoever is made there can sign in, whoever is
    disabled there cannot. There are no passwords. `clock` gives seconds since the epoch.
    """

    def __init__(
        self,
        graph: Graph,
        resource: Resource,
        *,
        account: Account,
        addresses: Addresses,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.pool_id = str(resource.id)
        self.name = resource.outputs.get("name") or resource.name
        self._region = resource.outputs["arn"].split(":")[3]
        self._domains = domains(graph, self.pool_id, self._region)
        self._clients = declared_clients(graph, self.pool_id, addresses)
        self._people = PoolPeople(account.client("cognito-idp", self._region), self.pool_id)
        self._store = Store(clock)
        self._keys = SigningKeys()
        self._serving = Serving()
        self._tokens: Tokens | None = None

    @property
    def issuer_url(self) -> str:
        """`http://127.0.0.1:PORT/us-east-1_...`. Raises RuntimeError before the start."""
        return self._started.issuer

    def public_origins(self) -> Mapping[str, str]:
        """What is to stand for what in Addresses once it has been started: local addresses by the pool's in AWS.

        The issuer is there with its path, because other pools and Cognito's API share the host.
        """
        issuer = f"https://cognito-idp.{self._region}.amazonaws.com/{self.pool_id}"
        return {issuer: self.issuer_url, **dict.fromkeys(self._domains, self._started.origin)}

    def start(self, port: int = 0, *, users: Sequence[User] = DEFAULT_USERS) -> str:
        """Its origin, after `users` have been invited into the pool; port 0 takes a free one.

        Blocks while the embedded AWS answers. Raises OSError when the port is taken.
        """
        self._people.invite(users)
        self._serving.start(port, self._app)
        return self._started.origin

    def stop(self) -> None:
        """Does nothing if it does not run."""
        self._serving.stop()

    def status(self) -> list[Status]:
        return [Status(name=self.name, kind="user pool", state="ACTIVE", detail=self.issuer_url)]

    def people(self) -> tuple[str, ...]:
        """Names by which `token` knows those who can sign in. Blocks."""
        return tuple(user.email.partition("@")[0] or user.username for user in self._people.everyone())

    def token(self, user: str, *, use: Use = "access", life_s: int | None = None, **claims: Any) -> str:
        """A signed JWT of a person for the client without a secret, as a sign-in would give it. Blocks.

        `user` is a `sub`, a username, an e-mail address or the part of it before the `@`. `claims` go over the usual
        ones; one that is None is left out. Raises LookupError for an unknown or disabled user, and where the pool has
        no client.
        """
        everyone = self._people.everyone()
        found = next((one for one in everyone if called(one, user)), None)
        if found is None or not self._clients:
            listed = ", ".join(one.email or one.username for one in everyone)
            raise LookupError(f"no user {user!r} in {self.name}; there are {listed or 'none'}")
        return self._started.signed_in(use, found, command_line(self._clients), life_s=life_s, **claims)

    def _app(self, origin: str) -> Flask:
        dialect = pool_dialect(self.pool_id)
        self._tokens = Tokens(self._keys, dialect, origin=origin, life_s=TOKEN_LIFE_S, clock=self._store.clock)
        server = Authorization(
            Provider(
                dialect=dialect,
                clients=self._clients,
                directory=self._people,
                store=self._store,
                tokens=self._tokens,
                keys=self._keys,
            )
        )
        return build_app(server, Endpoints(server, Publication()), SignInPages(server), PoolSignOut(server))

    @property
    def _started(self) -> Tokens:
        if self._tokens is None:
            raise RuntimeError(f"the user pool {self.name} has not been started: it has no URL to sign for")
        return self._tokens


def domains(graph: Graph, pool_id: str, region: str) -> list[str]:
    """`https://` origins of the pool's hosted domain; one with a certificate is the program's own name."""
    own = (domain.outputs for domain in graph.all(DOMAIN) if domain.outputs.get("userPoolId") == pool_id)
    return [
        f"https://{domain['domain']}"
        if domain.get("certificateArn")
        else f"https://{domain['domain']}.auth.{region}.amazoncognito.com"
        for domain in own
    ]
