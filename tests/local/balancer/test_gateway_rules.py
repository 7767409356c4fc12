"""The gateway's own load balancer does over real connections what its rules were tested to say."""

import json
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from yarl import URL

from opencode_components.testing import Graph, deploy
from opencode_local.balancer.balancer import Listening
from tests.components.api_program import HOST, an_api
from tests.components.test_listener_rules import (
    FORWARDED,
    KEY,
    REFUSED,
    REJECTED,
    REQUESTS,
    VERIFIED,
    Headers,
)
from tests.local.balancer.running import Balanced, balanced, served

STATUS = {FORWARDED: 200, REFUSED: 401, REJECTED: 401}


class Gateway:
    def graph(self) -> Graph:
        return deploy(an_api())


@pytest_asyncio.fixture(scope="module")
async def running() -> AsyncIterator[Balanced]:
    async with balanced(Gateway()) as running, served() as (_, target):
        (name,) = running.groups
        await running.add(name, target)
        running.addresses.name("localhost", HOST)
        running.addresses.stand(f"https://{HOST}", listening(running, 443).url)
        yield running


def listening(running: Balanced, port: int) -> Listening:
    return next(each for each in running.balancer.listeners if each.declared_port == port)


@pytest.mark.parametrize(
    ("method", "path", "headers", "expected"),
    [request for request in REQUESTS if request[-1] != VERIFIED],
)
async def test_a_request_gets_through_or_not_as_its_rule_says(
    running: Balanced, method: str, path: str, headers: Headers, expected: str
) -> None:
    url = URL(f"{listening(running, 443).url}{path}", encoded=True)
    async with running.client.request(method, url, headers=list(headers), allow_redirects=False) as answer:
        body = await answer.read()

    assert answer.status == STATUS[expected]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "awselb" not in answer.headers.get("Server", "")
    if expected == REFUSED and method != "HEAD":
        assert json.loads(body)["error"]["code"] == "missing_credentials"


async def test_another_host_gets_nothing(running: Balanced) -> None:
    url, headers = listening(running, 443).url, {"X-API-Key": KEY, "Host": "evil.test"}
    async with running.client.get(f"{url}/v1/models", headers=headers) as answer:
        assert answer.status == 401


async def test_plain_http_leads_to_where_https_is_on_this_machine(running: Balanced) -> None:
    url = listening(running, 80).url
    async with running.client.get(f"{url}/v1/models?a=b", allow_redirects=False) as answer:
        assert answer.status == 301
        assert answer.headers["Location"] == f"{listening(running, 443).url}/v1/models?a=b"
