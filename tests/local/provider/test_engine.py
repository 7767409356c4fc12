"""The same handlers in process: programs deployed onto the local AWS by the components' own test tools."""

from itertools import count
from pathlib import Path

import pulumi
import pulumi_aws as aws
import pulumi_awsx as awsx
import pytest

from opencode_components.testing import deploy
from opencode_local.aws import EmbeddedAws
from opencode_local.provider import images
from opencode_local.provider.aws import Account
from opencode_local.provider.engine import LocalEngine, RefusedInputs
from opencode_local.provider.errors import AwsError
from opencode_local.provider.registry import UnknownType

account_ids = count(220_000_000_000)


@pytest.fixture
def account(aws: EmbeddedAws) -> Account:
    return Account(aws.url, str(next(account_ids)))


def test_a_program_is_made_with_ids_that_exist(account: Account) -> None:
    def program() -> None:
        vpc = aws.ec2.Vpc("net", cidr_block="10.0.0.0/16")
        subnet = aws.ec2.Subnet("a", vpc_id=vpc.id, cidr_block="10.0.0.0/24")
        pulumi.export("subnet", subnet.id)
        pulumi.export("owner", aws.get_caller_identity().account_id)

    graph = deploy(program, engine=LocalEngine(account, default_tags={"owner": "platform"}))

    there = account.client("ec2", "us-east-1").describe_subnets(SubnetIds=[graph.outputs["subnet"]])["Subnets"][0]
    assert there["CidrBlock"] == "10.0.0.0/24"
    assert {tag["Key"]: tag["Value"] for tag in there["Tags"]} == {"owner": "platform"}
    assert graph.outputs["owner"] == account.account_id


def test_what_exists_is_read_and_what_does_not_is_an_error(account: Account) -> None:
    vpc_id = account.client("ec2", "us-east-1").describe_vpcs()["Vpcs"][0]["VpcId"]

    def program(id_: str) -> None:
        pulumi.export("cidr", aws.ec2.Vpc.get("net", id_).cidr_block)

    assert deploy(lambda: program(vpc_id), engine=LocalEngine(account)).outputs["cidr"] == "172.31.0.0/16"
    with pytest.raises(AwsError, match="does not exist"):
        deploy(lambda: program("vpc-11111111"), engine=LocalEngine(account))


def test_a_program_that_aws_would_refuse_is_refused(account: Account) -> None:
    with pytest.raises(RefusedInputs, match="exactly one of"):
        deploy(lambda: route("rtb-11111111"), engine=LocalEngine(account))
    with pytest.raises(UnknownType, match="aws:ec2/keyPair:KeyPair"):
        deploy(lambda: aws.ec2.KeyPair("key", public_key="ssh-ed25519 AAAA"), engine=LocalEngine(account))


def route(table: str) -> None:
    aws.ec2.Route("out", route_table_id=table, destination_cidr_block="0.0.0.0/0")


def test_an_image_is_made_of_its_context(account: Account, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(images, "has_daemon", lambda: False)
    (tmp_path / "Dockerfile").write_text("FROM scratch")

    def program() -> None:
        pulumi.export("uri", awsx.ecr.Image("router", repository_url="host/router", context=str(tmp_path)).image_uri)

    assert deploy(program, engine=LocalEngine(account)).outputs["uri"].startswith("host/router@sha256:")
