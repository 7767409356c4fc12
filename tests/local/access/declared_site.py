"""The program deployed onto a guarded AWS, and its router in this process with nothing but its declared role."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from typing import Any

import aiohttp
import pytest

from opencode_components.testing import Graph, Resource, deploy
from opencode_local.access.endpoint import Denial
from opencode_local.bedrock import BedrockStandIn
from opencode_local.bedrock.gate import BedrockGate
from opencode_local.issuer import CLI_CLIENT_ID, Issuer
from opencode_local.provider.engine import LocalEngine
from opencode_router.app import build_app
from opencode_router.gateway import Gateway, open_gateway
from opencode_router.server import listen
from opencode_router.settings import Settings
from opencode_stacks.declared import config_of
from opencode_stacks.environment import PROJECT, ROOT
from tests.local.access.guarded import REGION, Caller, Guarded

TASK_DEFINITION, TABLE = "aws:ecs/taskDefinition:TaskDefinition", "aws:dynamodb/table:Table"
ROLE_POLICY = "aws:iam/rolePolicy:RolePolicy"
ATTACHMENT = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
TASK_NAME = "4f1c0d2e9b7a4c55"
OTHER_CREDENTIALS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL_DYNAMODB")


def deployed(aws: Guarded) -> Graph:
    """With a customer's own key for the tables, so that every statement that the program has is there."""
    zone = aws.admin("route53").create_hosted_zone(Name="example.com", CallerReference="1")["HostedZone"]
    key = aws.admin("kms").create_key()["KeyMetadata"]
    config = config_of("dev")
    config["opencode:domain"] = {**config["opencode:domain"], "zone_id": zone["Id"].rpartition("/")[2]}
    config["opencode:lifecycle"] = {**config["opencode:lifecycle"], "records_key_arn": key["Arn"]}
    return deploy(ROOT / "stacks", config=config, stack="dev", project=PROJECT, engine=LocalEngine(aws.account))


@dataclass(frozen=True)
class Declared:
    """One statement and the policy that it stands in."""

    role: Resource
    policy: Resource
    document: Mapping[str, Any]
    statement: Mapping[str, Any]

    @property
    def key(self) -> str:
        return f"{self.policy.name}/{self.statement['Sid']}"

    @contextmanager
    def removed(self, iam: Any, *, action: str = "") -> Iterator[None]:
        """From the role, or one action of it, for as long as it is entered."""
        kept = [each for each in self.statement["Action"] if action and each != action]
        left = [{**self.statement, "Action": kept}] if kept else []
        others = [*left, *(one for one in self.document["Statement"] if one is not self.statement)]
        role, name = self.role.outputs["name"], self.policy.outputs["name"]
        if self.policy.type == ROLE_POLICY:
            without = json.dumps({**self.document, "Statement": others})
            iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=without)
        else:
            assert not others, "an attached policy is taken away as a whole"
            iam.detach_role_policy(RoleName=role, PolicyArn=self.policy.outputs["arn"])
        try:
            yield
        finally:
            if self.policy.type == ROLE_POLICY:
                iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=json.dumps(self.document))
            else:
                iam.attach_role_policy(RoleName=role, PolicyArn=self.policy.outputs["arn"])


def declared(graph: Graph, role_arn: str) -> list[Declared]:
    """All statements of the role."""
    role = graph.identified(role_arn)
    assert role is not None
    name = role.outputs["name"]
    inline = [policy for policy in graph.all(ROLE_POLICY) if policy.inputs["role"] == name]
    attached = [
        graph.identified(one.inputs["policyArn"]) for one in graph.all(ATTACHMENT) if one.inputs["role"] == name
    ]
    found = []
    for policy in [*inline, *attached]:
        assert policy is not None
        document = json.loads(policy.inputs["policy"])
        found += [Declared(role, policy, document, statement) for statement in document["Statement"]]
    return found


class Denials:
    """What was denied, and a way to wait for the next."""

    def __init__(self) -> None:
        self.all: list[Denial] = []
        self._loop = asyncio.get_running_loop()
        self._changed = asyncio.Event()

    def __call__(self, denial: Denial) -> None:
        self._loop.call_soon_threadsafe(self._add, denial)

    def _add(self, denial: Denial) -> None:
        self.all.append(denial)
        self._changed.set()

    async def of(self, actions: list[str], timeout_s: float = 10) -> str:
        """The message of a denial of one of the actions, as soon as there is one."""
        async with asyncio.timeout(timeout_s):
            while not (found := [denial.message for denial in self.all if denial.action in actions]):
                self._changed.clear()
                await self._changed.wait()
        return found[-1]


@dataclass(frozen=True, kw_only=True)
class Site:
    """The router and what stands around it."""

    aws: Guarded
    graph: Graph
    denials: Denials
    gateway: Gateway
    client: aiohttp.ClientSession
    task: Caller
    """Code in the task that calls AWS directly."""
    agent: Caller
    """ECS, with the execution role."""

    @property
    def statements(self) -> Mapping[str, Declared]:
        roles = [caller.session.role_arn for caller in (self.task, self.agent)]
        return {one.key: one for role_arn in roles for one in declared(self.graph, role_arn)}

    async def ask(self, method: str, path: str, **body: Any) -> tuple[int, Any]:
        async with self.client.request(method, path, json=body or None) as response:
            return response.status, await response.json()

    async def chat(self, model: str) -> tuple[int, Any]:
        message = {"role": "user", "content": "Hello"}
        return await self.ask("POST", "/v1/chat/completions", model=model, messages=[message])


@asynccontextmanager
async def running(aws: Guarded, denials: Denials, issuer: Issuer) -> AsyncIterator[Site]:
    graph = await asyncio.to_thread(deployed, aws)
    definition = graph.one(TASK_DEFINITION)
    container = json.loads(definition.inputs["containerDefinitions"])[0]
    source_arn = aws.arn("ecs", f"task/cluster/{TASK_NAME}")
    task_role, execution_role = definition.inputs["taskRoleArn"], definition.inputs["executionRoleArn"]
    given = aws.credentials.environment(task_role, source_arn=source_arn, name=TASK_NAME)
    gate = BedrockGate(aws.sessions, region=REGION, on_denial=aws.endpoint.note)
    bedrock = BedrockStandIn(gate=gate)
    await bedrock.start()
    settings = replace(
        Settings.load({one["name"]: one["value"] for one in container["environment"]}),
        oidc_issuer=issuer.url,
        oidc_jwks_url=None,
        oidc_audiences=(CLI_CLIENT_ID,),
        oidc_audience_claim="aud",
        oidc_token_uses=(),
        aws_endpoint_url_s3=aws.endpoint.url,
        bedrock_runtime_url=bedrock.url,
        bedrock_mantle_url=bedrock.mantle_url,
        drain_s=1.0,
    )
    sessions = [
        aws.credentials.session(role, TASK_NAME, service="ecs-tasks.amazonaws.com", source_arn=source_arn)
        for role in (task_role, execution_role)
    ]
    callers = [Caller(aws.endpoint.url, session, TASK_NAME) for session in sessions]
    with pytest.MonkeyPatch.context() as environment:
        for name in OTHER_CREDENTIALS:
            environment.delenv(name, raising=False)
        for name, value in {**given, "AWS_ENDPOINT_URL": aws.endpoint.url}.items():
            environment.setenv(name, value)
        async with open_gateway(settings) as gateway:
            runner = await listen(build_app(gateway), "127.0.0.1", 0)
            host, port = runner.addresses[0]
            bearer = {"Authorization": f"Bearer {issuer.token('ada')}"}
            async with aiohttp.ClientSession(f"http://{host}:{port}", headers=bearer) as client:
                yield Site(
                    aws=aws,
                    graph=graph,
                    denials=denials,
                    gateway=gateway,
                    client=client,
                    task=callers[0],
                    agent=callers[1],
                )
            await runner.cleanup()
    for caller in callers:
        caller.close()
    await bedrock.stop()
