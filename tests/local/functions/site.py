"""A program's functions, running: deployed onto an account of their own, behind the guarded AWS endpoint."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import pulumi
import pulumi_aws as aws

from opencode_components.testing import deploy
from opencode_components.testing.graph import Graph
from opencode_local.addresses import Addresses
from opencode_local.aws import EmbeddedAws
from opencode_local.functions.functions import Functions
from opencode_local.functions.invocation import FunctionFailed
from opencode_local.functions.signed_callers import SignedCallers
from opencode_local.functions.timing import Timing
from opencode_local.log_streams import LogStreams
from opencode_local.provider.aws import Account
from opencode_local.provider.engine import LocalEngine
from tests.local.access.guarded import Clock, Guarded, guarded, policy, trusting

REGION = "us-east-1"
CODE = Path(__file__).parent / "code"
LAMBDA = "lambda.amazonaws.com"
LOGS = {"Effect": "Allow", "Action": ["logs:CreateLogStream", "logs:PutLogEvents"], "Resource": "*"}
account_ids = count(310_000_000_000)
PATIENCE_S = 20.0
Program = Callable[[], object]


@dataclass(frozen=True)
class Invocation:
    """One that has ended."""

    function: str
    event: Any
    failed: bool


class Watched(Functions):
    """Remembers invocations, whoever asked for them, and tells when there are enough."""

    def watch(self) -> None:
        self.invocations: list[Invocation] = []
        self._changed = asyncio.Condition()

    async def invoke(self, function_arn: str, event: Any) -> Any:
        failed = True
        try:
            answer = await super().invoke(function_arn, event)
            failed = False
            return answer
        finally:
            async with self._changed:
                self.invocations.append(Invocation(function_arn.rpartition(":")[2], event, failed))
                self._changed.notify_all()

    async def until(self, enough: Callable[[list[Invocation]], bool]) -> list[Invocation]:
        async with asyncio.timeout(PATIENCE_S), self._changed:
            await self._changed.wait_for(lambda: enough(self.invocations))
        return self.invocations


@dataclass(frozen=True)
class Site:
    """All of it."""

    graph: Graph
    account: Account
    functions: Watched
    addresses: Addresses
    logs: LogStreams
    guarded: Guarded = field(repr=False)

    def client(self, service: str) -> Any:
        """The administrator's."""
        return self.account.client(service, REGION)

    def output(self, type_: str, name: str, property_: str = "arn") -> str:
        return str(self.graph.one(type_, name).outputs[property_])

    def arn(self, function: str) -> str:
        return self.output("aws:lambda/function:Function", function)

    async def invoke(self, function: str, **event: Any) -> Any:
        return await self.functions.invoke(self.arn(function), event)

    async def failure(self, function: str, **event: Any) -> dict[str, Any]:
        """Lambda's document of an invocation that has to fail."""
        try:
            answer = await self.invoke(function, **event)
        except FunctionFailed as error:
            return dict(error.document)
        raise AssertionError(f"it answered {answer!r}")

    async def lines(self, group: str) -> list[str]:
        """Everything in a log group."""
        await self.logs.flush()
        answer = await asyncio.to_thread(self.client("logs").filter_log_events, logGroupName=group)
        return [event["message"] for event in answer["events"]]


@asynccontextmanager
async def running(embedded: EmbeddedAws, program: Program, timing: Timing | None = None) -> AsyncIterator[Site]:
    account = Account(embedded.url, str(next(account_ids)))
    graph = await asyncio.to_thread(deploy, program, engine=LocalEngine(account))
    async with guarded(account, Clock()) as aws_of_functions:
        endpoint = aws_of_functions.endpoint.url
        logs, addresses = LogStreams(endpoint, REGION), Addresses()
        functions = Watched(
            graph,
            credentials=aws_of_functions.credentials,
            addresses=addresses,
            logs=logs,
            variables={"AWS_ENDPOINT_URL": endpoint, "AWS_EC2_METADATA_DISABLED": "true"},
        )
        functions.callers = SignedCallers(aws_of_functions.sessions)
        functions.timing = timing or Timing()
        functions.watch()
        try:
            await functions.start()
            yield Site(graph, account, functions, addresses, logs, aws_of_functions)
        finally:
            await functions.stop()
            await logs.stop()


def a_role(name: str, *statements: Any, service: str = LAMBDA) -> aws.iam.Role:
    """A role that may write logs, and what the statements say."""
    role = aws.iam.Role(name, assume_role_policy=trusting(service))
    documents = pulumi.Output.all(*statements).apply(lambda resolved: policy(LOGS, *resolved))
    aws.iam.RolePolicy(name, role=role.id, policy=documents)
    return role


def a_function(name: str, role: aws.iam.Role, handler: str = "app.do", **given: Any) -> aws.lambda_.Function:
    """A function of the tests' code with a log group of its own."""
    aws.cloudwatch.LogGroup(name, name=f"/aws/lambda/{name}")
    settings = {"code": pulumi.FileArchive(str(CODE)), "runtime": "python3.12", "timeout": 20, **given}
    return aws.lambda_.Function(name, name=name, role=role.arn, handler=handler, **settings)
