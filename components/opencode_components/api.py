"""The gateway's API: a load balancer, the router behind it, and nothing in between that is not declared here."""

import re
from collections.abc import Mapping, Sequence
from typing import NotRequired, TypedDict

import pulumi
import pulumi_aws as aws
from pulumi import Input, Output, ResourceOptions

from opencode_components.listener_rules import ROUTER_RULES, Rule, TokenCheck, actions, conditions
from opencode_components.load_balancer import LoadBalancer, LoadBalancerArgs, check_balancer
from opencode_components.refusals import refusal
from opencode_components.router_container import checked_settings, processes, router_variables
from opencode_components.router_roles import RouterRoles, RouterRolesArgs, checked_grants
from opencode_components.router_service import RouterService, RouterServiceArgs, Sizing, checked_sizing
from opencode_components.router_target import target_group

HOST = re.compile(r"([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}", re.ASCII)
ARCHITECTURE = "ARM64"
"""The cheaper of the two for the same work."""
CPU, MEMORY_MIB = 512, 1024
MIN_TASKS, MAX_TASKS = 2, 10
REQUESTS_PER_TASK_PER_MINUTE = 600
IDLE_TIMEOUT_S = 900
"""As long as the router waits for an answer that is not streamed."""
DRAIN_S = 110
ACCESS_LOG_RETENTION_DAYS = 90
KNOWN = ("issuer", "jwks_url", "audiences", "audience_claim", "token_uses")
TABLES = ("keys_table_name", "usage_table_name", "counters_table_name")
PUBLISHED = "client_config"
RELEASES = ("releases_bucket_name", "releases_bucket_arn")


class ApiArgs(TypedDict):
    """What an Api is made from."""

    region: str
    """AWS region. Plain, because ARNs and endpoints are built from it."""
    account_id: Input[str]
    """AWS account."""
    host: str
    """DNS name of the gateway, in lower case. Plain, because the listener's rules compare it."""
    zone_id: Input[str]
    """Route 53 zone that the host is in."""
    certificate_arn: Input[str]
    """ACM certificate that covers the host."""
    public_cidrs: list[str]
    """IPv4 ranges that may connect; `0.0.0.0/0` is everyone. Plain, because there is a rule for each."""
    vpc_id: Input[str]
    """VPC of all subnets."""
    public_subnet_ids: Input[Sequence[str]]
    """Subnets of the load balancer, in two zones at least."""
    task_subnet_ids: Input[Sequence[str]]
    """Subnets of the tasks."""
    assign_public_ip: Input[bool]
    """Whether tasks get a public address, to get out by."""
    endpoint_client_security_group_id: Input[str]
    """Security group whose members may reach the VPC's interface endpoints."""
    image_uri: Input[str]
    """The router's image, by digest."""
    repository_arn: Input[str]
    """ECR repository of that image."""
    issuer: Input[str]
    """Issuer of the callers' tokens, to the letter."""
    jwks_url: Input[str]
    """Where the issuer's keys are; on the internet, because the load balancer fetches them too."""
    audiences: Input[Sequence[str]]
    """Audiences of which a token must carry one."""
    audience_claim: Input[str]
    """Claim that holds the audience: `aud`, or `client_id` for Cognito's access tokens."""
    audience_format: Input[str]
    """How that claim is written: `single-string`, `string-array` or `space-separated-values`."""
    token_uses: Input[Sequence[str]]
    """Accepted values of Cognito's claim `token_use`; empty for other issuers."""
    keys_table_name: Input[str]
    """Table of API keys."""
    keys_table_arn: Input[str]
    """Its ARN."""
    usage_table_name: Input[str]
    """Table of usage records."""
    usage_table_arn: Input[str]
    """Its ARN."""
    counters_table_name: Input[str]
    """Table of budgets and limits."""
    counters_table_arn: Input[str]
    """Its ARN."""
    client_config: NotRequired[Input[str]]
    """JSON text of what clients need to sign in, served to everyone at /.well-known/opencode: `api_url`, `region`,
    `issuer`, `client_id`, `scopes`, `callback_ports`, `authorization_endpoint`, `token_endpoint`, `jwks_url` and, where
    the provider has them, `revocation_endpoint`, `end_session_endpoint`, `device_authorization_endpoint`; where
    clients are distributed, `downloads_url` and `release_keys`. Nothing is served unless given."""
    releases_bucket_name: NotRequired[Input[str]]
    """Bucket of the client's releases, which callers then get download addresses for. None unless given."""
    releases_bucket_arn: NotRequired[Input[str]]
    """Its ARN; both or neither."""
    records_kms_key_arn: NotRequired[Input[str]]
    """Customer managed KMS key of the tables. None unless given."""
    log_group_name: Input[str]
    """Log group of the router."""
    log_group_arn: Input[str]
    """Its ARN."""
    models: list[str]
    """Foundation model ids that may be called; a `*` may end one. Plain, because the policy's length is checked."""
    inference_profiles: list[str]
    """Prefixes of the cross-region inference profiles to use, first choice first; empty: only the own region. Plain."""
    architecture: NotRequired[str]
    """`ARM64` or `X86_64`, as the image was built. Plain. Default `ARM64`."""
    cpu: NotRequired[int]
    """CPU units of a task; 1,024 are one vCPU. Plain. Default 512."""
    memory_mib: NotRequired[int]
    """Memory of a task in MiB, one that Fargate has with `cpu`. Plain. Default 1,024."""
    min_tasks: NotRequired[int]
    """Tasks that always run. Plain. Default 2."""
    max_tasks: NotRequired[int]
    """Tasks at most. Plain. Default 10."""
    spot_percent: NotRequired[int]
    """Share of the tasks beyond the first that run on Spot capacity, 0 to 100. Plain. Default 0."""
    requests_per_task_per_minute: NotRequired[int]
    """Load of a task at which another is started. Plain. Default 600."""
    idle_timeout_s: NotRequired[int]
    """Silence that the load balancer bears, 1 to 4,000 s. Plain. Default 900: a thinking model is quiet for long."""
    drain_s: NotRequired[int]
    """Seconds that open answers may go on when a task stops, 1 to 110. Plain. Default 110."""
    access_log_retention_days: NotRequired[int]
    """Days that the load balancer's access log is kept. Plain. Default 90."""
    deletion_protection: NotRequired[bool]
    """Whether load balancer and access log survive a destroy. Plain. Default true."""
    router_environment: NotRequired[Mapping[str, str]]
    """Further environment variables of the router, by the names in docs/gateway.md; none may be secret. Plain."""


class Api(pulumi.ComponentResource):
    """An HTTPS endpoint at `host` where callers with an API key or a token reach the models.

    The name has 24 characters at most. Raises ValueError on args that cannot be, each with its key, value, reason and
    fix.
    """

    url: Output[str]
    """`https://` and the host."""
    host: Output[str]
    """DNS name."""
    load_balancer_arn: Output[str]
    """ARN of the load balancer."""
    load_balancer_arn_suffix: Output[str]
    """The part of its ARN that CloudWatch knows it by, `app/...`."""
    load_balancer_dns_name: Output[str]
    """Its name in AWS, for records of further hosts."""
    load_balancer_zone_id: Output[str]
    """Route 53 zone of that name, for alias records."""
    load_balancer_security_group_id: Output[str]
    """Its security group; targets of further rules admit it."""
    https_listener_arn: Output[str]
    """ARN of the HTTPS listener, to which further hosts add rules, each with priorities of its own."""
    target_group_arn: Output[str]
    """ARN of the router's target group."""
    target_group_arn_suffix: Output[str]
    """The part of its ARN that CloudWatch knows it by, `targetgroup/...`."""
    cluster_name: Output[str]
    """ECS cluster."""
    service_name: Output[str]
    """ECS service."""
    router_security_group_id: Output[str]
    """Security group of the tasks."""
    task_role_arn: Output[str]
    """Role of the router."""
    task_role_name: Output[str]
    """Its name."""
    access_log_bucket: Output[str]
    """S3 bucket of the load balancer's access log."""

    def __init__(self, name: str, args: ApiArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("opencode_components:index:Api", name, {**args}, opts)
        of_self = ResourceOptions(parent=self)
        host, settings = checked_api(name, args)
        drain_s = int(args.get("drain_s", DRAIN_S))

        balancer = LoadBalancer(name, balancer_args(args), of_self)
        roles = RouterRoles(name, roles_args(args), of_self)
        target = target_group(name, args["region"], args["vpc_id"], drain_s, of_self)
        rules = [listener_rule(name, rule, args, (balancer, target), of_self) for rule in ROUTER_RULES]
        variables = Output.all(**known_of(args)).apply(lambda known: variables_of(args, known, settings))
        service = RouterService(name, service_args(args, (balancer, roles, target), rules, variables), of_self)

        self.url = Output.from_input(f"https://{host}")
        self.host = Output.from_input(host)
        self.load_balancer_arn = balancer.load_balancer_arn
        self.load_balancer_arn_suffix = balancer.load_balancer_arn_suffix
        self.load_balancer_dns_name = balancer.dns_name
        self.load_balancer_zone_id = balancer.zone_id
        self.load_balancer_security_group_id = balancer.security_group_id
        self.https_listener_arn = balancer.https_listener_arn
        self.access_log_bucket = balancer.access_log_bucket
        self.target_group_arn = target.arn
        self.target_group_arn_suffix = target.arn_suffix
        self.cluster_name = service.cluster_name
        self.service_name = service.service_name
        self.router_security_group_id = service.security_group_id
        self.task_role_arn = roles.task_role_arn
        self.task_role_name = roles.task_role_name
        self.register_outputs({output: getattr(self, output) for output in Api.__annotations__})


def checked_api(name: str, args: ApiArgs) -> tuple[str, dict[str, str]]:
    """The host and the further environment variables.

    Raises ValueError on the first of name and plain args that cannot be, before any part is declared.
    """
    check_releases(args)
    check_balancer(name, balancer_args(args))
    checked_grants(roles_args(args))
    checked_sizing(sizing(args))
    return checked_host(args["host"]), checked_settings(args.get("router_environment", {}))


def checked_host(host: str) -> str:
    if not HOST.fullmatch(host):
        reason = "is no host name in lower case"
        raise refusal("host", host, reason=reason, fix="write it like ai.example.com")
    return host


def check_releases(args: ApiArgs) -> None:
    given = [key for key in RELEASES if key in args]
    if len(given) == 1:
        reason = "is given alone: the router has to know the bucket, and may only read what its role names"
        raise refusal("releases_bucket_arn", given, reason=reason, fix=f"give {' and '.join(RELEASES)}, or neither")


def balancer_args(args: ApiArgs) -> LoadBalancerArgs:
    return LoadBalancerArgs(
        region=args["region"],
        account_id=args["account_id"],
        host=args["host"],
        zone_id=args["zone_id"],
        certificate_arn=args["certificate_arn"],
        public_cidrs=args["public_cidrs"],
        vpc_id=args["vpc_id"],
        subnet_ids=args["public_subnet_ids"],
        idle_timeout_s=args.get("idle_timeout_s", IDLE_TIMEOUT_S),
        access_log_retention_days=args.get("access_log_retention_days", ACCESS_LOG_RETENTION_DAYS),
        deletion_protection=args.get("deletion_protection", True),
    )


def roles_args(args: ApiArgs) -> RouterRolesArgs:
    found = RouterRolesArgs(
        region=args["region"],
        account_id=args["account_id"],
        models=args["models"],
        inference_profiles=args["inference_profiles"],
        keys_table_arn=args["keys_table_arn"],
        usage_table_arn=args["usage_table_arn"],
        counters_table_arn=args["counters_table_arn"],
        repository_arn=args["repository_arn"],
        log_group_arn=args["log_group_arn"],
    )
    if "records_kms_key_arn" in args:
        found["records_kms_key_arn"] = args["records_kms_key_arn"]
    if "releases_bucket_arn" in args:
        found["releases_bucket_arn"] = args["releases_bucket_arn"]
    return found


def listener_rule(
    name: str,
    rule: Rule,
    args: ApiArgs,
    ends: tuple[LoadBalancer, aws.lb.TargetGroup],
    of_self: ResourceOptions,
) -> aws.lb.ListenerRule:
    """From the load balancer to the target group."""
    balancer, target = ends
    check = TokenCheck(
        issuer=args["issuer"],
        jwks_url=args["jwks_url"],
        audiences=args["audiences"],
        audience_claim=args["audience_claim"],
        audience_format=args["audience_format"],
        token_uses=args["token_uses"],
    )
    return aws.lb.ListenerRule(
        f"{name}-{rule.suffix}",
        region=args["region"],
        listener_arn=balancer.https_listener_arn,
        priority=rule.priority,
        conditions=conditions(rule, args["host"]),
        actions=actions(rule, target.arn, check),
        opts=of_self,
    )


def known_of(args: ApiArgs) -> dict[str, Input[object]]:
    """What the router is told of its issuer and its tables, and what it is to tell clients."""
    return {key: value for key, value in args.items() if key in (*KNOWN, *TABLES, PUBLISHED, RELEASES[0])}


def variables_of(args: ApiArgs, known: Mapping[str, object], settings: Mapping[str, str]) -> dict[str, str]:
    """All environment variables of the router."""
    from_args = router_variables(
        region=args["region"],
        known=known,
        inference_profiles=args["inference_profiles"],
        idle_timeout_s=int(args.get("idle_timeout_s", IDLE_TIMEOUT_S)),
        drain_s=int(args.get("drain_s", DRAIN_S)),
    )
    return {**from_args, "PROCESSES": processes(int(args.get("cpu", CPU))), **settings}


def service_args(
    args: ApiArgs,
    parts: tuple[LoadBalancer, RouterRoles, aws.lb.TargetGroup],
    rules: Sequence[aws.lb.ListenerRule],
    variables: Output[dict[str, str]],
) -> RouterServiceArgs:
    balancer, roles, target = parts
    return RouterServiceArgs(
        region=args["region"],
        vpc_id=args["vpc_id"],
        subnet_ids=args["task_subnet_ids"],
        assign_public_ip=args["assign_public_ip"],
        endpoint_client_security_group_id=args["endpoint_client_security_group_id"],
        load_balancer_security_group_id=balancer.security_group_id,
        target_group_arn=target.arn,
        listener_rule_arns=Output.all(*(rule.arn for rule in rules)),
        request_label=Output.concat(balancer.load_balancer_arn_suffix, "/", target.arn_suffix),
        image_uri=args["image_uri"],
        variables=variables,
        log_group_name=args["log_group_name"],
        task_role_arn=roles.task_role_arn,
        execution_role_arn=roles.execution_role_arn,
        **sizing(args),
    )


def sizing(args: ApiArgs) -> Sizing:
    """The service's plain args, with their defaults."""
    return Sizing(
        architecture=args.get("architecture", ARCHITECTURE),
        cpu=args.get("cpu", CPU),
        memory_mib=args.get("memory_mib", MEMORY_MIB),
        min_tasks=args.get("min_tasks", MIN_TASKS),
        max_tasks=args.get("max_tasks", MAX_TASKS),
        spot_percent=args.get("spot_percent", 0),
        requests_per_task_per_minute=args.get("requests_per_task_per_minute", REQUESTS_PER_TASK_PER_MINUTE),
        drain_s=args.get("drain_s", DRAIN_S),
    )
