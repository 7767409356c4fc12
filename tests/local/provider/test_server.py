"""The provider as an engine talks to it, over gRPC."""

from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

import grpc
import pytest
from google.protobuf.json_format import MessageToDict
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc, status_pb2

from opencode_local.aws import EmbeddedAws
from opencode_local.provider import wire
from opencode_local.provider.aws import Account
from opencode_local.provider.journal import Call
from opencode_local.provider.server import ProviderServer

VPC = "aws:ec2/vpc:Vpc"
GROUP = "aws:ec2/securityGroup:SecurityGroup"
SUBNET = "aws:ec2/subnet:Subnet"
account_ids = count(210_000_000_000)


@pytest.fixture
def account(aws: EmbeddedAws) -> Account:
    return Account(aws.url, str(next(account_ids)))


@pytest.fixture
def server(account: Account) -> Iterator[ProviderServer]:
    running = ProviderServer(account)
    running.start()
    yield running
    running.stop()


@pytest.fixture
def engine(server: ProviderServer) -> Iterator[Any]:
    """The engine's side of the wire, as configured by `aws:region` and `aws:defaultTags`."""
    with grpc.insecure_channel(f"127.0.0.1:{server.port}") as channel:
        stub = provider_pb2_grpc.ResourceProviderStub(channel)
        stub.Handshake(provider_pb2.ProviderHandshakeRequest())
        tags = '{"tags": {"owner": "platform"}}'
        configuration = wire.struct({"region": "eu-west-1", "defaultTags": tags})
        stub.Configure(provider_pb2.ConfigureRequest(args=configuration))
        yield stub


def urn(token: str, name: str) -> str:
    return f"urn:pulumi:dev::project::opencode:index:Network${token}::{name}"


def check(engine: Any, token: str, name: str, inputs: dict[str, Any], old: dict[str, Any] | None = None) -> Any:
    news, olds = wire.struct(inputs), wire.struct(old or {})
    return engine.Check(provider_pb2.CheckRequest(urn=urn(token, name), news=news, olds=olds, randomSeed=b"seed"))


def create(engine: Any, token: str, name: str, inputs: dict[str, Any], *, preview: bool = False) -> Any:
    applied = check(engine, token, name, inputs)
    assert not applied.failures
    return engine.Create(provider_pb2.CreateRequest(urn=urn(token, name), properties=applied.inputs, preview=preview))


def refusal(call: Callable[[], Any]) -> tuple[str, Any]:
    """The message of the error that a call ends with, and the resource that it left behind."""
    with pytest.raises(grpc.RpcError) as raised:
        call()
    left = provider_pb2.ErrorResourceInitFailed()
    for key, value in raised.value.trailing_metadata() or ():
        if key == "grpc-status-details-bin":
            status_pb2.Status.FromString(value).details[0].Unpack(left)
    return raised.value.details(), left


def test_a_resource_lives_through_every_request_of_the_engine(engine: Any, account: Account) -> None:
    made = create(engine, VPC, "net", {"cidrBlock": "10.0.0.0/16", "tags": {"Name": "net"}})
    outputs = wire.properties(made.properties)
    assert made.id.startswith("vpc-")
    assert outputs["tagsAll"] == {"owner": "platform", "Name": "net"}
    assert outputs["region"] == "eu-west-1"

    old = check(engine, VPC, "net", {"cidrBlock": "10.0.0.0/16", "tags": {"Name": "net"}}).inputs
    new = check(engine, VPC, "net", {"cidrBlock": "10.0.0.0/16", "enableDnsHostnames": True}).inputs
    ids = {"id": made.id, "urn": urn(VPC, "net")}
    difference = engine.Diff(provider_pb2.DiffRequest(**ids, olds=made.properties, old_inputs=old, news=new))
    assert set(difference.detailedDiff) == {"enableDnsHostnames", "tags", "tagsAll.Name"}
    assert list(difference.replaces) == []

    engine.Update(provider_pb2.UpdateRequest(**ids, olds=made.properties, old_inputs=old, news=new))
    read = engine.Read(provider_pb2.ReadRequest(**ids, properties=made.properties, inputs=new))
    assert MessageToDict(read.inputs) == MessageToDict(new)
    assert wire.properties(read.properties)["enableDnsHostnames"] is True

    engine.Delete(provider_pb2.DeleteRequest(**ids, properties=read.properties, old_inputs=new))
    assert engine.Read(provider_pb2.ReadRequest(**ids, properties=read.properties, inputs=new)).id == ""
    assert [vpc["IsDefault"] for vpc in account.client("ec2", "eu-west-1").describe_vpcs()["Vpcs"]] == [True]


def test_a_preview_makes_nothing_and_keeps_what_is_unknown(engine: Any, account: Account) -> None:
    shown = create(engine, SUBNET, "a", {"vpcId": wire.UNKNOWN, "cidrBlock": "10.0.0.0/24"}, preview=True)

    assert shown.id == ""
    assert wire.properties(shown.properties)["vpcId"] is wire.UNKNOWN
    assert len(account.client("ec2", "eu-west-1").describe_vpcs()["Vpcs"]) == 1


def test_faults_come_back_with_their_property(engine: Any) -> None:
    answer = check(engine, VPC, "net", {"cidrBlok": "10.0.0.0/16"})

    assert [failure.property for failure in answer.failures] == ["cidrBlok"]


def test_what_aws_refuses_comes_back_in_its_words(engine: Any) -> None:
    message, left = refusal(lambda: create(engine, VPC, "net", {"cidrBlock": "10.0.0.0/8"}))

    assert message == (
        f"create {VPC} net: operation error CreateVpc: api error InvalidVpc.Range: The CIDR '10.0.0.0/8' is invalid."
    )
    assert left.id == ""


def test_an_unknown_type_comes_back_by_its_name(engine: Any) -> None:
    message, _ = refusal(lambda: check(engine, "aws:ec2/instance:Instance", "a", {}))

    assert "no handler for aws:ec2/instance:Instance" in message


def test_secrets_and_references_reach_handlers_as_plain_values() -> None:
    secret = {wire.SIGNATURE: wire.SECRET, "value": "10.0.0.0/16"}
    reference = {wire.SIGNATURE: wire.RESOURCE, "urn": urn(VPC, "net"), "id": "vpc-1"}
    unknown = {wire.SIGNATURE: wire.OUTPUT}
    sent = wire.struct({"a": secret, "b": [reference], "c": unknown, "d": 2, "e": None, "f": 0.5})

    assert wire.properties(sent) == {"a": "10.0.0.0/16", "b": ["vpc-1"], "c": wire.UNKNOWN, "d": 2, "f": 0.5}


@pytest.mark.parametrize("where", [f"{VPC}::net", lambda token, name: token == VPC and name == "net"])
def test_a_creation_told_to_fail_does_so_once_and_makes_nothing(
    engine: Any, server: ProviderServer, account: Account, where: Any
) -> None:
    server.fail_at(where)

    message, left = refusal(lambda: create(engine, VPC, "net", {"cidrBlock": "10.0.0.0/16"}))

    assert "told to fail before" in message
    assert left.id == ""
    assert len(account.client("ec2", "eu-west-1").describe_vpcs()["Vpcs"]) == 1
    assert create(engine, VPC, "net", {"cidrBlock": "10.0.0.0/16"}).id


def test_a_creation_that_fails_afterwards_leaves_the_engine_what_it_made(engine: Any, server: ProviderServer) -> None:
    server.fail_at(f"{VPC}::net", after=True)

    message, left = refusal(lambda: create(engine, VPC, "net", {"cidrBlock": "10.0.0.0/16"}))

    assert "told to fail after" in message
    assert left.id.startswith("vpc-")
    assert wire.properties(left.inputs)["cidrBlock"] == "10.0.0.0/16"
    assert wire.properties(left.properties)["region"] == "eu-west-1"


def test_what_failed_after_its_creation_is_finished_by_an_update_without_changes(
    engine: Any, server: ProviderServer
) -> None:
    server.fail_at(f"{VPC}::net", after=True)
    _, left = refusal(lambda: create(engine, VPC, "net", {"cidrBlock": "10.0.0.0/16"}))

    ids = {"id": left.id, "urn": urn(VPC, "net")}
    answer = engine.Update(
        provider_pb2.UpdateRequest(**ids, olds=left.properties, old_inputs=left.inputs, news=left.inputs)
    )

    assert wire.properties(answer.properties)["arn"].endswith(left.id)


def test_what_aws_took_only_in_part_is_completed_by_the_next_update(engine: Any, account: Account) -> None:
    rule = {"protocol": "tcp", "fromPort": 1, "toPort": 1}
    inputs = {"description": "a", "name": "a", "ingress": [{**rule, "cidrBlocks": ["10.0.0.0/99"]}]}

    _, left = refusal(lambda: create(engine, GROUP, "a", inputs))

    assert left.id.startswith("sg-")
    old = wire.properties(left.inputs)
    assert old["ingress"] == []
    new = check(engine, GROUP, "a", {**inputs, "ingress": [{**rule, "cidrBlocks": ["10.0.0.0/9"]}]}, old).inputs
    ids = {"id": left.id, "urn": urn(GROUP, "a")}
    engine.Update(provider_pb2.UpdateRequest(**ids, olds=left.properties, old_inputs=left.inputs, news=new))
    there = account.client("ec2", "eu-west-1").describe_security_groups(GroupIds=[left.id])["SecurityGroups"][0]
    assert [given["CidrIp"] for given in there["IpPermissions"][0]["IpRanges"]] == ["10.0.0.0/9"]


def test_the_journal_tells_what_was_asked(engine: Any, server: ProviderServer) -> None:
    create(engine, VPC, "net", {"cidrBlock": "10.0.0.0/16"}, preview=True)

    assert server.calls == (Call("Check", VPC, "net"), Call("Create", VPC, "net", is_preview=True))


def test_functions_answer_for_the_configured_region(engine: Any, account: Account) -> None:
    zone = account.client("route53", "us-east-1").create_hosted_zone(Name="example.com", CallerReference="1")

    def ask(token: str, **args: Any) -> dict[str, Any]:
        answer = engine.Invoke(provider_pb2.InvokeRequest(tok=token, args=wire.struct(args)))
        return wire.properties(getattr(answer, "return"))

    assert ask("aws:index/getCallerIdentity:getCallerIdentity")["accountId"] == account.account_id
    assert ask("aws:index/getRegion:getRegion")["region"] == "eu-west-1"
    assert ask("aws:index/getPartition:getPartition")["partition"] == "aws"
    assert ask("aws:index/getAvailabilityZones:getAvailabilityZones")["names"][0] == "eu-west-1a"
    assert ask("aws:index/getAvailabilityZone:getAvailabilityZone", name="eu-west-1b")["nameSuffix"] == "b"
    assert ask("aws:route53/getZone:getZone", name="example.com")["zoneId"] in zone["HostedZone"]["Id"]
    with pytest.raises(grpc.RpcError, match="NoSuchHostedZone"):
        ask("aws:route53/getZone:getZone", name="example.org")
    with pytest.raises(grpc.RpcError, match="no function aws:ec2/getVpc:getVpc"):
        ask("aws:ec2/getVpc:getVpc")


def test_configuration_that_the_provider_does_not_know_is_refused(engine: Any) -> None:
    news = wire.struct({"region": "eu-west-1", "regoin": "eu-west-1"})

    answer = engine.CheckConfig(provider_pb2.CheckRequest(urn="urn:pulumi:dev::p::pulumi:providers:aws::a", news=news))

    assert [failure.property for failure in answer.failures] == ["regoin"]
