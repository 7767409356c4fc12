"""aws.ec2.SecurityGroup and DefaultSecurityGroup, with rules inside or, better, beside them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from opencode_local.provider.aws import Aws
from opencode_local.provider.errors import AwsError
from opencode_local.provider.finishing import finishing
from opencode_local.provider.handler import AutoName, Fault, Handler, Properties
from opencode_local.provider.handlers import ec2
from opencode_local.provider.members import unsupported, values
from opencode_local.provider.tags import mapping

DIRECTIONS = {"ingress": "IpPermissions", "egress": "IpPermissionsEgress"}
EVERYTHING = "-1"
SOURCES = {
    "cidrBlocks": ("IpRanges", "CidrIp"),
    "ipv6CidrBlocks": ("Ipv6Ranges", "CidrIpv6"),
    "prefixListIds": ("PrefixListIds", "PrefixListId"),
    "securityGroups": ("UserIdGroupPairs", "GroupId"),
}
"""The lists of an inline rule: EC2's list and the member of its entries."""


class SecurityGroup(Handler):
    token = "aws:ec2/securityGroup:SecurityGroup"
    replace_on = frozenset({"name", "namePrefix", "description", "vpcId"})
    filled_by_aws = frozenset({"ingress", "egress", "vpcId"})
    auto_name = AutoName("name", max_length=255)

    def check(self, aws: Aws, inputs: Properties) -> Sequence[Fault]:
        return unsupported(values("name", "description", "vpcId", *DIRECTIONS), inputs, "namePrefix")

    def create(self, aws: Aws, inputs: Properties) -> str:
        """EC2's own rule, everything out, is taken away: only declared rules apply."""
        client = aws.client("ec2")
        place = {"VpcId": inputs["vpcId"]} if inputs.get("vpcId") else {}
        if place:
            client.describe_vpcs(VpcIds=[inputs["vpcId"]])
        answer = client.create_security_group(
            GroupName=inputs["name"],
            Description=inputs["description"],
            TagSpecifications=ec2.tag_specifications("security-group", inputs),
            **place,
        )
        id_: str = answer["GroupId"]
        with finishing(id_, inputs):
            write_rules(aws, id_, {"ingress": [], "egress": [], **inputs})
        return id_

    def read(self, aws: Aws, id_: str, inputs: Properties) -> Properties | None:
        group = ec2.existing(aws.client("ec2").describe_security_groups, "SecurityGroups", GroupIds=[id_])
        return None if group is None else group_properties(aws, group, inputs)

    def update(self, aws: Aws, id_: str, old: Properties, new: Properties) -> None:
        write_rules(aws, id_, changed_rules(old, new))
        ec2.retag(aws, id_, old, new)

    def delete(self, aws: Aws, id_: str, properties: Properties) -> None:
        client = aws.client("ec2")
        users = {rule["GroupId"] for rule in rules_naming(aws, id_)} - {id_}
        interfaces = client.describe_network_interfaces(Filters=ec2.matching(group_id=id_))["NetworkInterfaces"]
        if users or interfaces:
            message = f"resource {id_} has a dependent object"
            raise AwsError("DependencyViolation", message, "DeleteSecurityGroup")
        ec2.unless_gone(client.delete_security_group, GroupId=id_)


class DefaultSecurityGroup(Handler):
    """The group that a VPC comes with: taken over, never made, and left behind when it is no longer declared."""

    token = "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup"
    replace_on = frozenset({"vpcId"})

    def check(self, aws: Aws, inputs: Properties) -> Sequence[Fault]:
        return unsupported(values("vpcId", *DIRECTIONS), inputs)

    def create(self, aws: Aws, inputs: Properties) -> str:
        client = aws.client("ec2")
        client.describe_vpcs(VpcIds=[inputs["vpcId"]])
        filters = ec2.matching(vpc_id=inputs["vpcId"], group_name="default")
        group = client.describe_security_groups(Filters=filters)["SecurityGroups"][0]
        id_: str = group["GroupId"]
        write_rules(aws, id_, {"ingress": [], "egress": [], **inputs})
        ec2.retag(aws, id_, {"tagsAll": mapping(group.get("Tags"))}, inputs)
        return id_

    def read(self, aws: Aws, id_: str, inputs: Properties) -> Properties | None:
        group = ec2.existing(aws.client("ec2").describe_security_groups, "SecurityGroups", GroupIds=[id_])
        return None if group is None else group_properties(aws, group, {"ingress": [], "egress": [], **inputs})

    def update(self, aws: Aws, id_: str, old: Properties, new: Properties) -> None:
        write_rules(aws, id_, {"ingress": [], "egress": [], **new})
        ec2.retag(aws, id_, old, new)

    def delete(self, aws: Aws, id_: str, properties: Properties) -> None:
        """Nothing: EC2 lets nobody delete it, it goes with its VPC."""


def group_properties(aws: Aws, group: Mapping[str, Any], inputs: Properties) -> Properties:
    """Rules are reported where they are declared inside the group; otherwise they are other resources' affair."""
    id_ = group["GroupId"]
    rules = {
        direction: list(inline_rules(id_, group.get(member, ())))
        for direction, member in DIRECTIONS.items()
        if inputs.get(direction) is not None
    }
    return {
        "name": group["GroupName"],
        "description": group["Description"],
        "vpcId": group["VpcId"],
        "arn": aws.arn("ec2", f"security-group/{id_}"),
        "ownerId": aws.account_id,
        "tagsAll": mapping(group.get("Tags")),
        **rules,
    }


def changed_rules(old: Properties, new: Properties) -> Properties:
    """Each direction that changed; one that is no longer declared keeps no rules of ours."""
    changed = {direction for direction in DIRECTIONS if old.get(direction) != new.get(direction)}
    return {direction: new.get(direction) or [] for direction in changed}


def write_rules(aws: Aws, id_: str, directions: Mapping[str, Any]) -> None:
    """Gives the group exactly the rules of each direction that is named."""
    client = aws.client("ec2")
    group = client.describe_security_groups(GroupIds=[id_])["SecurityGroups"][0]
    for direction, member in DIRECTIONS.items():
        if direction not in directions:
            continue
        if group.get(member):
            revoke = getattr(client, f"revoke_security_group_{direction}")
            revoke(GroupId=id_, IpPermissions=[_given(permission) for permission in group[member]])
        permissions = [permission(id_, rule) for rule in directions[direction] or ()]
        if permissions:
            getattr(client, f"authorize_security_group_{direction}")(GroupId=id_, IpPermissions=permissions)


def permission(id_: str, rule: Mapping[str, Any]) -> dict[str, Any]:
    """An inline rule as EC2's IpPermission."""
    described = {"Description": rule["description"]} if rule.get("description") else {}
    made: dict[str, Any] = {"IpProtocol": rule["protocol"]}
    if rule["protocol"] != EVERYTHING:
        made |= {"FromPort": rule["fromPort"], "ToPort": rule["toPort"]}
    for name, (member, key) in SOURCES.items():
        entries = list(rule.get(name) or ()) + ([id_] if name == "securityGroups" and rule.get("self") else [])
        if entries:
            made[member] = [{key: entry, **described} for entry in entries]
    return made


def inline_rules(id_: str, permissions: Iterable[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """EC2's permissions as inline rules, one for each protocol, port range and description."""
    flat = sorted(_flat(permissions), key=lambda rule: rule[0])
    for (protocol, low, high, description), entries in groupby(flat, key=lambda rule: rule[0]):
        rule: dict[str, Any] = {"protocol": protocol, "fromPort": low, "toPort": high}
        for _, name, entry in entries:
            if name == "securityGroups" and entry == id_:
                rule["self"] = True
            else:
                rule.setdefault(name, []).append(entry)
        yield rule | ({"description": description} if description else {})


def rules_naming(aws: Aws, id_: str) -> list[Mapping[str, Any]]:
    """The rules of any group whose source or destination is this group."""
    rules = aws.client("ec2").describe_security_group_rules()["SecurityGroupRules"]
    return [rule for rule in rules if rule.get("ReferencedGroupInfo", {}).get("GroupId") == id_]


def _flat(permissions: Iterable[Mapping[str, Any]]) -> Iterator[tuple[tuple[str, int, int, str], str, str]]:
    for given in permissions:
        ports = (given.get("FromPort", 0), given.get("ToPort", 0))
        for name, (member, key) in SOURCES.items():
            for entry in given.get(member, ()):
                yield (given["IpProtocol"], *ports, entry.get("Description", "")), name, entry[key]


def _given(permission: Mapping[str, Any]) -> dict[str, Any]:
    """What EC2 described, without the empty lists that it fills in."""
    return {name: value for name, value in permission.items() if value not in ([], None)}


HANDLERS = (SecurityGroup(), DefaultSecurityGroup())
