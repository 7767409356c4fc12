"""Starts what an environment declares, in the order of need; all of it ends in the opposite one."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import boto3

from opencode_components.testing import Resource
from opencode_local.access import invocations
from opencode_local.access.credentials import TaskCredentials
from opencode_local.access.endpoint import AwsEndpoint
from opencode_local.access.sessions import Sessions
from opencode_local.addresses import Addresses
from opencode_local.aws import EmbeddedAws
from opencode_local.balancer.authentication import Authentication
from opencode_local.balancer.balancer import LoadBalancer
from opencode_local.balancer.target_groups import TargetGroup, attached
from opencode_local.bedrock import BedrockStandIn
from opencode_local.bedrock.gate import BedrockGate
from opencode_local.containers.docker_runner import DockerRunner
from opencode_local.containers.process_runner import ProcessRunner
from opencode_local.containers.scheduler import DeploymentFailed
from opencode_local.containers.service import Service
from opencode_local.functions.functions import Functions
from opencode_local.functions.signed_callers import SignedCallers
from opencode_local.issuer.user_pools import UserPool
from opencode_local.log_streams import LogStreams
from opencode_local.ports import LocalPorts
from opencode_local.provider.aws import Account
from opencode_local.run import prerequisites
from opencode_local.run.authority import Authority
from opencode_local.run.cloud import Cloud, Say
from opencode_local.run.deploying import deployed
from opencode_local.run.failure import CloudFailed
from opencode_local.run.hosts import declared_hosts, place
from opencode_local.run.identity import own_provider
from opencode_local.run.kept import Kept
from opencode_local.run.options import Options
from opencode_local.run.run_file import FOLDER
from opencode_stacks.declared import config_of
from opencode_stacks.environment import REGION_KEY

BALANCER, GROUP = "aws:lb/loadBalancer:LoadBalancer", "aws:lb/targetGroup:TargetGroup"
SERVICE, POOL = "aws:ecs/service:Service", "aws:cognito/userPool:UserPool"
ENDPOINT = "AWS_ENDPOINT_URL"
STEADY_S = 120
STOP_S = 10.0
"""Ctrl-C does not wait as long for open answers as a deployment would."""


@dataclass(frozen=True, kw_only=True)
class Neighbours:
    """What tasks and functions have around them."""

    endpoint: AwsEndpoint
    sessions: Sessions
    credentials: TaskCredentials
    logs: LogStreams
    variables: Mapping[str, str]
    """Where AWS is: added to what is declared."""


@asynccontextmanager
async def running_cloud(options: Options, say: Say) -> AsyncIterator[Cloud]:
    """A whole environment.

    Raises ConfigError, CloudFailed, and FileNotFoundError for an environment that is not there.
    """
    config = config_of(options.environment, options.folder)
    async with AsyncExitStack() as stack:
        account = founded(config, stack)
        addresses = Addresses()
        outside = await own_provider(config, addresses, stack)
        graph = await deployed(options, config, account, say)
        cloud = Cloud(
            options=options,
            region=str(config[REGION_KEY]),
            account=account,
            graph=graph,
            say=say,
            addresses=addresses,
            identity=outside,
        )
        if options.uses_tls:
            cloud.authority = Authority(FOLDER / "authority")
        await remember(cloud, stack)
        neighbours = await start_aws(cloud, stack)
        await start_user_pools(cloud, stack)
        functions = functions_of(cloud, neighbours)
        groups = await start_front(cloud, functions, stack)
        await functions.start()
        stack.push_async_callback(functions.stop)
        await start_services(cloud, groups, neighbours, stack)
        yield cloud


def founded(config: Mapping[str, Any], stack: AsyncExitStack) -> Account:
    """An account with what it has before the program comes."""
    embedded = EmbeddedAws(str(config.get(REGION_KEY)))
    account = Account(embedded.start())
    stack.callback(embedded.stop)
    prerequisites.make(account, config)
    return account


async def remember(cloud: Cloud, stack: AsyncExitStack) -> None:
    """KEEP=1: what the last run left, and what this one will leave."""
    if cloud.options.keeps:
        cloud.kept = Kept(FOLDER / "kept" / cloud.options.environment, cloud.account, cloud.region)
        await asyncio.to_thread(cloud.kept.restore, cloud.graph)
        await stack.enter_async_context(cloud.kept.saving(cloud.graph))


async def start_aws(cloud: Cloud, stack: AsyncExitStack) -> Neighbours:
    """The endpoint at which IAM counts, the credentials of roles, and Bedrock."""
    sessions = Sessions(cloud.account)
    endpoint, credentials = AwsEndpoint(sessions), TaskCredentials(sessions, own=own_credentials(cloud.options))
    variables = {ENDPOINT: await endpoint.start()}
    stack.push_async_callback(endpoint.stop)
    await credentials.start()
    stack.push_async_callback(credentials.stop)
    if cloud.options.uses_real_bedrock:
        cloud.bedrock_url = f"AWS {cloud.region}"
    else:
        bedrock = BedrockStandIn(gate=BedrockGate(sessions, region=cloud.region, on_denial=endpoint.note))
        cloud.bedrock_url = await bedrock.start()
        stack.push_async_callback(bedrock.stop)
        variables |= {"BEDROCK_RUNTIME_URL": cloud.bedrock_url, "BEDROCK_MANTLE_URL": bedrock.mantle_url}
    logs = LogStreams(endpoint.url, cloud.region)
    stack.push_async_callback(logs.stop)
    cloud.parts.append(endpoint)
    return Neighbours(endpoint=endpoint, sessions=sessions, credentials=credentials, logs=logs, variables=variables)


def own_credentials(options: Options) -> Any | None:
    """Those with which the real Bedrock is called. Raises CloudFailed when there are none."""
    if not options.uses_real_bedrock:
        return None
    if found := boto3.Session().get_credentials():
        return found
    raise CloudFailed(
        "BEDROCK=aws calls Amazon Bedrock with your AWS credentials, and there are none: "
        "`aws sts get-caller-identity` has to work"
    )


async def start_user_pools(cloud: Cloud, stack: AsyncExitStack) -> None:
    for resource in cloud.graph.all(POOL):
        pool = UserPool(cloud.graph, resource, account=cloud.account, addresses=cloud.addresses)
        await asyncio.to_thread(pool.start)
        stack.callback(pool.stop)
        for public, local in pool.public_origins().items():
            cloud.addresses.stand(public, local)
        cloud.parts.append(pool)
        cloud.identity = cloud.identity or pool


async def start_front(cloud: Cloud, functions: Functions, stack: AsyncExitStack) -> dict[str, TargetGroup]:
    """Load balancers and target groups, by ARN; from here on addresses are known."""
    authentication = Authentication(cloud.graph, addresses=cloud.addresses, region=cloud.region)
    await authentication.start()
    stack.push_async_callback(authentication.stop)
    found = [TargetGroup(resource, invoke=functions.invoke) for resource in cloud.graph.all(GROUP)]
    for group in found:
        await group.start()
        stack.push_async_callback(group.stop)
        for target in attached(cloud.graph, group):
            group.register(target)
    groups = {group.arn: group for group in found}
    for resource in cloud.graph.all(BALANCER):
        await start_balancer(cloud, resource, groups, authentication, stack)
    cloud.parts += found
    return groups


async def start_balancer(
    cloud: Cloud,
    resource: Resource,
    groups: Mapping[str, TargetGroup],
    authentication: Authentication,
    stack: AsyncExitStack,
) -> None:
    hosts = declared_hosts(cloud.graph, resource)
    tls = None
    if cloud.authority:
        tls = cloud.authority.server_context([*hosts, "*.localhost"])
    balancer = LoadBalancer(
        cloud.graph,
        resource,
        addresses=cloud.addresses,
        groups=groups,
        authentication=authentication,
        port_for=LocalPorts(tell=cloud.say, https_port=cloud.options.port, uses_tls=cloud.options.uses_tls),
        tls=tls,
    )
    await balancer.start()
    stack.push_async_callback(balancer.stop)
    cloud.parts.append(balancer)
    for listening in balancer.listeners:
        cloud.say(f"{balancer.name}: {listening.protocol} {listening.declared_port} at {listening.url}")
        if listening.protocol == "HTTPS":
            cloud.hosts |= place(cloud.addresses, hosts, listening.url)


def functions_of(cloud: Cloud, neighbours: Neighbours) -> Functions:
    """Load balancers, tasks and other functions can invoke them; so can callers who sign.

    Functions ask the gateway as clients do, and so have to trust who vouches for it here.
    """
    trust = {"SSL_CERT_FILE": str(cloud.authority.certificate.resolve())} if cloud.authority else {}
    functions = Functions(
        cloud.graph,
        credentials=neighbours.credentials,
        addresses=cloud.addresses,
        logs=neighbours.logs,
        variables={**neighbours.variables, **trust},
    )
    functions.callers = SignedCallers(neighbours.sessions)
    neighbours.endpoint.serve(invocations.OPERATION, invocations.Invocations(functions.invoke))
    cloud.parts.append(functions)
    return functions


async def start_services(
    cloud: Cloud, groups: Mapping[str, TargetGroup], neighbours: Neighbours, stack: AsyncExitStack
) -> None:
    """Raises CloudFailed when one of them does not become steady."""
    runner = DockerRunner(cloud.graph) if cloud.options.uses_docker else ProcessRunner(cloud.graph)
    for resource in cloud.graph.all(SERVICE):
        service = Service(
            cloud.graph,
            resource,
            groups=groups,
            addresses=cloud.addresses,
            credentials=neighbours.credentials,
            logs=neighbours.logs,
            variables=neighbours.variables,
            runner=runner,
            account=cloud.account,
            tell=cloud.say,
        )
        await service.start()
        stack.push_async_callback(service.stop, within_s=STOP_S)
        cloud.services.append(service)
        cloud.parts.append(service)
    try:
        async with asyncio.timeout(STEADY_S):
            await asyncio.gather(*(service.steady() for service in cloud.services))
    except (DeploymentFailed, TimeoutError) as error:
        last = "; ".join(str(event) for service in cloud.services for event in list(service.recent_events())[-3:])
        raise CloudFailed(f"a service did not become steady: {error or f'after {STEADY_S} s'}; {last}") from error
