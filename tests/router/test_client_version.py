"""Old versions of our own client are told to update; nobody else hears of it."""

from collections.abc import AsyncIterator, Mapping

import pytest
import pytest_asyncio

from opencode_router.settings import SettingError, Settings
from tests.router.running import Router, World, running_router
from tests.router.test_settings import NEEDED

CHAT = {"model": "nova-2-lite", "messages": [{"role": "user", "content": "Hi"}]}
API_CALLS = (
    ("GET", "/v1/models"),
    ("GET", "/v1/models/nova-2-lite"),
    ("POST", "/v1/chat/completions"),
    ("POST", "/v1/messages"),
    ("POST", "/anthropic/v1/messages"),
    ("POST", "/v1/messages/count_tokens"),
    ("GET", "/v1/api-keys"),
    ("GET", "/v1/usage"),
    ("POST", "/v1/api-keys"),
    ("DELETE", "/v1/api-keys/oc_abcdefg"),
)
ANTHROPICS = tuple(path for _, path in API_CALLS if "messages" in path)
OLD = {"User-Agent": "opencode-auth/1.3.9"}


@pytest_asyncio.fixture(scope="module")
async def strict(world: World) -> AsyncIterator[Router]:
    settings = Settings.load({**NEEDED, "MINIMUM_CLIENT": "1.4.0", "LATEST_CLIENT": "1.10.2"})
    versions = {"minimum_client": settings.minimum_client, "latest_client": settings.latest_client}
    async with running_router(world, **versions) as running:
        yield running


async def status(router: Router, jwt: str, headers: Mapping[str, str]) -> int:
    async with router.client.get("/v1/models", headers={"Authorization": f"Bearer {jwt}", **headers}) as response:
        return response.status


@pytest.mark.parametrize(("method", "path"), API_CALLS)
async def test_an_old_client_is_told_to_update_in_the_protocol_of_its_call(
    strict: Router, jwt: str, method: str, path: str
) -> None:
    headers = {"Authorization": f"Bearer {jwt}", **OLD}
    async with strict.client.request(method, path, headers=headers) as response:
        body = await response.json()

    message = "this gateway needs opencode-auth 1.4.0 or newer, and this is 1.3.9; run: opencode-auth update"
    assert response.status == 426
    assert body["request_id"] == response.headers["x-request-id"]
    if path in ANTHROPICS:
        assert (body["type"], body["error"]) == ("error", {"type": "invalid_request_error", "message": message})
    else:
        assert (body["error"]["code"], body["error"]["message"]) == ("client_too_old", message)


TOO_OLD = (
    {"User-Agent": "opencode-auth/1.3.9"},
    {"User-Agent": "opencode-auth/0.99.99 (Linux x86_64)"},
    {"User-Agent": "opencode-auth/1.3.9-rc.1"},
    {"User-Agent": "opencode-auth/1.3.9.dev2+gabc"},
    {"User-Agent": "opencode/1.18.33 opencode-auth/1.2.0"},
    {"X-Client-Version": "1.0.0"},
    {"X-Client-Version": "v1.3.12"},
    {"User-Agent": "Go-http-client/2.0", "X-Client-Version": "1.2.3"},
)
CURRENT_OR_UNREADABLE = (
    {"User-Agent": "opencode-auth/1.4.0"},
    {"User-Agent": "opencode-auth/1.10.0"},
    {"User-Agent": "opencode-auth/1.4.0rc1"},
    {"User-Agent": "opencode-auth/2.0.0 (macOS)"},
    {"User-Agent": "opencode-auth/1.3"},
    {"User-Agent": "opencode-auth/1.3.9.1"},
    {"User-Agent": "opencode-auth/-1.0.0"},
    {"User-Agent": "opencode-auth/1.3.٩"},
    {"User-Agent": f"opencode-auth/{'1' * 5000}.0.0"},
    {"User-Agent": "opencode-auth/"},
    {"User-Agent": "opencode-auth"},
    {"User-Agent": "not-opencode-auth/1.0.0"},
    {"User-Agent": "opencode/1.0.0"},
    {"User-Agent": "claude-cli/1.0.0"},
    {"User-Agent": ""},
    {"X-Client-Version": "dev"},
    {"X-Client-Version": ""},
    {"User-Agent": "opencode-auth/1.4.0", "X-Client-Version": "1.0.0"},
)


@pytest.mark.parametrize("headers", TOO_OLD, ids=str)
async def test_a_client_is_too_old_below_the_minimum_however_it_says_its_version(
    strict: Router, jwt: str, headers: Mapping[str, str]
) -> None:
    assert await status(strict, jwt, headers) == 426


@pytest.mark.parametrize("headers", CURRENT_OR_UNREADABLE, ids=lambda headers: str(headers)[:60])
async def test_other_clients_and_versions_that_cannot_be_read_pass(
    strict: Router, jwt: str, headers: Mapping[str, str]
) -> None:
    assert await status(strict, jwt, headers) == 200


async def test_without_a_credential_that_holds_nobody_learns_of_versions(strict: Router) -> None:
    for headers in ({}, {"Authorization": "Bearer no.such.token"}, {"X-API-Key": f"oc_{'x' * 43}"}):
        async with strict.client.get("/v1/models", headers={**headers, **OLD}) as response:
            assert response.status == 401, headers


async def test_a_key_is_asked_for_its_version_too(strict: Router, api_key: str) -> None:
    async with strict.client.get("/v1/models", headers={"X-API-Key": api_key, **OLD}) as response:
        assert response.status == 426


@pytest.mark.parametrize("path", ["/.well-known/opencode", "/health", "/ready", "/", "/openapi.json"])
async def test_what_needs_no_credential_answers_every_version(strict: Router, path: str) -> None:
    async with strict.client.get(path, headers=OLD) as response:
        assert response.status == 200


async def test_clients_learn_both_versions_before_they_sign_in(strict: Router) -> None:
    async with strict.client.get("/.well-known/opencode") as response:
        gateway = (await response.json())["gateway"]

    assert (gateway["minimum_client"], gateway["latest_client"]) == ("1.4.0", "1.10.2")


async def test_a_gateway_without_a_minimum_answers_every_version(router: Router, jwt: str) -> None:
    assert await status(router, jwt, {"User-Agent": "opencode-auth/0.0.0"}) == 200


async def test_a_refused_client_has_spent_nothing(strict: Router, jwt: str) -> None:
    records = strict.count_usage()
    headers = {"Authorization": f"Bearer {jwt}", **OLD}
    async with strict.client.post("/v1/chat/completions", json=CHAT, headers=headers) as response:
        assert response.status == 426

    await strict.gateway.ledger.flush()
    assert strict.count_usage() == records


@pytest.mark.parametrize("variable", ["MINIMUM_CLIENT", "LATEST_CLIENT"])
@pytest.mark.parametrize("value", ["1.4", "v1.4.0", "1.4.0-rc.1", "latest", "1.4.0\n", "1.4.-1"])
def test_a_version_that_is_not_three_numbers_stops_the_start(variable: str, value: str) -> None:
    with pytest.raises(SettingError, match=f"{variable}=.*three numbers.*; for example {variable}="):
        Settings.load({**NEEDED, variable: value})


def test_a_minimum_that_no_client_can_reach_stops_the_start() -> None:
    with pytest.raises(SettingError, match=r"MINIMUM_CLIENT=1\.10\.0 is newer than LATEST_CLIENT=1\.9\.0"):
        Settings.load({**NEEDED, "MINIMUM_CLIENT": "1.10.0", "LATEST_CLIENT": "1.9.0"})
