"""Operations of every service that the guarded AWS knows: allowed by exactly one statement, and by nothing else."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.local.access.guarded import REGION, Caller, Guarded, allow

BUCKET = "local-access-services"
HASH = [{"AttributeName": "id", "KeyType": "HASH"}]
ITEM = {"id": {"S": "one"}}
BY_OWNER = {
    "IndexName": "by-owner",
    "KeySchema": [{"AttributeName": "owner", "KeyType": "HASH"}],
    "Projection": {"ProjectionType": "ALL"},
}


@dataclass(frozen=True)
class Site:
    """Something of every service."""

    aws: Guarded
    names: Mapping[str, str]

    def filled(self, value: Any) -> Any:
        """With `{key}` and its like put in."""
        if isinstance(value, str):
            return value.format(**self.names) if "{" in value else value
        if isinstance(value, dict):
            return {self.filled(name): self.filled(member) for name, member in value.items()}
        return [self.filled(member) for member in value] if isinstance(value, list) else value


@pytest.fixture(scope="module")
async def site(aws_of_tasks: Guarded) -> Site:
    return Site(aws_of_tasks, await asyncio.to_thread(made, aws_of_tasks))


def made(aws: Guarded) -> dict[str, str]:
    attributes = [{"AttributeName": name, "AttributeType": "S"} for name in ("id", "owner")]
    for name in ("orders", "others"):
        aws.admin("dynamodb").create_table(
            TableName=name,
            KeySchema=HASH,
            AttributeDefinitions=attributes,
            GlobalSecondaryIndexes=[BY_OWNER],
            BillingMode="PAY_PER_REQUEST",
        )
    aws.admin("s3").create_bucket(Bucket=BUCKET)
    aws.admin("s3").put_object(Bucket=BUCKET, Key="in/a b.txt", Body=b"a")
    aws.admin("logs").create_log_group(logGroupName="/app")
    aws.admin("logs").create_log_stream(logGroupName="/app", logStreamName="one")
    aws.admin("ssm").put_parameter(Name="/app/level", Value="1", Type="String")
    aws.admin("ecr").create_repository(repositoryName="app")
    key = aws.admin("kms").create_key()["KeyMetadata"]["KeyId"]
    aws.admin("kms").create_alias(AliasName="alias/app", TargetKeyId=key)
    return {
        "here": f"{REGION}:{aws.account.account_id}",
        "account": aws.account.account_id,
        "queue": aws.admin("sqs").create_queue(QueueName="orders")["QueueUrl"],
        "topic": aws.admin("sns").create_topic(Name="news")["TopicArn"],
        "secret": aws.admin("secretsmanager").create_secret(Name="app/token", SecretString="s")["ARN"],
        "key": key,
        "ciphertext": "",
        "role": aws.role(trust=trusting_account(aws)),
    }


def trusting_account(aws: Guarded) -> str:
    return (
        '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["sts:AssumeRole", "sts:TagSession"],'
        f' "Principal": {{"AWS": "arn:aws:iam::{aws.account.account_id}:root"}}}}]}}'
    )


TABLE, OTHER = "arn:aws:dynamodb:{here}:table/orders", "arn:aws:dynamodb:{here}:table/others"
BY_OWNER_ARN = f"{TABLE}/index/by-owner"
KEY_CONDITION = {
    "KeyConditionExpression": "#o = :o",
    "ExpressionAttributeNames": {"#o": "owner"},
    "ExpressionAttributeValues": {":o": {"S": "a"}},
}
SET = {"UpdateExpression": "SET size_bytes = :n", "ExpressionAttributeValues": {":n": {"N": "1"}}}
OBJECT, KEY_ARN = f"arn:aws:s3:::{BUCKET}/in/a b.txt", "arn:aws:kms:{here}:key/{key}"
QUEUE, GROUP = "arn:aws:sqs:{here}:orders", "arn:aws:logs:{here}:log-group:/app"
PARAMETER, REPOSITORY = "arn:aws:ssm:{here}:parameter/app/level", "arn:aws:ecr:{here}:repository/app"
FUNCTION = "arn:aws:lambda:{here}:function:app"
MACHINE = "arn:aws:states:{here}:stateMachine:app"
EVENT = {"Source": "app", "DetailType": "made", "Detail": "{{}}"}
PUT = {"PutRequest": {"Item": ITEM}}
CASES: tuple[tuple[str, str, str, dict[str, Any]], ...] = (
    ("dynamodb:GetItem", TABLE, "get_item", {"TableName": "orders", "Key": ITEM}),
    ("dynamodb:GetItem", TABLE, "get_item", {"TableName": TABLE, "Key": ITEM}),
    ("dynamodb:PutItem", TABLE, "put_item", {"TableName": "orders", "Item": ITEM}),
    ("dynamodb:DeleteItem", TABLE, "delete_item", {"TableName": "orders", "Key": ITEM}),
    ("dynamodb:UpdateItem", TABLE, "update_item", {"TableName": "orders", "Key": ITEM, **SET}),
    ("dynamodb:Scan", TABLE, "scan", {"TableName": "orders"}),
    ("dynamodb:Query", BY_OWNER_ARN, "query", {"TableName": "orders", "IndexName": "by-owner", **KEY_CONDITION}),
    ("dynamodb:BatchWriteItem", TABLE, "batch_write_item", {"RequestItems": {"orders": [PUT]}}),
    ("dynamodb:BatchGetItem", TABLE, "batch_get_item", {"RequestItems": {"orders": {"Keys": [ITEM]}}}),
    (
        "dynamodb:PutItem",
        TABLE,
        "transact_write_items",
        {"TransactItems": [{"Put": {"TableName": "orders", "Item": ITEM}}]},
    ),
    (
        "dynamodb:GetItem",
        TABLE,
        "transact_get_items",
        {"TransactItems": [{"Get": {"TableName": "orders", "Key": ITEM}}]},
    ),
    ("dynamodb:DescribeTable", TABLE, "describe_table", {"TableName": "orders"}),
    ("dynamodb:ListTables", "*", "list_tables", {}),
    ("s3:GetObject", OBJECT, "get_object", {"Bucket": BUCKET, "Key": "in/a b.txt"}),
    ("s3:GetObject", OBJECT, "head_object", {"Bucket": BUCKET, "Key": "in/a b.txt"}),
    ("s3:PutObject", f"arn:aws:s3:::{BUCKET}/out/b/", "put_object", {"Bucket": BUCKET, "Key": "out/b/", "Body": b"b"}),
    ("s3:PutObject", f"arn:aws:s3:::{BUCKET}/big", "create_multipart_upload", {"Bucket": BUCKET, "Key": "big"}),
    ("s3:DeleteObject", f"arn:aws:s3:::{BUCKET}/gone", "delete_object", {"Bucket": BUCKET, "Key": "gone"}),
    (
        "s3:DeleteObject",
        f"arn:aws:s3:::{BUCKET}/gone",
        "delete_objects",
        {"Bucket": BUCKET, "Delete": {"Objects": [{"Key": "gone"}]}},
    ),
    ("s3:ListBucket", f"arn:aws:s3:::{BUCKET}", "list_objects_v2", {"Bucket": BUCKET, "Prefix": "in/"}),
    ("s3:ListBucket", f"arn:aws:s3:::{BUCKET}", "head_bucket", {"Bucket": BUCKET}),
    ("s3:ListAllMyBuckets", "*", "list_buckets", {}),
    ("secretsmanager:GetSecretValue", "{secret}", "get_secret_value", {"SecretId": "app/token"}),
    ("secretsmanager:GetSecretValue", "{secret}", "get_secret_value", {"SecretId": "{secret}"}),
    (
        "secretsmanager:GetSecretValue",
        "{secret}",
        "get_secret_value",
        {"SecretId": "arn:aws:secretsmanager:{here}:secret:app/token"},
    ),
    ("ssm:GetParameter", PARAMETER, "get_parameter", {"Name": "/app/level"}),
    ("ssm:GetParameters", PARAMETER, "get_parameters", {"Names": ["/app/level"]}),
    ("ssm:GetParametersByPath", "arn:aws:ssm:{here}:parameter/app", "get_parameters_by_path", {"Path": "/app"}),
    ("kms:Encrypt", KEY_ARN, "encrypt", {"KeyId": "{key}", "Plaintext": b"x"}),
    ("kms:Encrypt", KEY_ARN, "encrypt", {"KeyId": "alias/app", "Plaintext": b"x"}),
    ("kms:GenerateDataKey", KEY_ARN, "generate_data_key", {"KeyId": "alias/app", "KeySpec": "AES_256"}),
    ("kms:DescribeKey", KEY_ARN, "describe_key", {"KeyId": KEY_ARN}),
    (
        "logs:CreateLogStream",
        f"{GROUP}:log-stream:two",
        "create_log_stream",
        {"logGroupName": "/app", "logStreamName": "two"},
    ),
    (
        "logs:PutLogEvents",
        f"{GROUP}:log-stream:one",
        "put_log_events",
        {"logGroupName": "/app", "logStreamName": "one", "logEvents": [{"timestamp": 1, "message": "a"}]},
    ),
    ("logs:FilterLogEvents", f"{GROUP}:*", "filter_log_events", {"logGroupName": "/app"}),
    ("sqs:SendMessage", QUEUE, "send_message", {"QueueUrl": "{queue}", "MessageBody": "a"}),
    (
        "sqs:SendMessage",
        QUEUE,
        "send_message_batch",
        {"QueueUrl": "{queue}", "Entries": [{"Id": "1", "MessageBody": "a"}]},
    ),
    ("sqs:ReceiveMessage", QUEUE, "receive_message", {"QueueUrl": "{queue}"}),
    ("sns:Publish", "{topic}", "publish", {"TopicArn": "{topic}", "Message": "a"}),
    (
        "cloudwatch:PutMetricData",
        "*",
        "put_metric_data",
        {"Namespace": "app", "MetricData": [{"MetricName": "a", "Value": 1}]},
    ),
    ("events:PutEvents", "arn:aws:events:{here}:event-bus/default", "put_events", {"Entries": [EVENT]}),
    ("ecr:GetAuthorizationToken", "*", "get_authorization_token", {}),
    ("ecr:BatchGetImage", REPOSITORY, "batch_get_image", {"repositoryName": "app", "imageIds": [{"imageTag": "a"}]}),
    ("lambda:GetFunction", FUNCTION, "get_function", {"FunctionName": "app"}),
    ("lambda:InvokeFunction", f"{FUNCTION}:1", "invoke", {"FunctionName": "app", "Qualifier": "1"}),
    ("lambda:InvokeFunction", FUNCTION, "invoke", {"FunctionName": FUNCTION}),
    ("states:StartExecution", MACHINE, "start_execution", {"stateMachineArn": MACHINE}),
    ("sts:AssumeRole", "{role}", "assume_role", {"RoleArn": "{role}", "RoleSessionName": "again"}),
    (
        "execute-api:ManageConnections",
        "arn:aws:execute-api:{here}:*/*/POST/@connections/*",
        "post_to_connection",
        {"ConnectionId": "abc", "Data": b"a"},
    ),
)
CLIENTS = {"states": "stepfunctions", "execute-api": "apigatewaymanagementapi"}
ABSENT = {"lambda:GetFunction", "lambda:InvokeFunction", "states:StartExecution"}
"""Their resources are not there: the embedded AWS says so, which only an allowed caller hears."""
WORDS = {"sns": "AuthorizationError", "sqs": "AccessDenied", "s3": "AccessDenied", "sts": "AccessDenied"}


def service_of(action: str) -> str:
    prefix = action.partition(":")[0]
    return CLIENTS.get(prefix, prefix)


@pytest.fixture(scope="module")
def stranger(aws_of_tasks: Guarded) -> Caller:
    """May do everything everywhere, in another account."""
    return aws_of_tasks.caller(allow("*", "arn:aws:*:*:999999999999:*"))


@pytest.fixture(scope="module")
def worker(aws_of_tasks: Guarded) -> Caller:
    """What it may do is another thing in every test: policies count for the next request."""
    return aws_of_tasks.caller()


@pytest.mark.parametrize(("action", "resource", "operation", "params"), CASES)
async def test_an_operation_needs_its_action_on_its_resource(
    site: Site, worker: Caller, stranger: Caller, action: str, resource: str, operation: str, params: dict[str, Any]
) -> None:
    site.aws.allow(worker.session.role_arn, allow(action, site.filled(resource)))
    filled = site.filled(params)

    if action in ABSENT:
        with pytest.raises(ClientError) as allowed:
            await worker.call(service_of(action), operation, **filled)
        assert "not authorized" not in str(allowed.value)
    else:
        await worker.call(service_of(action), operation, **filled)

    status, code, message = await stranger.refusal(service_of(action), operation, **filled)
    assert status in {400, 403}
    if operation.startswith("head_"):
        return  # an answer to HEAD has no body
    assert code in {"AccessDeniedException", "AccessDenied", WORDS.get(service_of(action))}
    assert message.startswith(f"User: {stranger.arn} is not authorized to perform: {action} on resource: ")
    assert message.endswith(f" because no identity-based policy allows the {action} action")


async def test_each_table_of_a_batch_has_to_be_allowed(site: Site) -> None:
    caller = site.aws.caller(allow("dynamodb:BatchWriteItem", site.filled(TABLE)))

    _, _, message = await caller.refusal(
        "dynamodb", "batch_write_item", RequestItems={"orders": [PUT], "others": [PUT]}
    )

    assert f"dynamodb:BatchWriteItem on resource: {site.filled(OTHER)}" in message


async def test_a_transaction_needs_the_actions_of_its_parts(site: Site) -> None:
    caller = site.aws.caller(allow(["dynamodb:PutItem", "dynamodb:TransactWriteItems"], site.filled(TABLE)))
    check = {"TableName": "others", "Key": ITEM, "ConditionExpression": "attribute_exists(id)"}
    parts = [{"Put": {"TableName": "orders", "Item": ITEM}}, {"ConditionCheck": check}]

    _, _, message = await caller.refusal("dynamodb", "transact_write_items", TransactItems=parts)

    assert f"dynamodb:ConditionCheckItem on resource: {site.filled(OTHER)}" in message


async def test_a_copied_object_has_to_be_read_and_written(site: Site) -> None:
    caller = site.aws.caller(allow("s3:PutObject", f"arn:aws:s3:::{BUCKET}/copy"))
    copy = {"Bucket": BUCKET, "Key": "copy", "CopySource": f"{BUCKET}/in/a b.txt"}

    _, _, message = await caller.refusal("s3", "copy_object", **copy)
    assert f"s3:GetObject on resource: {OBJECT}" in message

    site.aws.allow(
        caller.session.role_arn, allow("s3:PutObject", f"arn:aws:s3:::{BUCKET}/copy"), allow("s3:GetObject", OBJECT)
    )
    await caller.call("s3", "copy_object", **copy)


async def test_an_object_is_written_with_tags_only_by_whom_may_set_them(site: Site) -> None:
    written = f"arn:aws:s3:::{BUCKET}/tagged"
    asked = {"Bucket": BUCKET, "Key": "tagged", "Body": b"t", "Tagging": "kept-days=1"}
    caller = site.aws.caller(allow("s3:PutObject", written))

    _, _, message = await caller.refusal("s3", "put_object", **asked)
    assert f"s3:PutObjectTagging on resource: {written}" in message


async def test_a_ciphertext_knows_its_key(site: Site) -> None:
    key_arn = site.filled(KEY_ARN)
    caller = site.aws.caller(allow("kms:Decrypt", key_arn))
    stranger = site.aws.caller(allow("kms:Decrypt", f"{key_arn}-of-another"))
    made = await asyncio.to_thread(site.aws.admin("kms").encrypt, KeyId=site.names["key"], Plaintext=b"secret")

    found = await caller.call("kms", "decrypt", CiphertextBlob=made["CiphertextBlob"])
    _, _, message = await stranger.refusal("kms", "decrypt", CiphertextBlob=made["CiphertextBlob"])

    assert found["Plaintext"] == b"secret"
    assert f"kms:Decrypt on resource: {key_arn}" in message


async def test_an_operation_whose_resource_is_not_known_is_denied_to_everyone(site: Site) -> None:
    caller = site.aws.caller(allow("*", "*"))

    for service, operation, params in (
        ("dynamodb", "list_backups", {}),
        ("ec2", "describe_vpcs", {}),
        ("iam", "list_roles", {}),
        ("s3", "put_bucket_acl", {"Bucket": BUCKET, "ACL": "public-read"}),
    ):
        _, code, message = await caller.refusal(service, operation, **params)
        assert code.startswith("AccessDenied")
        assert "local AWS does not know" in message


async def test_a_request_that_the_sdk_has_compressed_is_read(site: Site) -> None:
    namespace = {"StringEquals": {"cloudwatch:namespace": "app"}}
    caller = site.aws.caller(allow("cloudwatch:PutMetricData", "*", **namespace))
    metrics = [{"MetricName": f"requests-of-caller-{number:04}", "Value": number} for number in range(300)]

    await caller.call("cloudwatch", "put_metric_data", Namespace="app", MetricData=metrics)
    await caller.refusal("cloudwatch", "put_metric_data", Namespace="other", MetricData=metrics)


async def test_who_one_is_may_always_be_asked(site: Site) -> None:
    caller = site.aws.caller()

    found = await caller.call("sts", "get_caller_identity")

    assert (found["Account"], found["Arn"]) == (site.names["account"], caller.arn)
