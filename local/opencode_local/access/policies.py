"""The policies of the embedded account as they are at this moment: of roles, and of what they act on.

Each call reads them anew, so that a changed policy counts for the next request. Statements are kept by their text.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Set
from functools import lru_cache
from typing import Any

from moto.awslambda.models import lambda_backends
from moto.dynamodb.models import dynamodb_backends
from moto.ecr.models import ecr_backends
from moto.iam.models import Role, iam_backends
from moto.kms.models import kms_backends
from moto.s3.models import s3_backends
from moto.secretsmanager.models import secretsmanager_backends
from moto.sns.models import sns_backends
from moto.sqs.models import sqs_backends

from opencode_components.testing.iam_decision import Policies
from opencode_components.testing.iam_policies import Guard, guard_of
from opencode_components.testing.iam_statements import Statement, statements

KEPT_DOCUMENTS = 512
MUST_ALLOW = ("kms", "iam")
"""Services whose resources' own policies have to allow every call: keys, and roles that are assumed."""


def of_session(role_arn: str, session_policy: str | None, guard: Guard) -> Policies:
    """All that speaks for or against a call of a session of the role. A role that is gone has no policies."""
    role = role_of(role_arn)
    if role is None:
        return Policies(guard=guard)
    boundary = role.permissions_boundary_arn
    return Policies(
        identity=[statement for name, text in documents(role) for statement in parsed(name, text)],
        guard=guard,
        boundary=parsed(boundary, managed_document(role, boundary)) if boundary else None,
        session=parsed("the session's policy", session_policy) if session_policy else None,
    )


def role_of(role_arn: str) -> Role | None:
    _, partition, _, _, account_id, path = role_arn.split(":", 5)
    name = path.rpartition("/")[2]
    backends = iam_backends[account_id]
    every = list(backends[partition].roles.values()) if partition in backends else []
    return next((role for role in every if role.name == name), None)


def documents(role: Role) -> Iterator[tuple[str, str]]:
    """Names and texts of the role's inline and attached policies."""
    yield from list(role.policies.items())
    for arn in list(role.managed_policies):
        yield arn, managed_document(role, arn)


def managed_document(role: Role, policy_arn: str) -> str:
    """The default version's. Raises LookupError when the policy is gone."""
    policy = iam_backends[role.account_id][role.partition].managed_policies.get(policy_arn)
    if policy is None:
        raise LookupError(f"the role {role.name} has the policy {policy_arn}, which does not exist")
    return next(str(version.document) for version in policy.versions if version.version_id == policy.default_version_id)


@lru_cache(KEPT_DOCUMENTS)
def parsed(name: str, text: str) -> tuple[Statement, ...]:
    return tuple(statements(name, text))


def guard(resource_arn: str, account_id: str, principals: Set[str]) -> Guard:
    """What the resource's own policy says of the principals. `account_id` is the caller's: a bucket's ARN has none.

    Raises ValueError for a policy that IAM would refuse.
    """
    parts = resource_arn.split(":", 5)
    if len(parts) < 6 or parts[2] not in READERS:
        return Guard()
    text = READERS[parts[2]](parts[4] or account_id, parts[3], resource_arn)
    if text is None:
        return Guard()
    every = parsed(f"the policy of {resource_arn}", text)
    return guard_of(resource_arn, every, principals, is_required=parts[2] in MUST_ALLOW)


def _bucket_policy(account_id: str, _region: str, arn: str) -> str | None:
    _, partition, _, _, _, path = arn.split(":", 5)
    bucket = s3_backends[account_id][partition].buckets.get(path.partition("/")[0])
    return bucket.policy.decode() if bucket is not None and bucket.policy else None


def _key_policy(account_id: str, region: str, arn: str) -> str | None:
    key = kms_backends[account_id][region].keys.get(arn.rpartition("key/")[2])
    return str(key.policy) if key is not None else None


def _role_trust(_account_id: str, _region: str, arn: str) -> str | None:
    role = role_of(arn)
    return str(role.assume_role_policy_document) if role is not None else None


def _secret_policy(account_id: str, region: str, arn: str) -> str | None:
    secret: Any = secretsmanager_backends[account_id][region].secrets.get(arn)
    return getattr(secret, "policy", None)


def _queue_policy(account_id: str, region: str, arn: str) -> str | None:
    queue = sqs_backends[account_id][region].queues.get(arn.rpartition(":")[2])
    return queue.policy if queue is not None else None


def _topic_policy(account_id: str, region: str, arn: str) -> str | None:
    topic = sns_backends[account_id][region].topics.get(arn)
    return topic.policy if topic is not None else None


def _function_policy(account_id: str, region: str, arn: str) -> str | None:
    name = arn.split(":")[6]
    latest = next((f for f in lambda_backends[account_id][region].list_functions() if f.function_name == name), None)
    found = latest.policy.statements if latest is not None else None
    return json.dumps({"Version": "2012-10-17", "Statement": found}) if found else None


def _repository_policy(account_id: str, region: str, arn: str) -> str | None:
    repository = ecr_backends[account_id][region].repositories.get(arn.partition("repository/")[2])
    return repository.policy if repository is not None else None


def _table_policy(account_id: str, region: str, arn: str) -> str | None:
    found = dynamodb_backends[account_id][region].resource_policies.get("/".join(arn.split("/")[:2]))
    return str(found.policy_doc) if found is not None else None


READERS: Mapping[str, Callable[[str, str, str], str | None]] = {
    "dynamodb": _table_policy,
    "ecr": _repository_policy,
    "iam": _role_trust,
    "kms": _key_policy,
    "lambda": _function_policy,
    "s3": _bucket_policy,
    "secretsmanager": _secret_policy,
    "sns": _topic_policy,
    "sqs": _queue_policy,
}
"""By service: from account, region and ARN to the JSON of the resource's policy."""
