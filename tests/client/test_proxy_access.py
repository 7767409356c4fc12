"""Who may ask the local proxy, and for what."""

from pathlib import Path

import pytest
from yarl import URL

from opencode_auth.version import VERSION
from tests.client.proxied import CHAT, KEY, MESSAGES, local_proxy, played_gateway, said_ok

pytestmark = pytest.mark.usefixtures("key")


async def test_every_credential_of_the_caller_is_replaced(tmp_path: Path) -> None:
    async with played_gateway(said_ok) as gateway, local_proxy(tmp_path, gateway.url) as proxy:
        headers = {
            "Authorization": f"Bearer {proxy.secret}",
            "X-Api-Key": proxy.secret,
            "Api-Key": "theirs",
            "Cookie": "session=1",
            "Proxy-Authorization": "Basic x",
            "Connection": "keep-alive, X-Hop",
            "X-Hop": "1",
            "X-Kept": "yes",
            "User-Agent": "opencode/1.0",
        }
        async with proxy.tool.post(
            URL(proxy.url + CHAT + "?a=%2F", encoded=True), data=b"{}", headers=headers
        ) as response:
            assert (response.status, await response.json()) == (200, {"ok": True})

    (seen,) = gateway.seen
    assert seen.headers.getall("Authorization") == [f"Bearer {KEY}"]
    assert not {"X-Api-Key", "Api-Key", "Cookie", "Proxy-Authorization", "X-Hop"} & set(seen.headers)
    assert proxy.secret not in str(seen.headers)
    assert seen.headers["X-Kept"] == "yes"
    assert seen.headers["User-Agent"] == f"opencode/1.0 opencode-auth/{VERSION}"
    assert seen.headers["X-Client-Version"] == VERSION
    assert seen.raw_path == CHAT + "?a=%2F"
    assert seen.headers["Host"] == gateway.url.removeprefix("http://")


@pytest.mark.parametrize("headers", [{}, {"x-api-key": "wrong"}, {"Authorization": "Bearer wrong"}])
@pytest.mark.parametrize("path", [CHAT, MESSAGES, "/v1/models"])
async def test_a_caller_without_the_secret_gets_nothing(tmp_path: Path, path: str, headers: dict[str, str]) -> None:
    async with (
        played_gateway(said_ok) as gateway,
        local_proxy(tmp_path, gateway.url) as proxy,
        proxy.tool.get(proxy.url + path, headers=headers) as response,
    ):
        said = await response.json()
    assert response.status == 401
    assert said["error"]["type"] == "authentication_error"
    assert ("type" in said) == (path == MESSAGES), "Anthropic's shape for Messages alone"
    assert not gateway.seen


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "attacker.example"},
        {"Host": "127.0.0.1"},
        {"Host": "127.0.0.1.attacker.example"},
        {"Host": "127.0.0.1:1"},
        {"Origin": "https://attacker.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1.attacker.example"},
    ],
)
@pytest.mark.parametrize("path", [CHAT, "/.opencode-auth/health?challenge=1"])
async def test_a_web_page_of_another_origin_is_refused(tmp_path: Path, path: str, headers: dict[str, str]) -> None:
    async with (
        played_gateway(said_ok) as gateway,
        local_proxy(tmp_path, gateway.url) as proxy,
        proxy.tool.get(proxy.url + path, headers={**proxy.key, **headers}) as response,
    ):
        assert response.status == 403
        assert "proof" not in await response.text()
    assert not gateway.seen


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v1/api-keys", 403),
        ("/v1/API-KEYS/x", 403),
        ("/v1/%61pi-keys", 403),
        ("/v1//api-keys", 404),
        ("/v1/%2e/api-keys", 404),
        ("/v1/%252e/x", 404),
        ("/api/token", 404),
        ("/health", 404),
        ("/", 404),
    ],
)
async def test_no_path_hands_out_credentials(tmp_path: Path, path: str, status: int) -> None:
    async with (
        played_gateway(said_ok) as gateway,
        local_proxy(tmp_path, gateway.url) as proxy,
        proxy.tool.post(URL(proxy.url + path, encoded=True), headers=proxy.key) as response,
    ):
        assert response.status == status
        assert KEY not in await response.text()
    assert not gateway.seen
