"""Distribution of clients, which an environment has or not: the section opencode:downloads says so."""

from typing import TypedDict

import pulumi

from opencode_components import (
    Api,
    CognitoIdentity,
    Distribution,
    DistributionArgs,
    ExternalIdentity,
    Releases,
    ReleasesArgs,
)
from opencode_stacks.environment import Environment
from opencode_stacks.function_archive import archive_of
from opencode_stacks.parts import Account, add_sign_in

FUNCTION = "serve_downloads"


def releases_of(env: Environment, account: Account) -> Releases | None:
    """The bucket of releases, and the key that signs them unless the section names those that do."""
    if not (downloads := env.downloads):
        return None
    args = ReleasesArgs(
        region=env.region,
        account_id=account.id,
        retention_days=downloads.retention_days,
        deletion_protection=env.lifecycle.deletion_protection,
    )
    if downloads.release_keys:
        args["release_keys"] = list(downloads.release_keys)
    return Releases(f"{env.name}-releases", args)


class ReleasesBucket(TypedDict, total=False):
    """The arguments of Api that follow from releases."""

    releases_bucket_name: pulumi.Output[str]
    releases_bucket_arn: pulumi.Output[str]


def releases_bucket(releases: Releases | None) -> ReleasesBucket:
    if releases is None:
        return ReleasesBucket()
    return ReleasesBucket(releases_bucket_name=releases.bucket_name, releases_bucket_arn=releases.bucket_arn)


def distribution_of(
    env: Environment, api: Api, identity: CognitoIdentity | ExternalIdentity, releases: Releases | None
) -> Distribution | None:
    """The download host, on the load balancer of `api`."""
    if not env.downloads or releases is None:
        return None
    args = DistributionArgs(
        region=env.region,
        host=env.downloads.host,
        zone_id=env.domain.zone_id,
        gateway_url=api.url,
        https_listener_arn=api.https_listener_arn,
        load_balancer_arn=api.load_balancer_arn,
        load_balancer_dns_name=api.load_balancer_dns_name,
        load_balancer_zone_id=api.load_balancer_zone_id,
        bucket_name=releases.bucket_name,
        bucket_arn=releases.bucket_arn,
        release_keys=releases.release_keys,
        archive=archive_of(FUNCTION),
        issuer=identity.issuer,
        browser_client_id=identity.browser_client_id,
        log_retention_days=env.observability.log_retention_days,
    )
    add_sign_in(args, identity)
    if help_url := env.downloads.help_url:
        args["help_url"] = help_url
    if concurrency := env.downloads.public_concurrency:
        args["public_concurrency"] = concurrency
    return Distribution(f"{env.name}-site", args)


def download_functions(distribution: Distribution | None) -> dict[str, pulumi.Input[str]]:
    """Names by the word that their alarms begin with; none without a distribution."""
    if distribution is None:
        return {}
    return {"download-page": distribution.page_function_name, "downloads": distribution.public_function_name}
