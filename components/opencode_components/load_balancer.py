"""The public end of the gateway: a load balancer, its listeners, its name and its access log."""

from collections.abc import Sequence
from ipaddress import IPv4Network
from typing import NotRequired, TypedDict

import pulumi
import pulumi_aws as aws
from pulumi import Input, Output, ResourceOptions

from opencode_components.listeners import HTTP_PORT, HTTPS_PORT, https_listener, redirect_listener
from opencode_components.log_bucket import LogBucket, LogBucketArgs, checked_retention
from opencode_components.refusals import check_name, refusal

DESYNC_MITIGATION = "defensive"
"""Not `strictest`, which also refuses what is unusual but has one meaning, such as a header without a value or a GET
with a length; clients send both. What could be read in two ways never shares a connection here either.

Source: Application Load Balancer user guide, "Desync mitigation mode" (read 2026-11-21).
"""
MAX_NAME_CHARACTERS = 24
"""Names of load balancers and target groups hold 32 characters, eight of them for what keeps them apart."""
IDLE_TIMEOUTS_S = range(1, 4001)
"""Source: Application Load Balancer user guide, "Connection idle timeout" (read 2026-11-21)."""


class LoadBalancerArgs(TypedDict):
    """What a LoadBalancer is made from."""

    region: str
    """AWS region. Plain."""
    account_id: Input[str]
    """AWS account, whose load balancers alone may write into the log bucket."""
    host: str
    """DNS name under which it is reached. Plain, because rules compare it."""
    zone_id: Input[str]
    """Route 53 zone that the host is in."""
    certificate_arn: Input[str]
    """ACM certificate that covers the host."""
    public_cidrs: list[str]
    """IPv4 ranges that may connect, such as `0.0.0.0/0`. Plain, because there is a rule for each."""
    vpc_id: Input[str]
    """VPC of the subnets."""
    subnet_ids: Input[Sequence[str]]
    """Public subnets, in two zones at least."""
    idle_timeout_s: int
    """Seconds of silence after which a connection is closed, 1 to 4,000. Plain, because it is checked."""
    access_log_retention_days: int
    """Days that access logs are kept. Plain, because it is checked."""
    deletion_protection: NotRequired[bool]
    """Whether load balancer and access logs survive a destroy. Plain. Default true."""


class LoadBalancer(pulumi.ComponentResource):
    """An application load balancer that answers 401 to everything until listener rules say otherwise.

    HTTP is redirected to HTTPS. It has IPv4 addresses only. Raises ValueError on args that cannot be, each with its
    key, value, reason and fix.
    """

    load_balancer_arn: Output[str]
    """ARN of the load balancer."""
    load_balancer_arn_suffix: Output[str]
    """The part of its ARN that CloudWatch knows it by, `app/...`."""
    dns_name: Output[str]
    """Its name in AWS."""
    zone_id: Output[str]
    """Route 53 zone of that name, for alias records."""
    security_group_id: Output[str]
    """Its security group: what it forwards to has to admit this one."""
    https_listener_arn: Output[str]
    """ARN of the HTTPS listener, for listener rules."""
    access_log_bucket: Output[str]
    """Name of the bucket with its access log."""

    def __init__(self, name: str, args: LoadBalancerArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("opencode_components:index:LoadBalancer", name, {**args}, opts)
        of_self = ResourceOptions(parent=self)
        region, is_protected = args["region"], args.get("deletion_protection", True)
        check_balancer(name, args)

        group = public_group(name, args, of_self)
        logs = LogBucket(
            f"{name}-logs",
            LogBucketArgs(
                region=region,
                account_id=args["account_id"],
                retention_days=args["access_log_retention_days"],
                deletion_protection=is_protected,
            ),
            of_self,
        )
        balancer = aws.lb.LoadBalancer(
            name,
            region=region,
            load_balancer_type="application",
            internal=False,
            ip_address_type="ipv4",
            security_groups=[group.id],
            subnets=args["subnet_ids"],
            idle_timeout=int(args["idle_timeout_s"]),
            drop_invalid_header_fields=True,
            desync_mitigation_mode=DESYNC_MITIGATION,
            enable_http2=True,
            enable_deletion_protection=is_protected,
            access_logs=aws.lb.LoadBalancerAccessLogsArgs(bucket=logs.bucket_name, enabled=True),
            opts=ResourceOptions.merge(of_self, ResourceOptions(protect=is_protected)),
        )
        https = https_listener(name, region, balancer, args["certificate_arn"], of_self)
        redirect_listener(name, region, balancer, of_self)
        alias_record(name, args, balancer, of_self)

        self.load_balancer_arn = balancer.arn
        self.load_balancer_arn_suffix = balancer.arn_suffix
        self.dns_name = balancer.dns_name
        self.zone_id = balancer.zone_id
        self.security_group_id = group.id
        self.https_listener_arn = https.arn
        self.access_log_bucket = logs.bucket_name
        self.register_outputs(
            {
                "load_balancer_arn": self.load_balancer_arn,
                "load_balancer_arn_suffix": self.load_balancer_arn_suffix,
                "dns_name": self.dns_name,
                "zone_id": self.zone_id,
                "security_group_id": self.security_group_id,
                "https_listener_arn": self.https_listener_arn,
                "access_log_bucket": self.access_log_bucket,
            }
        )


def check_balancer(name: str, args: LoadBalancerArgs) -> None:
    """Raises ValueError on the first of name and plain args that cannot be."""
    check_name(name, max_characters=MAX_NAME_CHARACTERS, why="AWS's name of the load balancer is made from it")
    check_ranges(args["public_cidrs"])
    check_idle_timeout(int(args["idle_timeout_s"]))
    checked_retention("access_log_retention_days", args["access_log_retention_days"])


def check_idle_timeout(idle_timeout_s: int) -> None:
    if idle_timeout_s not in IDLE_TIMEOUTS_S:
        bounds = f"{IDLE_TIMEOUTS_S.start} to {IDLE_TIMEOUTS_S.stop - 1}"
        raise refusal("idle_timeout_s", idle_timeout_s, reason="is not offered by AWS", fix=f"use {bounds} seconds")


def check_ranges(cidrs: Sequence[str]) -> None:
    """Raises ValueError on none, on what is no IPv4 range, and on a repeated one."""
    if not cidrs or len(set(cidrs)) != len(cidrs):
        fix = "name each range that may connect once; 0.0.0.0/0 is everyone"
        raise refusal("public_cidrs", list(cidrs), reason="is empty or names a range twice", fix=fix)
    for cidr in cidrs:
        try:
            IPv4Network(cidr)
        except ValueError as error:
            fix = "use a range such as 203.0.113.0/24"
            raise refusal("public_cidrs", cidr, reason=f"is no IPv4 range ({error})", fix=fix) from error


def public_group(name: str, args: LoadBalancerArgs, of_self: ResourceOptions) -> aws.ec2.SecurityGroup:
    """Admits `public_cidrs` on both ports; whoever adds targets adds the way to them."""
    region = args["region"]
    group = aws.ec2.SecurityGroup(
        f"{name}-alb",
        region=region,
        vpc_id=args["vpc_id"],
        description="Load balancer: HTTPS, and HTTP to be redirected",
        tags={"Name": f"{name}-alb"},
        opts=of_self,
    )
    for cidr in args["public_cidrs"]:
        for scheme, port in (("https", HTTPS_PORT), ("http", HTTP_PORT)):
            aws.vpc.SecurityGroupIngressRule(
                f"{name}-alb-{scheme}-{cidr.replace('/', '-')}",
                region=region,
                security_group_id=group.id,
                cidr_ipv4=cidr,
                ip_protocol="tcp",
                from_port=port,
                to_port=port,
                description=f"{scheme.upper()} from those who may connect",
                opts=of_self,
            )
    aws.vpc.SecurityGroupEgressRule(
        f"{name}-alb-to-issuers",
        region=region,
        security_group_id=group.id,
        cidr_ipv4="0.0.0.0/0",
        ip_protocol="tcp",
        from_port=HTTPS_PORT,
        to_port=HTTPS_PORT,
        description="HTTPS to the issuer of tokens, for its keys",
        opts=of_self,
    )
    return group


def alias_record(name: str, args: LoadBalancerArgs, balancer: aws.lb.LoadBalancer, of_self: ResourceOptions) -> None:
    """The host's address. There is no AAAA record, because the load balancer has no IPv6 address."""
    alias = aws.route53.RecordAliasArgs(name=balancer.dns_name, zone_id=balancer.zone_id, evaluate_target_health=False)
    aws.route53.Record(name, zone_id=args["zone_id"], name=args["host"], type="A", aliases=[alias], opts=of_self)
