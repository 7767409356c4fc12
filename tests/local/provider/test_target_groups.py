"""Target groups of functions, sticky ones, and targets that the program registers itself."""

import json
from typing import Any

import pulumi
import pytest

from tests.local.provider.declaring import Made, Program, Refused
from tests.local.provider.gateway_site import (
    TARGET_GROUP,
    Network,
    a_balancer,
    a_listener,
    a_network,
    a_rule,
    a_target_group,
)
from tests.local.provider.round_trip import assert_as_declared, leaves_nothing, lives_and_changes

ATTACHMENT = "aws:lb/targetGroupAttachment:TargetGroupAttachment"
PERMISSION = "aws:lambda/permission:Permission"
BALANCING = "elasticloadbalancing.amazonaws.com"


@pytest.fixture
def network(program: Program) -> Network:
    return a_network(program)


def a_function(program: Program) -> Made:
    statement = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    trust = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    role = program.declare("aws:iam/role:Role", assumeRolePolicy=trust)
    code = pulumi.AssetArchive({"app.py": pulumi.StringAsset("def handler(event, context): return event")})
    settings = {"handler": "app.handler", "runtime": "python3.12", "code": code, "role": role["arn"]}
    return program.declare("aws:lambda/function:Function", **settings)


def let_in(program: Program, function: Made, **change: Any) -> Made:
    settings = {"action": "lambda:InvokeFunction", "principal": BALANCING, "function": function["name"], **change}
    return program.declare(PERMISSION, **settings)


def test_a_target_group_for_a_function_changes_in_place_and_leaves_nothing(program: Program) -> None:
    group = program.declare(TARGET_GROUP, targetType="lambda")
    assert_as_declared(program, group)

    group = lives_and_changes(
        program,
        group,
        dict.fromkeys(["lambdaMultiValueHeadersEnabled", "healthCheck"]),
        targetType="lambda",
        lambdaMultiValueHeadersEnabled=True,
        healthCheck={"enabled": True, "path": "/health", "interval": 40},
    )

    assert group["lambdaMultiValueHeadersEnabled"] is True
    leaves_nothing(program, group)


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        ({"port": 80}, "cannot be specified for target groups with target type 'lambda'"),
        ({"deregistrationDelay": 30}, "deregistrationDelay: not supported for target groups with target type 'lambda'"),
        ({"targetType": "alb"}, "not supported by the local AWS"),
        ({"targetType": "instance", "lambdaMultiValueHeadersEnabled": True}, "target type 'instance'"),
    ],
)
def test_settings_of_another_target_type_are_refused(shared_program: Program, bad: dict[str, Any], why: str) -> None:
    with pytest.raises(Refused, match=why):
        shared_program.declare(TARGET_GROUP, **{"targetType": "lambda", **bad})


def test_stickiness_by_an_application_s_cookie_reads_back(program: Program, network: Network) -> None:
    sticky = {"type": "app_cookie", "cookieName": "SESSION", "cookieDuration": 60}
    group = a_target_group(program, network, stickiness=sticky)

    assert_as_declared(program, group)
    same = {"port": 8080, "protocol": "HTTP", "targetType": "ip", "vpcId": network.vpc_id}
    lives_and_changes(program, group, {"stickiness": None}, **same, stickiness={"type": "lb_cookie"})


def test_a_function_is_attached_and_detached(program: Program) -> None:
    function, group = a_function(program), program.declare(TARGET_GROUP, targetType="lambda")
    let_in(program, function, sourceArn=group["arn"])

    attachment = program.declare(ATTACHMENT, targetGroupArn=group["arn"], targetId=function["arn"])

    assert_as_declared(program, attachment)
    assert program.plan(attachment, targetGroupArn=group["arn"], targetId="another") == {"targetId": True}
    leaves_nothing(program, attachment)


@pytest.mark.parametrize(
    "change",
    [
        {"principal": "events.amazonaws.com"},
        {"action": "lambda:GetFunction"},
        {"sourceArn": "arn:aws:elasticloadbalancing:us-east-1:111111111111:targetgroup/other/1"},
    ],
)
def test_a_function_that_does_not_let_the_load_balancer_in_is_not_attached(
    program: Program, change: dict[str, Any]
) -> None:
    function, group = a_function(program), program.declare(TARGET_GROUP, targetType="lambda")
    let_in(program, function, **change)

    with pytest.raises(Refused, match="elasticloadbalancing principal does not have permission to invoke"):
        program.declare(ATTACHMENT, targetGroupArn=group["arn"], targetId=function["arn"])


def test_only_one_function_that_exists_is_attached_and_to_no_port(program: Program) -> None:
    function, group = a_function(program), program.declare(TARGET_GROUP, targetType="lambda")
    let_in(program, function)
    same = {"targetGroupArn": group["arn"], "targetId": function["arn"]}
    program.declare(ATTACHMENT, **same)
    another = a_function(program)
    let_in(program, another)

    for change, why in (
        ({"port": 80}, "Port cannot be specified"),
        ({"targetId": another["arn"]}, "only one function"),
        ({"targetId": f"{function['arn']}-not"}, "Function not found"),
        ({"targetGroupArn": f"{group['arn']}0"}, "TargetGroupNotFound"),
    ):
        with pytest.raises(Refused, match=why):
            program.declare(ATTACHMENT, **{**same, **change})


def test_an_address_is_attached_and_detached(program: Program, network: Network) -> None:
    group = a_target_group(program, network)

    attachment = program.declare(ATTACHMENT, targetGroupArn=group["arn"], targetId="10.0.0.9", port=9090)

    assert_as_declared(program, attachment)
    leaves_nothing(program, attachment)


def test_a_rule_splits_requests_by_weight_and_keeps_clients_with_their_target_group(
    program: Program, network: Network
) -> None:
    listener = a_listener(program, a_balancer(program, network))
    blue, green = a_target_group(program, network), a_target_group(program, network)
    groups = [{"arn": blue["arn"], "weight": 80}, {"arn": green["arn"], "weight": 20}]
    split = {"targetGroups": groups, "stickiness": {"enabled": True, "duration": 60}}

    rule = a_rule(program, listener, blue, actions=[{"type": "forward", "forward": split}])

    assert_as_declared(program, rule)
    assert rule["actions"][0]["forward"]["stickiness"] == {"enabled": True, "duration": 60}
