"""A Cognito user pool that people sign in with, from the command line and in browsers."""

from collections.abc import Sequence
from typing import NotRequired, TypedDict

import pulumi
import pulumi_aws as aws
from pulumi import Input, Output, ResourceOptions

from opencode_components.cognito_clients import (
    SCOPES,
    Place,
    browser_client_args,
    callback_ports,
    check_browser_urls,
    cli_client_args,
)
from opencode_components.cognito_federation import Federation, check_federation_name, federation_template
from opencode_components.cognito_pool import (
    ROTATING_TIERS,
    check_domain_prefix,
    check_groups,
    check_plan,
    user_pool_args,
)
from opencode_components.refusals import refusal
from opencode_components.verified import filled, issuer_url, secret_arn, verified

DEFAULT_CLI_CALLBACK_PORTS = (8080, 19876)
FEDERATION_KEYS = {"federation_name", "federation_issuer", "federation_client_id", "federation_secret_arn"}
SECRET_RECOVERY_DAYS = 7
"""How long a deleted client secret can be brought back when deletion protection is on."""


class CognitoIdentityArgs(TypedDict):
    region: Input[str]
    """AWS region of the pool."""
    domain_prefix: Input[str]
    """First label of the sign-in host `<prefix>.auth.<region>.amazoncognito.com`, which must be free in all of AWS: put
    the account's number or something random into it. 1 to 63 of a-z, 0-9 and `-`; not `aws`, `amazon` or `cognito`."""
    tier: str
    """Feature plan: `LITE`, `ESSENTIALS` or `PLUS`. Plain, because it decides what else may be asked for."""
    threat_protection: str
    """`OFF`, `AUDIT` or `ENFORCED`; anything but `OFF` needs the plan `PLUS`. Plain, for the same reason."""
    browser_callback_urls: list[str]
    """Where browsers come back to after signing in, like `https://api.example.com/oauth2/idpresponse`. https, and never
    this machine. Plain, because each is checked."""
    browser_logout_urls: list[str]
    """Where browsers come back to after signing out; https. Plain, because each is checked."""
    cli_callback_ports: NotRequired[list[int]]
    """Ports of `http://localhost:PORT/callback` and `http://127.0.0.1:PORT/callback`, on which the command line waits
    for a sign-in; the first one that is free is used. 8080 and 19876 unless given. Plain, because they are counted."""
    groups: NotRequired[list[str]]
    """Names of groups to create. Plain, because they are counted."""
    federation_name: NotRequired[str]
    """Name, in this pool, of the OpenID provider that people sign in with; only it will then do. Plain, because the
    constructor branches on it."""
    federation_issuer: NotRequired[Input[str]]
    """Issuer of that provider."""
    federation_client_id: NotRequired[Input[str]]
    """Id of this pool's client there."""
    federation_secret_arn: NotRequired[Input[str]]
    """ARN of a Secrets Manager secret in this account and region: JSON with the key `client_secret`."""
    federation_secret_version_id: NotRequired[Input[str]]
    """Version of that secret; the current one unless given. CloudFormation reads a secret only when its reference
    changes, so name the new version after a rotation."""
    federation_scopes: NotRequired[list[str]]
    """Scopes to ask that provider for: `openid`, `email` and `profile` unless given. Plain, because they are joined."""
    deletion_protection: NotRequired[bool]
    """Keeps the pool from being deleted. Default true."""


class CognitoIdentity(pulumi.ComponentResource):
    """A user pool, its sign-in domain, a client for the command line and one for browsers.

    Nobody signs up by themselves. The command line's client is public: no secret, authorization code only, PKCE, and
    callbacks only on the caller's own machine; the browsers' client has a secret and never such a callback. Its secret
    leaves this component as the ARN of a secret in Secrets Manager. Each use of the command line's refresh token makes
    a new one, except in the plan `LITE`, which does not have that.

    With federation people sign in only at another OpenID provider. Its client secret is read by CloudFormation through
    a dynamic reference, in a stack of that one provider, so that the value is neither in Pulumi's state nor in the
    template. Source: AWS CloudFormation user guide, "Get a secret or secret value from Secrets Manager" (read
    2026-11-21).

    Cognito's access tokens name their client in `client_id`, not `aud`, and say `token_use` `access`. Source: Amazon
    Cognito developer guide, "Understanding the access token" (read 2026-11-21).

    Raises ValueError naming key, value, reason and fix.
    """

    issuer: Output[str]
    """Issuer of the tokens."""
    authorization_endpoint: Output[str]
    """Where a sign-in begins."""
    token_endpoint: Output[str]
    """Where codes and refresh tokens are redeemed."""
    userinfo_endpoint: Output[str]
    """Where claims about a person are read."""
    jwks_url: Output[str]
    """The keys that the tokens are signed with."""
    end_session_endpoint: Output[str | None]
    """Where a session ends."""
    revocation_endpoint: Output[str | None]
    """Where a refresh token is revoked."""
    device_authorization_endpoint: Output[str | None]
    """None: Cognito has no sign-in for devices without a browser."""
    cli_client_id: Output[str]
    """Id of the public client."""
    browser_client_id: Output[str]
    """Id of the confidential client."""
    browser_client_secret_arn: Output[str]
    """ARN of the secret with the JSON `{"client_id", "client_secret"}` of the confidential client."""
    audiences: Output[Sequence[str]]
    """Values of the audience claim that are accepted: the ids of both clients."""
    audience_claim: Output[str]
    """Claim of the access token that names its audience: `client_id`."""
    audience_format: Output[str]
    """How that claim is written, in the load balancer's words: `single-string`."""
    token_uses: Output[Sequence[str]]
    """Values of the claim `token_use` that are accepted: `access`."""
    groups_claim: Output[str]
    """Claim that lists the caller's groups: `cognito:groups`."""
    scopes: Output[Sequence[str]]
    """Scopes that clients ask for."""
    user_pool_arn: Output[str | None]
    """ARN of the user pool."""
    user_pool_domain: Output[str | None]
    """Prefix of the pool's sign-in host."""

    def __init__(self, name: str, args: CognitoIdentityArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("opencode_components:index:CognitoIdentity", name, {**args}, opts)
        check_plain(args)
        of_self = ResourceOptions(parent=self)
        region, is_protected = args["region"], args.get("deletion_protection", True)

        pool = aws.cognito.UserPool(
            name,
            user_pool_args(
                region=region,
                tier=args["tier"],
                threat_protection=args["threat_protection"],
                is_protected=is_protected,
            ),
            ResourceOptions(parent=self, protect=is_protected),
        )
        prefix = verified("domain_prefix", args["domain_prefix"], check_domain_prefix)
        domain = aws.cognito.UserPoolDomain(name, region=region, user_pool_id=pool.id, domain=prefix, opts=of_self)
        for group in args.get("groups", ()):
            aws.cognito.UserGroup(f"{name}-{group}", region=region, user_pool_id=pool.id, name=group, opts=of_self)
        federations = [federation_stack(name, pool, args, of_self)] if "federation_name" in args else []
        cli, browser = clients(name, pool, args, ResourceOptions(parent=self, depends_on=federations))
        secret = browser_secret(name, browser, args, of_self)

        host = Output.concat("https://", domain.domain, ".auth.", region, ".amazoncognito.com")
        self.issuer = Output.concat("https://cognito-idp.", region, ".amazonaws.com/", pool.id)
        self.authorization_endpoint = Output.concat(host, "/oauth2/authorize")
        self.token_endpoint = Output.concat(host, "/oauth2/token")
        self.userinfo_endpoint = Output.concat(host, "/oauth2/userInfo")
        self.jwks_url = Output.concat(self.issuer, "/.well-known/jwks.json")
        self.end_session_endpoint = Output.concat(host, "/logout")
        self.revocation_endpoint = Output.concat(host, "/oauth2/revoke")
        self.device_authorization_endpoint = Output.from_input(None)
        self.cli_client_id = cli.id
        self.browser_client_id = browser.id
        self.browser_client_secret_arn = secret.secret_id
        self.audiences = Output.all(cli.id, browser.id)
        self.audience_claim = Output.from_input("client_id")
        self.audience_format = Output.from_input("single-string")
        self.token_uses = Output.from_input(["access"])
        self.groups_claim = Output.from_input("cognito:groups")
        self.scopes = Output.from_input([*SCOPES])
        self.user_pool_arn = pool.arn
        self.user_pool_domain = domain.domain
        self.register_outputs({key: getattr(self, key) for key in CognitoIdentity.__annotations__})


def check_plain(args: CognitoIdentityArgs) -> None:
    check_plan(args["tier"], args["threat_protection"])
    check_browser_urls("browser_callback_urls", args["browser_callback_urls"])
    check_browser_urls("browser_logout_urls", args["browser_logout_urls"])
    callback_ports(args.get("cli_callback_ports", DEFAULT_CLI_CALLBACK_PORTS))
    check_groups(args.get("groups", ()))
    given = {key for key in args if key.startswith("federation_")}
    if given and (missing := FEDERATION_KEYS - given):
        raise refusal(
            "federation_name",
            args.get("federation_name"),
            reason=f"needs {', '.join(sorted(missing))} beside {', '.join(sorted(given))}",
            fix="give all of them, or none for people of this pool's own",
        )


def federation_stack(
    name: str, pool: aws.cognito.UserPool, args: CognitoIdentityArgs, opts: ResourceOptions
) -> aws.cloudformation.Stack:
    check_federation_name("federation_name", args["federation_name"])
    federation = Federation(
        name=args["federation_name"],
        issuer=verified("federation_issuer", args["federation_issuer"], issuer_url),
        client_id=verified("federation_client_id", args["federation_client_id"], filled),
        secret_arn=verified("federation_secret_arn", args["federation_secret_arn"], secret_arn),
        secret_version_id=args.get("federation_secret_version_id"),
        scopes=args.get("federation_scopes", SCOPES),
    )
    return aws.cloudformation.Stack(
        f"{name}-federation",
        region=args["region"],
        template_body=federation_template(pool.id, federation),
        on_failure="DELETE",
        opts=opts,
    )


def clients(
    name: str, pool: aws.cognito.UserPool, args: CognitoIdentityArgs, opts: ResourceOptions
) -> tuple[aws.cognito.UserPoolClient, aws.cognito.UserPoolClient]:
    """The command line's and the browsers'."""
    place = Place(user_pool_id=pool.id, region=args["region"], provider=args.get("federation_name", "COGNITO"))
    ports = callback_ports(args.get("cli_callback_ports", DEFAULT_CLI_CALLBACK_PORTS))
    cli = cli_client_args(place, ports, rotates=args["tier"] in ROTATING_TIERS)
    browser = browser_client_args(place, args["browser_callback_urls"], args["browser_logout_urls"])
    return (
        aws.cognito.UserPoolClient(f"{name}-cli", cli, opts),
        aws.cognito.UserPoolClient(f"{name}-browser", browser, opts),
    )


def browser_secret(
    name: str, browser: aws.cognito.UserPoolClient, args: CognitoIdentityArgs, opts: ResourceOptions
) -> aws.secretsmanager.SecretVersion:
    """The browsers' client id and secret, in Secrets Manager; `secret_id` of it is the secret's ARN."""
    secret = aws.secretsmanager.Secret(
        f"{name}-browser",
        region=args["region"],
        description="Client id and secret with which browsers sign in to the gateway",
        recovery_window_in_days=SECRET_RECOVERY_DAYS if args.get("deletion_protection", True) else 0,
        opts=opts,
    )
    credentials: Output[str] = Output.secret(
        Output.json_dumps({"client_id": browser.id, "client_secret": browser.client_secret})
    )
    return aws.secretsmanager.SecretVersion(
        f"{name}-browser",
        region=args["region"],
        secret_id=secret.arn,
        secret_string=credentials,
        opts=opts,
    )
