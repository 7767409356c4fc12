"""The dev environment under the real engine: up, changes, drift, destroy. The tests build on one deployed stack.

It is deployed and brought up again as a user has it; what follows runs the program in this process and saves the
state at the end of each run.
"""

import dataclasses
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from opencode_stacks.outputs import OUTPUTS
from tests.engine.leftovers import left_behind
from tests.engine.running import PASSPHRASE, Cloud, Project, Stack, as_a_user_has_it, config_for

STATEFUL = ("Table", "UserPool", "Bucket", "LoadBalancer", "Repository", "Secret", "Key")


@dataclass(frozen=True)
class Change:
    """Sections of the config that are merged, and what the engine then wants to do, by resource name."""

    sections: Mapping[str, Any]
    steps: Mapping[str, str]


REVISION = {"TaskDefinition dev-api": "replace", "Service dev-api": "update"}
CHANGES: Mapping[str, Change] = {
    "logs are kept longer": Change(
        {"observability": {"log_retention_days": 60}},
        {
            "LogGroup dev-logs-router": "update",
            "LogGroup dev-shares-api": "update",
            "LogGroup dev-shares-live": "update",
            "LogGroup dev-shares-view": "update",
            "LogGroup dev-site-page": "update",
            "LogGroup dev-site-public": "update",
        },
    ),
    "more tasks at most": Change({"router": {"max_tasks": 6}}, {"Target dev-api": "update"}),
    "larger tasks with another log level": Change(
        {"router": {"cpu": 512, "memory_mib": 1024, "settings": {"LOG_LEVEL": "DEBUG"}}}, REVISION
    ),
    "somebody is told of alarms": Change(
        {"observability": {"alarm_emails": ["oncall@example.com"]}},
        {"TopicSubscription dev-alarms-oncall@example.com": "create"},
    ),
    "a firewall": Change(
        {"firewall": {"requests_per_5_minutes_per_ip": 5000}},
        {"WebAcl dev-firewall": "create", "WebAclAssociation dev-firewall": "create"},
    ),
    "a range may connect whoever else may": Change(
        {"domain": {"public_cidrs": ["0.0.0.0/0", "203.0.113.0/24"]}},
        {
            "SecurityGroupIngressRule dev-api-alb-http-203.0.113.0-24": "create",
            "SecurityGroupIngressRule dev-api-alb-https-203.0.113.0-24": "create",
        },
    ),
    "other models": Change(
        {"bedrock": {"models": ["zai.glm-5"]}},
        {
            "Policy dev-api-profiles-global": "update",
            "Policy dev-api-profiles-us": "update",
            "Policy dev-api-elsewhere": "update",
            "RolePolicy dev-api-task": "update",
        },
    ),
    "a private way to Bedrock": Change(
        {"network": {"interface_endpoints": ["bedrock-runtime"]}},
        {
            "SecurityGroup dev-network-endpoints": "create",
            "SecurityGroupIngressRule dev-network-endpoints-in": "create",
            "SecurityGroupEgressRule dev-network-endpoint-clients-out": "create",
            "VpcEndpoint dev-network-bedrock-runtime": "create",
        },
    ),
    "nothing is deleted by mistake": Change(
        {"lifecycle": {"deletion_protection": True}},
        {
            "Repository dev-router": "update",
            "Table dev-records-keys": "update",
            "Table dev-records-usage": "update",
            "Table dev-records-counters": "update",
            "UserPool dev-identity": "update",
            "Secret dev-identity-browser": "update",
            "Bucket dev-api-logs": "update",
            "Bucket dev-releases": "update",
            "Bucket dev-shares": "update",
            "Table dev-shares": "update",
            "Key dev-releases": "update",
            "LoadBalancer dev-api": "update",
        },
    ),
    "tasks without addresses of their own": Change(
        {"network": {"egress": "nat"}},
        {
            "Eip dev-network-nat-a": "create",
            "NatGateway dev-network-nat-a": "create",
            "Route dev-network-private-a": "create",
            "Route dev-network-private-b": "create",
            "Service dev-api": "update",
        },
    ),
    "a third zone": Change(
        {"network": {"zones": ["a", "b", "c"]}},
        {
            "Subnet dev-network-public-c": "create",
            "Subnet dev-network-private-c": "create",
            "RouteTable dev-network-private-c": "create",
            "RouteTableAssociation dev-network-public-c": "create",
            "RouteTableAssociation dev-network-private-c": "create",
            "VpcEndpoint dev-network-dynamodb": "update",
            "VpcEndpoint dev-network-s3": "update",
            "LoadBalancer dev-api": "update",
            "Service dev-api": "update",
        },
    ),
}
TOGETHER = (
    (
        "logs are kept longer",
        "more tasks at most",
        "somebody is told of alarms",
        "a firewall",
        "a range may connect whoever else may",
        "other models",
        "a private way to Bedrock",
    ),
    ("larger tasks with another log level", "nothing is deleted by mistake"),
    ("tasks without addresses of their own",),
    ("a third zone",),
)
"""Changes that one preview shows, because no two of them touch the same resource: each step has one cause."""


@pytest.fixture(scope="module")
def deployed(project: Project, cloud: Cloud) -> tuple[Stack, str]:
    """With what the engine printed."""
    stack = as_a_user_has_it(project).stack("dev", config_for("dev", cloud))
    return stack, stack.up()


@pytest.fixture(scope="module")
def dev(deployed: tuple[Stack, str], project: Project) -> Stack:
    """The same stack, run with what `project` spares."""
    return dataclasses.replace(deployed[0], project=project)


def test_a_second_up_changes_nothing(deployed: tuple[Stack, str]) -> None:
    dev, _ = deployed
    before = dev.resources()

    printed = dev.up()

    assert "unchanged" in printed
    assert not any(word in printed for word in (" created", " updated", " replaced", " deleted")), printed
    assert {resource["urn"] for resource in dev.resources()} == {resource["urn"] for resource in before}


def test_all_outputs_can_be_read_and_none_is_secret(dev: Stack, cloud: Cloud) -> None:
    outputs = dev.outputs()

    assert outputs.keys() == OUTPUTS.keys()
    assert "[secret]" not in json.dumps(outputs)
    assert outputs["api_url"] == "https://ai-dev.example.com"
    assert outputs["client_config"]["issuer"] == outputs["issuer"]
    assert "@sha256:" in outputs["image"]
    tables = cloud.client("dynamodb").list_tables()["TableNames"]
    named = ("keys_table", "usage_table", "counters_table", "shares_table")
    assert {outputs[name] for name in named} == set(tables)
    balancers = cloud.client("elbv2").describe_load_balancers()["LoadBalancers"]
    assert [balancer["DNSName"] for balancer in balancers] == [outputs["load_balancer_dns_name"]]


def test_a_refresh_of_what_nobody_touched_shows_no_drift(dev: Stack) -> None:
    printed = dev.pulumi("refresh", "--preview-only", "--diff", "--color", "never").stdout

    assert "update" not in printed
    assert "delete" not in printed


def test_a_change_made_by_hand_is_shown_by_a_refresh_and_undone_by_an_up(dev: Stack, cloud: Cloud) -> None:
    logs, group = cloud.client("logs"), dev.outputs()["router_log_group"]
    logs.put_retention_policy(logGroupName=group, retentionInDays=1)

    drift = dev.pulumi("refresh", "--preview-only", "--diff", "--color", "never").stdout
    dev.pulumi("refresh", "--yes", "--skip-preview")
    undone = dev.up()

    assert "retentionInDays" in drift
    assert "~ 1 updated" in undone
    assert not any(word in undone for word in (" created", " replaced", " deleted")), undone
    assert logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"][0]["retentionInDays"] == 30


@pytest.mark.parametrize("names", TOGETHER, ids=", ".join)
def test_a_change_of_the_config_touches_what_it_is_about_and_replaces_nothing_that_holds_data(
    dev: Stack, names: Sequence[str]
) -> None:
    config, changes = dev.config, [CHANGES[name] for name in names]
    for change in changes:
        dev.change(**change.sections)
    try:
        steps = dev.preview()
    finally:
        dev.configure(config)

    wanted = [step for change in changes for step in change.steps.items()]
    assert sorted(steps.items()) == sorted(wanted)
    assert not [what for what, step in steps.items() if "replace" in step and what.split()[0] in STATEFUL]


def test_every_change_is_tried_once() -> None:
    assert sorted(name for names in TOGETHER for name in names) == sorted(CHANGES)


def test_no_secret_that_the_run_knew_is_in_the_state_or_in_what_is_printed(
    deployed: tuple[Stack, str], cloud: Cloud
) -> None:
    dev, printed_by_up = deployed
    cognito = cloud.client("cognito-idp")
    (pool,) = cognito.list_user_pools(MaxResults=10)["UserPools"]
    clients = cognito.list_user_pool_clients(UserPoolId=pool["Id"], MaxResults=10)["UserPoolClients"]
    described = [
        cognito.describe_user_pool_client(UserPoolId=pool["Id"], ClientId=client["ClientId"])["UserPoolClient"]
        for client in clients
    ]
    secrets = [client["ClientSecret"] for client in described if client.get("ClientSecret")]
    held = "".join(file.read_text() for file in Path(dev.project.state).rglob("*.json*") if file.is_file())
    printed = printed_by_up + dev.pulumi("stack", "--show-urns").stdout + dev.pulumi("stack", "export").stdout

    assert secrets, "the browser's client has one"
    for secret in [*secrets, *(json.dumps(secret) for secret in secrets), PASSPHRASE]:
        assert secret not in held
        assert secret not in printed
    assert "ciphertext" in held, "they are there, but encrypted"


def test_another_stack_reads_the_outputs_through_a_reference(deployed: tuple[Stack, str], tmp_path: Path) -> None:
    dev, _ = deployed
    folder = tmp_path / "reader"
    folder.mkdir()
    (folder / "Pulumi.yaml").write_text(
        f"name: reader\nruntime: {{name: python, options: {{virtualenv: {dev.project.folder / '.venv'}}}}}\n"
    )
    (folder / "__main__.py").write_text(
        "import pulumi\n"
        'gateway = pulumi.StackReference("organization/opencode/dev")\n'
        'pulumi.export("url", gateway.require_output("client_config")["api_url"])\n'
    )
    reader = dataclasses.replace(dev.project, folder=folder)

    stack = reader.stack("dev")
    stack.up()

    assert stack.outputs() == {"url": "https://ai-dev.example.com"}


def test_a_destroy_leaves_nothing_behind(dev: Stack, cloud: Cloud) -> None:
    """Last: it takes the stack away."""
    dev.destroy()

    assert [resource for resource in dev.resources() if not resource["type"].startswith("pulumi:")] == []
    assert left_behind(cloud) == {}
