"""Functions behind the load balancer."""

import asyncio
import base64
import io
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from opencode_local.balancer.registrations import Target
from opencode_local.balancer.tempo import Tempo
from opencode_local.functions.invocation import FunctionFailed, Throttled
from tests.local.balancer.running import PATIENCE_S, Answer, Balanced, Declared, Ticks, balanced, documented

LAMBDA = "Use Lambda functions as targets of an Application Load Balancer"
ARN = "arn:aws:lambda:us-east-1:123456789012:function:hello"
OK = {"statusCode": 200, "statusDescription": "200 OK", "isBase64Encoded": False, "headers": {}, "body": "hello"}
MIB = 2**20


class Function:
    """Answers with what a test wants, and keeps what it was asked."""

    def __init__(self) -> None:
        self.answer: Any = OK
        self.events: list[Any] = []
        self.arns: list[str] = []

    async def __call__(self, function_arn: str, event: Any) -> Any:
        self.arns.append(function_arn)
        self.events.append(event)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@asynccontextmanager
async def function(tempo: Tempo | None = None, **settings: Any) -> AsyncIterator[tuple[Balanced, Function]]:
    asked = Function()
    declared = Declared(groups={"web": {"target_type": "lambda", **settings}}, functions={"web": ARN})
    async with balanced(declared, tempo=tempo, invoke=asked) as running:
        yield running, asked


async def answered(answer: Any, **settings: Any) -> Answer:
    async with function(**settings) as (running, asked):
        asked.answer = answer
        return await running.get()


@documented(LAMBDA)
async def test_a_request_becomes_the_documented_event(source: str) -> None:
    async with function() as (running, asked):
        sent = {"Content-Type": "text/plain", "X-Two": "a", "Host": "api.example.com"}
        answer = await running.ask("POST", "/a%20b?q=x%20y&q=z", data=b"body", headers=sent)

    (event,) = asked.events
    headers = event.pop("headers")
    assert event == {
        "requestContext": {"elb": {"targetGroupArn": running.groups["web"].arn}},
        "httpMethod": "POST",
        "path": "/a%20b",
        "queryStringParameters": {"q": "z"},
        "body": "body",
        "isBase64Encoded": False,
    }
    assert headers["host"] == "api.example.com"
    assert headers.keys() >= {"x-amzn-trace-id", "x-forwarded-for", "x-forwarded-port", "x-forwarded-proto", "x-two"}
    assert all(name == name.lower() for name in headers)
    assert asked.arns == [ARN]
    assert (answer.status, answer.text) == (200, "hello")


@pytest.mark.parametrize(
    ("headers", "is_encoded"),
    [
        ({"Content-Type": "application/json; charset=utf-8"}, False),
        ({"Content-Type": "application/javascript"}, False),
        ({"Content-Type": "application/xml"}, False),
        ({"Content-Type": "text/csv"}, False),
        ({"Content-Type": "image/png"}, True),
        ({"Content-Type": "text/plain", "Content-Encoding": "gzip"}, True),
    ],
)
@documented(LAMBDA)
async def test_bodies_that_are_no_text_are_encoded(headers: dict[str, str], is_encoded: bool, source: str) -> None:
    async with function() as (running, asked):
        await running.ask("POST", data=b"abc", headers=headers)

    (event,) = asked.events
    assert (event["isBase64Encoded"], event["body"]) == (is_encoded, "YWJj" if is_encoded else "abc")


@documented(f"{LAMBDA}, Multi-value headers")
async def test_with_multi_value_headers_the_event_has_all_values(source: str) -> None:
    async with function(lambda_multi_value_headers_enabled=True) as (running, asked):
        asked.answer = {"statusCode": 200, "multiValueHeaders": {"Set-Cookie": ["a=b", "c=d"], "X-One": ["1"]}}
        sent = [("Cookie", "e=f"), ("Cookie", "g=h")]
        async with running.client.get(f"{running.url}/?myKey=val1&myKey=val2", headers=sent) as answer:
            cookies = answer.headers.getall("Set-Cookie")

    (event,) = asked.events
    assert event["multiValueQueryStringParameters"] == {"myKey": ["val1", "val2"]}
    assert event["multiValueHeaders"]["cookie"] == ["e=f", "g=h"]
    assert not event.keys() & {"headers", "queryStringParameters"}
    assert cookies == ["a=b", "c=d"]


@documented(f"{LAMBDA}, Multi-value headers")
async def test_without_them_the_last_value_counts(source: str) -> None:
    async with function() as (running, asked):
        await running.get(headers=[("X-A", "1"), ("X-A", "2")])

    assert asked.events[0]["headers"]["x-a"] == "2"


@documented(f"{LAMBDA}, Respond to the load balancer")
async def test_the_function_s_answer_is_the_client_s(source: str) -> None:
    body = base64.b64encode(b"\x00\xff").decode()
    headers = {"Content-Type": "image/png", "X-A": "b", "Connection": "upgrade", "Content-Length": "99"}
    answer = await answered(
        {"statusCode": 201, "statusDescription": "201 Made", "isBase64Encoded": True, "headers": headers, "body": body}
    )

    assert (answer.status, answer.reason, answer.body) == (201, "Made", b"\x00\xff")
    assert (answer.headers["Content-Type"], answer.headers["X-A"]) == ("image/png", "b")
    assert answer.headers["Content-Length"] == "2", "computed, and hop-by-hop headers are not honoured"


@pytest.mark.parametrize(
    "answer",
    [
        None,
        "text",
        {},
        {"statusCode": "200"},
        {"statusCode": True},
        {"statusCode": 200, "body": {"a": "b"}},
        {"statusCode": 200, "body": "%%%", "isBase64Encoded": True},
        {"statusCode": 200, "headers": {"X-A": 1}},
        {"statusCode": 200, "headers": ["X-A"]},
        {"statusCode": 200, "body": "a" * MIB},
        FunctionFailed({"errorType": "Sandbox.Timedout", "errorMessage": "Task timed out"}),
        Throttled(),
        LookupError("no such function"),
    ],
    ids=lambda answer: repr(answer)[:40],
)
@documented("Troubleshoot your Application Load Balancers, HTTP 502")
async def test_an_answer_that_is_none_is_a_bad_gateway(answer: Any, source: str) -> None:
    assert (await answered(answer)).status == 502


@pytest.mark.parametrize(("size", "status"), [(MIB, 200), (MIB + 1, 413)])
@pytest.mark.parametrize("is_chunked", [False, True])
@documented(f"{LAMBDA}, Limits")
async def test_a_function_takes_a_body_of_1_mb(size: int, status: int, is_chunked: bool, source: str) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield b"a" * size

    async with function() as (running, _):
        answer = await running.ask("POST", data=pieces() if is_chunked else io.BytesIO(b"a" * size))

    assert answer.status == status


@documented(f"{LAMBDA}, Limits")
async def test_a_function_takes_no_websocket(source: str) -> None:
    async with function() as (running, asked):
        answer = await running.get(headers={"Connection": "Upgrade", "Upgrade": "websocket"})

    assert (answer.status, asked.events) == (400, [])


@documented(f"{LAMBDA}, Enable health checks")
async def test_a_function_is_not_checked_by_default_and_takes_requests_all_the_same(source: str) -> None:
    async with function() as (running, asked):
        health = running.groups["web"].health(Target(ARN))
        answer = await running.get()

    assert (health.state, health.reason) == ("unavailable", "Target.HealthCheckDisabled")
    assert (answer.status, len(asked.events)) == (200, 1)


@documented(f"{LAMBDA}, Enable health checks")
async def test_a_check_that_is_enabled_asks_the_function(source: str) -> None:
    async with function(health_check={"enabled": True, "path": "/health"}) as (running, asked):
        await asyncio.wait_for(running.groups["web"].until_healthy(Target(ARN)), PATIENCE_S)

    assert asked.events == [
        {
            "requestContext": {"elb": {"targetGroupArn": running.groups["web"].arn}},
            "httpMethod": "GET",
            "path": "/health",
            "queryStringParameters": {},
            "headers": {"user-agent": "ELB-HealthChecker/2.0"},
            "body": "",
            "isBase64Encoded": False,
        }
    ]


@documented(f"{LAMBDA}, Enable health checks")
async def test_a_function_that_fails_its_checks_is_unhealthy_and_asked_all_the_same(source: str) -> None:
    ticks = Ticks()
    check = {"enabled": True, "interval": 5, "timeout": 2, "unhealthy_threshold": 2}
    async with function(Tempo(pulse=ticks), health_check=check) as (running, asked):
        group = running.groups["web"]
        await asyncio.wait_for(group.until_healthy(Target(ARN)), PATIENCE_S)
        asked.answer = {"statusCode": 500}
        await ticks.beat()
        await ticks.beat()

        assert group.health(Target(ARN)).description == "Health checks failed with these codes: [500]"
        assert (await running.get()).status == 500


@documented(f"{LAMBDA}, Function timeout")
async def test_the_load_balancer_waits_for_as_long_as_the_function_may_take(source: str) -> None:
    released = asyncio.Event()

    async def slow(function_arn: str, event: Any) -> Any:
        await released.wait()
        return OK

    declared = Declared(groups={"web": {"target_type": "lambda"}}, functions={"web": ARN}, balancer={"idle_timeout": 1})
    async with balanced(declared, tempo=Tempo(pulse=Ticks(), second_s=0.02), invoke=slow) as running:
        asyncio.get_running_loop().call_later(0.1, released.set)

        assert json.dumps((await running.get()).text) == '"hello"'
