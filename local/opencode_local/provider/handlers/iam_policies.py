"""Managed IAM policies and the roles that have them.

Rules: service model of IAM, and IAM user guide, "IAM and AWS STS quotas" and "Versioning IAM policies"
(read 2026-11-21).
"""

import json
from collections.abc import Sequence
from typing import Any

from opencode_local.provider.aws import Aws, found
from opencode_local.provider.errors import AwsError
from opencode_local.provider.handler import AutoName, Fault, Handler, Properties
from opencode_local.provider.handlers.iam_roles import GONE, MALFORMED, attached_policies
from opencode_local.provider.handlers.policy_documents import refuse_malformed, size
from opencode_local.provider.members import reported, request, unsupported, values
from opencode_local.provider.tags import changes, mapping, pairs

SETTINGS = values("description", "path")
MAX_MANAGED_CHARACTERS = 6_144
MAX_VERSIONS = 5
MAX_ATTACHED = 10


class Policy(Handler):
    """Its id is its ARN. `attachmentCount` is not reported: it changes when others attach the policy."""

    token = "aws:iam/policy:Policy"
    replace_on = frozenset({"name", "namePrefix", "path", "description"})
    filled_by_aws = frozenset({"path"})
    auto_name = AutoName("name", 128)

    def check(self, aws: Aws, inputs: Properties) -> Sequence[Fault]:
        return unsupported(SETTINGS, inputs, "name", "namePrefix", "policy")

    def create(self, aws: Aws, inputs: Properties) -> str:
        _refuse_document("CreatePolicy", inputs["policy"])
        tags = inputs.get("tagsAll")
        made = aws.client("iam").create_policy(
            PolicyName=inputs["name"],
            PolicyDocument=inputs["policy"],
            **request(SETTINGS, inputs),
            **({"Tags": pairs(tags)} if tags else {}),
        )
        return str(made["Policy"]["Arn"])

    def read(self, aws: Aws, id_: str, inputs: Properties) -> Properties | None:
        policy = _described(aws, id_)
        if policy is None:
            return None
        version = aws.client("iam").get_policy_version(PolicyArn=id_, VersionId=policy["DefaultVersionId"])
        return {
            **reported(SETTINGS, policy, inputs),
            "name": policy["PolicyName"],
            "policy": json.dumps(version["PolicyVersion"]["Document"]),
            "tagsAll": mapping(policy.get("Tags")),
            "arn": id_,
            "policyId": policy["PolicyId"],
        }

    def update(self, aws: Aws, id_: str, old: Properties, new: Properties) -> None:
        client = aws.client("iam")
        _refuse_document("CreatePolicyVersion", new["policy"])
        if old["policy"] != new["policy"]:
            spare = _other_versions(aws, id_)
            if len(spare) >= MAX_VERSIONS - 1:
                oldest = min(spare, key=lambda version: int(version.removeprefix("v")))
                client.delete_policy_version(PolicyArn=id_, VersionId=oldest)
            client.create_policy_version(PolicyArn=id_, PolicyDocument=new["policy"], SetAsDefault=True)
        added, removed = changes(old.get("tagsAll"), new.get("tagsAll"))
        if added:
            client.tag_policy(PolicyArn=id_, Tags=pairs(added))
        if removed:
            client.untag_policy(PolicyArn=id_, TagKeys=removed)

    def delete(self, aws: Aws, id_: str, properties: Properties) -> None:
        policy = _described(aws, id_)
        if policy is None:
            return
        if policy["AttachmentCount"]:
            message = "Cannot delete a policy attached to entities."
            raise AwsError("DeleteConflict", message, "DeletePolicy")
        client = aws.client("iam")
        for version in _other_versions(aws, id_):
            client.delete_policy_version(PolicyArn=id_, VersionId=version)
        found(client.delete_policy, GONE, PolicyArn=id_)


class RolePolicyAttachment(Handler):
    """Its id is `<role>/<policy ARN>`."""

    token = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
    replace_on = frozenset({"role", "policyArn"})

    def create(self, aws: Aws, inputs: Properties) -> str:
        role, arn = inputs["role"], inputs["policyArn"]
        attached = attached_policies(aws, role)
        if arn not in attached and len(attached) >= MAX_ATTACHED:
            message = f"Cannot exceed quota for PoliciesPerRole: {MAX_ATTACHED}"
            raise AwsError("LimitExceeded", message, "AttachRolePolicy")
        aws.client("iam").attach_role_policy(RoleName=role, PolicyArn=arn)
        return f"{role}/{arn}"

    def read(self, aws: Aws, id_: str, inputs: Properties) -> Properties | None:
        role, _, arn = id_.partition("/")
        return {"role": role, "policyArn": arn} if arn in attached_policies(aws, role) else None

    def delete(self, aws: Aws, id_: str, properties: Properties) -> None:
        role, _, arn = id_.partition("/")
        found(aws.client("iam").detach_role_policy, GONE, RoleName=role, PolicyArn=arn)


def _described(aws: Aws, arn: str) -> dict[str, Any] | None:
    answer = found(aws.client("iam").get_policy, GONE, PolicyArn=arn)
    return None if answer is None else dict(answer["Policy"])


def _other_versions(aws: Aws, arn: str) -> list[str]:
    versions = aws.client("iam").list_policy_versions(PolicyArn=arn)["Versions"]
    return [version["VersionId"] for version in versions if not version["IsDefaultVersion"]]


def _refuse_document(operation: str, document: str) -> None:
    refuse_malformed(operation, document, MALFORMED, required=("Action", "Resource"))
    if size(document) > MAX_MANAGED_CHARACTERS:
        raise AwsError("LimitExceeded", f"Cannot exceed quota for PolicySize: {MAX_MANAGED_CHARACTERS}", operation)


HANDLERS = (Policy(), RolePolicyAttachment())
