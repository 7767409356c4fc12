"""Roles and policies."""

import json
from typing import Any

import pytest

from tests.local.provider.declaring import Program, Refused
from tests.local.provider.gateway_site import ROLE, a_role, document, trust
from tests.local.provider.round_trip import assert_as_declared, leaves_nothing, lives_and_changes

ROLE_POLICY = "aws:iam/rolePolicy:RolePolicy"
POLICY = "aws:iam/policy:Policy"
ATTACHMENT = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"


def allowing(*actions: str, resource: str = "*") -> str:
    return document({"Effect": "Allow", "Action": list(actions), "Resource": resource})


def long_policy(characters: int) -> str:
    return allowing("s3:GetObject", resource="arn:aws:s3:::" + "b" * characters)


def test_a_role_changes_in_place_and_leaves_nothing(program: Program) -> None:
    boundary = program.declare(POLICY, policy=allowing("s3:*"))
    role = a_role(program, description="Runs tasks", maxSessionDuration=7200, permissionsBoundary=boundary["arn"])

    changed = ["assumeRolePolicy", "description", "maxSessionDuration", "permissionsBoundary", "tags"]
    new = {"assumeRolePolicy": trust("lambda.amazonaws.com"), "description": "Functions", "tags": {"Name": "functions"}}
    role = lives_and_changes(program, role, dict.fromkeys(changed), **new)

    assert role["arn"] == f"arn:aws:iam::{program.aws.account_id}:role/{role['name']}"
    assert program.plan(role, **new, path="/tasks/") == {"path": True}
    leaves_nothing(program, role)


def test_a_trust_policy_that_is_changed_by_hand_shows(program: Program) -> None:
    role, other = a_role(program), trust("ec2.amazonaws.com")
    program.client("iam").update_assume_role_policy(RoleName=role.id, PolicyDocument=other)

    assert json.loads(program.drift(role)["assumeRolePolicy"]) == json.loads(other)


def test_a_role_with_policies_is_removed_by_force_only(program: Program) -> None:
    policy = program.declare(POLICY, policy=allowing("s3:GetObject"))
    for is_forced in (False, True):
        role = a_role(program, forceDetachPolicies=is_forced)
        program.declare(ATTACHMENT, role=role["name"], policyArn=policy["arn"])
        program.declare(ROLE_POLICY, role=role["name"], policy=allowing("s3:GetObject"))
        if is_forced:
            leaves_nothing(program, role)
        else:
            with pytest.raises(Refused, match="DeleteConflict"):
                program.remove(role)


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        ({"assumeRolePolicy": "{"}, "MalformedPolicyDocument"),
        ({"assumeRolePolicy": allowing("sts:AssumeRole")}, "Missing required field Principal"),
        ({"assumeRolePolicy": trust("s" * 2048)}, "ACLSizePerRole"),
        ({"name": "a role"}, "regular expression"),
        ({"name": "r" * 65}, "less than or equal to 64"),
        ({"maxSessionDuration": 60}, "greater than or equal to 3600"),
        ({"permissionsBoundary": "arn:aws:iam::123456789012:policy/none"}, "NoSuchEntity"),
        ({"managedPolicyArns": ["arn:aws:iam::aws:policy/ReadOnlyAccess"]}, "not supported by the local AWS"),
        ({"inlinePolicies": [{"name": "p", "policy": "{}"}]}, "not supported by the local AWS"),
    ],
)
def test_a_role_that_aws_would_refuse_is_refused(shared_program: Program, bad: dict[str, Any], why: str) -> None:
    with pytest.raises(Refused, match=why):
        shared_program.declare(ROLE, **{"assumeRolePolicy": trust("ecs-tasks.amazonaws.com"), **bad})


def test_a_policy_of_a_role_changes_in_place_and_leaves_nothing(program: Program) -> None:
    name = a_role(program)["name"]
    policy = program.declare(ROLE_POLICY, role=name, name="tables", policy=allowing("dynamodb:GetItem"))

    new = allowing("dynamodb:GetItem", "dynamodb:PutItem")
    policy = lives_and_changes(program, policy, {"policy": None}, role=name, name="tables", policy=new)

    assert policy.id == f"{name}:tables"
    assert program.plan(policy, role="other", name="tables", policy=new) == {"role": True}
    leaves_nothing(program, policy)


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        ({"role": "none"}, "NoSuchEntity"),
        ({"policy": "not json"}, "MalformedPolicyDocument"),
        ({"policy": allowing("getobject")}, "must be prefaced by a vendor"),
        ({"policy": document({"Effect": "Allow", "Action": "s3:GetObject"})}, "Missing required field Resource"),
        ({"policy": long_policy(10_240)}, "Maximum policy size of 10240 bytes exceeded"),
    ],
)
def test_a_policy_of_a_role_that_aws_would_refuse_is_refused(
    shared_program: Program, bad: dict[str, Any], why: str
) -> None:
    inputs = {"role": a_role(shared_program)["name"], "policy": allowing("s3:GetObject"), **bad}

    with pytest.raises(Refused, match=why):
        shared_program.declare(ROLE_POLICY, **inputs)


def test_the_policies_of_a_role_share_one_quota(program: Program) -> None:
    name = a_role(program)["name"]
    program.declare(ROLE_POLICY, role=name, name="one", policy=long_policy(6000))

    with pytest.raises(Refused, match="Maximum policy size"):
        program.declare(ROLE_POLICY, role=name, name="two", policy=long_policy(6000))


def test_a_managed_policy_changes_in_place_often_and_leaves_nothing(program: Program) -> None:
    policy = program.declare(POLICY, name="models", description="Models", policy=allowing("bedrock:InvokeModel"))

    for number in range(6):
        new = allowing("bedrock:InvokeModel", resource=f"arn:aws:bedrock:us-east-1::foundation-model/{number}")
        changed = {"policy": None} if number else {"policy": None, "tags": None}
        same = {"name": "models", "description": "Models", "tags": {"Name": "models"}}
        policy = lives_and_changes(program, policy, changed, policy=new, **same)

    assert program.plan(policy, policy=new, tags={"Name": "models"}, name="models") == {"description": True}
    leaves_nothing(program, policy)


def test_a_managed_policy_is_attached_and_removed_after_that(program: Program) -> None:
    role, policy = a_role(program)["name"], program.declare(POLICY, policy=allowing("s3:GetObject"))
    attachment = program.declare(ATTACHMENT, role=role, policyArn=policy["arn"])

    assert_as_declared(program, attachment)
    assert_as_declared(program, policy)
    assert program.plan(attachment, role="other", policyArn=policy["arn"]) == {"role": True}
    with pytest.raises(Refused, match="attached to entities"):
        program.remove(policy)
    leaves_nothing(program, attachment)
    leaves_nothing(program, policy)


def test_managed_policies_that_aws_would_refuse_are_refused(program: Program) -> None:
    role = a_role(program)["name"]

    with pytest.raises(Refused, match="PolicySize: 6144"):
        program.declare(POLICY, policy=long_policy(6144))
    with pytest.raises(Refused, match="MalformedPolicyDocument"):
        program.declare(POLICY, policy="[]")
    with pytest.raises(Refused, match="NoSuchEntity"):
        program.declare(ATTACHMENT, role=role, policyArn=f"arn:aws:iam::{program.aws.account_id}:policy/none")
    for number in range(10):
        policy = program.declare(POLICY, name=f"p{number}", policy=allowing("s3:GetObject"))
        program.declare(ATTACHMENT, role=role, policyArn=policy["arn"])
    one_more = program.declare(POLICY, policy=allowing("s3:GetObject"))
    with pytest.raises(Refused, match="PoliciesPerRole: 10"):
        program.declare(ATTACHMENT, role=role, policyArn=one_more["arn"])
