"""How policies of all kinds work together at the guarded AWS, as IAM's documentation has it.

Sources: IAM user guide, "Policy evaluation logic", "Permissions boundaries for IAM entities", "Session policies";
DynamoDB developer guide, "How DynamoDB uses AWS KMS" (read 2026-11-21).
"""

import pytest
from botocore.exceptions import ClientError

from tests.local.access.guarded import REGION, Caller, Guarded, Json, allow, deny, policy

BUCKET = "local-access-decisions"


@pytest.fixture(scope="module")
def queue(aws_of_tasks: Guarded) -> str:
    aws_of_tasks.admin("sqs").create_queue(QueueName="jobs")
    return aws_of_tasks.arn("sqs", "jobs")


async def may_see_queue(caller: Caller) -> bool:
    try:
        await caller.call("sqs", "get_queue_url", QueueName="jobs")
    except ClientError as error:
        if "is not authorized to perform: sqs:GetQueueUrl" not in str(error):
            raise
        return False
    return True


async def test_a_changed_policy_counts_for_the_next_request(aws_of_tasks: Guarded, queue: str) -> None:
    caller = aws_of_tasks.caller()
    assert not await may_see_queue(caller)

    aws_of_tasks.allow(caller.session.role_arn, allow("sqs:GetQueueUrl", queue))
    assert await may_see_queue(caller)

    aws_of_tasks.allow(caller.session.role_arn)
    assert not await may_see_queue(caller)


async def test_attached_policies_count_like_inline_ones_in_their_default_version(
    aws_of_tasks: Guarded, queue: str
) -> None:
    caller, iam = aws_of_tasks.caller(), aws_of_tasks.admin("iam")
    document = policy(allow("sqs:*", queue))
    arn = iam.create_policy(PolicyName="attached", PolicyDocument=document)["Policy"]["Arn"]
    role = caller.session.role_arn.rpartition("/")[2]

    iam.attach_role_policy(RoleName=role, PolicyArn=arn)
    assert await may_see_queue(caller)

    iam.create_policy_version(PolicyArn=arn, PolicyDocument=policy(allow("sns:*", "*")), SetAsDefault=True)
    assert not await may_see_queue(caller)


async def test_a_denial_wins_and_is_told_from_a_missing_permission(aws_of_tasks: Guarded, queue: str) -> None:
    caller = aws_of_tasks.caller(allow("sqs:*", "*"), deny("sqs:GetQueueUrl", queue))

    status, code, message = await caller.refusal("sqs", "get_queue_url", QueueName="jobs")

    assert (status, code) == (400, "AccessDenied")
    assert message == (
        f"User: {caller.arn} is not authorized to perform: sqs:GetQueueUrl on resource: {queue} with an explicit deny "
        "in an identity-based policy"
    )


@pytest.mark.parametrize(
    ("statements", "because"),
    [
        ([allow("sns:*", "*")], "because no permissions boundary allows the sqs:GetQueueUrl action"),
        ([allow("*", "*"), deny("sqs:*", "*")], "with an explicit deny in a permissions boundary"),
    ],
)
async def test_a_boundary_limits_what_the_policies_of_a_role_allow(
    aws_of_tasks: Guarded, queue: str, statements: list[Json], because: str
) -> None:
    params = {"PolicyName": f"boundary-{len(statements)}", "PolicyDocument": policy(*statements)}
    boundary = aws_of_tasks.admin("iam").create_policy(**params)["Policy"]["Arn"]
    caller = aws_of_tasks.caller(allow("sqs:*", "*"), PermissionsBoundary=boundary)

    _, _, message = await caller.refusal("sqs", "get_queue_url", QueueName="jobs")

    assert message.endswith(because)


async def test_a_resource_can_allow_what_the_role_does_not(aws_of_tasks: Guarded, queue: str) -> None:
    caller = aws_of_tasks.caller()
    statement = {**allow("sqs:GetQueueUrl", queue), "Principal": {"AWS": caller.session.role_arn}}
    attributes = {"Policy": policy(statement)}
    sqs = aws_of_tasks.admin("sqs")

    sqs.set_queue_attributes(QueueUrl=sqs.get_queue_url(QueueName="jobs")["QueueUrl"], Attributes=attributes)

    assert await may_see_queue(caller)
    assert not await may_see_queue(aws_of_tasks.caller())


async def test_a_bucket_can_deny_what_the_role_allows(aws_of_tasks: Guarded) -> None:
    s3 = aws_of_tasks.admin("s3")
    s3.create_bucket(Bucket=BUCKET)
    caller = aws_of_tasks.caller(allow("s3:*", "*"))
    put = {"Bucket": BUCKET, "Key": "a", "Body": b"a"}
    await caller.call("s3", "put_object", **put)
    statement = {**deny("s3:PutObject", f"arn:aws:s3:::{BUCKET}/*"), "Principal": "*"}

    s3.put_bucket_policy(Bucket=BUCKET, Policy=policy(statement))

    status, code, message = await caller.refusal("s3", "put_object", **put)
    assert (status, code) == (403, "AccessDenied")
    assert message.endswith("with an explicit deny in a resource-based policy")


async def test_a_key_has_to_leave_the_decision_to_the_account(aws_of_tasks: Guarded) -> None:
    kms = aws_of_tasks.admin("kms")
    key = kms.create_key()["KeyMetadata"]
    caller = aws_of_tasks.caller(allow("kms:Encrypt", key["Arn"]))
    request = {"KeyId": key["KeyId"], "Plaintext": b"x"}
    await caller.call("kms", "encrypt", **request)
    root = {"AWS": f"arn:aws:iam::{aws_of_tasks.account.account_id}:root"}

    kms.put_key_policy(
        KeyId=key["KeyId"], PolicyName="default", Policy=policy({**allow("kms:Describe*", "*"), "Principal": root})
    )

    status, code, message = await caller.refusal("kms", "encrypt", **request)
    assert (status, code) == (400, "AccessDeniedException")
    assert message.endswith("because no resource-based policy allows the kms:Encrypt action")


async def test_tables_with_a_customers_key_need_the_key_too(aws_of_tasks: Guarded) -> None:
    key = aws_of_tasks.admin("kms").create_key()["KeyMetadata"]["Arn"]
    made = aws_of_tasks.admin("dynamodb").create_table(
        TableName="sealed",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        SSESpecification={"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": key},
    )
    reading = allow("dynamodb:GetItem", made["TableDescription"]["TableArn"])
    via = {"kms:ViaService": f"dynamodb.{REGION}.amazonaws.com"}
    caller = aws_of_tasks.caller(reading)
    request = {"TableName": "sealed", "Key": {"id": {"S": "1"}}}

    _, _, message = await caller.refusal("dynamodb", "get_item", **request)
    assert f"kms:Decrypt on resource: {key}" in message

    aws_of_tasks.allow(caller.session.role_arn, reading, allow("kms:Decrypt", key, StringEquals=via))
    await caller.call("dynamodb", "get_item", **request)
    _, _, message = await caller.refusal("kms", "describe_key", KeyId=key)
    assert "kms:DescribeKey" in message


async def test_secrets_with_a_customers_key_need_the_key_too(aws_of_tasks: Guarded) -> None:
    key = aws_of_tasks.admin("kms").create_key()["KeyMetadata"]["Arn"]
    params = {"Name": "sealed", "SecretString": "s", "KmsKeyId": key}
    secret = aws_of_tasks.admin("secretsmanager").create_secret(**params)["ARN"]
    reading = allow("secretsmanager:GetSecretValue", secret)
    via = {"kms:ViaService": f"secretsmanager.{REGION}.amazonaws.com"}
    caller = aws_of_tasks.caller(reading)

    _, _, message = await caller.refusal("secretsmanager", "get_secret_value", SecretId="sealed")
    assert f"kms:Decrypt on resource: {key}" in message

    aws_of_tasks.allow(caller.session.role_arn, reading, allow("kms:Decrypt", key, StringEquals=via))
    await caller.call("secretsmanager", "get_secret_value", SecretId="sealed")


async def test_a_policy_that_cannot_be_judged_allows_nothing(aws_of_tasks: Guarded) -> None:
    statement = {**allow("sqs:*", "*"), "NotPrincipal": {"AWS": "arn:aws:iam::999999999999:root"}}
    queue = aws_of_tasks.admin("sqs").create_queue(QueueName="odd", Attributes={"Policy": policy(statement)})
    caller = aws_of_tasks.caller(allow("sqs:*", "*"))

    _, _, message = await caller.refusal("sqs", "receive_message", QueueUrl=queue["QueueUrl"])

    assert "because its policies cannot be read" in message


async def test_a_task_takes_another_role_with_tags_and_a_policy_of_the_session(
    aws_of_tasks: Guarded, queue: str
) -> None:
    caller = aws_of_tasks.caller()
    trust = {**allow(["sts:AssumeRole", "sts:TagSession"], "*"), "Principal": {"AWS": caller.session.role_arn}}
    del trust["Resource"]
    tagged = {"StringEquals": {"aws:PrincipalTag/tenant": "blue"}}
    target = aws_of_tasks.role(allow("sqs:*", queue, **tagged), trust=policy(trust))
    request = {"RoleArn": target, "RoleSessionName": "for-blue", "Tags": [{"Key": "tenant", "Value": "blue"}]}

    whole = await caller.call("sts", "assume_role", **request)
    limited = await caller.call("sts", "assume_role", **request, Policy=policy(allow("sns:*", "*")))
    untagged = await caller.call("sts", "assume_role", RoleArn=target, RoleSessionName="for-nobody")

    assert await may_see_queue(aws_of_tasks.signing_as(whole))
    assert not await may_see_queue(aws_of_tasks.signing_as(untagged))
    _, _, message = await aws_of_tasks.signing_as(limited).refusal("sqs", "get_queue_url", QueueName="jobs")
    assert message.endswith("because no session policy allows the sqs:GetQueueUrl action")


async def test_a_role_that_does_not_trust_the_task_is_not_taken(aws_of_tasks: Guarded) -> None:
    caller = aws_of_tasks.caller(allow("sts:AssumeRole", "*"))
    target = aws_of_tasks.role()

    status, code, message = await caller.refusal("sts", "assume_role", RoleArn=target, RoleSessionName="task")

    assert (status, code) == (403, "AccessDenied")
    assert message.endswith("because no resource-based policy allows the sts:AssumeRole action")


async def test_what_was_denied_can_be_looked_at(aws_of_tasks: Guarded, queue: str) -> None:
    caller = aws_of_tasks.caller()

    assert not await may_see_queue(caller)

    newest = aws_of_tasks.endpoint.recent_denials[-1]
    assert (newest.principal_arn, newest.action, newest.resource) == (caller.arn, "sqs:GetQueueUrl", queue)
    (line,) = aws_of_tasks.endpoint.status()
    assert (line.kind, line.state) == ("AWS endpoint", "active")
    assert "denied" in line.detail


async def test_a_role_that_is_gone_may_do_nothing(aws_of_tasks: Guarded, queue: str) -> None:
    caller, iam = aws_of_tasks.caller(allow("sqs:*", queue)), aws_of_tasks.admin("iam")
    role = caller.session.role_arn.rpartition("/")[2]
    assert await may_see_queue(caller)

    iam.delete_role_policy(RoleName=role, PolicyName="own")
    iam.delete_role(RoleName=role)

    assert not await may_see_queue(caller)
