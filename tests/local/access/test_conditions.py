"""What conditions of policies see of a request and of who makes it.

Sources: IAM user guide, "AWS global condition context keys"; DynamoDB developer guide, "Using IAM policy conditions for
fine-grained access control"; Service authorization reference, the pages of the services (read 2026-11-21).
"""

from typing import Any

import pytest

from tests.local.access.guarded import REGION, Guarded, allow

BUCKET = "local-access-conditions"
ITEM = {"owner": {"S": "ada"}, "id": {"S": "1"}}


@pytest.fixture(scope="module")
def table(aws_of_tasks: Guarded) -> str:
    keys = (("owner", "HASH"), ("id", "RANGE"))
    made = aws_of_tasks.admin("dynamodb").create_table(
        TableName="notes",
        KeySchema=[{"AttributeName": name, "KeyType": kind} for name, kind in keys],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name, _ in keys],
        BillingMode="PAY_PER_REQUEST",
    )
    return str(made["TableDescription"]["TableArn"])


OF_NOTES = {
    "ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["notes#*"]},
    "Null": {"dynamodb:LeadingKeys": "false"},
}
"""Of all values of a key that has to be there, too: by itself the former holds where there is none.

Source: IAM user guide, "Single-valued vs. multivalued context keys" (read 2026-11-21).
"""
OURS, THEIRS = ({"owner": {"S": owner}, "id": {"S": "1"}} for owner in ("notes#ada", "ada"))
CONDITIONS: tuple[tuple[str, str, dict[str, Any], dict[str, Any], dict[str, Any]], ...] = (
    (
        "dynamodb",
        "put_item",
        {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["ada"]}},
        {"TableName": "notes", "Item": ITEM},
        {"TableName": "notes", "Item": {**ITEM, "owner": {"S": "bob"}}},
    ),
    (
        "dynamodb",
        "query",
        {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["ada"]}},
        {
            "TableName": "notes",
            "KeyConditionExpression": "#o = :o",
            "ExpressionAttributeNames": {"#o": "owner"},
            "ExpressionAttributeValues": {":o": {"S": "ada"}},
        },
        {
            "TableName": "notes",
            "KeyConditionExpression": "#o = :o",
            "ExpressionAttributeNames": {"#o": "owner"},
            "ExpressionAttributeValues": {":o": {"S": "bob"}},
        },
    ),
    ("dynamodb", "put_item", OF_NOTES, {"TableName": "notes", "Item": OURS}, {"TableName": "notes", "Item": THEIRS}),
    ("dynamodb", "delete_item", OF_NOTES, {"TableName": "notes", "Key": OURS}, {"TableName": "notes", "Key": THEIRS}),
    (
        "dynamodb",
        "transact_write_items",
        OF_NOTES,
        {"TransactItems": [{"Put": {"TableName": "notes", "Item": OURS}}]},
        {"TransactItems": [{"Put": {"TableName": "notes", "Item": each}} for each in (OURS, THEIRS)]},
    ),
    (
        "dynamodb",
        "batch_write_item",
        OF_NOTES,
        {"RequestItems": {"notes": [{"PutRequest": {"Item": OURS}}]}},
        {"RequestItems": {"notes": [{"PutRequest": {"Item": OURS}}, {"DeleteRequest": {"Key": THEIRS}}]}},
    ),
    (
        "dynamodb",
        "get_item",
        {"ForAllValues:StringEquals": {"dynamodb:Attributes": ["owner", "id", "title"]}},
        {"TableName": "notes", "Key": ITEM, "ProjectionExpression": "id, title"},
        {"TableName": "notes", "Key": ITEM, "ProjectionExpression": "id, salary"},
    ),
    (
        "cloudwatch",
        "put_metric_data",
        {"StringEquals": {"cloudwatch:namespace": "app"}},
        {"Namespace": "app", "MetricData": [{"MetricName": "a", "Value": 1}]},
        {"Namespace": "other", "MetricData": [{"MetricName": "a", "Value": 1}]},
    ),
    (
        "s3",
        "list_objects_v2",
        {"StringLike": {"s3:prefix": "in/*"}},
        {"Bucket": f"{BUCKET}-listed", "Prefix": "in/a"},
        {"Bucket": f"{BUCKET}-listed", "Prefix": "out/a"},
    ),
    (
        "secretsmanager",
        "get_secret_value",
        {"StringEquals": {"secretsmanager:VersionStage": "AWSCURRENT"}},
        {"SecretId": "decided"},
        {"SecretId": "decided", "VersionStage": "AWSPREVIOUS"},
    ),
)


@pytest.fixture(scope="module")
def conditioned(aws_of_tasks: Guarded, table: str) -> str:
    aws_of_tasks.admin("s3").create_bucket(Bucket=f"{BUCKET}-listed")
    aws_of_tasks.admin("secretsmanager").create_secret(Name="decided", SecretString="s")
    return table


@pytest.mark.parametrize(("service", "operation", "condition", "good", "bad"), CONDITIONS)
async def test_conditions_see_what_the_request_says(
    aws_of_tasks: Guarded,
    conditioned: str,
    service: str,
    operation: str,
    condition: dict[str, Any],
    good: dict[str, Any],
    bad: dict[str, Any],
) -> None:
    caller = aws_of_tasks.caller(allow(f"{service}:*", "*", **condition))

    await caller.call(service, operation, **good)

    _, _, message = await caller.refusal(service, operation, **bad)
    assert "is not authorized to perform" in message


GLOBAL: tuple[tuple[dict[str, Any], bool], ...] = (
    ({"StringEquals": {"aws:RequestedRegion": REGION}}, True),
    ({"StringEquals": {"aws:RequestedRegion": "eu-west-1"}}, False),
    ({"Bool": {"aws:SecureTransport": "false"}}, False),
    ({"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/role-*"}}, True),
    ({"StringEquals": {"aws:PrincipalTag/team": "records"}}, True),
    ({"StringEquals": {"aws:PrincipalTag/team": "billing"}}, False),
    ({"DateGreaterThan": {"aws:CurrentTime": "2026-01-01T00:00:00Z"}}, True),
    ({"StringEquals": {"aws:PrincipalType": "AssumedRole"}}, True),
)


@pytest.mark.parametrize(("condition", "is_allowed"), GLOBAL)
async def test_conditions_see_who_asks_and_when(
    aws_of_tasks: Guarded, condition: dict[str, Any], is_allowed: bool
) -> None:
    tags = [{"Key": "team", "Value": "records"}]
    caller = aws_of_tasks.caller(allow("sqs:*", "*", **condition), Tags=tags)

    if is_allowed:
        await caller.call("sqs", "list_queues")
    else:
        _, _, message = await caller.refusal("sqs", "list_queues")
        assert "sqs:ListQueues" in message
