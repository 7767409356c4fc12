"""WebSocket APIs: clients that stay, and functions that write to them."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pulumi_aws as aws
import pytest
import pytest_asyncio

from opencode_local.aws import EmbeddedAws
from tests.local.functions.site import Site, a_function, a_role, running
from tests.local.functions.test_http import a_permission

API = "aws:apigatewayv2/api:Api"


def an_api(name: str, *routes: str, may_write: bool = True) -> None:
    api = aws.apigatewayv2.Api(name, protocol_type="WEBSOCKET", route_selection_expression="$request.body.action")
    arn = api.execution_arn.apply(lambda arn: f"{arn}/*")
    write = arn.apply(lambda arn: {"Effect": "Allow", "Action": "execute-api:ManageConnections", "Resource": arn})
    function = a_function(name, a_role(name, *([write] if may_write else [])), handler="app.converse")
    a_permission(name, function, "apigateway.amazonaws.com", source_arn=arn)
    integration = aws.apigatewayv2.Integration(
        name, api_id=api.id, integration_type="AWS_PROXY", integration_uri=function.invoke_arn
    )
    for key in routes:
        target = integration.id.apply(lambda id_: f"integrations/{id_}")
        aws.apigatewayv2.Route(f"{name} {key}", api_id=api.id, route_key=key, target=target)
    aws.apigatewayv2.Stage(name, api_id=api.id, name="live", auto_deploy=True)


def program() -> None:
    an_api("talk", "$connect", "$disconnect", "$default", "greet")
    an_api("mute", "greet", may_write=False)


@pytest_asyncio.fixture(scope="module")
async def site(aws: EmbeddedAws) -> AsyncIterator[Site]:
    async with running(aws, program) as made:
        yield made


def url(site: Site, api: str, query: str = "") -> str:
    return f"{site.addresses.local(site.output(API, api, 'apiEndpoint'))}/live{query}"


def seen(site: Site, kind: str) -> list[Any]:
    contexts = [one.event["requestContext"] for one in site.functions.invocations]
    return [context for context in contexts if context["eventType"] == kind]


async def test_messages_take_the_route_that_they_name_and_are_answered_by_the_function(site: Site) -> None:
    async with aiohttp.ClientSession() as client, client.ws_connect(url(site, "talk", "?as=ada")) as socket:
        for said, route in (
            ('{"action": "greet"}', "greet"),
            ('{"action": "sing"}', "$default"),
            ("hm", "$default"),
        ):
            await socket.send_str(said)
            assert json.loads(await socket.receive_str()) == {"route": route, "body": said}
    await site.functions.until(lambda _: bool(seen(site, "DISCONNECT")))

    [connect], [disconnect] = seen(site, "CONNECT"), seen(site, "DISCONNECT")
    assert connect["connectionId"] == disconnect["connectionId"]
    assert disconnect["disconnectStatusCode"] == 1000


async def test_a_client_that_the_function_refuses_is_not_connected(site: Site) -> None:
    async with aiohttp.ClientSession() as client:
        with pytest.raises(aiohttp.WSServerHandshakeError) as refusal:
            await client.ws_connect(url(site, "talk", "?refuse=1"))

    assert refusal.value.status == 403


async def test_a_function_writes_only_where_its_role_lets_it(site: Site) -> None:
    async with aiohttp.ClientSession() as client, client.ws_connect(url(site, "mute")) as socket:
        await socket.send_str('{"action": "greet"}')
        assert (await socket.receive_json())["message"] == "Internal server error"
        await socket.send_str('{"action": "sing"}')
        assert (await socket.receive_json())["message"] == "Forbidden"


async def test_a_connection_is_told_of_and_closed_by_its_id(site: Site) -> None:
    arn = site.output(API, "talk", "executionArn")
    role = site.guarded.role({"Effect": "Allow", "Action": "execute-api:ManageConnections", "Resource": f"{arn}/*"})
    manager = site.guarded.function(role)
    commands = manager.client("apigatewaymanagementapi", endpoint_url=url(site, "talk").replace("ws://", "http://"))
    async with aiohttp.ClientSession() as client, client.ws_connect(url(site, "talk")) as socket:
        id_ = seen(site, "CONNECT")[-1]["connectionId"]

        told = await asyncio.to_thread(commands.get_connection, ConnectionId=id_)
        assert told["Identity"]["SourceIp"] == "127.0.0.1"
        await asyncio.to_thread(commands.delete_connection, ConnectionId=id_)
        assert (await socket.receive()).type == aiohttp.WSMsgType.CLOSE

    await site.functions.until(lambda _: id_ in [context["connectionId"] for context in seen(site, "DISCONNECT")])
    with pytest.raises(commands.exceptions.GoneException):
        await asyncio.to_thread(commands.post_to_connection, ConnectionId=id_, Data=b"late")
    commands.close()
