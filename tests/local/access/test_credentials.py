"""What tasks and functions get, from the endpoint that ECS documents, as the SDKs fetch it.

Sources: ECS developer guide, "Amazon ECS task IAM role"; AWS SDKs and tools reference guide, "Container credential
provider" (read 2026-11-21).
"""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import aiohttp
import pytest
from botocore.credentials import ContainerProvider, ReadOnlyCredentials

from opencode_local.access.credentials import OwnCredentialsTaken
from opencode_local.access.trust import NotTrusted
from opencode_local.aws import EmbeddedAws
from opencode_local.provider.aws import Account
from tests.local.access.guarded import LAMBDA, TASKS, Caller, Clock, Guarded, allow, guarded, trusting

account_ids = count(232_000_000_000)
NAME = "9781c248-0edd-4cdb-9a93-f63cb662a5d3"
REFUSED = ("UnrecognizedClientException", "InvalidClientTokenId")


def task_arn(aws: Guarded, name: str = NAME) -> str:
    return aws.arn("ecs", f"task/cluster/{name}")


def environment(aws: Guarded, role_arn: str, name: str = NAME) -> Mapping[str, str]:
    return aws.credentials.environment(role_arn, source_arn=task_arn(aws, name), name=name)


async def fetched(variables: Mapping[str, str]) -> tuple[int, Any]:
    headers = {"Authorization": variables["AWS_CONTAINER_AUTHORIZATION_TOKEN"]}
    url = variables["AWS_CONTAINER_CREDENTIALS_FULL_URI"]
    async with aiohttp.ClientSession(headers=headers) as client, client.get(url) as response:
        return response.status, await response.json()


@pytest.fixture
def queue_reader(aws_of_tasks: Guarded) -> str:
    """A role that may list queues."""
    return aws_of_tasks.role(allow("sqs:ListQueues", "*"))


def task(aws: Guarded, document: Mapping[str, str], name: str = NAME) -> Caller:
    """Code that signs with what the credentials endpoint has answered."""
    return aws.signing_as(
        {
            "Credentials": {
                "AccessKeyId": document["AccessKeyId"],
                "SecretAccessKey": document["SecretAccessKey"],
                "SessionToken": document["Token"],
                "Expiration": datetime.fromisoformat(document["Expiration"]),
            },
            "AssumedRoleUser": {"Arn": f"x/{document['RoleArn'].rpartition('/')[2]}/{name}"},
        }
    )


async def test_a_task_fetches_credentials_of_its_role(aws_of_tasks: Guarded, queue_reader: str) -> None:
    status, document = await fetched(environment(aws_of_tasks, queue_reader))

    assert status == 200
    assert document.keys() == {"RoleArn", "AccessKeyId", "SecretAccessKey", "Token", "Expiration"}
    assert document["RoleArn"] == queue_reader
    left = datetime.fromisoformat(document["Expiration"]) - datetime.now(UTC)
    assert timedelta(minutes=59) < left <= timedelta(hours=1)
    identity = await task(aws_of_tasks, document).call("sts", "get_caller_identity")
    assert identity["Arn"].endswith(f"/{queue_reader.rpartition('/')[2]}/{NAME}")


async def test_an_sdk_finds_them_by_the_variables_alone(aws_of_tasks: Guarded, queue_reader: str) -> None:
    provider = ContainerProvider(environ=dict(environment(aws_of_tasks, queue_reader)))

    found = await asyncio.to_thread(lambda: provider.load().get_frozen_credentials())

    assert found.access_key.startswith("ASIA")


async def test_only_the_task_itself_is_answered(aws_of_tasks: Guarded, queue_reader: str) -> None:
    own, other = (environment(aws_of_tasks, queue_reader, name) for name in ("task-1", "task-2"))
    token = {"AWS_CONTAINER_AUTHORIZATION_TOKEN": other["AWS_CONTAINER_AUTHORIZATION_TOKEN"]}
    nowhere = {"AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{aws_of_tasks.credentials.url}/v2/credentials/none"}

    assert (await fetched({**own, **token}))[0] == 403
    assert (await fetched({**own, **nowhere}))[0] == 404


async def test_the_same_credentials_are_given_until_two_thirds_of_their_life_are_over(
    aws_of_tasks: Guarded, aws_clock: Clock, queue_reader: str
) -> None:
    variables = environment(aws_of_tasks, queue_reader, "long-task")
    _, first = await fetched(variables)
    aws_clock.advance(timedelta(minutes=39))
    _, second = await fetched(variables)
    aws_clock.advance(timedelta(minutes=2))
    _, third = await fetched(variables)
    aws_clock.back()

    assert second == first
    assert third["AccessKeyId"] != first["AccessKeyId"]
    for document in (first, third):
        await task(aws_of_tasks, document).call("sqs", "list_queues")


async def test_expired_credentials_are_refused_as_such(
    aws_of_tasks: Guarded, aws_clock: Clock, queue_reader: str
) -> None:
    _, document = await fetched(environment(aws_of_tasks, queue_reader, "old-task"))
    caller = task(aws_of_tasks, document)
    aws_clock.advance(timedelta(minutes=61))

    codes = [
        (await caller.refusal(service, operation))[1]
        for service, operation in (("sqs", "list_queues"), ("sns", "list_topics"), ("s3", "list_buckets"))
    ]
    aws_clock.back()

    assert codes == ["ExpiredToken", "ExpiredToken", "ExpiredToken"]


async def test_what_a_task_has_got_ends_with_it(aws_of_tasks: Guarded, queue_reader: str) -> None:
    variables, left = (environment(aws_of_tasks, queue_reader, name) for name in ("ending", "staying"))
    caller, other = [task(aws_of_tasks, (await fetched(one))[1]) for one in (variables, left)]
    await caller.call("sqs", "list_queues")

    aws_of_tasks.credentials.forget("ending")

    assert (await caller.refusal("sts", "get_caller_identity"))[1] in REFUSED
    assert (await fetched(variables))[0] == 404
    await other.call("sqs", "list_queues")


TRUSTS = (
    trusting("ec2.amazonaws.com"),
    trusting(TASKS, StringEquals={"aws:SourceAccount": "999999999999"}),
    trusting(TASKS, ArnLike={"aws:SourceArn": "arn:aws:ecs:eu-west-1:*:*"}),
)


@pytest.mark.parametrize("trust", TRUSTS)
async def test_a_role_that_does_not_trust_tasks_is_not_for_them(aws_of_tasks: Guarded, trust: str) -> None:
    role_arn = aws_of_tasks.role(trust=trust)

    with pytest.raises(NotTrusted) as refused:
        environment(aws_of_tasks, role_arn)

    assert str(refused.value) == (
        f"ECS was unable to assume the role '{role_arn}' that was provided for this task. Please verify that the role "
        "being passed has the proper trust relationship and permissions and that your IAM user has permissions to pass "
        "this role."
    )


async def test_a_role_is_taken_for_the_task_and_account_that_it_trusts(aws_of_tasks: Guarded) -> None:
    condition = {
        "ArnLike": {"aws:SourceArn": f"arn:aws:ecs:us-east-1:{aws_of_tasks.account.account_id}:*"},
        "StringEquals": {"aws:SourceAccount": aws_of_tasks.account.account_id},
    }

    assert environment(aws_of_tasks, aws_of_tasks.role(trust=trusting(TASKS, **condition)))


async def test_a_role_that_does_not_exist_is_not_for_anyone(aws_of_tasks: Guarded) -> None:
    with pytest.raises(NotTrusted):
        environment(aws_of_tasks, f"arn:aws:iam::{aws_of_tasks.account.account_id}:role/none")


async def test_a_function_gets_its_roles_session_and_not_that_of_a_task(aws_of_tasks: Guarded) -> None:
    for_functions, for_tasks = (aws_of_tasks.role(trust=trusting(service)) for service in (LAMBDA, TASKS))

    first, second = (aws_of_tasks.function(for_functions, "sweep").session for _ in range(2))

    assert first == second
    with pytest.raises(NotTrusted, match="cannot be assumed by Lambda"):
        aws_of_tasks.function(for_tasks, "sweep")


class Renewed:
    """The caller's own credentials, as botocore keeps them: others after each renewal."""

    def __init__(self) -> None:
        self.renewals = 0

    def get_frozen_credentials(self) -> ReadOnlyCredentials:
        return ReadOnlyCredentials(f"AKIAOWN{self.renewals}", "own-secret", None)


async def test_roles_that_call_the_real_bedrock_get_the_callers_own_credentials(aws: EmbeddedAws) -> None:
    own = Renewed()
    async with guarded(Account(aws.url, str(next(account_ids))), Clock(), own=own) as mine:
        asking = mine.role(allow("bedrock:InvokeModel", "*"), allow("sqs:ListQueues", "*"))
        sweeping = mine.role(allow("sns:ListTopics", "*"))
        _, document = await fetched(environment(mine, asking))
        _, of_another = await fetched(environment(mine, sweeping, "other"))
        caller = task(mine, document)

        await caller.call("sqs", "list_queues")
        _, _, message = await caller.refusal("sns", "list_topics")
        identity = await caller.call("sts", "get_caller_identity")
        own.renewals += 1
        _, renewed = await fetched(environment(mine, asking))
        second = mine.role(allow("bedrock:InvokeModel", "*"))
        with pytest.raises(OwnCredentialsTaken):
            environment(mine, second)

    assert (document["AccessKeyId"], renewed["AccessKeyId"]) == ("AKIAOWN0", "AKIAOWN1")
    assert of_another["AccessKeyId"].startswith("ASIA")
    assert f"assumed-role/{asking.rpartition('/')[2]}/{NAME} is not authorized to perform: sns:ListTopics" in message
    assert identity["Account"] == mine.account.account_id
