"""All operations whose resources the local AWS knows, by service."""

from collections.abc import Mapping, Sequence

from opencode_local.access.needs import Need, Rule
from opencode_local.access.operations import Asked, NotUnderstood
from opencode_local.access.services import dynamodb, messaging, operating, s3, secrets

RULES: Mapping[str, Mapping[str, Rule]] = {
    "cloudwatch": operating.CLOUDWATCH_RULES,
    "dynamodb": dynamodb.RULES,
    "ecr": operating.ECR_RULES,
    "events": messaging.EVENTS_RULES,
    "execute-api": messaging.EXECUTE_API_RULES,
    "kms": secrets.KMS_RULES,
    "lambda": messaging.LAMBDA_RULES,
    "logs": operating.LOGS_RULES,
    "s3": s3.RULES,
    "secretsmanager": secrets.SECRETS_MANAGER_RULES,
    "sns": messaging.SNS_RULES,
    "sqs": messaging.SQS_RULES,
    "ssm": secrets.SSM_RULES,
    "states": messaging.STATES_RULES,
    "sts": operating.STS_RULES,
}
"""By the prefix of the actions, then by operation."""


def needs(asked: Asked) -> Sequence[Need]:
    """Raises NotUnderstood for an operation that is not in the table, Unknowable for a request that lacks a part."""
    rule = RULES[asked.service].get(asked.operation)
    if rule is None:
        raise NotUnderstood(
            f"the local AWS does not know the resource of {asked.service}:{asked.operation}, so that nothing allows it"
        )
    return rule(asked)
