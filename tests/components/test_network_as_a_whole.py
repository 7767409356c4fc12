"""What holds for everything that a network declares."""

import pytest
from pulumi import ResourceOptions

from opencode_components.network import NEEDED_WITHOUT_EGRESS, Egress, Network
from opencode_components.testing.plugin import Deploy
from opencode_components.testing.security import assert_secure
from tests.components.test_network import a_network, network_args

PHYSICAL_NAMES = ("name", "namePrefix", "bucket", "family", "groupName")


def test_two_networks_in_one_account_do_not_clash(deploy: Deploy) -> None:
    graph = deploy(a_network(endpoint_services=["logs"]))

    fixed = {resource: resource.inputs.keys() & set(PHYSICAL_NAMES) for resource in graph if not resource.is_component}
    assert {resource for resource, names in fixed.items() if names} == set()


def test_every_regional_resource_is_in_the_networks_region(deploy: Deploy) -> None:
    graph = deploy(a_network(region="eu-west-1", zones=["eu-west-1a", "eu-west-1b"], endpoint_services=["logs"]))

    elsewhere = {r.type for r in graph if not r.is_component and r.inputs.get("region") != "eu-west-1"}
    assert elsewhere == {"aws:iam/role:Role", "aws:iam/rolePolicy:RolePolicy"}, "roles have no region"


def test_children_belong_to_the_network_and_carry_its_name(deploy: Deploy) -> None:
    graph = deploy(a_network(endpoint_services=["logs"]))

    network = graph.one("opencode_components:index:Network")
    assert set(graph) - {network} == set(graph.children(network))
    assert all(child.name.startswith("core") for child in graph.children(network))


def test_protection_of_the_component_reaches_what_it_is_made_of(deploy: Deploy) -> None:
    def program() -> None:
        Network("core", network_args(), ResourceOptions(protect=True))

    assert all(resource.protect for resource in deploy(program))


@pytest.mark.parametrize("egress", Egress)
def test_a_network_breaks_no_security_rule(deploy: Deploy, egress: Egress) -> None:
    assert_secure(deploy(a_network(egress=egress, endpoint_services=list(NEEDED_WITHOUT_EGRESS))))
