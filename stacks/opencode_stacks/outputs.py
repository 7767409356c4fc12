"""What other programs and people read from a deployed stack. Nothing of it is secret."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from opencode_components import (
    AdoptedImage,
    AdoptedNetwork,
    Api,
    CognitoIdentity,
    Distribution,
    ExternalIdentity,
    Logs,
    Network,
    Observability,
    Records,
    Releases,
    RouterImage,
    Share,
)
from opencode_stacks.environment import Environment

OUTPUTS: Mapping[str, str] = {
    "api_url": "where clients reach the gateway",
    "issuer": "issuer of the tokens that it accepts, to the letter",
    "cli_client_id": "public OAuth client of command line tools",
    "browser_client_id": "confidential OAuth client of web pages",
    "browser_client_secret_arn": "Secrets Manager secret with that client's secret",
    "keys_table": "DynamoDB table of the API keys",
    "usage_table": "DynamoDB table with a record of each request",
    "counters_table": "DynamoDB table of budgets and limits",
    "repository": "ECR repository of the router's image",
    "image": "the image that runs, by digest",
    "vpc_id": "the network",
    "public_subnet_ids": "subnets of the load balancer",
    "private_subnet_ids": "subnets without a way in from the internet",
    "load_balancer_arn": "the load balancer",
    "load_balancer_dns_name": "its name in AWS, for records of further hosts",
    "load_balancer_zone_id": "Route 53 zone of that name, for alias records",
    "load_balancer_security_group_id": "its security group; targets of further rules admit it",
    "https_listener_arn": "listener to which further hosts add rules",
    "target_group_arn": "target group of the router, for rules of further names of the gateway",
    "router_log_group": "CloudWatch log group of the router",
    "access_log_bucket": "S3 bucket of the load balancer's access log",
    "alarm_topic_arn": "SNS topic that hears of every alarm",
    "dashboard_url": "CloudWatch dashboard",
    "downloads_url": "where people get the client; absent without opencode:downloads, as are the next two",
    "releases_bucket": "S3 bucket of the client's releases",
    "release_signing_key_arn": "KMS key that signs releases; absent also where opencode:downloads names the keys",
    "sharing_url": "where people share sessions; absent without opencode:sharing, as are the next two",
    "shares_table": "DynamoDB table of shared sessions",
    "shares_bucket": "S3 bucket of what was shared before",
    "client_config": "all that a client needs to sign in and call: URL, issuer, endpoints, client, scopes, ports",
}


@dataclass(frozen=True, kw_only=True)
class Deployed:
    """The components whose outputs are read from outside."""

    network: Network | AdoptedNetwork
    identity: CognitoIdentity | ExternalIdentity
    image: RouterImage | AdoptedImage
    records: Records
    logs: Logs
    api: Api
    alarms: Observability
    releases: Releases | None
    distribution: Distribution | None
    share: Share | None
    client_config: pulumi.Output[dict[str, object]]


def client_config(
    env: Environment, identity: CognitoIdentity | ExternalIdentity, releases: Releases | None
) -> pulumi.Output[dict[str, object]]:
    """`{"api_url", "region", "issuer", "client_id", "scopes", "callback_ports", "<name>_endpoint"...}`.

    Clients read it of the gateway itself, operators of the stack. An endpoint that the provider lacks is left out, and
    without releases `downloads_url` and `release_keys` are.
    """
    facts: dict[str, pulumi.Input[object]] = {
        "api_url": f"https://{env.domain.host}",
        "region": env.region,
        "issuer": identity.issuer,
        "client_id": identity.cli_client_id,
        "scopes": identity.scopes,
        "callback_ports": list(env.identity.cli_callback_ports),
        "authorization_endpoint": identity.authorization_endpoint,
        "token_endpoint": identity.token_endpoint,
        "jwks_url": identity.jwks_url,
        "revocation_endpoint": identity.revocation_endpoint,
        "end_session_endpoint": identity.end_session_endpoint,
        "device_authorization_endpoint": identity.device_authorization_endpoint,
        "downloads_url": f"https://{env.downloads.host}" if env.downloads else None,
        "release_keys": releases.release_keys if releases else [],
        "sharing_url": f"https://{env.sharing.host}" if env.sharing else None,
    }
    return pulumi.Output.all(**facts).apply(lambda known: {key: value for key, value in known.items() if value})


def export(deployed: Deployed) -> None:
    """Exports everything in OUTPUTS."""
    releases, distribution, share = deployed.releases, deployed.distribution, deployed.share
    values: dict[str, object] = {
        "api_url": deployed.api.url,
        "issuer": deployed.identity.issuer,
        "cli_client_id": deployed.identity.cli_client_id,
        "browser_client_id": deployed.identity.browser_client_id,
        "browser_client_secret_arn": deployed.identity.browser_client_secret_arn,
        "keys_table": deployed.records.keys_table_name,
        "usage_table": deployed.records.usage_table_name,
        "counters_table": deployed.records.counters_table_name,
        "repository": deployed.image.repository_name,
        "image": deployed.image.image_uri,
        "vpc_id": deployed.network.vpc_id,
        "public_subnet_ids": deployed.network.public_subnet_ids,
        "private_subnet_ids": deployed.network.private_subnet_ids,
        "load_balancer_arn": deployed.api.load_balancer_arn,
        "load_balancer_dns_name": deployed.api.load_balancer_dns_name,
        "load_balancer_zone_id": deployed.api.load_balancer_zone_id,
        "load_balancer_security_group_id": deployed.api.load_balancer_security_group_id,
        "https_listener_arn": deployed.api.https_listener_arn,
        "target_group_arn": deployed.api.target_group_arn,
        "router_log_group": deployed.logs.router_log_group_name,
        "access_log_bucket": deployed.api.access_log_bucket,
        "alarm_topic_arn": deployed.alarms.topic_arn,
        "dashboard_url": deployed.alarms.dashboard_url,
        "downloads_url": distribution.url if distribution else None,
        "releases_bucket": releases.bucket_name if releases else None,
        "release_signing_key_arn": releases.signing_key_arn if releases else None,
        "sharing_url": share.url if share else None,
        "shares_table": share.table_name if share else None,
        "shares_bucket": share.bucket_name if share else None,
        "client_config": deployed.client_config,
    }
    for name in OUTPUTS:
        pulumi.export(name, values[name])
