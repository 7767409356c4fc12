"""A program with a user pool and a load balancer in front of it, and what its people do there."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any

import pulumi_aws as aws

from opencode_components.testing import Graph, deploy
from opencode_components.testing.placeholders import Placeholders
from opencode_local.addresses import Addresses
from opencode_local.aws import EmbeddedAws
from opencode_local.issuer.user_pools import UserPool
from opencode_local.provider.aws import Account
from opencode_local.provider.engine import LocalEngine

PREFIX = "gateway-signin"
HOST = f"https://{PREFIX}.auth.us-east-1.amazoncognito.com"
WEB = "https://ai.example.com"
CLI_CALLBACK = "http://127.0.0.1:8976/callback"
GROUPS = ("developers", "admins", "auditors")
account_ids = count(310_000_000_000)
UNITS = aws.cognito.UserPoolClientTokenValidityUnitsArgs(
    access_token="hours", id_token="minutes", refresh_token="hours"
)
ROTATION = aws.cognito.UserPoolClientRefreshTokenRotationArgs(feature="ENABLED", retry_grace_period_seconds=60)


class CognitoOnly(Placeholders):
    """The embedded AWS for what belongs to Cognito, invented outputs for everything else."""

    def __init__(self, account: Account) -> None:
        super().__init__()
        self._cognito = LocalEngine(account)

    def create(self, type: str, name: str, inputs: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
        if type.startswith("aws:cognito/"):
            return self._cognito.create(type, name, inputs)
        return super().create(type, name, inputs)


def declare_pool(*, named_by_email: bool = True) -> tuple[aws.cognito.UserPool, aws.cognito.UserPoolClient]:
    """A pool with groups, a domain, a client that rotates its refresh tokens, and one with a secret that does not."""
    pool = aws.cognito.UserPool("people", username_attributes=["email"] if named_by_email else None)
    aws.cognito.UserPoolDomain("people", user_pool_id=pool.id, domain=PREFIX)
    for group in GROUPS:
        aws.cognito.UserGroup(group, user_pool_id=pool.id, name=group)
    aws.cognito.UserPoolClient(
        "cli",
        user_pool_id=pool.id,
        allowed_oauth_flows_user_pool_client=True,
        allowed_oauth_flows=["code"],
        allowed_oauth_scopes=["openid", "email", "profile"],
        callback_urls=[CLI_CALLBACK, "http://localhost:8976/callback"],
        explicit_auth_flows=["ALLOW_CUSTOM_AUTH"],
        supported_identity_providers=["COGNITO"],
        access_token_validity=1,
        id_token_validity=30,
        refresh_token_validity=12,
        token_validity_units=UNITS,
        refresh_token_rotation=ROTATION,
    )
    browser = aws.cognito.UserPoolClient(
        "browser",
        user_pool_id=pool.id,
        generate_secret=True,
        allowed_oauth_flows_user_pool_client=True,
        allowed_oauth_flows=["code"],
        allowed_oauth_scopes=["openid", "email", "profile"],
        callback_urls=[f"{WEB}/oauth2/idpresponse"],
        logout_urls=[f"{WEB}/goodbye"],
        explicit_auth_flows=["ALLOW_REFRESH_TOKEN_AUTH"],
        supported_identity_providers=["COGNITO"],
    )
    return pool, browser


@dataclass(frozen=True, kw_only=True)
class PoolSite:
    """A pool that runs."""

    pool: UserPool
    origin: str
    graph: Graph
    addresses: Addresses
    cognito: Any
    """boto3's client, as an administrator has it."""

    def client(self, name: str) -> Any:
        """A declared client's outputs."""
        return self.graph.one("aws:cognito/userPoolClient:UserPoolClient", name)


def started_pool(aws: EmbeddedAws, clock: Any, body: Any = declare_pool) -> PoolSite:
    """In an account of its own; the caller stops it."""
    account = Account(aws.url, str(next(account_ids)))
    graph = deploy(body, engine=CognitoOnly(account))
    addresses = Addresses()
    resource = graph.one("aws:cognito/userPool:UserPool")
    pool = UserPool(graph, resource, account=account, addresses=addresses, clock=clock)
    origin = pool.start()
    for public, local in pool.public_origins().items():
        addresses.stand(public, local)
    cognito = account.client("cognito-idp", "us-east-1")
    return PoolSite(pool=pool, origin=origin, graph=graph, addresses=addresses, cognito=cognito)
