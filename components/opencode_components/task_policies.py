"""What the router's task and its start may do apart from calling models, as policy statements: pure functions.

The actions are those of the calls in `opencode_router.identity` and `opencode_router.usage`. A transaction is
authorised by the actions of its parts: DynamoDB developer guide, "IAM policies for transactions" (read 2026-11-21).
"""

import json
from collections.abc import Sequence

from opencode_components.bedrock_policy import Statement

KEYS_INDEX = "user-sub-index"
USAGE_INDEX = "caller-index"
KEY_ACTIONS = ("dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem")
USAGE_ACTIONS = ("dynamodb:BatchWriteItem",)
COUNTER_ACTIONS = ("dynamodb:GetItem", "dynamodb:UpdateItem", "dynamodb:Query")
CUSTOMER_KEY_ACTIONS = ("kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey", "kms:DescribeKey")
"""DynamoDB uses the key in the name of whoever reads or writes the table.

Source: DynamoDB developer guide, "How DynamoDB uses AWS KMS", authorizing use (read 2026-11-21).
"""
PULL_ACTIONS = ("ecr:BatchCheckLayerAvailability", "ecr:GetDownloadUrlForLayer", "ecr:BatchGetImage")
LOG_ACTIONS = ("logs:CreateLogStream", "logs:PutLogEvents")


def allow(sid: str, actions: Sequence[str], resource: str) -> Statement:
    return {"Sid": sid, "Effect": "Allow", "Action": list(actions), "Resource": resource}


def record_statements(keys_table_arn: str, usage_table_arn: str, counters_table_arn: str) -> list[Statement]:
    """What the router does with its tables."""
    return [
        allow("Keys", KEY_ACTIONS, keys_table_arn),
        allow("KeysOfCaller", ["dynamodb:Query"], f"{keys_table_arn}/index/{KEYS_INDEX}"),
        allow("Usage", USAGE_ACTIONS, usage_table_arn),
        allow("UsageOfCaller", ["dynamodb:Query"], f"{usage_table_arn}/index/{USAGE_INDEX}"),
        allow("Counters", COUNTER_ACTIONS, counters_table_arn),
    ]


def customer_key_statement(region: str, kms_key_arn: str) -> Statement:
    """The tables' own key, for DynamoDB to use and for nothing else."""
    by_dynamodb = {"StringEquals": {"kms:ViaService": f"dynamodb.{region}.amazonaws.com"}}
    return {**allow("CustomerKey", CUSTOMER_KEY_ACTIONS, kms_key_arn), "Condition": by_dynamodb}


def releases_statement(bucket_arn: str) -> Statement:
    """What is published, and nothing else in that bucket: an address to download at is signed in the task's name."""
    return allow("Releases", ["s3:GetObject"], f"{bucket_arn}/releases/*")


def execution_statements(repository_arn: str, log_group_arn: str, stream_prefix: str) -> list[Statement]:
    """What ECS needs to start the task: its image, and a place for its log.

    Source: ECS developer guide, "Amazon ECS task execution IAM role" (read 2026-11-21).
    """
    return [
        allow("SignInToRegistry", ["ecr:GetAuthorizationToken"], "*"),
        allow("PullImage", PULL_ACTIONS, repository_arn),
        allow("WriteLog", LOG_ACTIONS, f"{log_group_arn}:log-stream:{stream_prefix}/*"),
    ]


def trust_document(account_id: str, region: str, partition: str) -> str:
    """Only tasks of this account and region may take the role.

    Source: ECS developer guide, "Amazon ECS task IAM role", confused deputy (read 2026-11-21).
    """
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "ecs-tasks.amazonaws.com"},
        "Action": "sts:AssumeRole",
        "Condition": {
            "ArnLike": {"aws:SourceArn": f"arn:{partition}:ecs:{region}:{account_id}:*"},
            "StringEquals": {"aws:SourceAccount": account_id},
        },
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})
