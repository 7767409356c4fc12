"""An OpenID provider that is already there: Okta, Entra, Auth0, Keycloak or any other."""

from collections.abc import Sequence
from typing import NotRequired, TypedDict

import pulumi
from pulumi import Input, Output, ResourceOptions

from opencode_components.refusals import refusal
from opencode_components.verified import filled, https_url, issuer_url, one_of, secret_arn, verified, verified_if_given

DEFAULT_AUDIENCE_CLAIM = "aud"
DEFAULT_AUDIENCE_FORMAT = "single-string"
DEFAULT_GROUPS_CLAIM = "groups"
DEFAULT_SCOPES = ("openid", "email", "profile")
AUDIENCE_FORMATS = ("single-string", "string-array", "space-separated-values")
"""Elastic Load Balancing API reference, "JwtValidationActionAdditionalClaim" (read 2026-11-21)."""
MAX_AUDIENCES = 10
"""Values that the load balancer compares one claim with; same source."""


class ExternalIdentityArgs(TypedDict):
    issuer: Input[str]
    """`issuer` of the provider's discovery document, to the letter: a trailing slash counts, as tokens have it."""
    authorization_endpoint: Input[str]
    """`authorization_endpoint` of the discovery document."""
    token_endpoint: Input[str]
    """`token_endpoint` of the discovery document."""
    userinfo_endpoint: Input[str]
    """`userinfo_endpoint` of the discovery document."""
    jwks_url: Input[str]
    """`jwks_uri` of the discovery document."""
    end_session_endpoint: NotRequired[Input[str]]
    """`end_session_endpoint` of the discovery document, if it has one."""
    revocation_endpoint: NotRequired[Input[str]]
    """`revocation_endpoint` of the discovery document, if it has one."""
    device_authorization_endpoint: NotRequired[Input[str]]
    """`device_authorization_endpoint` of the discovery document, if it has one."""
    cli_client_id: Input[str]
    """Id of the public client (no secret, PKCE, loopback callbacks) that the command line signs in with."""
    browser_client_id: Input[str]
    """Id of the confidential client that browsers sign in with."""
    browser_client_secret_arn: Input[str]
    """ARN of the Secrets Manager secret with the JSON `{"client_id", "client_secret"}` of the browser client."""
    audiences: list[str]
    """Values of the audience claim that are accepted, 1 to 10. Plain, because they are counted."""
    audience_claim: NotRequired[str]
    """Claim of the access token that names its audience: `aud` unless given; some providers say `client_id`."""
    audience_format: NotRequired[str]
    """How that claim is written: `single-string` (the default), `string-array` or `space-separated-values`."""
    groups_claim: NotRequired[str]
    """Claim that lists the caller's groups. Default `groups`."""
    scopes: NotRequired[list[str]]
    """Scopes that clients ask for: `openid`, `email` and `profile` unless given. Many providers grant a refresh token
    only to those who ask for `offline_access`."""


class ExternalIdentity(pulumi.ComponentResource):
    """The outputs of an identity, taken from an OpenID provider that others run.

    Creates nothing. Nothing is derived either: every endpoint is the one that was given, as the discovery document has
    it. Raises ValueError naming the key, the value, the reason and the fix; for values of other resources when they
    are known.
    """

    issuer: Output[str]
    """Issuer of the tokens, to the letter."""
    authorization_endpoint: Output[str]
    """Where a sign-in begins."""
    token_endpoint: Output[str]
    """Where codes and refresh tokens are redeemed."""
    userinfo_endpoint: Output[str]
    """Where claims about a person are read."""
    jwks_url: Output[str]
    """The keys that the tokens are signed with."""
    end_session_endpoint: Output[str | None]
    """Where a session ends; none if the provider has no such endpoint."""
    revocation_endpoint: Output[str | None]
    """Where a refresh token is revoked; none if the provider has no such endpoint."""
    device_authorization_endpoint: Output[str | None]
    """Where a device without a browser begins a sign-in; none if the provider has no such endpoint."""
    cli_client_id: Output[str]
    """Id of the public client."""
    browser_client_id: Output[str]
    """Id of the confidential client."""
    browser_client_secret_arn: Output[str]
    """ARN of the secret with the JSON `{"client_id", "client_secret"}` of the confidential client."""
    audiences: Output[Sequence[str]]
    """Values of the audience claim that are accepted."""
    audience_claim: Output[str]
    """Claim of the access token that names its audience."""
    audience_format: Output[str]
    """How that claim is written, in the load balancer's words."""
    token_uses: Output[Sequence[str]]
    """Empty: `token_use` is a claim of Cognito's alone."""
    groups_claim: Output[str]
    """Claim that lists the caller's groups."""
    scopes: Output[Sequence[str]]
    """Scopes that clients ask for."""
    user_pool_arn: Output[str | None]
    """None: there is no user pool."""
    user_pool_domain: Output[str | None]
    """None, likewise."""

    def __init__(self, name: str, args: ExternalIdentityArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("opencode_components:index:ExternalIdentity", name, {**args}, opts)
        audience_format = args.get("audience_format", DEFAULT_AUDIENCE_FORMAT)
        scopes = args.get("scopes", DEFAULT_SCOPES)
        one_of("audience_format", audience_format, AUDIENCE_FORMATS)
        check_audiences(args["audiences"])
        check_scopes(scopes)

        self.issuer = verified("issuer", args["issuer"], issuer_url)
        self.authorization_endpoint = verified("authorization_endpoint", args["authorization_endpoint"], https_url)
        self.token_endpoint = verified("token_endpoint", args["token_endpoint"], https_url)
        self.userinfo_endpoint = verified("userinfo_endpoint", args["userinfo_endpoint"], https_url)
        self.jwks_url = verified("jwks_url", args["jwks_url"], https_url)
        self.end_session_endpoint = verified_if_given(
            "end_session_endpoint", args.get("end_session_endpoint"), https_url
        )
        self.revocation_endpoint = verified_if_given("revocation_endpoint", args.get("revocation_endpoint"), https_url)
        self.device_authorization_endpoint = verified_if_given(
            "device_authorization_endpoint", args.get("device_authorization_endpoint"), https_url
        )
        self.cli_client_id = verified("cli_client_id", args["cli_client_id"], filled)
        self.browser_client_id = verified("browser_client_id", args["browser_client_id"], filled)
        self.browser_client_secret_arn = verified(
            "browser_client_secret_arn", args["browser_client_secret_arn"], secret_arn
        )
        self.audiences = Output.from_input([*args["audiences"]])
        self.audience_claim = verified("audience_claim", args.get("audience_claim", DEFAULT_AUDIENCE_CLAIM), filled)
        self.audience_format = Output.from_input(audience_format)
        self.token_uses = Output.from_input([])
        self.groups_claim = verified("groups_claim", args.get("groups_claim", DEFAULT_GROUPS_CLAIM), filled)
        self.scopes = Output.from_input([*scopes])
        self.user_pool_arn = Output.from_input(None)
        self.user_pool_domain = Output.from_input(None)
        self.register_outputs({key: getattr(self, key) for key in ExternalIdentity.__annotations__})


def check_audiences(audiences: Sequence[str]) -> None:
    if not 1 <= len(audiences) <= MAX_AUDIENCES or not all(audience.strip() for audience in audiences):
        raise refusal(
            "audiences",
            audiences,
            reason=f"must name 1 to {MAX_AUDIENCES}: without one, a token made for any other program would do, and the "
            f"load balancer compares no more than {MAX_AUDIENCES}",
            fix="give the audiences of your access tokens, none of them empty",
        )


def check_scopes(scopes: Sequence[str]) -> None:
    if "openid" not in scopes:
        raise refusal("scopes", scopes, reason="lacks openid, without which nobody signs in", fix="add openid")
