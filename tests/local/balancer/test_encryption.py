"""Listeners over TLS, and targets that have it."""

import json
import ssl
from collections.abc import AsyncIterator

import aiohttp
import pytest
import pytest_asyncio
import trustme
from aiohttp import web

from opencode_local.balancer.registrations import Target
from tests.local.balancer.running import Balanced, Declared, balanced, documented, echoed, served


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def server_side(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost", "127.0.0.1").configure_cert(context)
    return context


@pytest_asyncio.fixture(scope="module")
async def running(server_side: ssl.SSLContext) -> AsyncIterator[Balanced]:
    declared = Declared(balancer={"enable_tls_version_and_cipher_suite_headers": True})
    async with balanced(declared, tls=server_side) as running, served() as (_, target):
        await running.add("web", target)
        yield running


@documented("Create an HTTPS listener for your Application Load Balancer")
async def test_an_https_listener_is_served_with_the_certificate_that_it_is_given(
    running: Balanced, authority: trustme.CA, source: str
) -> None:
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    async with running.client.get(running.url, ssl=trusting) as answer:
        headers = {name.lower(): value for name, value in json.loads(await answer.text())["headers"]}

    assert running.url.startswith("https://localhost:")
    assert headers["x-forwarded-proto"] == "https"
    assert headers["x-amzn-tls-version"] == "TLSv1.3"
    assert headers["x-amzn-tls-cipher-suite"].startswith("TLS_")


@documented("Create an HTTPS listener for your Application Load Balancer")
async def test_who_does_not_trust_the_authority_does_not_get_through(running: Balanced, source: str) -> None:
    with pytest.raises(aiohttp.ClientConnectorCertificateError):
        await running.get()


@documented("Target groups for your Application Load Balancers, Routing configuration")
async def test_a_target_over_https_may_have_any_certificate(server_side: ssl.SSLContext, source: str) -> None:
    async def answered(request: web.BaseRequest) -> web.StreamResponse:
        return await echoed(request)

    runner = web.ServerRunner(web.Server(answered))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=server_side).start()
    groups = {"web": {"protocol": "HTTPS", "health_check": {"protocol": "HTTPS"}}}
    async with balanced(Declared(groups=groups)) as running:
        await running.add("web", Target("encrypted", "127.0.0.1", runner.addresses[0][1]))
        assert (await running.get()).status == 200
    await runner.cleanup()
