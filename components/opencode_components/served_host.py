"""A further host on a load balancer that exists: its address, its rules, and how people sign in there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi_aws as aws
from pulumi import Input, Output, ResourceOptions

from opencode_components.browser_sign_in import CognitoSignIn, OidcSignIn, signer_keys_url
from opencode_components.listener_rules import Rule, conditions
from opencode_components.refusals import refusal
from opencode_components.served_function import ServedFunction

COGNITO_KEYS = ("user_pool_arn", "user_pool_domain")
OIDC_KEYS = ("authorization_endpoint", "token_endpoint", "userinfo_endpoint", "browser_client_secret_arn")


@dataclass(frozen=True, kw_only=True)
class ServedHost:
    """Where a host is, in the words of the args of the components that have one."""

    region: str
    host: str
    zone_id: Input[str]
    https_listener_arn: Input[str]
    load_balancer_dns_name: Input[str]
    load_balancer_zone_id: Input[str]

    def record(self, name: str, opts: ResourceOptions) -> aws.route53.Record:
        """Leads to the load balancer."""
        alias = aws.route53.RecordAliasArgs(
            name=self.load_balancer_dns_name, zone_id=self.load_balancer_zone_id, evaluate_target_health=False
        )
        return aws.route53.Record(name, zone_id=self.zone_id, name=self.host, type="A", aliases=[alias], opts=opts)

    def rule(
        self, name: str, rule: Rule, actions: Sequence[aws.lb.ListenerRuleActionArgs], opts: ResourceOptions
    ) -> aws.lb.ListenerRule:
        """`rule` for requests to this host alone."""
        return aws.lb.ListenerRule(
            f"{name}-{rule.suffix}",
            region=self.region,
            listener_arn=self.https_listener_arn,
            priority=rule.priority,
            conditions=conditions(rule, self.host),
            actions=[*actions],
            opts=opts,
        )

    def url(self, record: aws.route53.Record, rules: Sequence[aws.lb.ListenerRule]) -> Output[str]:
        """`https://` and the host, known once it answers by these."""
        answering = Output.all(record.fqdn, *(rule.arn for rule in rules))
        return answering.apply(lambda _: f"https://{self.host}")


def served_host(args: Mapping[str, Any]) -> ServedHost:
    """From args that name all of it."""
    return ServedHost(**{key: args[key] for key in ServedHost.__dataclass_fields__})


def forward(to: ServedFunction, *, order: int) -> aws.lb.ListenerRuleActionArgs:
    return aws.lb.ListenerRuleActionArgs(type="forward", order=order, target_group_arn=to.target_group_arn)


def signer_variables(args: Mapping[str, Any]) -> dict[str, Input[str]]:
    """What a function reads of its environment to know whom the load balancer has signed in."""
    return {
        "SIGNER_ARN": args["load_balancer_arn"],
        "SIGNER_KEYS_URL": signer_keys_url(args["region"]),
        "CLIENT_ID": args["browser_client_id"],
        "ISSUER": args["issuer"],
    }


def sign_in_of(args: Mapping[str, Any]) -> CognitoSignIn | OidcSignIn:
    """Raises ValueError unless exactly one way is given, and that in full."""
    cognito, oidc = ([key for key in keys if key in args] for keys in (COGNITO_KEYS, OIDC_KEYS))
    wanted = COGNITO_KEYS if cognito else OIDC_KEYS
    if bool(cognito) == bool(oidc) or len(cognito or oidc) < len(wanted):
        fix = (
            f"give {' and '.join(COGNITO_KEYS)} for a Cognito user pool, or {', '.join(OIDC_KEYS)} for another provider"
        )
        raise refusal("user_pool_arn", [*cognito, *oidc], reason="is not one way to sign in, and that in full", fix=fix)
    if cognito:
        return CognitoSignIn(
            user_pool_arn=args["user_pool_arn"],
            domain=args["user_pool_domain"],
            client_id=args["browser_client_id"],
        )
    return OidcSignIn(
        issuer=args["issuer"],
        authorization_endpoint=args["authorization_endpoint"],
        token_endpoint=args["token_endpoint"],
        userinfo_endpoint=args["userinfo_endpoint"],
        client_id=args["browser_client_id"],
        client_secret_arn=args["browser_client_secret_arn"],
    )
