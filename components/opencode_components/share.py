"""The host of shared sessions: where agents write what they do, and people read it while it happens."""

from collections.abc import Callable, Sequence
from typing import NamedTuple, NotRequired, TypedDict

import pulumi
import pulumi_aws as aws
from pulumi import Archive, Input, Output, ResourceOptions

from opencode_components import share_policies
from opencode_components.bedrock_policy import Statement
from opencode_components.browser_sign_in import ALLOW, sign_in_action
from opencode_components.listener_rules import PRIORITIES, STEP, Rule
from opencode_components.live_api import LiveApi, LiveApiArgs
from opencode_components.private_bucket import (
    bucket_policy,
    expiry_rule,
    lifecycle,
    private_bucket,
    tagged_expiry_rule,
)
from opencode_components.records import Index, Schema, server_side_encryption, table
from opencode_components.refusals import check_name, refusal
from opencode_components.served_function import ServedFunction, ServedFunctionArgs
from opencode_components.served_host import forward, served_host, sign_in_of, signer_variables
from opencode_components.share_policies import OWNER_INDEX, SNAPSHOTS

COOKIE_NAME = "opencode-sharing"
MAX_NAME_CHARACTERS = 19
"""The functions' names are made from it, and have 24."""
FIRST = PRIORITIES["sharing"].start
READING = ("GET", "HEAD")
API_RULE = Rule(suffix="api", priority=FIRST, paths=("/api/*",))
VIEW_RULE = Rule(suffix="view", priority=FIRST + STEP, paths=("/share/*", "/share-assets/*"), methods=READING)
SIGN_IN_RULE = Rule(suffix="sign-in", priority=FIRST + 2 * STEP, paths=("/sign-in/*",), methods=("GET",))
"""Whoever has a link gets to the page without a session: it says who may see the share, and offers the sign-in. All
else, such as `/` or another method, is the listener's default action: 401."""
SHARES = Schema("share", "entry", indexes=(Index(OWNER_INDEX, "owner", "created_at"),))
"""All entries of a share under its id; shares by owner in order of time."""
REDACTIONS = ("off", "warn", "mask")
DEFAULT_REDACTION = "warn"
EXPIRY_HOURS = range(1, 2_161)
KEPT_DAYS = (1, 2, 4, 8, 16, 32, 64, 90)
"""A snapshot is tagged with the least of these that its share still has; one that is extended gets it written anew."""
KEPT_TAG = "kept-days"
SNAPSHOT_DAYS = 92
"""For whatever has no tag."""
REPLACED_DAYS = 1
"""The least that S3 offers. A deletion takes replaced snapshots away at once."""
WHOLE_PROCESSOR_MB = 1_769
"""The memory with which Lambda gives one. A share has 50 MB at most, and several times that while it is folded.

Source: AWS Lambda developer guide, "Configure Lambda function memory" (read 2026-11-21).
"""
FOLDING_S = 30


class ShareArgs(TypedDict):
    """What a Share is made from."""

    region: str
    """AWS region. Plain, because addresses are built from it."""
    host: str
    """DNS name of the sharing host, in lower case. Plain, because the listener's rules compare it."""
    zone_id: Input[str]
    """Route 53 zone that the host is in."""
    gateway_url: Input[str]
    """Where the gateway is, `https://` and its host: it says whose credential a writer brings."""
    https_listener_arn: Input[str]
    """Listener that the rules are added to; its certificate covers the host."""
    load_balancer_arn: Input[str]
    """Load balancer of that listener: the page believes what this one has signed."""
    load_balancer_dns_name: Input[str]
    """Its name in AWS, for the host's address."""
    load_balancer_zone_id: Input[str]
    """Route 53 zone of that name."""
    archive: Input[Archive]
    """Code of all functions, `share_sessions`, with all that it needs."""
    issuer: Input[str]
    """Issuer that people sign in at, to the letter."""
    browser_client_id: Input[str]
    """Its confidential client, which lets people come back to `https://<host>/oauth2/idpresponse`."""
    user_pool_arn: NotRequired[Input[str]]
    """Cognito user pool of that client; give this and `user_pool_domain`, or the four below."""
    user_pool_domain: NotRequired[Input[str]]
    """Prefix of the pool's sign-in host."""
    authorization_endpoint: NotRequired[Input[str]]
    """Where a sign-in at another provider begins."""
    token_endpoint: NotRequired[Input[str]]
    """Where that provider redeems codes."""
    userinfo_endpoint: NotRequired[Input[str]]
    """Where it tells claims about a person."""
    browser_client_secret_arn: NotRequired[Input[str]]
    """Secrets Manager secret with a JSON value whose key `client_secret` holds the client's secret."""
    admin_groups: NotRequired[list[str]]
    """Groups whose members list, change and delete every share. None unless given. Plain, because each is checked."""
    redaction: NotRequired[str]
    """What becomes of secrets in what is shared: `off` keeps them, `warn` tells of them, `mask` takes them out. Plain.
    Default `warn`."""
    default_expiry_hours: NotRequired[int]
    """Hours that a share lasts when nobody says how long, 1 to 2,160. Plain. Default 168."""
    log_retention_days: int
    """Days that the functions' logs are kept: a value that CloudWatch Logs offers. Plain, because it is checked."""
    reserved_concurrency: NotRequired[int]
    """Requests of readers that are answered at once: no more, and for nobody else. Nothing is reserved unless given,
    since a new account has 10 in all, of which AWS lets nothing be reserved. Plain."""
    live_access_log: NotRequired[bool]
    """Whether API Gateway logs who watches, which needs its role for logs in the account. Plain. Default false."""
    kms_key_arn: NotRequired[Input[str]]
    """Customer managed KMS key that encrypts the table. Default the key that DynamoDB owns."""
    deletion_protection: NotRequired[bool]
    """Whether table, bucket and what is in them survive a destroy. Plain. Default true."""


class Share(pulumi.ComponentResource):
    """A host of its own on the gateway's load balancer, a table, a private bucket, and an API for live connections.

    Deleting a share deletes it: the table has no point-in-time recovery, which would bring it back for 35 days.
    Three functions with three roles: one writes shares, one shows them and one admits who watches. Neither of the last
    two can change what is shared, or who may see it; where `reserved_concurrency` is given, who reads in masses keeps
    nobody from writing. The name has 19 characters at most. Raises ValueError on name and args that cannot
    be, each with its key, value, reason and fix.
    """

    url: Output[str]
    """`https://` and the host, known once it answers."""
    table_name: Output[str]
    """Table of shares, what was added to them lately, and who watches."""
    bucket_name: Output[str]
    """Bucket of what was shared before, known once it can be written to."""
    live_url: Output[str]
    """`wss://` address of live connections."""
    api_function_name: Output[str]
    """Function that agents write to."""
    view_function_name: Output[str]
    """Function of the page."""
    live_function_name: Output[str]
    """Function that admits who watches."""
    api_target_group_arn_suffix: Output[str]
    """CloudWatch's name of the target group of the first, `targetgroup/...`."""
    view_target_group_arn_suffix: Output[str]
    """CloudWatch's name of the page's target group."""

    def __init__(self, name: str, args: ShareArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("opencode_components:index:Share", name, {**args, "archive": None}, opts)
        of_self = ResourceOptions(parent=self)
        check_share(name, args)
        sign_in, region = sign_in_of(args), args["region"]

        stores = stores_of(name, args, of_self)
        live = LiveApi(f"{name}-live", live_args(args, stores), of_self)
        api = ServedFunction(f"{name}-api", api_args(args, stores, live), of_self)
        view = ServedFunction(f"{name}-view", view_args(args, stores, live), of_self)
        perhaps = sign_in_action(sign_in, region=region, cookie_name=COOKIE_NAME, on_unauthenticated=ALLOW)
        demanded = sign_in_action(sign_in, region=region, cookie_name=COOKIE_NAME)
        host = served_host(args)
        rules = [
            host.rule(name, API_RULE, [forward(api, order=1)], of_self),
            host.rule(name, VIEW_RULE, [perhaps, forward(view, order=2)], of_self),
            host.rule(name, SIGN_IN_RULE, [demanded, forward(view, order=2)], of_self),
        ]
        record = host.record(name, of_self)

        self.url = host.url(record, rules)
        self.table_name, self.bucket_name = stores.table.name, stores.bucket_name
        self.live_url = live.url
        self.api_function_name, self.view_function_name = api.function_name, view.function_name
        self.live_function_name = live.function_name
        self.api_target_group_arn_suffix = api.target_group_arn_suffix
        self.view_target_group_arn_suffix = view.target_group_arn_suffix
        self.register_outputs({output: getattr(self, output) for output in Share.__annotations__})


class Stores(NamedTuple):
    """Where shares are kept."""

    table: aws.dynamodb.Table
    bucket_arn: Output[str]
    bucket_name: Output[str]


def check_share(name: str, args: ShareArgs) -> None:
    """Raises ValueError on the first of name and plain args that cannot be."""
    check_name(name, max_characters=MAX_NAME_CHARACTERS, why="names of target groups are made from it")
    for group in args.get("admin_groups", ()):
        if not group or "," in group:
            raise refusal("admin_groups", group, reason="is empty or has a comma", fix="name each group by itself")
    redaction = args.get("redaction", DEFAULT_REDACTION)
    if redaction not in REDACTIONS:
        raise refusal("redaction", redaction, reason="is not known", fix=f"use one of {', '.join(REDACTIONS)}")
    hours = args.get("default_expiry_hours")
    if hours is not None and int(hours) not in EXPIRY_HOURS:
        fix = f"use {EXPIRY_HOURS.start} to {EXPIRY_HOURS.stop - 1}, or leave it away"
        raise refusal("default_expiry_hours", hours, reason="is no time that a share may last", fix=fix)


def stores_of(name: str, args: ShareArgs, of_self: ResourceOptions) -> Stores:
    """The table and the bucket, with what goes out of it by itself."""
    region, is_protected = args["region"], args.get("deletion_protection", True)
    # Unset rather than False: protection of the component as a whole must still reach its table.
    guarded = ResourceOptions.merge(of_self, ResourceOptions(protect=is_protected or None))
    # Recovery would bring back what was deleted; what is lost here the developers who shared it still have.
    encryption = server_side_encryption(args.get("kms_key_arn"))
    shares = table(name, SHARES, encryption, guarded, is_recoverable=False)
    bucket = private_bucket(name, region, is_protected=is_protected, of_self=of_self)
    rules = [
        expiry_rule("snapshots", prefix=SNAPSHOTS, days=SNAPSHOT_DAYS, noncurrent_days=REPLACED_DAYS),
        *(tagged_expiry_rule(f"kept-{days}", key=KEPT_TAG, value=str(days), days=days) for days in KEPT_DAYS),
    ]
    lifecycle(name, region, bucket, rules, of_self)
    closed = aws.s3.BucketPolicy(
        name, region=region, bucket=bucket.closed_name, policy=bucket.arn.apply(bucket_policy), opts=of_self
    )
    return Stores(shares, bucket.arn, closed.bucket)


def live_args(args: ShareArgs, stores: Stores) -> LiveApiArgs:
    found = LiveApiArgs(
        region=args["region"],
        description="Live connections of those who watch shared sessions",
        archive=args["archive"],
        handler="share_sessions.live.handler",
        variables=Output.all(**known_to_all(args, stores)),
        policy=policy(share_policies.doorkeeper_statements, args, stores),
        log_retention_days=args["log_retention_days"],
    )
    if "live_access_log" in args:
        found["access_log"] = args["live_access_log"]
    return found


def api_args(args: ShareArgs, stores: Stores, live: LiveApi) -> ServedFunctionArgs:
    statements = share_policies.writer_statements
    return ServedFunctionArgs(
        region=args["region"],
        description="Shared sessions, as agents write them and their owners keep them",
        archive=args["archive"],
        handler="share_sessions.api.handler",
        variables=Output.all(**known_to_all(args, stores), **addresses_of(live)),
        policy=policy(statements, args, stores, stage_arn=live.stage_arn),
        log_retention_days=args["log_retention_days"],
        memory_mb=WHOLE_PROCESSOR_MB,
        timeout_s=FOLDING_S,
    )


def view_args(args: ShareArgs, stores: Stores, live: LiveApi) -> ServedFunctionArgs:
    found = ServedFunctionArgs(
        region=args["region"],
        description="The page on which people see shared sessions",
        archive=args["archive"],
        handler="share_sessions.viewer.handler",
        variables=Output.all(**known_to_all(args, stores), **addresses_of(live), **signer_variables(args)),
        policy=policy(share_policies.reader_statements, args, stores),
        log_retention_days=args["log_retention_days"],
        memory_mb=WHOLE_PROCESSOR_MB,
        timeout_s=FOLDING_S,
    )
    if "reserved_concurrency" in args:
        found["reserved_concurrency"] = args["reserved_concurrency"]
    return found


def known_to_all(args: ShareArgs, stores: Stores) -> dict[str, Input[str]]:
    found: dict[str, Input[str]] = {
        "TABLE": stores.table.name,
        "BUCKET": stores.bucket_name,
        "GATEWAY_URL": args["gateway_url"],
        "SHARING_URL": f"https://{args['host']}",
        "ADMIN_GROUPS": ",".join(args.get("admin_groups", ())),
        "REDACTION": args.get("redaction", DEFAULT_REDACTION),
    }
    if "default_expiry_hours" in args:
        found["DEFAULT_EXPIRY_HOURS"] = str(int(args["default_expiry_hours"]))
    return found


def addresses_of(live: LiveApi) -> dict[str, Input[str]]:
    return {"LIVE_URL": live.url, "LIVE_ENDPOINT": live.endpoint}


def policy(
    statements: Callable[[share_policies.Stores], Sequence[Statement]],
    args: ShareArgs,
    stores: Stores,
    **more: Input[str],
) -> Output[str]:
    """Of a function's role, once the ARNs in it are known."""
    known: dict[str, Input[str]] = {
        "region": args["region"],
        "table_arn": stores.table.arn,
        "bucket_arn": stores.bucket_arn,
        **more,
    }
    if "kms_key_arn" in args:
        known["kms_key_arn"] = args["kms_key_arn"]
    return Output.all(**known).apply(lambda arns: share_policies.policy(statements, arns))
