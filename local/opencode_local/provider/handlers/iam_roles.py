"""IAM roles and the policies that are part of them.

Rules: service model of IAM, and IAM user guide, "IAM and AWS STS quotas" (read 2026-11-21).
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from opencode_local.provider.aws import Aws, found
from opencode_local.provider.errors import AwsError
from opencode_local.provider.handler import AutoName, Fault, Handler, Properties
from opencode_local.provider.handlers.policy_documents import refuse_malformed, size
from opencode_local.provider.members import reported, request, unsupported, values
from opencode_local.provider.tags import changes, mapping, pairs

GONE = "NoSuchEntity"
MALFORMED = "MalformedPolicyDocument"
SETTINGS = values("description", "maxSessionDuration", "path")
MAX_TRUST_CHARACTERS = 2_048
MAX_INLINE_CHARACTERS = 10_240


class Role(Handler):
    """Its id is its name."""

    token = "aws:iam/role:Role"
    replace_on = frozenset({"name", "namePrefix", "path"})
    filled_by_aws = frozenset({"path", "maxSessionDuration"})
    auto_name = AutoName("name", 64)

    def check(self, aws: Aws, inputs: Properties) -> Sequence[Fault]:
        others = ("name", "namePrefix", "assumeRolePolicy", "forceDetachPolicies", "permissionsBoundary")
        return unsupported(SETTINGS, inputs, *others)

    def create(self, aws: Aws, inputs: Properties) -> str:
        _refuse_trust("CreateRole", inputs)
        _refuse_boundary(aws, "CreateRole", inputs)
        boundary, tags = inputs.get("permissionsBoundary"), inputs.get("tagsAll")
        aws.client("iam").create_role(
            RoleName=inputs["name"],
            AssumeRolePolicyDocument=inputs["assumeRolePolicy"],
            **request(SETTINGS, inputs),
            **({"PermissionsBoundary": boundary} if boundary else {}),
            **({"Tags": pairs(tags)} if tags else {}),
        )
        return str(inputs["name"])

    def read(self, aws: Aws, id_: str, inputs: Properties) -> Properties | None:
        answer = found(aws.client("iam").get_role, GONE, RoleName=id_)
        if answer is None:
            return None
        role = answer["Role"]
        return {
            **reported(SETTINGS, role, inputs),
            "name": role["RoleName"],
            "assumeRolePolicy": json.dumps(role["AssumeRolePolicyDocument"]),
            "permissionsBoundary": role.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn"),
            "tagsAll": mapping(role.get("Tags")),
            "arn": role["Arn"],
            "createDate": role["CreateDate"].isoformat(),
            "uniqueId": role["RoleId"],
        }

    def update(self, aws: Aws, id_: str, old: Properties, new: Properties) -> None:
        client = aws.client("iam")
        _refuse_trust("UpdateAssumeRolePolicy", new)
        _refuse_boundary(aws, "PutRolePermissionsBoundary", new)
        client.update_assume_role_policy(RoleName=id_, PolicyDocument=new["assumeRolePolicy"])
        described = {"description": "", "maxSessionDuration": 3600, **new}
        client.update_role(RoleName=id_, **request(SETTINGS[:2], described))
        if new.get("permissionsBoundary"):
            client.put_role_permissions_boundary(RoleName=id_, PermissionsBoundary=new["permissionsBoundary"])
        elif old.get("permissionsBoundary"):
            client.delete_role_permissions_boundary(RoleName=id_)
        added, removed = changes(old.get("tagsAll"), new.get("tagsAll"))
        if added:
            client.tag_role(RoleName=id_, Tags=pairs(added))
        if removed:
            client.untag_role(RoleName=id_, TagKeys=removed)

    def delete(self, aws: Aws, id_: str, properties: Properties) -> None:
        client = aws.client("iam")
        if properties.get("forceDetachPolicies"):
            for arn in attached_policies(aws, id_):
                found(client.detach_role_policy, GONE, RoleName=id_, PolicyArn=arn)
            for name in _inline_policies(aws, id_):
                found(client.delete_role_policy, GONE, RoleName=id_, PolicyName=name)
        found(client.delete_role, GONE, RoleName=id_)


class RolePolicy(Handler):
    """Its id is `<role>:<policy>`."""

    token = "aws:iam/rolePolicy:RolePolicy"
    replace_on = frozenset({"name", "namePrefix", "role"})
    auto_name = AutoName("name", 128)

    def create(self, aws: Aws, inputs: Properties) -> str:
        self._put(aws, inputs["role"], inputs["name"], inputs["policy"])
        return f"{inputs['role']}:{inputs['name']}"

    def read(self, aws: Aws, id_: str, inputs: Properties) -> Properties | None:
        role, _, name = id_.partition(":")
        answer = found(aws.client("iam").get_role_policy, GONE, RoleName=role, PolicyName=name)
        return answer and {"role": role, "name": name, "policy": json.dumps(answer["PolicyDocument"])}

    def update(self, aws: Aws, id_: str, old: Properties, new: Properties) -> None:
        role, _, name = id_.partition(":")
        self._put(aws, role, name, new["policy"])

    def delete(self, aws: Aws, id_: str, properties: Properties) -> None:
        role, _, name = id_.partition(":")
        found(aws.client("iam").delete_role_policy, GONE, RoleName=role, PolicyName=name)

    def _put(self, aws: Aws, role: str, name: str, policy: str) -> None:
        operation = "PutRolePolicy"
        refuse_malformed(operation, policy, MALFORMED, required=("Action", "Resource"))
        others = [_inline_policy(aws, role, other) for other in _inline_policies(aws, role) if other != name]
        if sum(map(size, [policy, *others])) > MAX_INLINE_CHARACTERS:
            message = f"Maximum policy size of {MAX_INLINE_CHARACTERS} bytes exceeded for role {role}"
            raise AwsError("LimitExceeded", message, operation)
        aws.client("iam").put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=policy)


def role_named(aws: Aws, arn: str) -> dict[str, Any] | None:
    """The role of that ARN; None when there is none, or when its ARN is another."""
    answer = found(aws.client("iam").get_role, GONE, RoleName=arn.rpartition("/")[2])
    return dict(answer["Role"]) if answer and answer["Role"]["Arn"] == arn else None


def attached_policies(aws: Aws, role: str) -> list[str]:
    """ARNs of the managed policies of a role; none when there is no role."""
    answer = found(aws.client("iam").list_attached_role_policies, GONE, RoleName=role)
    return [policy["PolicyArn"] for policy in answer["AttachedPolicies"]] if answer else []


def _inline_policies(aws: Aws, role: str) -> list[str]:
    answer = found(aws.client("iam").list_role_policies, GONE, RoleName=role)
    return list(answer["PolicyNames"]) if answer else []


def _inline_policy(aws: Aws, role: str, name: str) -> str:
    return json.dumps(aws.client("iam").get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"])


def _refuse_trust(operation: str, inputs: Mapping[str, Any]) -> None:
    document = inputs["assumeRolePolicy"]
    refuse_malformed(operation, document, MALFORMED, required=("Principal", "Action"))
    if size(document) > MAX_TRUST_CHARACTERS:
        message = f"Cannot exceed quota for ACLSizePerRole: {MAX_TRUST_CHARACTERS}"
        raise AwsError("LimitExceeded", message, operation)


def _refuse_boundary(aws: Aws, operation: str, inputs: Mapping[str, Any]) -> None:
    arn = inputs.get("permissionsBoundary")
    if arn and found(aws.client("iam").get_policy, GONE, PolicyArn=arn) is None:
        raise AwsError(GONE, f"Scope ARN: {arn} does not exist or is not attachable.", operation)


HANDLERS = (Role(), RolePolicy())
