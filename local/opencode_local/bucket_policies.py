"""Bucket policies at the embedded S3, which reads none of their conditions: "denied without TLS" denied everything.

Statements with a condition are left to the endpoint that tasks and functions see (`opencode_local.access`), which
evaluates them; those without still hold here. Source: moto.s3.models.FakeBucket.get_permission (read 2026-11-21).
"""

import json

from moto.iam.access_control import IAMPolicy, PermissionResult
from moto.s3.models import FakeBucket


def install() -> None:
    FakeBucket.get_permission = permission  # type: ignore[assignment, method-assign]


def permission(bucket: FakeBucket, action: str, resource: str) -> PermissionResult:
    """By the statements that always hold."""
    policy = unconditional(bucket.policy) if bucket.policy else None
    if policy is None:
        return PermissionResult.NEUTRAL
    found: PermissionResult = IAMPolicy(policy).is_action_permitted(action, resource)
    return found


def unconditional(policy: bytes) -> str | None:
    """The policy's statements without a condition; None when there is none."""
    document = json.loads(policy)
    given = document["Statement"]
    statements = [one for one in (given if isinstance(given, list) else [given]) if not one.get("Condition")]
    return json.dumps({**document, "Statement": statements}) if statements else None
