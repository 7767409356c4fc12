"""The download host: a page for people who have signed in, and beside it what their machines fetch without."""

import json
from collections.abc import Mapping, Sequence
from typing import NotRequired, TypedDict

import pulumi
from pulumi import Archive, Input, Output, ResourceOptions

from opencode_components.browser_sign_in import sign_in_action
from opencode_components.listener_rules import PRIORITIES, STEP, Rule
from opencode_components.refusals import check_name
from opencode_components.releases import LINKS, RELEASES
from opencode_components.served_function import ServedFunction, ServedFunctionArgs
from opencode_components.served_host import forward, served_host, sign_in_of, signer_variables
from opencode_components.task_policies import allow

COOKIE_NAME = "opencode-downloads"
MAX_NAME_CHARACTERS = 17
"""The functions' names are made from it, and have 24."""
FIRST = PRIORITIES["downloads"].start
READING = ("GET", "HEAD")
PUBLIC_RULE = Rule(suffix="public", priority=FIRST, paths=("/version.json", "/i/*"), methods=READING)
PAGE_RULE = Rule(suffix="page", priority=FIRST + STEP, methods=READING)
"""What no path of the public rule is needs a session, the provider's way back to this host among it. The rest, such as
any POST, is the listener's default action: 401."""


class DistributionArgs(TypedDict):
    """What a Distribution is made from."""

    region: str
    """AWS region. Plain, because addresses are built from it."""
    host: str
    """DNS name of the download host, in lower case. Plain, because the listener's rules compare it."""
    zone_id: Input[str]
    """Route 53 zone that the host is in."""
    gateway_url: Input[str]
    """Where clients reach the gateway, `https://` and its host."""
    help_url: NotRequired[Input[str]]
    """Where people get help. The page names no place unless given."""
    https_listener_arn: Input[str]
    """Listener that the rules are added to; its certificate covers the host."""
    load_balancer_arn: Input[str]
    """Load balancer of that listener: the page believes what this one has signed."""
    load_balancer_dns_name: Input[str]
    """Its name in AWS, for the host's address."""
    load_balancer_zone_id: Input[str]
    """Route 53 zone of that name."""
    bucket_name: Input[str]
    """Bucket of the releases."""
    bucket_arn: Input[str]
    """Its ARN."""
    release_keys: Input[Sequence[str]]
    """Ed25519 public keys that releases are verified with, each the base64 of its 32 bytes."""
    archive: Input[Archive]
    """Code of both functions, `serve_downloads`, with all that it needs."""
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
    log_retention_days: int
    """Days that the functions' logs are kept: a value that CloudWatch Logs offers. Plain, because it is checked."""
    public_concurrency: NotRequired[int]
    """Public requests that are answered at once: no more, and for nobody else. Nothing is reserved unless given, since
    a new account has 10 in all, of which AWS lets nothing be reserved. Plain."""


class Distribution(pulumi.ComponentResource):
    """A host of its own on the gateway's load balancer, from which people get the client and its updates.

    The page, which needs a sign-in, and the public paths are different functions with different roles; where
    `public_concurrency` is given, who asks for the public ones in masses keeps nobody from the page. The name has 17
    characters at most. Raises ValueError on name and args that cannot be, each with its key, value, reason and fix.
    """

    url: Output[str]
    """`https://` and the host, known once it answers."""
    page_function_name: Output[str]
    """Function of the page."""
    public_function_name: Output[str]
    """Function of the public paths."""
    page_target_group_arn_suffix: Output[str]
    """CloudWatch's name of the page's target group, `targetgroup/...`."""
    public_target_group_arn_suffix: Output[str]
    """CloudWatch's name of the public paths' target group."""

    def __init__(self, name: str, args: DistributionArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("opencode_components:index:Distribution", name, {**args, "archive": None}, opts)
        of_self = ResourceOptions(parent=self)
        check_name(name, max_characters=MAX_NAME_CHARACTERS, why="names of target groups are made from it")
        sign_in = sign_in_of(args)

        public = ServedFunction(f"{name}-public", public_args(args), of_self)
        page = ServedFunction(f"{name}-page", page_args(args), of_self)
        authenticate = sign_in_action(sign_in, region=args["region"], cookie_name=COOKIE_NAME)
        host = served_host(args)
        rules = [
            host.rule(name, PUBLIC_RULE, [forward(public, order=1)], of_self),
            host.rule(name, PAGE_RULE, [authenticate, forward(page, order=2)], of_self),
        ]
        record = host.record(name, of_self)

        self.url = host.url(record, rules)
        self.page_function_name = page.function_name
        self.public_function_name = public.function_name
        self.page_target_group_arn_suffix = page.target_group_arn_suffix
        self.public_target_group_arn_suffix = public.target_group_arn_suffix
        self.register_outputs({output: getattr(self, output) for output in Distribution.__annotations__})


def public_args(args: DistributionArgs) -> ServedFunctionArgs:
    found = function_args(args, "The client's manifest, installers and short links", "serve_downloads.public.handler")
    found["policy"] = policy(args, {"Releases": ("s3:GetObject", RELEASES), "Links": ("s3:GetObject", LINKS)})
    if "public_concurrency" in args:
        found["reserved_concurrency"] = args["public_concurrency"]
    return found


def page_args(args: DistributionArgs) -> ServedFunctionArgs:
    found = function_args(args, "The client's download page", "serve_downloads.pages.handler")
    found["policy"] = policy(args, {"Releases": ("s3:GetObject", RELEASES), "Links": ("s3:PutObject", LINKS)})
    help_url = args.get("help_url", "")
    found["variables"] = Output.all(**known_to_both(args), **signer_variables(args), HELP_URL=help_url)
    return found


def function_args(args: DistributionArgs, description: str, handler: str) -> ServedFunctionArgs:
    """What both have in common."""
    return ServedFunctionArgs(
        region=args["region"],
        description=description,
        archive=args["archive"],
        handler=handler,
        variables=Output.all(**known_to_both(args)),
        policy="",
        log_retention_days=args["log_retention_days"],
    )


def known_to_both(args: DistributionArgs) -> dict[str, Input[str]]:
    keys: Output[Sequence[str]] = Output.from_input(args["release_keys"])
    return {
        "BUCKET": args["bucket_name"],
        "RELEASE_KEYS": keys.apply(",".join),
        "DOWNLOADS_URL": f"https://{args['host']}",
        "GATEWAY_URL": args["gateway_url"],
    }


def policy(args: DistributionArgs, grants: Mapping[str, tuple[str, str]]) -> Output[str]:
    """One action each on the objects under one prefix. Without s3:ListBucket S3 answers 403 for what is not there."""

    def written(bucket_arn: str) -> str:
        statements = [allow(sid, [action], f"{bucket_arn}/{prefix}*") for sid, (action, prefix) in grants.items()]
        return json.dumps({"Version": "2012-10-17", "Statement": statements})

    bucket_arn: Output[str] = Output.from_input(args["bucket_arn"])
    return bucket_arn.apply(written)
