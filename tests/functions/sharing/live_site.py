"""Shares in the local cloud: the three functions with the roles that they need, a table, a bucket, a WebSocket API."""

import json
import time
from base64 import b64decode
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
import pulumi
import pulumi_aws as aws
from aiohttp import web
from pulumi import Output, ResourceOptions

from opencode_components.bedrock_policy import Statement
from opencode_components.records import table as declared_table
from opencode_components.share import SHARES
from opencode_components.share_policies import (
    Stores,
    doorkeeper_statements,
    policy,
    reader_statements,
    writer_statements,
)
from opencode_local.aws import EmbeddedAws
from opencode_local.balancer.identity_headers import ACCESS_TOKEN
from opencode_local.functions.serving import Serving
from opencode_stacks.function_archive import FUNCTIONS, sources
from tests.functions.load_balancer import ARN, CLIENT_ID, DATA, ISSUER, Balancer, event
from tests.local.functions.site import REGION, Site, a_function, a_role, running

API = "aws:apigatewayv2/api:Api"
HOST = "https://share.example.com"
GATEWAY, SIGNER = "https://ai.example.com", "https://keys.example.com"
NAMES: Mapping[str, Callable[[Stores], Sequence[Statement]]] = {
    "share-api": writer_statements,
    "share-viewer": reader_statements,
    "share-live": doorkeeper_statements,
}
"""What each function may do, as it is deployed."""
PEOPLE = {
    "ada": {"id": "ada", "email": "ada@example.com", "name": "Ada", "groups": [], "kind": "token"},
    "grace": {"id": "grace", "email": "grace@example.com", "name": "Grace", "groups": [], "kind": "token"},
    "root": {"id": "root", "email": "root@example.com", "name": "Root", "groups": ["admins"], "kind": "token"},
}
Json = Mapping[str, Any]


def program() -> None:
    code = pulumi.AssetArchive(
        {
            path: pulumi.FileAsset(str(file))
            for package in ("share_sessions", "served_site")
            for path, file in sources(FUNCTIONS / package)
        }
    )
    table, bucket = (
        declared_table("shares", SHARES, None, ResourceOptions(), is_recoverable=False),
        aws.s3.Bucket("shares"),
    )
    api = aws.apigatewayv2.Api("live", protocol_type="WEBSOCKET", route_selection_expression="$request.body.action")
    known = Output.all(
        region=Output.from_input(REGION),
        table_arn=table.arn,
        bucket_arn=bucket.arn,
        stage_arn=api.execution_arn.apply(lambda arn: f"{arn}/live"),
    )
    variables = {
        "TABLE": table.name,
        "BUCKET": bucket.bucket,
        "GATEWAY_URL": GATEWAY,
        "SHARING_URL": HOST,
        "ADMIN_GROUPS": "admins",
        "REDACTION": "off",
        "LIVE_URL": api.api_endpoint.apply(lambda url: f"{url}/live"),
        "LIVE_ENDPOINT": api.api_endpoint.apply(lambda url: f"{url.replace('wss://', 'https://')}/live"),
        "SIGNER_ARN": ARN,
        "SIGNER_KEYS_URL": SIGNER,
        "CLIENT_ID": CLIENT_ID,
        "ISSUER": ISSUER,
    }
    made = {
        name: a_function(
            name,
            a_role_of(name, statements, known),
            handler=f"share_sessions.{name.removeprefix('share-')}.handler",
            code=code,
            memory_size=1769,
            environment={"variables": variables},
        )
        for name, statements in NAMES.items()
    }
    routed(api, made["share-live"])


def a_role_of(name: str, statements: Callable[[Stores], Sequence[Statement]], known: Output[Any]) -> aws.iam.Role:
    role = a_role(name)
    document = known.apply(lambda arns: policy(statements, arns))
    aws.iam.RolePolicy(f"{name}-own", role=role.id, policy=document)
    return role


def routed(api: aws.apigatewayv2.Api, function: aws.lambda_.Function) -> None:
    aws.lambda_.Permission(
        "live",
        function=function.name,
        action="lambda:InvokeFunction",
        principal="apigateway.amazonaws.com",
        source_arn=api.execution_arn.apply(lambda arn: f"{arn}/*"),
    )
    integration = aws.apigatewayv2.Integration(
        "live", api_id=api.id, integration_type="AWS_PROXY", integration_uri=function.invoke_arn
    )
    target = integration.id.apply(lambda id_: f"integrations/{id_}")
    for key in ("$connect", "$disconnect"):
        aws.apigatewayv2.Route(key, api_id=api.id, route_key=key, target=target)
    aws.apigatewayv2.Stage("live", api_id=api.id, name="live", auto_deploy=True)


@dataclass(frozen=True)
class Sharing:
    """Writers and readers, all of whom the load balancer lets through."""

    site: Site
    balancer: Balancer

    async def asked(self, function: str, method: str, path: str, *, sent: Any = None, **headers: str) -> Json:
        """The function's answer, with each header once, and its body as bytes."""
        path, _, query = path.partition("?")
        asked = event("curl", path, method=method, headers=headers)
        asked["body"] = "" if sent is None else json.dumps(sent)
        asked["multiValueQueryStringParameters"] = {
            name: [value] for name, _, value in (pair.partition("=") for pair in query.split("&") if pair)
        }
        answer = await self.site.invoke(function, **asked)
        body = b64decode(answer["body"]) if answer["isBase64Encoded"] else answer["body"].encode()
        once = {name: found for name, [found] in answer["multiValueHeaders"].items()}
        return {**answer, "headers": once, "body": body}

    async def api(self, method: str, path: str, sent: Any = None, *, by: str | None = None) -> Any:
        """The document that a good request is answered with; `by` is one of PEOPLE."""
        headers = {"authorization": f"Bearer {by}"} if by else {}
        answer = await self.asked("share-api", method, path, sent=sent, **headers)
        assert answer["statusCode"] == 200, answer["body"]
        return json.loads(answer["body"])

    async def viewer(self, path: str, *, by: str | None = None) -> Json:
        """The function's answer to a browser in which one of PEOPLE has signed in at a Cognito pool, or nobody."""
        if by is None:
            return await self.asked("share-viewer", "GET", path)
        claims = {name: value for name, value in PEOPLE[by].items() if name != "groups"}
        headers = {DATA: self.balancer.data(time.time(), sub=by, **claims), ACCESS_TOKEN: by}
        return await self.asked("share-viewer", "GET", path, **headers)

    async def share(self, *, by: str, visibility: str = "organisation") -> Any:
        """{"id", "url", "secret"}"""
        return await self.api("POST", "/api/share", {"sessionID": "ses_1", "visibility": visibility}, by=by)

    async def sync(self, share: Json, data: list[Json], *, version: int) -> None:
        await self.api(
            "POST", f"/api/share/{share['id']}/sync", {"secret": share["secret"], "data": data, "version": version}
        )

    async def state(self, share_id: str, query: str = "", *, by: str | None = None) -> Any:
        answer = await self.viewer(f"/share/{share_id}/state?{query}", by=by)
        assert answer["statusCode"] == 200, answer["body"]
        return json.loads(answer["body"])

    def entries(self, partition: str) -> list[str]:
        """Names of what the table has of a share, or of another partition."""
        found = self.site.client("dynamodb").query(
            TableName=self.table,
            KeyConditionExpression="#share = :share",
            ExpressionAttributeNames={"#share": "share"},
            ExpressionAttributeValues={":share": {"S": partition}},
        )
        return [item["entry"]["S"] for item in found["Items"]]

    def connections(self, share_id: str) -> list[str]:
        """Entries of who watches."""
        return self.entries(f"connections#{share_id}")

    def put_connection(self, share_id: str, id_: str, *, made_s: int) -> None:
        """Beside one that was let in, and of the same right."""
        client, partition = self.site.client("dynamodb"), f"connections#{share_id}"
        [known] = self.connections(share_id)[:1]
        found = client.get_item(TableName=self.table, Key={"share": {"S": partition}, "entry": {"S": known}})["Item"]
        item = {**found, "entry": {"S": f"connection#{id_}"}, "made_s": {"N": str(made_s)}}
        client.put_item(TableName=self.table, Item=item)

    @property
    def table(self) -> str:
        return self.site.output("aws:dynamodb/table:Table", "shares", "name")

    @asynccontextmanager
    async def socket(self, live: Json) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
        """Where a page's `live` leads."""
        url = f"{live['url']}?ticket={live['ticket']}"
        async with aiohttp.ClientSession() as client, client.ws_connect(url) as one:
            yield one


@asynccontextmanager
async def sharing(embedded: EmbeddedAws) -> AsyncIterator[Sharing]:
    balancer = Balancer()

    async def beside(request: web.Request) -> web.Response:
        """The gateway, which knows PEOPLE by their names, and where the load balancer's keys are."""
        if request.path == f"/{balancer.key_id}":
            return web.Response(body=balancer.public_key)
        person = PEOPLE.get(request.headers.get("Authorization", "").removeprefix("Bearer "))
        return web.json_response(person) if person else web.Response(status=401)

    async with running(embedded, program) as site:
        others = Serving(beside, max_body_bytes=2**16)
        origin = await others.start()
        site.addresses.stand(GATEWAY, origin)
        site.addresses.stand(SIGNER, origin)
        yield Sharing(site, balancer)
        await others.stop()
