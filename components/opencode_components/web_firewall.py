"""A web ACL before the load balancer that lets agents' traffic through."""

import ipaddress
from collections.abc import Mapping, Sequence
from typing import NotRequired, TypedDict

import pulumi
import pulumi_aws as aws
from pulumi import Input, Output, ResourceOptions

from opencode_components.refusals import refusal
from opencode_components.web_acl_rules import over_rate_body, web_acl_rules

MIN_RATE, MAX_RATE = 10, 2_000_000_000
"""Bounds of a rate rule. AWS WAF API reference, "RateBasedStatement" (read 2026-11-21)."""
REDACTED_HEADERS = ("authorization", "x-api-key", "cookie")
"""Where credentials travel; AWS WAF blanks them in its log."""


class WebFirewallArgs(TypedDict):
    region: NotRequired[Input[str]]
    """AWS region of the load balancer, if not the provider's."""
    load_balancer_arn: Input[str]
    """ARN of the application load balancer to protect."""
    requests_per_5_minutes_per_ip: int
    """Requests from one address within five minutes after which it is told 429, 10 to 2,000,000,000. Plain, because it
    is checked. A whole office may share one address."""
    allowed_cidrs: NotRequired[list[str]]
    """IPv4 and IPv6 ranges that are spared all other rules but `blocked_cidrs`, the rate among them. Plain, because
    the two kinds of address need an IP set each."""
    blocked_cidrs: NotRequired[list[str]]
    """IPv4 and IPv6 ranges that are refused, even where `allowed_cidrs` has them too. Plain, for the same reason."""
    log_destination_arn: NotRequired[Input[str]]
    """Where requests are logged, without their credentials: the ARN of a log group, bucket or delivery stream whose
    name begins with `aws-waf-logs-`. No log unless given."""


class WebFirewall(pulumi.ComponentResource):
    """A regional web ACL, associated with a load balancer.

    Managed rules look at addresses, methods, paths, queries, headers and cookies. Those that look at the body only
    count: prompts hold code, markup, paths and shell commands, which such rules take for attacks, and they may be
    megabytes long. Of a body AWS WAF sees the first 8 KB, a limit that is fixed for load balancers, so that it needs no
    setting here (AWS WAF developer guide, "Oversize web request components", read 2026-11-21).

    Raises ValueError for a rate out of bounds or a range that is none.
    """

    web_acl_arn: Output[str]
    """ARN of the web ACL."""

    def __init__(self, name: str, args: WebFirewallArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("opencode_components:index:WebFirewall", name, {**args}, opts)
        of_self = ResourceOptions(parent=self)
        region = args.get("region")
        rate = int(args["requests_per_5_minutes_per_ip"])
        check_rate(rate)
        ranges = {
            **address_ranges("blocked_cidrs", args.get("blocked_cidrs", ())),
            **address_ranges("allowed_cidrs", args.get("allowed_cidrs", ())),
        }

        ip_sets = {
            kind: aws.wafv2.IpSet(
                f"{name}-{kind}",
                region=region,
                scope="REGIONAL",
                ip_address_version=kind.rpartition("-")[2].upper(),
                addresses=addresses,
                opts=of_self,
            )
            for kind, addresses in ranges.items()
        }
        web_acl = aws.wafv2.WebAcl(
            name,
            region=region,
            scope="REGIONAL",
            default_action=aws.wafv2.WebAclDefaultActionArgs(allow=aws.wafv2.WebAclDefaultActionAllowArgs()),
            rules=web_acl_rules(rate, {kind: ip_set.arn for kind, ip_set in ip_sets.items()}),
            custom_response_bodies=[over_rate_body()],
            visibility_config=aws.wafv2.WebAclVisibilityConfigArgs(
                cloudwatch_metrics_enabled=True, metric_name=name, sampled_requests_enabled=False
            ),
            opts=of_self,
        )
        aws.wafv2.WebAclAssociation(
            name, region=region, resource_arn=args["load_balancer_arn"], web_acl_arn=web_acl.arn, opts=of_self
        )
        if "log_destination_arn" in args:
            aws.wafv2.WebAclLoggingConfiguration(
                name,
                region=region,
                resource_arn=web_acl.arn,
                log_destination_configs=[args["log_destination_arn"]],
                redacted_fields=redacted_fields(),
                opts=of_self,
            )

        self.web_acl_arn = web_acl.arn
        self.register_outputs({"web_acl_arn": self.web_acl_arn})


def check_rate(rate: int) -> None:
    if not MIN_RATE <= rate <= MAX_RATE:
        raise refusal(
            "requests_per_5_minutes_per_ip",
            rate,
            reason="is no limit that AWS WAF counts to",
            fix=f"use {MIN_RATE} to {MAX_RATE}",
        )


def address_ranges(key: str, cidrs: Sequence[str]) -> Mapping[str, Sequence[str]]:
    """`{"blocked-ipv4": [...], "blocked-ipv6": [...]}` for the key `blocked_cidrs`, without the kind that has none."""
    networks = [address_range(key, cidr) for cidr in cidrs]
    by_kind = {
        f"{key.removesuffix('_cidrs')}-ipv{version}": sorted(
            {str(each) for each in networks if each.version == version}
        )
        for version in (4, 6)
    }
    return {kind: ranges for kind, ranges in by_kind.items() if ranges}


def address_range(key: str, cidr: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    """Source: AWS WAF API reference, "IPSet" (read 2026-11-21): every range but /0."""
    try:
        network = ipaddress.ip_network(cidr)
    except ValueError as error:
        raise refusal(key, cidr, reason=f"is no range: {error}", fix="give it like 198.51.100.0/24") from error
    if network.prefixlen == 0:
        raise refusal(key, cidr, reason="is the whole internet, which no IP set holds", fix="name narrower ranges")
    return network


def redacted_fields() -> "Sequence[aws.wafv2.WebAclLoggingConfigurationRedactedFieldArgs]":
    return [
        aws.wafv2.WebAclLoggingConfigurationRedactedFieldArgs(
            single_header=aws.wafv2.WebAclLoggingConfigurationRedactedFieldSingleHeaderArgs(name=header)
        )
        for header in REDACTED_HEADERS
    ]
