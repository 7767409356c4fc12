"""The guarded AWS as tests use it: an account, its endpoint, and callers with a role of their own."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from time import time
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from opencode_local.access.credentials import TaskCredentials
from opencode_local.access.endpoint import AwsEndpoint, Denial
from opencode_local.access.session import Session
from opencode_local.access.sessions import Sessions
from opencode_local.provider.aws import Account

REGION = "us-east-1"
LAMBDA = "lambda.amazonaws.com"
TASKS = "ecs-tasks.amazonaws.com"
Json = Mapping[str, Any]
numbers = count(1)


class Clock:
    """Time that can be moved on."""

    def __init__(self) -> None:
        self._ahead_s = 0.0

    def __call__(self) -> float:
        return time() + self._ahead_s

    def advance(self, by: timedelta) -> None:
        self._ahead_s += by.total_seconds()

    def back(self) -> None:
        self._ahead_s = 0.0


def policy(*statements: Json) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(actions: str | Sequence[str], resource: str | Sequence[str], **condition: Any) -> Json:
    return statement("Allow", actions, resource, condition)


def deny(actions: str | Sequence[str], resource: str | Sequence[str], **condition: Any) -> Json:
    return statement("Deny", actions, resource, condition)


def statement(effect: str, actions: Any, resource: Any, condition: Json) -> Json:
    block = {"Condition": condition} if condition else {}
    return {"Effect": effect, "Action": actions, "Resource": resource, **block}


def trusting(*services: str, **condition: Any) -> str:
    block = {"Condition": condition} if condition else {}
    principal = {"Service": list(services)}
    return policy({"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole", **block})


class Caller:
    """Code with the credentials of one role."""

    def __init__(self, url: str, session: Session, name: str) -> None:
        self.session = session
        self._url = url
        self._name = name
        self._clients: dict[str, Any] = {}

    @property
    def arn(self) -> str:
        """`arn:aws:sts::<account>:assumed-role/<role>/<session>`."""
        account_id, role = self.session.role_arn.split(":")[4], self.session.role_arn.rpartition("/")[2]
        return f"arn:aws:sts::{account_id}:assumed-role/{role}/{self._name}"

    def client(self, service: str, **changes: Any) -> Any:
        settings = {
            "region_name": REGION,
            "endpoint_url": self._url,
            "aws_access_key_id": self.session.access_key_id,
            "aws_secret_access_key": self.session.secret_access_key,
            "aws_session_token": self.session.session_token,
            "config": Config(retries={"total_max_attempts": 1}, read_timeout=10),
        }
        return boto3.client(service, **{**settings, **changes})

    async def call(self, service: str, operation: str, /, **params: Any) -> Any:
        """Raises ClientError as boto3 does."""
        return await asyncio.to_thread(self._call, service, operation, params)

    def _call(self, service: str, operation: str, params: Json) -> Any:
        if service not in self._clients:
            self._clients[service] = self.client(service)
        return getattr(self._clients[service], operation)(**params)

    def close(self) -> None:
        for client in self._clients.values():
            client.close()

    async def refusal(self, service: str, operation: str, /, **params: Any) -> tuple[int, str, str]:
        """Status, code and message of the error that the call has to end with."""
        try:
            await self.call(service, operation, **params)
        except ClientError as error:
            status = error.response["ResponseMetadata"]["HTTPStatusCode"]
            return status, error.response["Error"]["Code"], error.response["Error"].get("Message", "")
        raise AssertionError(f"{service} {operation} was allowed")


@dataclass(frozen=True)
class Guarded:
    """All of it, running."""

    account: Account
    sessions: Sessions
    endpoint: AwsEndpoint
    credentials: TaskCredentials
    callers: list[Caller] = field(default_factory=list)

    def admin(self, service: str) -> Any:
        """The account's administrator: nothing is refused."""
        return self.account.client(service, REGION)

    def arn(self, service: str, resource: str) -> str:
        return f"arn:aws:{service}:{REGION}:{self.account.account_id}:{resource}"

    def role(self, *statements: Json, trust: str | None = None, **params: Any) -> str:
        """The ARN of a new role that may do what the statements say."""
        name = f"role-{next(numbers)}"
        document = trust or trusting(LAMBDA, TASKS)
        made = self.admin("iam").create_role(RoleName=name, AssumeRolePolicyDocument=document, **params)
        if statements:
            self.allow(name, *statements)
        return str(made["Role"]["Arn"])

    def allow(self, role: str, *statements: Json) -> None:
        """What the role may do from now on. `role` is its name or ARN."""
        name = role.rpartition("/")[2]
        if statements:
            self.admin("iam").put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=policy(*statements))
        else:
            self.admin("iam").delete_role_policy(RoleName=name, PolicyName="own")

    def function(self, role_arn: str, name: str = "function") -> Caller:
        """A caller with a session of the role, as a function has it."""
        source_arn = self.arn("lambda", f"function:{name}")
        session = self.credentials.session(role_arn, name, service=LAMBDA, source_arn=source_arn)
        self.callers.append(Caller(self.endpoint.url, session, name))
        return self.callers[-1]

    def signing_as(self, assumed: Json) -> Caller:
        """A caller with what AssumeRole has answered."""
        given, user = assumed["Credentials"], assumed["AssumedRoleUser"]["Arn"].split("/")
        session = Session(
            role_arn=f"arn:aws:iam::{self.account.account_id}:role/{user[1]}",
            access_key_id=given["AccessKeyId"],
            secret_access_key=given["SecretAccessKey"],
            session_token=given["SessionToken"],
            expires_at=given["Expiration"],
        )
        self.callers.append(Caller(self.endpoint.url, session, user[2]))
        return self.callers[-1]

    def caller(self, *statements: Json, **params: Any) -> Caller:
        role_arn = self.role(*statements, **params)
        return self.function(role_arn, role_arn.rpartition("/")[2])


@asynccontextmanager
async def guarded(
    account: Account, clock: Clock, on_denial: Callable[[Denial], None] = lambda _denial: None, **changes: Any
) -> AsyncIterator[Guarded]:
    sessions = Sessions(account, clock=clock)
    endpoint, credentials = AwsEndpoint(sessions, on_denial=on_denial), TaskCredentials(sessions, **changes)
    await endpoint.start()
    await credentials.start()
    running = Guarded(account, sessions, endpoint, credentials)
    try:
        yield running
    finally:
        for caller in running.callers:
            caller.close()
        await credentials.stop()
        await endpoint.stop()
