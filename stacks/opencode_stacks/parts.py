"""Parts of the program that have more than one shape: which one an environment has, its config says."""

import hashlib
from dataclasses import dataclass
from typing import TypedDict

import pulumi
import pulumi_aws as aws

from opencode_components import (
    AdoptedCertificate,
    AdoptedCertificateArgs,
    AdoptedImage,
    AdoptedImageArgs,
    AdoptedNetwork,
    AdoptedNetworkArgs,
    Api,
    Certificate,
    CertificateArgs,
    CognitoIdentity,
    CognitoIdentityArgs,
    DistributionArgs,
    ExternalIdentity,
    ExternalIdentityArgs,
    Network,
    NetworkArgs,
    RecordsArgs,
    RouterImage,
    RouterImageArgs,
    ShareArgs,
    WebFirewall,
    WebFirewallArgs,
)
from opencode_components.browser_sign_in import CALLBACK_PATH
from opencode_stacks import sections
from opencode_stacks.discovery import discover
from opencode_stacks.environment import ROOT, Environment

PREFIX_HASH_CHARACTERS = 8


@dataclass(frozen=True, kw_only=True)
class Account:
    """The AWS account that the program deploys into."""

    id: pulumi.Output[str]

    @classmethod
    def current(cls) -> "Account":
        return cls(id=aws.get_caller_identity_output().account_id)


def network_of(env: Environment) -> Network | AdoptedNetwork:
    name, network = f"{env.name}-network", env.network
    if isinstance(network, sections.ExistingNetwork):
        return AdoptedNetwork(
            name,
            AdoptedNetworkArgs(
                vpc_id=network.vpc_id,
                public_subnet_ids=list(network.public_subnet_ids),
                private_subnet_ids=list(network.private_subnet_ids),
                use_public_ip=network.use_public_ip,
            ),
        )
    return Network(
        name,
        NetworkArgs(
            region=env.region,
            zones=[f"{env.region}{letter}" for letter in network.zones],
            cidr=network.cidr,
            egress=network.egress,
            endpoint_services=list(network.interface_endpoints),
            flow_log_retention_days=network.flow_log_retention_days,
        ),
    )


def certificate_of(env: Environment) -> Certificate | AdoptedCertificate:
    name, domain = f"{env.name}-certificate", env.domain
    if domain.certificate_arn:
        return AdoptedCertificate(name, AdoptedCertificateArgs(certificate_arn=domain.certificate_arn))
    hosts = browser_hosts(env)
    names = list(domain.certificate_names) or hosts
    return Certificate(name, CertificateArgs(names=names, hosts=hosts, zone_id=domain.zone_id))


def browser_hosts(env: Environment) -> list[str]:
    """The gateway's host, and those beside it that people open in a browser."""
    return [env.domain.host, *(section.host for section in (env.downloads, env.sharing) if section)]


def identity_of(env: Environment, account: Account) -> CognitoIdentity | ExternalIdentity:
    name, identity = f"{env.name}-identity", env.identity
    if isinstance(identity, sections.Cognito):
        return CognitoIdentity(name, cognito_args(env, identity, account))
    return ExternalIdentity(name, external_args(identity))


def cognito_args(env: Environment, cognito: sections.Cognito, account: Account) -> CognitoIdentityArgs:
    args = CognitoIdentityArgs(
        region=env.region,
        domain_prefix=account.id.apply(lambda account_id: domain_prefix(env.name, account_id)),
        tier=cognito.tier,
        threat_protection=cognito.threat_protection,
        browser_callback_urls=[f"https://{host}{CALLBACK_PATH}" for host in browser_hosts(env)],
        browser_logout_urls=[f"https://{host}/" for host in browser_hosts(env)],
        cli_callback_ports=list(cognito.cli_callback_ports),
        groups=list(cognito.groups),
        deletion_protection=env.lifecycle.deletion_protection,
    )
    if federation := cognito.federation:
        args["federation_name"] = federation.name
        args["federation_issuer"] = federation.issuer
        args["federation_client_id"] = federation.client_id
        args["federation_secret_arn"] = federation.secret_arn
        args["federation_scopes"] = list(federation.scopes)
    return args


def domain_prefix(environment: str, account_id: str) -> str:
    """Unique in a region for each account and environment, as Cognito wants it of all its customers' prefixes."""
    digest = hashlib.sha256(f"{account_id}/{environment}".encode()).hexdigest()
    return f"opencode-{environment}-{digest[:PREFIX_HASH_CHARACTERS]}"


def external_args(oidc: sections.Oidc) -> ExternalIdentityArgs:
    """Endpoints from the provider's own document. Raises DiscoveryError."""
    document = discover(oidc.issuer)
    args = ExternalIdentityArgs(
        issuer=document["issuer"],
        authorization_endpoint=document["authorization_endpoint"],
        token_endpoint=document["token_endpoint"],
        userinfo_endpoint=document["userinfo_endpoint"],
        jwks_url=document["jwks_uri"],
        cli_client_id=oidc.cli_client_id,
        browser_client_id=oidc.browser_client_id,
        browser_client_secret_arn=oidc.browser_client_secret_arn,
        audiences=list(oidc.audiences),
        audience_claim=oidc.audience_claim,
        audience_format=oidc.audience_format,
        groups_claim=oidc.groups_claim,
        scopes=list(oidc.scopes),
    )
    for field in ("end_session_endpoint", "revocation_endpoint", "device_authorization_endpoint"):
        if endpoint := document[field]:
            args[field] = endpoint
    return args


def add_sign_in(args: DistributionArgs | ShareArgs, identity: CognitoIdentity | ExternalIdentity) -> None:
    """What the load balancer has to know to send people to sign in."""
    if isinstance(identity, CognitoIdentity):
        args["user_pool_arn"] = identity.user_pool_arn.apply(str)
        args["user_pool_domain"] = identity.user_pool_domain.apply(str)
    else:
        args["authorization_endpoint"] = identity.authorization_endpoint
        args["token_endpoint"] = identity.token_endpoint
        args["userinfo_endpoint"] = identity.userinfo_endpoint
        args["browser_client_secret_arn"] = identity.browser_client_secret_arn


def records_args(env: Environment) -> RecordsArgs:
    args = RecordsArgs(deletion_protection=env.lifecycle.deletion_protection)
    if key := env.lifecycle.records_key_arn:
        args["kms_key_arn"] = key
    return args


class RecordsKey(TypedDict, total=False):
    """The argument of Api that follows from `records_key_arn`."""

    records_kms_key_arn: str


def records_key(env: Environment) -> RecordsKey:
    return RecordsKey(records_kms_key_arn=key) if (key := env.lifecycle.records_key_arn) else RecordsKey()


def image_of(env: Environment) -> RouterImage | AdoptedImage:
    name, router = f"{env.name}-router", env.router
    if router.image_uri:
        return AdoptedImage(name, AdoptedImageArgs(image_uri=router.image_uri))
    return RouterImage(
        name,
        RouterImageArgs(
            context=str(ROOT),
            dockerfile=str(ROOT / "router" / "Dockerfile"),
            architecture=router.architecture,
            deletion_protection=env.lifecycle.deletion_protection,
        ),
    )


def firewall_of(env: Environment, api: Api) -> WebFirewall | None:
    """Optional: an environment without the section has none."""
    if not (firewall := env.firewall):
        return None
    return WebFirewall(
        f"{env.name}-firewall",
        WebFirewallArgs(
            region=env.region,
            load_balancer_arn=api.load_balancer_arn,
            requests_per_5_minutes_per_ip=firewall.requests_per_5_minutes_per_ip,
            allowed_cidrs=list(firewall.allowed_cidrs),
            blocked_cidrs=list(firewall.blocked_cidrs),
        ),
    )
