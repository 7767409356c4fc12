"""Whether a role lets a service of AWS take it, for whom it says that it does.

Sources: IAM user guide, "The confused deputy problem"; ECS developer guide, "Amazon ECS task IAM role"; Lambda
developer guide, "Defining Lambda function permissions with an execution role" (read 2026-11-21).
"""

from opencode_components.testing.iam_decision import Policies, decide
from opencode_components.testing.iam_statements import call
from opencode_local.access import policies
from opencode_local.provider.aws import Account

TASKS = "ecs-tasks.amazonaws.com"
WORDING = {
    TASKS: (
        "ECS was unable to assume the role '{role}' that was provided for this task. Please verify that the role being "
        "passed has the proper trust relationship and permissions and that your IAM user has permissions to pass this "
        "role."
    ),
    "lambda.amazonaws.com": "The role defined for the function cannot be assumed by Lambda. ({role})",
}
"""By service, as AWS says it."""
OTHERS = "{service} is not authorized to perform: sts:AssumeRole on resource: {role}"


class NotTrusted(Exception):
    """The role's trust policy does not name the service, or not for this task or function."""


def check_trust(account: Account, role_arn: str, *, service: str, source_arn: str) -> None:
    """`source_arn` is what the role is taken for. Raises NotTrusted."""
    context = {"aws:SourceArn": source_arn, "aws:SourceAccount": account.account_id}
    guard = policies.guard(role_arn, account.account_id, {service})
    if not decide(Policies(guard=guard), call("sts:AssumeRole", role_arn, context)):
        raise NotTrusted(WORDING.get(service, OTHERS).format(role=role_arn, service=service))


def may_call_bedrock(role_arn: str) -> bool:
    """Whether any statement of the role speaks of Bedrock."""
    role = policies.role_of(role_arn)
    texts = [text for _, text in policies.documents(role)] if role is not None else []
    return any('"bedrock' in text for text in texts)
