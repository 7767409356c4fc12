"""Environments side by side in one account, and what protection and retention keep."""

import json

import pytest

from tests.engine.leftovers import left_behind
from tests.engine.running import Cloud, Project, Stack, config_for

pytestmark = pytest.mark.xdist_group("engine-two")


@pytest.fixture(scope="module")
def dev(project: Project, cloud: Cloud) -> Stack:
    stack = project.stack("dev", config_for("dev", cloud))
    stack.up()
    return stack


@pytest.fixture(scope="module")
def prod(project: Project, cloud: Cloud, dev: Stack) -> Stack:
    """Into the same account and region as dev."""
    stack = project.stack("prod", config_for("prod", cloud))
    stack.up()
    return stack


def test_a_second_environment_comes_up_beside_the_first_and_shares_nothing_with_it(dev: Stack, prod: Stack) -> None:
    one, other = dev.outputs(), prod.outputs()

    same = {name for name in one if one[name] == other[name]}
    assert same == {"load_balancer_zone_id"}, "AWS's own"
    assert not ids(dev) & ids(prod)


def ids(stack: Stack) -> set[str]:
    return {
        resource["id"]
        for resource in stack.resources()
        if resource["type"].startswith("aws:") and not resource.get("external")
    }


def test_a_second_up_of_either_changes_nothing(dev: Stack, prod: Stack) -> None:
    assert dev.preview() == {}
    assert prod.preview() == {}


def test_protected_resources_refuse_to_be_destroyed_and_nothing_else_is_touched(prod: Stack) -> None:
    before = ids(prod)

    refused = prod.pulumi("destroy", "--yes", "--skip-preview", check=False)

    assert refused.returncode
    assert "protected" in refused.stdout + refused.stderr
    assert ids(prod) == before


def test_once_protection_is_off_a_destroy_leaves_the_logs_that_retention_keeps_and_the_other_environment(
    dev: Stack, prod: Stack, cloud: Cloud
) -> None:
    """Last: it takes both away."""
    logs = prod.outputs()["router_log_group"]
    prod.change(lifecycle={"deletion_protection": False})
    prod.up()
    prod.destroy()
    healthy = dev.preview()
    dev.destroy()

    assert healthy == {}
    assert left_behind(cloud) == {"log groups": [logs]}, json.dumps(left_behind(cloud))
