"""Sharing of sessions, which an environment has or not: the section opencode:sharing says so."""

import pulumi

from opencode_components import Api, CognitoIdentity, ExternalIdentity, Share, ShareArgs
from opencode_stacks.environment import Environment
from opencode_stacks.function_archive import archive_of
from opencode_stacks.parts import add_sign_in

FUNCTION = "share_sessions"


def share_of(env: Environment, api: Api, identity: CognitoIdentity | ExternalIdentity) -> Share | None:
    """The sharing host, on the load balancer of `api`."""
    if not (sharing := env.sharing):
        return None
    args = ShareArgs(
        region=env.region,
        host=sharing.host,
        zone_id=env.domain.zone_id,
        gateway_url=api.url,
        https_listener_arn=api.https_listener_arn,
        load_balancer_arn=api.load_balancer_arn,
        load_balancer_dns_name=api.load_balancer_dns_name,
        load_balancer_zone_id=api.load_balancer_zone_id,
        archive=archive_of(FUNCTION),
        issuer=identity.issuer,
        browser_client_id=identity.browser_client_id,
        admin_groups=list(sharing.admin_groups),
        redaction=sharing.redaction,
        default_expiry_hours=sharing.default_expiry_hours,
        live_access_log=sharing.live_access_log,
        log_retention_days=env.observability.log_retention_days,
        deletion_protection=env.lifecycle.deletion_protection,
    )
    add_sign_in(args, identity)
    if concurrency := sharing.reserved_concurrency:
        args["reserved_concurrency"] = concurrency
    if key := env.lifecycle.records_key_arn:
        args["kms_key_arn"] = key
    return Share(f"{env.name}-shares", args)


def sharing_functions(share: Share | None) -> dict[str, pulumi.Input[str]]:
    """Names by the word that their alarms begin with; none without sharing."""
    if share is None:
        return {}
    return {
        "sharing": share.api_function_name,
        "sharing-page": share.view_function_name,
        "sharing-live": share.live_function_name,
    }
