"""Who may write to the topic of the alarms, and use its key."""

from collections.abc import Mapping
from typing import Any

from pulumi import Input

from opencode_components.partitions import arn

VERSION = "2012-10-17"
CLOUDWATCH = {"Service": "cloudwatch.amazonaws.com"}


def topic_policy(topic_arn: Input[str], *, region: Input[str], account_id: Input[str]) -> Mapping[str, Any]:
    """Source: Amazon SNS developer guide, "Example cases for Amazon SNS access control" (read 2026-11-21)."""
    return {
        "Version": VERSION,
        "Statement": [
            {
                "Sid": "AlarmsOfThisAccount",
                "Effect": "Allow",
                "Principal": CLOUDWATCH,
                "Action": "sns:Publish",
                "Resource": topic_arn,
                "Condition": {
                    "StringEquals": {"aws:SourceAccount": account_id},
                    "ArnLike": {"aws:SourceArn": arn(region, "cloudwatch:", region, ":", account_id, ":alarm:*")},
                },
            }
        ],
    }


def key_policy(*, region: Input[str], account_id: Input[str]) -> Mapping[str, Any]:
    """The account administers its key through IAM; CloudWatch encrypts what the account's alarms say.

    Source: Amazon SNS developer guide, "Managing Amazon SNS encryption keys and costs" (read 2026-11-21).
    """
    return {
        "Version": VERSION,
        "Statement": [
            {
                "Sid": "AdministeredThroughIam",
                "Effect": "Allow",
                "Principal": {"AWS": arn(region, "iam::", account_id, ":root")},
                "Action": "kms:*",
                "Resource": "*",
            },
            {
                "Sid": "AlarmsOfThisAccount",
                "Effect": "Allow",
                "Principal": CLOUDWATCH,
                "Action": ["kms:Decrypt", "kms:GenerateDataKey*"],
                "Resource": "*",
                "Condition": {"StringEquals": {"aws:SourceAccount": account_id}},
            },
        ],
    }
