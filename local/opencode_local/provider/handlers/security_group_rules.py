"""aws.vpc.SecurityGroupIngressRule and SecurityGroupEgressRule."""

from collections.abc import Sequence
from typing import Any

from opencode_local.provider.aws import Aws
from opencode_local.provider.handler import Fault, Handler, Properties
from opencode_local.provider.handlers import ec2
from opencode_local.provider.members import Members, reported, request, unsupported, value, values
from opencode_local.provider.tags import mapping

SOURCES = {
    "cidrIpv4": ("IpRanges", "CidrIp"),
    "cidrIpv6": ("Ipv6Ranges", "CidrIpv6"),
    "prefixListId": ("PrefixListIds", "PrefixListId"),
    "referencedSecurityGroupId": ("UserIdGroupPairs", "GroupId"),
}
PORTS: Members = values("ipProtocol", "fromPort", "toPort")
RULE: Members = (
    *PORTS,
    *values("cidrIpv4", "cidrIpv6", "prefixListId", "description"),
    value("securityGroupId", "GroupId"),
    value("referencedSecurityGroupId", "ReferencedGroupInfo.GroupId"),
)
CHANGED: Members = (
    *PORTS,
    *values("cidrIpv4", "cidrIpv6", "prefixListId", "description"),
    value("referencedSecurityGroupId", "ReferencedGroupId"),
)
ANY_PORT = ("-1", "icmp", "icmpv6")


class SecurityGroupRule(Handler):
    """One rule, with one source or destination.

    Another prefix list, group or IPv6 range makes a new rule here, since the embedded AWS cannot modify those.
    """

    replace_on = frozenset({"securityGroupId", "cidrIpv6", "prefixListId", "referencedSecurityGroupId"})
    direction: str

    def check(self, aws: Aws, inputs: Properties) -> Sequence[Fault]:
        faults = unsupported(RULE, inputs)
        given = [name for name in SOURCES if inputs.get(name)]
        if len(given) != 1:
            faults.append(Fault("cidrIpv4", f"exactly one of {', '.join(SOURCES)} must be given, not {len(given)}"))
        needs_ports = inputs["ipProtocol"] not in ANY_PORT
        if needs_ports != (inputs.get("fromPort") is not None and inputs.get("toPort") is not None):
            reason = f"protocol {inputs['ipProtocol']} needs fromPort and toPort" if needs_ports else "takes no ports"
            faults.append(Fault("fromPort", reason))
        return faults

    def create(self, aws: Aws, inputs: Properties) -> str:
        client = aws.client("ec2")
        if inputs.get("referencedSecurityGroupId"):
            client.describe_security_groups(GroupIds=[inputs["referencedSecurityGroupId"]])
        authorize = getattr(client, f"authorize_security_group_{self.direction}")
        answer = authorize(
            GroupId=inputs["securityGroupId"],
            IpPermissions=[permission(inputs)],
            TagSpecifications=ec2.tag_specifications("security-group-rule", inputs),
        )
        id_ = str(answer["SecurityGroupRules"][0]["SecurityGroupRuleId"])
        if inputs.get("description") and not inputs.get("cidrIpv4"):
            self._modify(aws, id_, inputs)  # the embedded AWS drops what such a rule was described by at first
        return id_

    def read(self, aws: Aws, id_: str, inputs: Properties) -> Properties | None:
        rule = self._rule(aws, id_)
        if rule is None:
            return None
        found = reported(RULE, rule, inputs)
        if found["ipProtocol"] in ANY_PORT:
            found = {name: value for name, value in found.items() if name not in {"fromPort", "toPort"}}
        return {
            **found,
            "arn": aws.arn("ec2", f"security-group-rule/{id_}"),
            "securityGroupRuleId": id_,
            "tagsAll": mapping(rule.get("Tags")),
        }

    def update(self, aws: Aws, id_: str, old: Properties, new: Properties) -> None:
        if request(CHANGED, old) != request(CHANGED, new):
            self._modify(aws, id_, new)
        ec2.retag(aws, id_, old, new)

    def delete(self, aws: Aws, id_: str, properties: Properties) -> None:
        rule = self._rule(aws, id_)
        if rule is not None:
            revoke = getattr(aws.client("ec2"), f"revoke_security_group_{self.direction}")
            revoke(GroupId=rule["GroupId"], SecurityGroupRuleIds=[id_])

    def _modify(self, aws: Aws, id_: str, inputs: Properties) -> None:
        rule = {"Description": "", "FromPort": -1, "ToPort": -1, **request(CHANGED, inputs)}
        aws.client("ec2").modify_security_group_rules(
            GroupId=inputs["securityGroupId"],
            SecurityGroupRules=[{"SecurityGroupRuleId": id_, "SecurityGroupRule": rule}],
        )

    def _rule(self, aws: Aws, id_: str) -> dict[str, Any] | None:
        describe = aws.client("ec2").describe_security_group_rules
        return ec2.existing(describe, "SecurityGroupRules", SecurityGroupRuleIds=[id_])


class SecurityGroupIngressRule(SecurityGroupRule):
    token = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
    direction = "ingress"


class SecurityGroupEgressRule(SecurityGroupRule):
    token = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"
    direction = "egress"


def permission(inputs: Properties) -> dict[str, Any]:
    """EC2's IpPermission with the one source."""
    name = next(name for name in SOURCES if inputs.get(name))
    member, key = SOURCES[name]
    described = {"Description": inputs["description"]} if inputs.get("description") else {}
    return {**request(PORTS, inputs), member: [{key: inputs[name], **described}]}


HANDLERS = (SecurityGroupIngressRule(), SecurityGroupEgressRule())
