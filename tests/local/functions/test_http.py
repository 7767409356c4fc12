"""Function URLs and HTTP APIs, asked by a client on loopback."""

import base64
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pulumi_aws as aws
import pytest
import pytest_asyncio
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from opencode_local.aws import EmbeddedAws
from opencode_local.functions.http_routes import Route, taken
from opencode_local.functions.settings import UnsupportedFunction
from opencode_local.functions.timing import Timing
from opencode_local.issuer import Issuer
from tests.local.browser import Clock
from tests.local.functions.site import REGION, Site, a_function, a_role, running

URL = "aws:lambda/functionUrl:FunctionUrl"
API = "aws:apigatewayv2/api:Api"
ORIGIN = "https://app.example.com"
Answer = tuple[int, Any, Any]


def a_url(name: str, function: aws.lambda_.Function, *, kind: str = "NONE", **given: Any) -> None:
    aws.lambda_.FunctionUrl(name, function_name=function.name, authorization_type=kind, **given)


def a_permission(name: str, function: aws.lambda_.Function, principal: str, **given: Any) -> None:
    action = "lambda:InvokeFunction"
    aws.lambda_.Permission(name, function=function.name, action=action, principal=principal, **given)


def an_api(function: aws.lambda_.Function, closed: aws.lambda_.Function, issuer: str) -> None:
    cors: Any = {"allowOrigins": [ORIGIN], "allowMethods": ["GET", "POST"], "allowHeaders": ["x-key"], "maxAge": 60}
    api = aws.apigatewayv2.Api("api", protocol_type="HTTP", cors_configuration=cors)
    a_permission("api", function, "apigateway.amazonaws.com", source_arn=api.execution_arn.apply(lambda a: f"{a}/*/*"))
    given: Any = {"audiences": ["gateway-cli"], "issuer": issuer}
    sources = ["$request.header.Authorization"]
    authorizer = aws.apigatewayv2.Authorizer(
        "jwt", api_id=api.id, authorizer_type="JWT", identity_sources=sources, jwt_configuration=given
    )
    new, old, shut = (
        aws.apigatewayv2.Integration(
            f"integration-{number}",
            api_id=api.id,
            integration_type="AWS_PROXY",
            integration_uri=uri,
            payload_format_version=version,
        )
        for number, (uri, version) in enumerate(
            [(function.invoke_arn, "2.0"), (function.arn, "1.0"), (closed.invoke_arn, "2.0")]
        )
    )
    jwt = {"authorization_type": "JWT", "authorizer_id": authorizer.id}
    routes: dict[str, tuple[Any, dict[str, Any]]] = {
        "GET /pets/{id}": (new, {}),
        "ANY /pets/{proxy+}": (new, {}),
        "POST /pets": (new, {}),
        "GET /old/{id}": (old, {}),
        "GET /mine": (new, jwt),
        "GET /scoped": (new, {**jwt, "authorization_scopes": ["admin"]}),
        "GET /signed": (new, {"authorization_type": "AWS_IAM"}),
        "GET /shut": (shut, {}),
    }
    for key, (integration, more) in routes.items():
        target = integration.id.apply(lambda id_: f"integrations/{id_}")
        aws.apigatewayv2.Route(key, api_id=api.id, route_key=key, target=target, **more)
    aws.apigatewayv2.Stage("root", api_id=api.id, name="$default", auto_deploy=True, stage_variables={"tone": "plain"})
    aws.apigatewayv2.Stage("beta", api_id=api.id, name="beta", auto_deploy=True)
    aws.apigatewayv2.Stage("draft", api_id=api.id, name="draft")


@pytest_asyncio.fixture(scope="module")
async def site(aws: EmbeddedAws, issuer: Issuer, clock: Clock) -> AsyncIterator[Site]:
    def program() -> None:
        role = a_role("respond")
        public = a_function("public", role, handler="app.respond")
        a_permission("public", public, "*", invoked_via_function_url=True)
        a_url("public", public, cors={"allowOrigins": ["*"], "allowMethods": ["*"], "exposeHeaders": ["x-id"]})
        closed = a_function("closed", role, handler="app.respond")
        a_url("closed", closed)
        a_url("signed", a_function("signed", role, handler="app.respond"), kind="AWS_IAM")
        an_api(public, closed, issuer.url)

    async with running(aws, program, Timing(clock=clock)) as made:
        yield made


async def ask(url: str, method: str = "GET", **given: Any) -> Answer:
    """Status, headers, and the body: JSON where it is."""
    async with aiohttp.ClientSession() as client, client.request(method, url, **given) as answer:
        text = await answer.text()
        return answer.status, answer.headers, json.loads(text) if text[:1] in {"{", "["} else text


async def at_url(site: Site, name: str, path: str = "", method: str = "GET", **given: Any) -> Answer:
    return await ask(site.addresses.local(site.output(URL, name, "functionUrl")) + path, method, **given)


async def at_api(site: Site, path: str, method: str = "GET", **given: Any) -> Answer:
    return await ask(site.addresses.local(site.output(API, "api", "apiEndpoint")) + path, method, **given)


async def test_a_request_to_a_url_is_an_event_of_format_2(site: Site) -> None:
    headers = {"Cookie": "a=1; b=2", "X-Key": "one", "Content-Type": "application/octet-stream"}

    status, answered, event = await at_url(site, "public", "a%20b?x=1&x=2&y=", "POST", headers=headers, data=b"\xff\0")

    assert status == 200
    assert answered["Content-Type"] == "application/json"
    assert (event["version"], event["routeKey"], event["rawPath"]) == ("2.0", "$default", "/a%20b")
    assert event["rawQueryString"] == "x=1&x=2&y="
    assert event["queryStringParameters"] == {"x": "1,2", "y": ""}
    assert event["cookies"] == ["a=1", "b=2"]
    assert event["headers"]["x-key"] == "one"
    assert "cookie" not in event["headers"]
    assert (base64.b64decode(event["body"]), event["isBase64Encoded"]) == (b"\xff\0", True)
    context = event["requestContext"]
    assert context["domainName"] == site.output(URL, "public", "urlId") + f".lambda-url.{REGION}.on.aws"
    assert (context["http"]["method"], context["http"]["sourceIp"]) == ("POST", "127.0.0.1")
    assert context["accountId"] == "anonymous"


@pytest.mark.parametrize(
    ("said", "status", "kind", "body"),
    [
        ({"statusCode": 201, "body": "made", "headers": {"Content-Type": "text/plain"}}, 201, "text/plain", "made"),
        ({"statusCode": "404", "body": "none"}, 404, "application/json", "none"),
        ({"statusCode": 200, "body": "aGk=", "isBase64Encoded": True}, 200, "application/json", "hi"),
        ({"anything": "else"}, 200, "application/json", {"anything": "else"}),
        ("text", 200, "application/json", "text"),
        ({"statusCode": 42}, 502, "text/plain; charset=utf-8", "Internal Server Error"),
        ({"statusCode": 200, "headers": {"x": None}}, 502, "text/plain; charset=utf-8", "Internal Server Error"),
    ],
)
async def test_an_answer_is_a_response_as_lambda_reads_it(
    site: Site, said: Any, status: int, kind: str, body: Any
) -> None:
    answered, headers, content = await at_url(site, "public", "", "POST", json=said)

    assert (answered, headers["Content-Type"], content) == (status, kind, body)


async def test_cookies_and_headers_of_an_answer_are_set(site: Site) -> None:
    said = {"statusCode": 200, "cookies": ["a=1; Secure", "b=2"], "headers": {"X-Id": 7}}

    _, headers, _ = await at_url(site, "public", "", "POST", json=said)

    assert headers.getall("Set-Cookie") == ["a=1; Secure", "b=2"]
    assert headers["X-Id"] == "7"


async def test_a_url_needs_a_permission_to_invoke_besides_being_public(site: Site) -> None:
    assert (await at_url(site, "closed"))[::2] == (403, {"Message": "Forbidden"})


async def test_another_origin_is_answered_as_declared(site: Site) -> None:
    asked = {"Origin": ORIGIN, "Access-Control-Request-Method": "PUT"}
    before = len(site.functions.invocations)

    status, headers, _ = await at_url(site, "public", "", "OPTIONS", headers=asked)
    assert (status, headers["Access-Control-Allow-Origin"]) == (200, "*")
    assert len(site.functions.invocations) == before, "no function is asked"

    _, headers, _ = await at_url(site, "public", "", headers={"Origin": ORIGIN})
    assert (headers["Access-Control-Allow-Origin"], headers["Access-Control-Expose-Headers"]) == ("*", "x-id")


def signed_headers(site: Site, url: str, role_arn: str, service: str) -> dict[str, str]:
    session = site.guarded.function(role_arn).session
    request = AWSRequest("GET", url)
    keys = Credentials(session.access_key_id, session.secret_access_key, session.session_token)
    SigV4Auth(keys, service, REGION).add_auth(request)
    return dict(request.headers)


async def test_a_url_with_iam_takes_only_whom_a_policy_lets_in(site: Site) -> None:
    url = site.addresses.local(site.output(URL, "signed", "functionUrl"))
    actions = ["lambda:InvokeFunctionUrl", "lambda:InvokeFunction"]
    allowed = site.guarded.role({"Effect": "Allow", "Action": actions, "Resource": site.arn("signed")})
    half = site.guarded.role({"Effect": "Allow", "Action": actions[0], "Resource": "*"})

    status, _, event = await ask(url, headers=signed_headers(site, url, allowed, "lambda"))
    assert status == 200
    assert event["requestContext"]["authorizer"]["iam"]["userArn"].endswith(f"{allowed.rpartition('/')[2]}/function")

    status, _, refusal = await ask(url, headers=signed_headers(site, url, half, "lambda"))
    assert status == 403
    assert "is not authorized to perform: lambda:InvokeFunction on resource" in refusal["Message"]
    assert (await ask(url))[0] == 403


async def test_a_route_of_an_api_gets_its_path_and_its_stage(site: Site) -> None:
    status, headers, event = await at_api(site, "/pets/a%20cat?n=1")
    assert (status, headers["Content-Type"]) == (200, "text/plain;charset=UTF-8")
    assert event["routeKey"] == "GET /pets/{id}"
    assert event["pathParameters"] == {"id": "a cat"}
    assert event["stageVariables"] == {"tone": "plain"}
    assert event["requestContext"]["apiId"] == site.graph.one(API).id

    _, _, event = await at_api(site, "/beta/pets/1/toys")
    assert (event["routeKey"], event["pathParameters"]) == ("ANY /pets/{proxy+}", {"proxy": "1/toys"})
    assert (event["requestContext"]["stage"], event["rawPath"]) == ("beta", "/beta/pets/1/toys")


async def test_format_1_is_an_event_as_rest_apis_have_it(site: Site) -> None:
    _, _, event = await at_api(site, "/old/7?x=1&x=2", headers={"X-Key": "one"})

    assert (event["version"], event["resource"], event["path"]) == ("1.0", "/old/{id}", "/old/7")
    assert event["queryStringParameters"] == {"x": "2"}
    assert event["multiValueQueryStringParameters"] == {"x": ["1", "2"]}
    assert event["multiValueHeaders"]["X-Key"] == ["one"]
    assert event["requestContext"]["httpMethod"] == "GET"


@pytest.mark.parametrize(
    ("path", "method", "status", "said"),
    [
        ("/nothing", "GET", 404, "Not Found"),
        ("/draft/pets/1", "GET", 404, "Not Found"),
        ("/pets", "GET", 404, "Not Found"),
        ("/mine", "GET", 401, "Unauthorized"),
        ("/signed", "GET", 403, "Forbidden"),
        ("/shut", "GET", 500, "Internal Server Error"),
    ],
)
async def test_what_an_api_refuses_it_refuses_as_api_gateway(
    site: Site, path: str, method: str, status: int, said: str
) -> None:
    assert (await at_api(site, path, method))[::2] == (status, {"message": said})


async def test_a_token_of_the_issuer_opens_its_routes_and_no_others(site: Site, issuer: Issuer) -> None:
    async def with_token(path: str, token: str) -> Answer:
        return await at_api(site, path, headers={"Authorization": f"Bearer {token}"})

    status, _, event = await with_token("/mine", issuer.token("ada", aud="gateway-cli"))
    assert status == 200
    assert event["requestContext"]["authorizer"]["jwt"]["claims"]["sub"] == "ada"

    assert (await with_token("/scoped", issuer.token("ada", aud="gateway-cli")))[0] == 403
    assert (await with_token("/scoped", issuer.token("ada", aud="gateway-cli", scope="read admin")))[0] == 200
    assert (await with_token("/mine", issuer.token("ada", aud="another")))[0] == 401
    assert (await with_token("/mine", issuer.token("ada", aud="gateway-cli", life_s=-1)))[0] == 401
    assert (await with_token("/mine", "no.token.atall"))[0] == 401


async def test_an_api_answers_preflights_itself(site: Site) -> None:
    asked = {"Origin": ORIGIN, "Access-Control-Request-Method": "POST"}

    status, headers, _ = await at_api(site, "/pets", "OPTIONS", headers=asked)
    assert (status, headers["Access-Control-Allow-Origin"]) == (204, ORIGIN)
    assert (headers["Access-Control-Allow-Methods"], headers["Access-Control-Max-Age"]) == ("GET,POST", "60")

    _, headers, _ = await at_api(site, "/pets", "OPTIONS", headers={**asked, "Origin": "https://evil.example.com"})
    assert "Access-Control-Allow-Origin" not in headers


@pytest.mark.parametrize(
    ("method", "path", "key"),
    [
        ("GET", "/pets/dog/1", "GET /pets/dog/1"),
        ("GET", "/pets/dog/2", "GET /pets/dog/{id}"),
        ("GET", "/pets/cat/1", "GET /pets/{proxy+}"),
        ("POST", "/test/5", "ANY /{proxy+}"),
        ("GET", "/", "$default"),
    ],
)
def test_the_most_specific_route_is_taken(method: str, path: str, key: str) -> None:
    """Source: API Gateway developer guide, "Routing API requests", the table of examples (read 2026-11-21)."""
    keys = ("$default", "ANY /{proxy+}", "GET /pets/{proxy+}", "GET /pets/dog/{id}", "GET /pets/dog/1")
    found = taken([Route(key=one, integration_id="i") for one in keys], method, path)

    assert found is not None
    assert found.route.key == key


async def test_a_url_that_streams_is_refused_by_name(aws: EmbeddedAws) -> None:
    def program() -> None:
        a_url("streams", a_function("streams", a_role("streams")), invoke_mode="RESPONSE_STREAM")

    with pytest.raises(UnsupportedFunction, match="RESPONSE_STREAM"):
        async with running(aws, program):
            pass
