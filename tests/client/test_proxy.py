"""The local proxy between a tool and the gateway."""

import asyncio
import gzip
import io
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
import trustme
from aiohttp import web

from opencode_auth import notice, tokens
from opencode_auth.errors import SignInNeeded, Unreachable
from opencode_auth.proxy import notification
from opencode_auth.proxy.body import KEPT_BYTES
from opencode_auth.proxy.upstream import IDLE_S, Clocks, Limits
from tests.client.proxied import CHAT, KEY, MESSAGES, LocalProxy, local_proxy, played_gateway, said_ok, silent_until
from tests.client.servers import ConnectProxy, json_reply, running
from tests.router.running import Router

pytestmark = pytest.mark.usefixtures("key")


@pytest.fixture
def sign_in(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Tokens in the order in which the sign-in gives them; every one but the last is refused once."""
    monkeypatch.delenv("OPENCODE_API_KEY")
    given = ["old", "new"]

    def access_token(*, minimum_left_s: float = 60, rejected: str | None = None) -> str:
        if rejected == given[0] and len(given) > 1:
            given.pop(0)
        return given[0]

    monkeypatch.setattr(tokens, "access_token", access_token)
    return given


async def refuses_old(request: web.Request) -> web.StreamResponse:
    is_old = request.headers["Authorization"] == "Bearer old"
    return web.json_response({"old": is_old}, status=401 if is_old else 200)


async def test_a_stream_arrives_piece_by_piece_and_as_it_was(tmp_path: Path) -> None:
    more = asyncio.Event()

    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Set-Cookie": "a=b"})
        await response.prepare(request)
        await response.write(b"data: 1\n\n")
        await more.wait()
        await response.write(b"data: 2\n\n")
        return response

    async with (
        played_gateway(answer) as gateway,
        local_proxy(tmp_path, gateway.url) as proxy,
        proxy.tool.post(proxy.url + CHAT, data=b"{}", headers=proxy.key) as response,
    ):
        assert await response.content.readany() == b"data: 1\n\n"
        more.set()
        assert await response.content.read() == b"data: 2\n\n"
        assert response.headers["Content-Type"] == "text/event-stream"
        assert "Set-Cookie" not in response.headers


async def test_headers_arrive_before_the_first_piece(tmp_path: Path) -> None:
    more = asyncio.Event()

    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await more.wait()
        return response

    async with (
        played_gateway(answer) as gateway,
        local_proxy(tmp_path, gateway.url) as proxy,
        proxy.tool.post(proxy.url + CHAT, headers=proxy.key) as response,
    ):
        assert response.status == 200
        more.set()


async def test_a_compressed_answer_stays_compressed(tmp_path: Path) -> None:
    packed = gzip.compress(b"text" * 100)

    async def answer(_request: web.Request) -> web.StreamResponse:
        return web.Response(body=packed, headers={"Content-Encoding": "gzip"})

    async with (
        played_gateway(answer) as gateway,
        local_proxy(tmp_path, gateway.url) as proxy,
        proxy.tool.get(proxy.url + "/v1/models", headers=proxy.key) as response,
    ):
        assert int(response.headers["Content-Length"]) == len(packed)
        assert await response.read() == b"text" * 100


async def test_a_refused_token_is_renewed_once_and_the_request_sent_again(tmp_path: Path, sign_in: list[str]) -> None:
    body = b"x" * 3_000_000
    async with (
        played_gateway(refuses_old) as gateway,
        local_proxy(tmp_path, gateway.url) as proxy,
        proxy.tool.post(proxy.url + CHAT, data=io.BytesIO(body), headers=proxy.key) as response,
    ):
        assert (response.status, await response.json()) == (200, {"old": False})
    assert gateway.bodies == [body, body]
    assert [seen.headers["Authorization"] for seen in gateway.seen] == ["Bearer old", "Bearer new"]


async def test_a_second_refusal_goes_back_to_the_tool(tmp_path: Path, sign_in: list[str]) -> None:
    async def refuses(_request: web.Request) -> web.StreamResponse:
        return web.json_response({"error": "no"}, status=401)

    async with (
        played_gateway(refuses) as gateway,
        local_proxy(tmp_path, gateway.url) as proxy,
        proxy.tool.post(proxy.url + CHAT, headers=proxy.key) as response,
    ):
        assert (response.status, await response.json()) == (401, {"error": "no"})
    assert len(gateway.seen) == 2


async def test_a_body_too_large_to_keep_is_passed_on_and_not_sent_again(tmp_path: Path, sign_in: list[str]) -> None:
    body = b"y" * (KEPT_BYTES + 1)
    async with (
        played_gateway(refuses_old) as gateway,
        local_proxy(tmp_path, gateway.url) as proxy,
        proxy.tool.post(proxy.url + CHAT, data=body_in_parts(body), headers=proxy.key) as response,
    ):
        assert response.status == 401
    assert [len(seen) for seen in gateway.bodies] == [len(body)]


async def body_in_parts(body: bytes) -> AsyncIterator[bytes]:
    yield body


async def test_an_api_key_that_is_refused_is_not_tried_again(tmp_path: Path) -> None:
    async def refuses(_request: web.Request) -> web.StreamResponse:
        return web.json_response({}, status=401)

    async with (
        played_gateway(refuses) as gateway,
        local_proxy(tmp_path, gateway.url) as proxy,
        proxy.tool.post(proxy.url + CHAT, headers=proxy.key) as response,
    ):
        assert response.status == 401
    assert len(gateway.seen) == 1


async def test_a_first_byte_may_take_as_long_as_a_model_thinks(tmp_path: Path) -> None:
    """The event loop's clock is put forward instead of waited for: five seconds before the limit, then over it."""
    released = asyncio.Event()
    loop = asyncio.get_running_loop()
    true_time = loop.time
    assert IDLE_S >= 15 * 60
    async with played_gateway(silent_until(released)) as gateway, local_proxy(tmp_path, gateway.url) as proxy:
        with pytest.MonkeyPatch.context() as patch:
            waiting = asyncio.create_task(status_of(proxy))
            await gateway.arrivals.acquire()
            patch.setattr(loop, "time", lambda: true_time() + 290)
            for _ in range(50):
                await asyncio.sleep(0)
            assert not waiting.done()
            released.set()
            assert await waiting == 200
            released.clear()
            waiting = asyncio.create_task(status_of(proxy))
            await gateway.arrivals.acquire()
            patch.setattr(loop, "time", lambda: true_time() + 290 + IDLE_S + 10)
            assert await waiting == 504


async def status_of(proxy: LocalProxy) -> int:
    patient = aiohttp.ClientTimeout(total=None)
    async with proxy.tool.post(proxy.url + CHAT, headers=proxy.key, timeout=patient) as response:
        return int(response.status)


async def test_a_gateway_that_is_silent_for_too_long_is_a_504(tmp_path: Path) -> None:
    limits = Limits(idle_s=0.05, drain_s=0.1)
    async with (
        played_gateway(silent_until(asyncio.Event())) as gateway,
        local_proxy(tmp_path, gateway.url, limits=limits) as proxy,
        proxy.tool.post(proxy.url + MESSAGES, headers=proxy.key) as response,
    ):
        assert response.status == 504
        assert (await response.json())["error"]["type"] == "timeout_error"


async def test_a_stream_that_breaks_off_breaks_off_for_the_tool(tmp_path: Path) -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"data: 1\n\n")
        assert request.transport is not None
        request.transport.abort()
        return response

    async with (
        played_gateway(answer) as gateway,
        local_proxy(tmp_path, gateway.url) as proxy,
        proxy.tool.post(proxy.url + CHAT, headers=proxy.key) as response,
    ):
        with pytest.raises(aiohttp.ClientError):
            await response.read()


async def test_a_gateway_that_cannot_be_reached_is_a_502_in_the_tools_words(tmp_path: Path) -> None:
    async with local_proxy(tmp_path, "http://127.0.0.1:1") as proxy:
        async with proxy.tool.post(proxy.url + CHAT, headers=proxy.key) as response:
            error = (await response.json())["error"]
            assert (response.status, error["code"]) == (502, "gateway_unreachable")
            assert "opencode-auth doctor" in error["message"]
        async with proxy.tool.post(proxy.url + MESSAGES, headers=proxy.key) as response:
            assert (await response.json())["error"]["type"] == "api_error"


async def test_a_caller_that_leaves_ends_the_request_upstream(tmp_path: Path) -> None:
    left = asyncio.Event()

    async def answer(_request: web.Request) -> web.StreamResponse:
        try:
            await asyncio.Event().wait()
        finally:
            left.set()
        return web.Response()

    async with played_gateway(answer) as gateway, local_proxy(tmp_path, gateway.url) as proxy:
        waiting = asyncio.create_task(status_of(proxy))
        await gateway.arrivals.acquire()
        waiting.cancel()
        async with asyncio.timeout(5):
            await left.wait()


async def test_a_needed_sign_in_is_said_to_the_tool_and_shown_once(
    tmp_path: Path, sign_in: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[int] = []
    monkeypatch.setattr(notification, "show", lambda: shown.append(1))

    def nobody(**_: object) -> str:
        raise SignInNeeded("the sign-in of ada has ended")

    async def ask() -> tuple[int, str]:
        async with proxy.tool.post(proxy.url + MESSAGES, headers=proxy.key) as response:
            return response.status, (await response.json())["error"]["message"]

    async with played_gateway(said_ok) as gateway, local_proxy(tmp_path, gateway.url) as proxy:
        monkeypatch.setattr(tokens, "access_token", nobody)
        for _ in range(3):
            status, message = await ask()
            assert status == 401
            assert "opencode-auth login" in message
        assert len(shown) == 1
        monkeypatch.setenv("OPENCODE_AUTH_HOME", str(tmp_path))
        notice.settled()
        await ask()
        assert len(shown) == 2
    assert not gateway.seen


async def test_a_provider_that_does_not_answer_is_not_the_persons_fault(
    tmp_path: Path, sign_in: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def unanswered(**_: object) -> str:
        raise Unreachable("the provider did not answer")

    async with played_gateway(said_ok) as gateway, local_proxy(tmp_path, gateway.url) as proxy:
        monkeypatch.setattr(tokens, "access_token", unanswered)
        async with proxy.tool.post(proxy.url + CHAT, headers=proxy.key) as response:
            assert response.status == 502


async def test_a_machine_that_slept_makes_new_connections(tmp_path: Path) -> None:
    wall_s = [0.0]
    clocks = Clocks(wall_s=lambda: wall_s[0], monotonic_s=lambda: 0.0)
    async with played_gateway(said_ok) as gateway, local_proxy(tmp_path, gateway.url, clocks=clocks) as proxy:
        for slept_s, connections in ((0, 1), (0, 1), (3600, 2), (0, 2)):
            wall_s[0] += slept_s
            async with proxy.tool.get(proxy.url + "/v1/models", headers=proxy.key) as response:
                assert response.status == 200
            assert len(gateway.connections) == connections


@pytest.mark.parametrize("platform", ["darwin", "linux", "win32"])
def test_a_note_is_shown_by_the_desktops_own_program_and_opens_no_browser(platform: str) -> None:
    words = notification.command(platform, which=lambda program: f"/bin/{program}")
    assert words is not None
    assert "opencode-auth login" in " ".join(words)
    assert not any(word in " ".join(words) for word in ("http", "open "))
    assert notification.command(platform, which=lambda _: None) is None


async def test_the_companys_proxy_and_certificate_authority_are_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = trustme.CA()
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("gateway.example").configure_cert(tls)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    with running(tls) as gateway:
        gateway.routes["/v1/models"] = lambda _seen: json_reply({"data": []})
        company = ConnectProxy(gateway.port)
        monkeypatch.setenv("HTTPS_PROXY", company.url)
        answers = []
        for variable in ("NOTHING", "SSL_CERT_FILE"):
            monkeypatch.setenv(variable, str(tmp_path / "ca.pem"))
            async with (
                local_proxy(tmp_path, "https://gateway.example") as proxy,
                proxy.tool.get(proxy.url + "/v1/models", headers=proxy.key) as response,
            ):
                answers.append((response.status, "not trusted" in await response.text()))
        company.close()
    assert answers == [(502, True), (200, False)]
    assert set(company.asked) == {"gateway.example:443"}
    assert gateway.seen[0].headers["authorization"] == f"Bearer {KEY}"


async def test_a_name_below_localhost_is_this_machine_whatever_resolver_and_companys_proxy_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    async with played_gateway(said_ok) as gateway:
        own_name = gateway.url.replace("127.0.0.1", "share.localhost")
        async with local_proxy(tmp_path, own_name) as proxy:
            assert await status_of(proxy) == 200

    (seen,) = gateway.seen
    assert seen.headers["Host"] == own_name.removeprefix("http://")


async def test_the_real_gateway_knows_the_person_behind_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, router: Router, api_key: str
) -> None:
    monkeypatch.setenv("OPENCODE_API_KEY", api_key)
    async with (
        local_proxy(tmp_path, router.url) as proxy,
        proxy.tool.get(proxy.url + "/v1/models", headers=proxy.key) as response,
    ):
        assert response.status == 200
        assert (await response.json())["data"]
