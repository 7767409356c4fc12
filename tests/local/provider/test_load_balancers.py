"""Load balancers and target groups."""

from dataclasses import dataclass
from typing import Any

import pytest

from tests.local.provider.declaring import Program, Refused
from tests.local.provider.gateway_site import (
    Network,
    a_balancer,
    a_listener,
    a_network,
    a_rule,
    a_subnet,
    a_target_group,
    document,
)
from tests.local.provider.round_trip import assert_as_declared, leaves_nothing, lives_and_changes

LOG_DELIVERY = "logdelivery.elasticloadbalancing.amazonaws.com"


@dataclass(frozen=True)
class Site:
    program: Program
    network: Network


@pytest.fixture(scope="module")
def site(shared_program: Program) -> Site:
    return Site(shared_program, a_network(shared_program))


def a_log_bucket(program: Program, **change: Any) -> str:
    """With a policy that admits log delivery over TLS, save for the `change`."""
    name, s3 = f"logs-{program.aws.account_id}", program.client("s3")
    s3.create_bucket(Bucket=name)
    delivery = {
        "Effect": "Allow",
        "Principal": {"Service": LOG_DELIVERY},
        "Action": "s3:PutObject",
        "Resource": f"arn:aws:s3:::{name}/AWSLogs/{program.aws.account_id}/*",
    }
    without_tls = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [f"arn:aws:s3:::{name}", f"arn:aws:s3:::{name}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    s3.put_bucket_policy(Bucket=name, Policy=document({**delivery, **change}, without_tls))
    return name


def test_a_load_balancer_changes_in_place_and_leaves_nothing(program: Program) -> None:
    network = a_network(program)
    third = a_subnet(program, network.vpc_id, "10.0.7.0/24", "c")
    group_ids, subnet_ids = [network.group_id], list(network.subnet_ids)
    balancer = a_balancer(program, network, idleTimeout=900, dropInvalidHeaderFields=True, tags={"Name": "api"})

    balancer = lives_and_changes(
        program,
        balancer,
        dict.fromkeys(["idleTimeout", "dropInvalidHeaderFields", "subnets", "accessLogs", "tags"]),
        idleTimeout=1200,
        securityGroups=group_ids,
        subnets=[*subnet_ids, third],
        accessLogs={"bucket": a_log_bucket(program), "enabled": True},
        tags={"Name": "gateway"},
    )

    assert balancer["dropInvalidHeaderFields"] is False, "what is no longer declared is AWS's default again"
    assert balancer["arnSuffix"] == f"app/{balancer['name']}/{balancer['arn'].rpartition('/')[2]}"
    assert balancer["vpcId"] == network.vpc_id
    assert balancer["tagsAll"] == {"Name": "gateway", "owner": "platform"}
    leaves_nothing(program, balancer)


def test_another_scheme_is_another_load_balancer(program: Program) -> None:
    network = a_network(program)
    balancer = a_balancer(program, network)
    same = {"securityGroups": [network.group_id], "subnets": list(network.subnet_ids)}

    assert program.plan(balancer, **same, internal=True) == {"internal": True}


def test_a_protected_load_balancer_is_not_deleted(program: Program) -> None:
    network = a_network(program)
    balancer = a_balancer(program, network, enableDeletionProtection=True)

    with pytest.raises(Refused, match="deletion protection is enabled"):
        program.remove(balancer)

    assert program.is_there(balancer)


def test_an_idle_timeout_that_is_changed_by_hand_shows(program: Program) -> None:
    balancer = a_balancer(program, a_network(program), idleTimeout=900)
    attribute = {"Key": "idle_timeout.timeout_seconds", "Value": "60"}
    program.client("elbv2").modify_load_balancer_attributes(LoadBalancerArn=balancer["arn"], Attributes=[attribute])

    assert program.drift(balancer) == {"idleTimeout": 60}


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        ({"subnets": ["subnet-00000000000000000"]}, "SubnetNotFound"),
        ({"securityGroups": ["sg-00000000000000000"]}, "security groups"),
        ({"name": "a" * 33}, "cannot be longer than '32'"),
        ({"name": "internal-api"}, "must not begin"),
        ({"name": "api_1"}, "alphanumeric"),
        ({"ipAddressType": "ipv5"}, "enum value set"),
        ({"idleTimeout": 4001}, "1 to 4000"),
        ({"desyncMitigationMode": "lenient"}, "one of monitor, defensive, strictest"),
        ({"loadBalancerType": "network"}, "not supported by the local AWS"),
        ({"subnetMappings": [{"subnetId": "subnet-1"}]}, "not supported by the local AWS"),
        ({"accessLogs": {"bucket": "no-such-bucket", "enabled": True}}, "Access Denied for bucket"),
        ({"idleTimeouts": 5}, "Invalid or unknown key"),
        ({"idleTimeout": "60"}, "expected int"),
    ],
)
def test_a_load_balancer_that_aws_would_refuse_is_refused(site: Site, bad: dict[str, Any], why: str) -> None:
    with pytest.raises(Refused, match=why):
        a_balancer(site.program, site.network, **bad)

    assert not site.program.client("elbv2").describe_load_balancers()["LoadBalancers"]


def test_a_load_balancer_spans_two_zones_of_one_vpc_with_a_way_to_the_internet(program: Program) -> None:
    network, other = a_network(program), a_network(program, "10.1.0.0/16", has_gateway=False)
    same_zone = a_subnet(program, network.vpc_id, "10.0.9.0/24", "a")

    with pytest.raises(Refused, match="two different Availability Zones"):
        a_balancer(program, network, subnets=list(network.subnet_ids[:1]))
    with pytest.raises(Refused, match="same Availability Zone"):
        a_balancer(program, network, subnets=[network.subnet_ids[0], same_zone])
    with pytest.raises(Refused, match="same VPC"):
        a_balancer(program, network, subnets=[network.subnet_ids[0], other.subnet_ids[1]])
    with pytest.raises(Refused, match="has no internet gateway"):
        a_balancer(program, other)
    assert a_balancer(program, other, internal=True)["internal"] is True


def test_two_load_balancers_cannot_have_one_name(program: Program) -> None:
    network = a_network(program)
    a_balancer(program, network, name="api")

    with pytest.raises(Refused, match="DuplicateLoadBalancerName"):
        a_balancer(program, network, name="api")


@pytest.mark.parametrize(
    "change",
    [
        {"Principal": {"Service": "logs.amazonaws.com"}},
        {"Action": "s3:GetObject"},
        {"Resource": "arn:aws:s3:::logs/AWSLogs/111111111111/*"},
        {"Condition": {"StringEquals": {"aws:SourceAccount": "111111111111"}}},
        {"Effect": "Deny"},
    ],
)
def test_a_bucket_that_does_not_admit_log_delivery_takes_no_access_log(program: Program, change: Any) -> None:
    network, bucket = a_network(program), a_log_bucket(program, **change)

    with pytest.raises(Refused, match="Please check S3bucket permission"):
        a_balancer(program, network, accessLogs={"bucket": bucket, "enabled": True})


def test_a_bucket_that_is_encrypted_with_a_kms_key_takes_no_access_log(program: Program) -> None:
    bucket = a_log_bucket(program)
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}
    program.client("s3").put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [rule]})

    with pytest.raises(Refused, match="Access Denied for bucket"):
        a_balancer(program, a_network(program), accessLogs={"bucket": bucket, "enabled": True})


def test_a_target_group_changes_in_place_and_leaves_nothing(program: Program) -> None:
    network = a_network(program)
    group = a_target_group(program, network, deregistrationDelay=110, healthCheck={"path": "/health", "interval": 10})

    changed = ["deregistrationDelay", "healthCheck", "loadBalancingAlgorithmType", "stickiness", "tags"]
    group = lives_and_changes(
        program,
        group,
        dict.fromkeys(changed),
        port=8080,
        protocol="HTTP",
        targetType="ip",
        vpcId=network.vpc_id,
        healthCheck={"path": "/ready", "matcher": "200-299", "timeout": 4, "unhealthyThreshold": 2},
        loadBalancingAlgorithmType="least_outstanding_requests",
        stickiness={"type": "lb_cookie", "cookieDuration": 3600},
        tags={"Name": "router"},
    )

    assert group["deregistrationDelay"] == 300
    assert group["healthCheck"]["interval"] == 30
    assert group["arnSuffix"] == f"targetgroup/{group['name']}/{group['arn'].rpartition('/')[2]}"
    leaves_nothing(program, group)


def test_another_port_is_another_target_group(program: Program) -> None:
    network = a_network(program)
    group = a_target_group(program, network)
    same = {"protocol": "HTTP", "targetType": "ip", "vpcId": network.vpc_id}

    assert program.plan(group, **same, port=9090) == {"port": True}


def test_a_target_group_in_use_is_not_deleted(program: Program) -> None:
    network = a_network(program)
    group = a_target_group(program, network)
    rule = a_rule(program, a_listener(program, a_balancer(program, network)), group)

    assert_as_declared(program, group)
    with pytest.raises(Refused, match="currently in use by a listener or a rule"):
        program.remove(group)

    program.remove(rule)
    leaves_nothing(program, group)


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        ({"name": "a" * 33}, "longer than '32'"),
        ({"name": "-api"}, "cannot begin|regular expression"),
        ({"vpcId": "vpc-00000000000000000"}, "is not found"),
        ({"protocol": "HTTPX"}, "enum value set"),
        ({"healthCheck": {"timeout": 30, "interval": 30}}, "must be smaller than the interval"),
        ({"healthCheck": {"interval": 4}}, "greater than or equal to 5"),
        ({"healthCheck": {"enabled": False}}, "must be true"),
        ({"deregistrationDelay": 3601}, "0 to 3600"),
        ({"loadBalancingAlgorithmType": "random"}, "one of round_robin"),
        ({"stickiness": {"type": "source_ip"}}, "stickiness.type: expected one of"),
        ({"proxyProtocolV2": True}, "not supported by the local AWS"),
    ],
)
def test_a_target_group_that_aws_would_refuse_is_refused(site: Site, bad: dict[str, Any], why: str) -> None:
    with pytest.raises(Refused, match=why):
        a_target_group(site.program, site.network, **bad)


def test_what_is_missing_is_named(program: Program) -> None:
    with pytest.raises(Refused, match='"loadBalancerArn" is required'):
        program.declare("aws:lb/listener:Listener", defaultActions=[])
