"""Two roles: what the router may do, and what ECS may do to start it."""

from collections.abc import Mapping, Sequence
from typing import NotRequired, TypedDict

import pulumi
import pulumi_aws as aws
from pulumi import Input, Output, ResourceOptions

from opencode_components.bedrock_policy import (
    bedrock_statements,
    checked_lengths,
    checked_models,
    checked_profiles,
    document,
    profile_documents,
)
from opencode_components.partitions import partition
from opencode_components.router_container import CONTAINER
from opencode_components.task_policies import (
    customer_key_statement,
    execution_statements,
    record_statements,
    releases_statement,
    trust_document,
)


class RouterRolesArgs(TypedDict):
    """What RouterRoles are made from."""

    region: str
    """AWS region of the tasks. Plain, because ARNs are built from it."""
    account_id: Input[str]
    """AWS account of the tasks."""
    models: list[str]
    """Foundation model ids that may be called; a `*` may end one. Plain, because the policy's length is checked."""
    inference_profiles: list[str]
    """Prefixes of the cross-region inference profiles that may be used. Plain, because there is a policy for each."""
    keys_table_arn: Input[str]
    """Table of API keys."""
    usage_table_arn: Input[str]
    """Table of usage records."""
    counters_table_arn: Input[str]
    """Table of budgets and limits."""
    records_kms_key_arn: NotRequired[Input[str]]
    """Customer managed key of the tables. None unless given."""
    releases_bucket_arn: NotRequired[Input[str]]
    """Bucket of the client's releases, to read them from. None unless given."""
    repository_arn: Input[str]
    """ECR repository of the image."""
    log_group_arn: Input[str]
    """Log group of the router."""


class RouterRoles(pulumi.ComponentResource):
    """The task role and the execution role, with exactly the actions that are used, on exactly what they are used on.

    Raises ValueError on models or profiles that cannot be, or are too many for a policy.
    """

    task_role_arn: Output[str]
    """ARN of the task role, known once it may do all that it should."""
    task_role_name: Output[str]
    """Name of the task role."""
    execution_role_arn: Output[str]
    """ARN of the execution role, known once it may do all that it should."""

    def __init__(self, name: str, args: RouterRolesArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("opencode_components:index:RouterRoles", name, {**args}, opts)
        of_self = ResourceOptions(parent=self)
        region, account_id = args["region"], Output.from_input(args["account_id"])
        models, prefixes, suffixes = checked_grants(args)
        trust = account_id.apply(lambda known: trust_document(known, region, partition(region)))

        task = aws.iam.Role(
            f"{name}-task", description="What the router may do", assume_role_policy=trust, opts=of_self
        )
        execution = aws.iam.Role(
            f"{name}-start", description="What ECS may do to start it", assume_role_policy=trust, opts=of_self
        )
        task_policy = aws.iam.RolePolicy(
            f"{name}-task", role=task.name, policy=task_document(args, models), opts=of_self
        )
        execution_policy = aws.iam.RolePolicy(
            f"{name}-start", role=execution.name, policy=execution_document(args), opts=of_self
        )
        documents = account_id.apply(lambda known: profile_documents(region, known, models, prefixes))
        through_profiles = profile_policies(name, task, documents, suffixes, of_self)

        self.task_role_arn = arn_after(task, [task_policy, *through_profiles])
        self.task_role_name = task.name
        self.execution_role_arn = arn_after(execution, [execution_policy])
        self.register_outputs(
            {
                "task_role_arn": self.task_role_arn,
                "task_role_name": self.task_role_name,
                "execution_role_arn": self.execution_role_arn,
            }
        )


def checked_grants(args: RouterRolesArgs) -> tuple[list[str], list[str], Sequence[str]]:
    """Models, profile prefixes, and what the managed policies' names end in. Raises ValueError."""
    models, prefixes = checked_models(args["models"]), checked_profiles(args["inference_profiles"])
    return models, prefixes, checked_lengths(args["region"], models, prefixes)


def arn_after(role: aws.iam.Role, grants: Sequence[aws.iam.RolePolicy | aws.iam.RolePolicyAttachment]) -> Output[str]:
    """The role's ARN; whoever uses it waits for its grants, so that no task starts without them."""
    return Output.all(role.arn, *(grant.id for grant in grants)).apply(lambda known: str(known[0]))


def task_document(args: RouterRolesArgs, models: Sequence[str]) -> Output[str]:
    region = args["region"]

    def written(known: dict[str, str]) -> str:
        tables = record_statements(known["keys"], known["usage"], known["counters"])
        key = [customer_key_statement(region, known["kms_key"])] if "kms_key" in known else []
        releases = [releases_statement(known["releases"])] if "releases" in known else []
        return document([*bedrock_statements(region, known["account_id"], models), *tables, *key, *releases])

    arns = {
        "account_id": args["account_id"],
        "keys": args["keys_table_arn"],
        "usage": args["usage_table_arn"],
        "counters": args["counters_table_arn"],
    }
    if "records_kms_key_arn" in args:
        arns["kms_key"] = args["records_kms_key_arn"]
    if "releases_bucket_arn" in args:
        arns["releases"] = args["releases_bucket_arn"]
    return Output.all(**arns).apply(written)


def execution_document(args: RouterRolesArgs) -> Output[str]:
    return Output.all(args["repository_arn"], args["log_group_arn"]).apply(
        lambda known: document(execution_statements(known[0], known[1], CONTAINER))
    )


def profile_policies(
    name: str,
    role: aws.iam.Role,
    documents: Output[Mapping[str, str]],
    suffixes: Sequence[str],
    of_self: ResourceOptions,
) -> list[aws.iam.RolePolicyAttachment]:
    """A managed policy for each of `suffixes`, the keys of `documents`, attached to the role."""
    attached = []
    for suffix in suffixes:
        policy = aws.iam.Policy(
            f"{name}-{suffix}",
            description=f"Calls of models through inference profiles: {suffix}",
            policy=documents[suffix],
            opts=of_self,
        )
        attached.append(
            aws.iam.RolePolicyAttachment(f"{name}-{suffix}", role=role.name, policy_arn=policy.arn, opts=of_self)
        )
    return attached
