"""A network that exists already, as it would be taken over."""

from collections.abc import Callable, Mapping
from typing import Any

import pulumi
import pytest

from opencode_components.adopted_network import AdoptedNetwork, AdoptedNetworkArgs
from opencode_components.network import Network
from opencode_components.testing import Placeholders
from opencode_components.testing.plugin import Deploy
from opencode_components.testing.security import assert_secure

VPC_ID = "vpc-0123456789abcdef0"
PUBLIC = ["subnet-000000000000000a1", "subnet-000000000000000b1"]
PRIVATE = ["subnet-000000000000000a2", "subnet-000000000000000b2"]
GROUP = "aws:ec2/securityGroup:SecurityGroup"


def an_account(**changes: Mapping[str, str]) -> Placeholders:
    """A VPC with the four subnets; `changes` are properties by the last two characters of a subnet's id."""
    subnets = {
        subnet_id: {
            "vpcId": VPC_ID,
            "availabilityZone": f"us-east-1{subnet_id[-2]}",
            **changes.get(subnet_id[-2:], {}),
        }
        for subnet_id in (*PUBLIC, *PRIVATE)
    }
    return Placeholders(existing={VPC_ID: {"cidrBlock": "10.0.0.0/16"}, **subnets})


def an_adopted_network(**changes: Any) -> Callable[[], None]:
    def program() -> None:
        usual = {"vpc_id": VPC_ID, "public_subnet_ids": PUBLIC, "private_subnet_ids": PRIVATE}
        # Whatever a test changes is an arg of the component: it is the component that checks.
        network = AdoptedNetwork("core", AdoptedNetworkArgs(**{**usual, **changes}))  # type: ignore[typeddict-item]
        for output in AdoptedNetwork.__annotations__:
            pulumi.export(output, getattr(network, output))

    return program


def test_the_outputs_are_those_of_a_network_of_our_own() -> None:
    assert AdoptedNetwork.__annotations__ == Network.__annotations__


def test_the_outputs_come_from_what_exists(deploy: Deploy) -> None:
    graph = deploy(an_adopted_network(), engine=an_account())

    assert graph.outputs == {
        "vpc_id": VPC_ID,
        "cidr": "10.0.0.0/16",
        "public_subnet_ids": PUBLIC,
        "private_subnet_ids": PRIVATE,
        "task_subnet_ids": PRIVATE,
        "assign_public_ip": False,
        "endpoint_client_security_group_id": graph.one(GROUP).id,
    }
    assert dict(graph.one("opencode_components:index:AdoptedNetwork").outputs) == dict(graph.outputs)


def test_nothing_is_declared_but_one_security_group_that_allows_nothing(deploy: Deploy) -> None:
    graph = deploy(an_adopted_network(), engine=an_account())

    (group,) = (resource for resource in graph if not resource.is_read and not resource.is_component)
    assert group.type == GROUP
    assert group.inputs["vpcId"] == VPC_ID
    assert not group.inputs.keys() & {"ingress", "egress", "name"}


def test_with_public_ip_tasks_run_in_the_public_subnets_and_private_ones_may_be_missing(deploy: Deploy) -> None:
    graph = deploy(an_adopted_network(use_public_ip=True, private_subnet_ids=[]), engine=an_account())

    assert graph.outputs["task_subnet_ids"] == PUBLIC
    assert graph.outputs["assign_public_ip"] is True
    assert graph.outputs["private_subnet_ids"] == []


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"vpc_id": "vpc-12"}, "vpc_id: 'vpc-12' is no id of a VPC; use one such as vpc-0a1b2c3d4e5f60718"),
        (
            {"public_subnet_ids": ["subnet-xyz", PUBLIC[1]]},
            "public_subnet_ids: 'subnet-xyz' is no id of a subnet; use one such as subnet-0a1b2c3d4e5f60718",
        ),
        (
            {"private_subnet_ids": ["10.0.0.0/24"], "use_public_ip": True},
            "private_subnet_ids: '10.0.0.0/24' is no id of a subnet",
        ),
        ({"public_subnet_ids": PUBLIC[:1]}, r"public_subnet_ids: .* has 1 subnets; name at least two"),
        ({"public_subnet_ids": [], "use_public_ip": True}, r"public_subnet_ids: \[\] has 0 subnets"),
        ({"private_subnet_ids": []}, r"private_subnet_ids: \[\] has 0 subnets; name at least two"),
        ({"private_subnet_ids": PRIVATE[:1]}, "private_subnet_ids: .* has 1 subnets"),
        (
            {"public_subnet_ids": [PUBLIC[0], PUBLIC[0]]},
            f"public_subnet_ids: '{PUBLIC[0]}' is there twice; name each subnet once",
        ),
        ({"private_subnet_ids": [PRIVATE[0], PUBLIC[0]]}, f"private_subnet_ids: '{PUBLIC[0]}' is there twice"),
    ],
)
def test_ids_that_cannot_be_are_refused(deploy: Deploy, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        deploy(an_adopted_network(**changes), engine=an_account())


@pytest.mark.parametrize(("ending", "key"), [("b1", "public_subnet_ids"), ("b2", "private_subnet_ids")])
def test_a_subnet_of_another_vpc_is_refused(deploy: Deploy, ending: str, key: str) -> None:
    account = an_account(**{ending: {"vpcId": "vpc-99999999999999999"}})

    message = f"{key}: 'subnet-000000000000000{ending}' is in vpc-99999999999999999; use subnets of {VPC_ID}"
    with pytest.raises(ValueError, match=message):
        deploy(an_adopted_network(), engine=account)


@pytest.mark.parametrize(("ending", "key"), [("b1", "public_subnet_ids"), ("b2", "private_subnet_ids")])
def test_two_subnets_of_a_kind_in_one_zone_are_refused(deploy: Deploy, ending: str, key: str) -> None:
    account = an_account(**{ending: {"availabilityZone": "us-east-1a"}})

    first = f"subnet-000000000000000a{ending[1]}"
    message = f"{key}: 'subnet-000000000000000{ending}' is in zone us-east-1a, as {first} is; use one subnet a zone"
    with pytest.raises(ValueError, match=message):
        deploy(an_adopted_network(), engine=account)


def test_two_adoptions_in_one_program_do_not_clash(deploy: Deploy) -> None:
    def program() -> None:
        for name in ("blue", "green"):
            args = AdoptedNetworkArgs(vpc_id=VPC_ID, public_subnet_ids=PUBLIC, private_subnet_ids=PRIVATE)
            AdoptedNetwork(name, args)

    assert len(deploy(program, engine=an_account()).all(GROUP)) == 2


def test_an_adopted_network_breaks_no_security_rule(deploy: Deploy) -> None:
    assert_secure(deploy(an_adopted_network(), engine=an_account()))
