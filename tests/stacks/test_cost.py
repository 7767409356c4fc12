"""What an environment costs comes from what the program declares."""

import dataclasses

import pytest

from opencode_components.testing import Graph, Resource
from opencode_stacks.cost import bill, lines
from opencode_stacks.pricing import UnpricedType

DEV_LIMIT_USD = 60


def test_the_cheapest_environment_stays_under_sixty_dollars_a_month(dev: Graph) -> None:
    assert 20 < bill(dev, "us-east-1").monthly_usd < DEV_LIMIT_USD


def test_what_people_depend_on_costs_more_and_the_bill_says_where(dev: Graph, prod: Graph) -> None:
    small, large = bill(dev, "us-east-1"), bill(prod, "us-east-1")

    assert large.monthly_usd > small.monthly_usd
    assert large.component_usd("prod-network") > 2 * 0.045 * 730, "a NAT gateway in each of two zones"
    assert small.component_usd("dev-network") == 0, "no NAT and no endpoint that is charged"


def test_a_bill_names_every_sum_its_resource_and_what_is_paid_by_use(dev: Graph) -> None:
    printed = "\n".join(lines(bill(dev, "us-east-1"), "dev"))

    assert "1 x load balancer" in printed
    assert "0.25 x vCPU" in printed
    assert "in total" in printed
    assert "Table: 0.625 per million writes" in printed


def test_a_resource_type_without_a_price_is_an_error_that_names_it(dev: Graph) -> None:
    stranger = dataclasses.replace(dev.one("aws:ec2/vpc:Vpc"), type="aws:rds/cluster:Cluster", name="database")
    graph = dataclasses.replace(dev, resources=(*dev.resources, stranger))

    with pytest.raises(UnpricedType, match=r'"aws:rds/cluster:Cluster" \(database\) has no price'):
        bill(graph, "us-east-1")


def test_a_region_without_prices_is_an_error_that_names_those_that_have_some(dev: Graph) -> None:
    with pytest.raises(UnpricedType, match="no prices for mars-1, only for us-east-1"):
        bill(dev, "mars-1")


def test_a_task_definition_from_elsewhere_is_not_taken_for_free(dev: Graph) -> None:
    def without_task(resource: Resource) -> bool:
        return resource.type != "aws:ecs/taskDefinition:TaskDefinition"

    graph = dataclasses.replace(dev, resources=tuple(filter(without_task, dev.resources)))

    with pytest.raises(UnpricedType, match="task definition"):
        bill(graph, "us-east-1")
