"""What becomes of a resource's inputs before AWS sees them: schema, names, tags, differences."""

from typing import Any

import pytest

from opencode_local.provider import diff, naming, property_schema
from opencode_local.provider.aws import Aws
from opencode_local.provider.checks import Declaration, checked
from opencode_local.provider.comparison import covers, is_same
from opencode_local.provider.handler import AutoName
from opencode_local.provider.registry import UnknownType, handler_of
from opencode_local.provider.wire import UNKNOWN
from tests.local.provider.declaring import Program

VPC = "aws:ec2/vpc:Vpc"
GROUP = "aws:ec2/securityGroup:SecurityGroup"
LISTENER = "aws:lb/listener:Listener"
VERSIONING = "aws:s3/bucketVersioning:BucketVersioning"
FORWARD = {"type": "forward", "targetGroupArn": "arn"}

FAULTS: dict[str, tuple[str, dict[str, Any], str, str]] = {
    "an unknown property": (VPC, {"cidr": "10.0.0.0/16"}, "cidr", "Invalid or unknown key"),
    "a snake-case property": (VPC, {"cidr_block": "10.0.0.0/16"}, "cidr_block", "Invalid or unknown key"),
    "an unknown property inside": (
        LISTENER,
        {"loadBalancerArn": "arn", "defaultActions": [{**FORWARD, "target": "x"}]},
        "defaultActions[0].target",
        "Invalid or unknown key",
    ),
    "a missing property": (
        LISTENER,
        {"defaultActions": [FORWARD]},
        "loadBalancerArn",
        "Missing required argument",
    ),
    "a missing property inside": (
        LISTENER,
        {"loadBalancerArn": "arn", "defaultActions": [{"order": 1}]},
        "defaultActions[0].type",
        "Missing required argument",
    ),
    "text for a number": (
        LISTENER,
        {"loadBalancerArn": "arn", "defaultActions": [FORWARD], "port": "https"},
        "port",
        "expected int",
    ),
    "a number for a switch": (VPC, {"enableDnsSupport": 1}, "enableDnsSupport", "expected bool"),
    "a switch for a number": (LISTENER, {"loadBalancerArn": "a", "defaultActions": [], "port": True}, "port", "int"),
    "one for many": (GROUP, {"ingress": {"protocol": "tcp"}}, "ingress", "expected a list"),
    "text for an object": (
        VERSIONING,
        {"bucket": "b", "versioningConfiguration": "on"},
        "versioningConfiguration",
        "expected an object",
    ),
    "text for a map": (VPC, {"tags": "a"}, "tags", "expected a map"),
    "a tag that is no text": (VPC, {"tags": {"a": 1}}, "tags.a", "expected str"),
}


@pytest.mark.parametrize("case", FAULTS)
def test_the_schema_faults(case: str) -> None:
    token, inputs, path, reason = FAULTS[case]

    found = {fault.property: fault.reason for fault in property_schema.faults(token, inputs)}

    assert list(found) == [path]
    assert reason in found[path]


def test_values_still_unknown_fit_every_type() -> None:
    inputs = {"loadBalancerArn": UNKNOWN, "port": UNKNOWN, "defaultActions": [{"type": UNKNOWN}]}

    assert property_schema.faults(LISTENER, inputs) == []


def test_a_type_without_handler_is_an_error_that_names_it() -> None:
    with pytest.raises(UnknownType, match="aws:ec2/instance:Instance"):
        handler_of("aws:ec2/instance:Instance")


def test_a_type_that_pulumi_aws_does_not_have_is_an_error_that_names_it() -> None:
    with pytest.raises(LookupError, match="aws:ec2/nothing:Nothing"):
        property_schema.resource_schema("aws:ec2/nothing:Nothing")


def test_a_resource_without_a_name_gets_its_own_and_seven_digits() -> None:
    inputs, faults = naming.named(AutoName("name", 32), "dev-api", {}, {}, b"seed")

    again, _ = naming.named(AutoName("name", 32), "dev-api", {}, {}, b"seed")
    assert not faults
    assert inputs == again
    assert inputs["name"].startswith("dev-api-")
    assert len(inputs["name"]) == len("dev-api-") + 7


def test_a_made_up_name_stays_until_another_is_given() -> None:
    first, _ = naming.named(AutoName("name", 32), "dev-api", {}, {}, b"one")

    assert naming.named(AutoName("name", 32), "dev-api", {}, first, b"two")[0]["name"] == first["name"]
    assert naming.named(AutoName("name", 32), "dev-api", {"name": "mine"}, first, b"two")[0]["name"] == "mine"


def test_a_name_that_was_given_and_no_longer_is_becomes_a_made_up_one() -> None:
    given, _ = naming.named(AutoName("name", 32), "dev-api", {"name": "mine"}, {}, b"")

    assert naming.named(AutoName("name", 32), "dev-api", {}, given, b"s")[0]["name"].startswith("dev-api-")


def test_a_name_prefix_takes_the_place_of_the_logical_name() -> None:
    inputs, _ = naming.named(AutoName("name", 32), "dev-api", {"namePrefix": "web-"}, {}, b"s")

    assert inputs["name"].startswith("web-")


def test_a_name_too_long_for_aws_is_refused() -> None:
    _, faults = naming.named(AutoName("name", 32), "a-logical-name-of-27-letters", {}, {}, b"")

    assert "longer than the 32" in faults[0].reason


def test_default_tags_lie_under_a_resources_own(program: Program) -> None:
    aws = Aws(program.aws.account, default_tags={"owner": "platform", "stage": "dev"})
    declaration = Declaration("net", {"cidrBlock": "10.0.0.0/16", "tags": {"stage": "test"}})

    inputs, _ = checked(handler_of(VPC), aws, declaration)

    assert inputs["tagsAll"] == {"owner": "platform", "stage": "test"}
    assert inputs["tags"] == {"stage": "test"}


def test_a_tag_made_by_hand_is_drift_and_a_default_tag_is_none(program: Program) -> None:
    made = program.declare(VPC, cidrBlock="10.0.0.0/16", tags={"Name": "net"})

    program.client("ec2").create_tags(Resources=[made.id], Tags=[{"Key": "by", "Value": "hand"}])

    assert program.drift(made)["tags"] == {"Name": "net", "by": "hand"}


def test_a_resource_that_is_gone_is_not_found(program: Program) -> None:
    made = program.declare(VPC, cidrBlock="10.0.0.0/16")

    program.client("ec2").delete_vpc(VpcId=made.id)

    assert not program.is_there(made)


DIFFERENCES: dict[str, tuple[dict[str, Any], dict[str, Any], dict[str, tuple[str, bool]]]] = {
    "nothing": ({"description": "a"}, {"description": "a"}, {}),
    "a changed value that replaces": ({"description": "a"}, {"description": "b"}, {"description": ("update", True)}),
    "a new tag": ({"tags": {}}, {"tags": {"a": "b"}}, {"tags.a": ("add", False)}),
    "a tag gone": ({"tags": {"a.b": "c"}}, {"tags": {}}, {'tags["a.b"]': ("delete", False)}),
    "a value inside a list": (
        {"ingress": [{"toPort": 1}]},
        {"ingress": [{"toPort": 2}]},
        {"ingress[0].toPort": ("update", False)},
    ),
    "a longer list": ({"ingress": []}, {"ingress": [{"toPort": 2}]}, {"ingress": ("update", False)}),
    "a value not yet known": ({"vpcId": "vpc-1"}, {"vpcId": UNKNOWN}, {"vpcId": ("update", True)}),
    "JSON laid out anew": ({"description": '{"a": 1}'}, {"description": '{"a":1}'}, {}),
    "a region written out": ({}, {"region": "us-east-1"}, {}),
    "another region": ({"region": "us-east-1"}, {"region": "eu-west-1"}, {"region": ("update", True)}),
    "the engine's own notes": ({"__defaults": ["name"]}, {"__defaults": []}, {}),
}


@pytest.mark.parametrize("case", DIFFERENCES)
def test_differences_are_found(case: str) -> None:
    old, new, expected = DIFFERENCES[case]

    found = {change.path: (change.kind.value, change.replaces) for change in diff.changes(handler_of(GROUP), old, new)}

    assert found == expected


def test_a_replacement_with_the_same_given_name_waits_until_the_old_one_is_gone() -> None:
    handler = handler_of(GROUP)
    given, made_up = {"name": "a", "__defaults": []}, {"name": "a-1234567", "__defaults": ["name"]}

    assert diff.deletes_first(handler, given, given)
    assert not diff.deletes_first(handler, given, {**given, "name": "b"})
    assert not diff.deletes_first(handler, made_up, made_up)


def test_aws_may_keep_lists_in_another_order_and_know_more_than_was_declared() -> None:
    assert covers([{"port": 1}, {"port": 2}], [{"port": 2, "from": "aws"}, {"port": 1}])
    assert covers({"enabled": False, "names": []}, {})
    assert not covers({"enabled": True}, {})
    assert not covers([1], [1, 2])
    assert is_same(["a", "b"], ["b", "a"])
    assert not is_same({"a": 1}, {"a": 1, "b": 2})
