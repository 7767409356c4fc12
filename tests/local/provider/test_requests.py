"""What AWS is asked is first held against botocore's service model, enumerations and patterns included."""

from typing import Any

import pytest

from opencode_local.provider.errors import AwsError
from opencode_local.provider.store import Store
from tests.local.provider.declaring import Program

REQUESTS: dict[str, tuple[str, str, dict[str, Any], str]] = {
    "an unknown member": ("ec2", "CreateVpc", {"Cidr": "10.0.0.0/16"}, "extraneous key [Cidr]"),
    "an unknown member inside": (
        "ec2",
        "CreateVpc",
        {"TagSpecifications": [{"Tags": [{"Name": "a"}]}]},
        "#/TagSpecifications/1/member/Tags/1/member: extraneous key [Name]",
    ),
    "a missing member": ("ec2", "CreateSubnet", {"CidrBlock": "10.0.0.0/24"}, "'VpcId' failed"),
    "a value outside the enumeration": (
        "ec2",
        "CreateVpc",
        {"InstanceTenancy": "shared"},
        "Member must satisfy enum value set: [default, dedicated, host]",
    ),
    "text for a number": ("logs", "PutRetentionPolicy", {"logGroupName": "a", "retentionInDays": "7"}, "integer"),
    "text that is too long": (
        "logs",
        "CreateLogGroup",
        {"logGroupName": "a" * 513},
        "length less than or equal to 512",
    ),
    "text outside the pattern": ("logs", "CreateLogGroup", {"logGroupName": "a b"}, "regular expression pattern"),
    "a number that is too large": (
        "elbv2",
        "CreateListener",
        {"LoadBalancerArn": "arn", "DefaultActions": [{"Type": "forward"}], "Port": 70000},
        "value less than or equal to 65535",
    ),
    "a member for an operation without any": ("ec2", "DescribeVpcs", {"Filter": []}, "extraneous key [Filter]"),
}


@pytest.mark.parametrize("case", REQUESTS)
def test_a_request_is_refused_for(program: Program, case: str) -> None:
    service, operation, params, words = REQUESTS[case]

    with pytest.raises(AwsError) as refused:
        program.aws.validate(service, operation, **params)

    assert refused.value.code == "ValidationException"
    assert refused.value.operation == operation
    assert words in refused.value.message


def test_a_checked_client_sends_nothing_that_is_refused(program: Program) -> None:
    client = program.aws.client("logs")

    with pytest.raises(AwsError, match="regular expression"):
        client.create_log_group(logGroupName="a b")
    client.create_log_group(logGroupName="a-b")

    assert [group["logGroupName"] for group in client.describe_log_groups()["logGroups"]] == ["a-b"]


def test_accounts_are_apart(program: Program) -> None:
    client = program.client("sts")

    assert client.get_caller_identity()["Account"] == program.aws.account_id
    assert program.client("ec2").describe_vpcs()["Vpcs"][0]["OwnerId"] == program.aws.account_id


def test_the_store_hands_out_copies() -> None:
    store = Store()
    store.put("rule", "1", {"hosts": ["a"]})

    handed_out = store.require("rule", "1")
    handed_out["hosts"].append("b")

    assert store.list("rule") == {"1": {"hosts": ["a"]}}
    store.delete("rule", "1")
    assert store.kinds() == set()
    with pytest.raises(AwsError, match="The rule '1' does not exist"):
        store.require("rule", "1")
    with pytest.raises(AwsError, match="RuleNotFound: none"):
        store.require("rule", "1", "RuleNotFound", "none")
