"""What a gateway tells everyone who has not signed in yet."""

import base64
import json
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio

from opencode_local.bedrock import BedrockStandIn
from opencode_local.issuer import Issuer
from opencode_router.catalogue.load import CatalogueError
from opencode_router.endpoints.client_settings import ClientSettingsOfDay
from opencode_router.settings import SettingError, Settings
from tests.router.running import Router, World, client_config, running_router
from tests.router.test_settings import NEEDED

PATH = "/.well-known/opencode"
CONFIG: Mapping[str, Any] = {
    "api_url": "https://ai.example.com",
    "region": "eu-central-1",
    "issuer": "https://login.example.com/",
    "client_id": "cli",
    "scopes": ["openid"],
    "callback_ports": [8080],
    "authorization_endpoint": "https://login.example.com/authorize",
    "token_endpoint": "https://login.example.com/token",
    "jwks_url": "https://login.example.com/keys",
}
RELEASE_KEY = base64.b64encode(b"\xfb\xef" * 16).decode()
"""Has both signs that other alphabets write in another way."""


@pytest_asyncio.fixture
async def settings(router: Router) -> Mapping[str, Any]:
    async with router.client.get(PATH) as response:
        assert response.status == 200, await response.text()
        return dict(await response.json())


@pytest_asyncio.fixture(scope="module")
async def mute(world: World) -> AsyncIterator[Router]:
    async with running_router(world, client_config=None) as running:
        yield running


async def test_nobody_needs_a_credential_and_everyone_may_keep_it_for_five_minutes(router: Router) -> None:
    async with router.client.get(PATH) as response:
        assert (response.status, response.content_type) == (200, "application/json")
        assert response.headers["Cache-Control"] == "public, max-age=300"


async def test_a_client_learns_how_one_signs_in(router: Router, issuer: Issuer, settings: Mapping[str, Any]) -> None:
    gateway = settings["gateway"]

    assert gateway["api_url"] == router.url
    assert gateway["issuer"] == issuer.url
    assert gateway["token_endpoint"] == f"{issuer.url}/token"
    assert gateway["client_id"] == "opencode-cli"
    assert len(gateway["callback_ports"]) == 2
    assert (gateway["minimum_client"], gateway["latest_client"]) == (None, None)


async def test_what_the_provider_lacks_is_null(world: World) -> None:
    lacking = Settings.load({**NEEDED, "CLIENT_CONFIG": json.dumps(CONFIG)}).client_config
    async with running_router(world, client_config=lacking) as router, router.client.get(PATH) as response:
        gateway = (await response.json())["gateway"]

    assert gateway == {
        **CONFIG,
        "revocation_endpoint": None,
        "device_authorization_endpoint": None,
        "end_session_endpoint": None,
        "minimum_client": None,
        "latest_client": None,
        "downloads_url": None,
        "release_keys": [],
        "sharing_url": None,
    }


async def test_opencode_is_told_what_prints_a_token_and_where_the_config_expects_it(
    router: Router, settings: Mapping[str, Any]
) -> None:
    auth, provider = settings["auth"], settings["config"]["provider"]["bedrock"]

    assert auth == {"command": ["opencode-auth", "token"], "env": "OPENCODE_GATEWAY_TOKEN"}
    assert provider["npm"] == "@ai-sdk/openai-compatible"
    assert provider["options"] == {"baseURL": f"{router.url}/v1", "apiKey": "{env:OPENCODE_GATEWAY_TOKEN}"}
    assert settings["config"]["model"] == "bedrock/claude-sonnet-4-6"


async def test_the_models_are_those_of_the_gateway_with_their_limits(
    router: Router, jwt: str, settings: Mapping[str, Any]
) -> None:
    async with router.client.get("/v1/models", headers={"Authorization": f"Bearer {jwt}"}) as response:
        listed = {model["id"]: model for model in (await response.json())["data"]}
    shown = settings["config"]["provider"]["bedrock"]["models"]

    assert shown.keys() == listed.keys()
    assert {id_: model["limit"] for id_, model in shown.items()} == {
        id_: {"context": model["context_length"], "output": model["max_output_tokens"]} for id_, model in listed.items()
    }
    assert {id_ for id_, model in shown.items() if "image" in model["modalities"]["input"]} == {
        id_ for id_, model in listed.items() if model["capabilities"]["images"]
    }


async def test_opencode_sends_pdfs_and_asks_for_reasoning_where_the_model_takes_them(
    router: Router, jwt: str, settings: Mapping[str, Any]
) -> None:
    async with router.client.get("/v1/models", headers={"Authorization": f"Bearer {jwt}"}) as response:
        can = {model["id"]: model["capabilities"] for model in (await response.json())["data"]}
    shown = settings["config"]["provider"]["bedrock"]["models"]

    assert {id_ for id_, model in shown.items() if "pdf" in model["modalities"]["input"]} == {
        id_ for id_ in can if can[id_]["documents"]
    }
    assert {id_ for id_, model in shown.items() if model["attachment"]} == {
        id_ for id_ in can if can[id_]["documents"] or can[id_]["images"]
    }
    assert {id_: model["reasoning"] for id_, model in shown.items()} == {
        id_: can[id_]["reasoning"] != "none" for id_ in can
    }


@pytest.mark.parametrize("model", ["claude-sonnet-5", "nova-2-lite", "kimi-k2.5"])
async def test_the_cost_that_opencode_shows_is_what_a_request_is_reckoned_with(
    router: Router, bedrock: BedrockStandIn, jwt: str, settings: Mapping[str, Any], model: str
) -> None:
    cost = settings["config"]["provider"]["bedrock"]["models"][model]["cost"]
    chat = {"model": model, "messages": [{"role": "user", "content": "Hi"}]}
    async with router.client.post(
        "/v1/chat/completions", json=chat, headers={"Authorization": f"Bearer {jwt}"}
    ) as response:
        assert response.status == 200, await response.text()
    record = await router.usage(response.headers["x-request-id"])

    by_kind = {
        "input": record["input_tokens"],
        "output": record["output_tokens"],
        "cache_read": record["cache_read_tokens"],
        "cache_write": record["cache_write_5m_tokens"],
    }
    assert by_kind["output"] > 0
    assert record["cost_micro_usd"] == round(sum(count * cost[kind] for kind, count in by_kind.items()))


async def test_the_cost_is_that_of_the_profile_that_the_gateway_uses(world: World) -> None:
    shown = []
    for profiles in (("us",), ("global",)):
        async with running_router(world, bedrock_profiles=profiles) as router, router.client.get(PATH) as response:
            models = (await response.json())["config"]["provider"]["bedrock"]["models"]
        shown.append(models["claude-haiku-5-5"]["cost"])

    assert shown == [
        {"input": 0.11, "output": 0.55, "cache_read": 0.011, "cache_write": 0.1375},
        {"input": 0.1, "output": 0.5, "cache_read": 0.01, "cache_write": 0.125},
    ]


async def test_a_cache_price_that_nobody_knows_is_never_told_as_nothing(settings: Mapping[str, Any]) -> None:
    costs = [model["cost"] for model in settings["config"]["provider"]["bedrock"]["models"].values()]

    assert {"input", "output", "cache_read", "cache_write"} == set[str]().union(*costs)
    assert [cost for cost in costs if not all(price > 0 for price in cost.values())] == []


async def test_a_new_price_is_told_from_its_day_on_without_a_restart(world: World) -> None:
    today = datetime.now(UTC).date()
    tomorrow = today + timedelta(days=1)
    prices = [{"since": "2025-12-02", "input": 1, "output": 2}, {"since": str(tomorrow), "input": 3, "output": 4}]
    overlay = json.dumps({"models": {"nova-2-lite": {"prices": prices}}})
    config = client_config(world.issuer, "https://ai.example.com")
    async with running_router(world, catalogue_overlay=overlay) as router:
        published = ClientSettingsOfDay(router.gateway, config)
        documents = [json.loads(published.on(day).body) for day in (today, tomorrow)]

    told = [document["config"]["provider"]["bedrock"]["models"]["nova-2-lite"]["cost"] for document in documents]
    assert [(cost["input"], cost["cache_read"], cost["output"]) for cost in told] == [(1, 1, 2), (3, 3, 4)]


async def test_clients_are_told_where_releases_are_announced_and_who_signs_them(world: World) -> None:
    text = json.dumps({**CONFIG, "downloads_url": "https://downloads.example.com", "release_keys": [RELEASE_KEY]})
    config = Settings.load({**NEEDED, "CLIENT_CONFIG": text}).client_config
    async with running_router(world, client_config=config) as router, router.client.get(PATH) as response:
        gateway = (await response.json())["gateway"]

    assert (gateway["downloads_url"], gateway["release_keys"]) == ("https://downloads.example.com", [RELEASE_KEY])


async def test_clients_are_told_where_sessions_are_shared(world: World) -> None:
    text = json.dumps({**CONFIG, "sharing_url": "https://share.example.com"})
    config = Settings.load({**NEEDED, "CLIENT_CONFIG": text}).client_config
    async with running_router(world, client_config=config) as router, router.client.get(PATH) as response:
        assert (await response.json())["gateway"]["sharing_url"] == "https://share.example.com"


@pytest.mark.parametrize("wanted", ["nova-2-lite", "bedrock/nova-2-lite"])
async def test_operators_choose_the_model_that_tools_begin_with(world: World, wanted: str) -> None:
    async with running_router(world, default_model=wanted) as router, router.client.get(PATH) as response:
        assert (await response.json())["config"]["model"] == "bedrock/nova-2-lite"


async def test_a_gateway_without_the_usual_model_begins_with_one_that_it_has(world: World) -> None:
    async with running_router(world, bedrock_profiles=("region",)) as router, router.client.get(PATH) as response:
        config = (await response.json())["config"]

    first = config["model"].removeprefix("bedrock/")
    assert first != "claude-sonnet-4-6"
    assert first in config["provider"]["bedrock"]["models"]


async def test_a_model_to_begin_with_that_nobody_can_reach_stops_the_start(world: World) -> None:
    with pytest.raises(CatalogueError, match=r"DEFAULT_MODEL='claude-opsu' is no model .*; those are .*claude-opus"):
        async with running_router(world, default_model="claude-opsu"):
            pytest.fail("it serves")


async def test_who_has_it_already_is_not_sent_it_again(router: Router) -> None:
    async with router.client.get(PATH) as first:
        etag = first.headers["ETag"]
    known = ", ".join(('"another"', etag))
    async with router.client.get(PATH, headers={"If-None-Match": known}) as again:
        assert (again.status, await again.read()) == (304, b"")
        assert (again.headers["ETag"], again.headers["Cache-Control"]) == (etag, "public, max-age=300")
    for stale in ('"another"', "no quotes", ""):
        async with router.client.get(PATH, headers={"If-None-Match": stale}) as response:
            assert (response.status, response.headers["ETag"]) == (200, etag), stale


async def test_all_processes_of_a_gateway_say_the_same_to_the_letter(world: World) -> None:
    same = client_config(world.issuer, "http://127.0.0.1:8080")
    etags = []
    for _ in range(2):
        async with running_router(world, client_config=same) as router, router.client.get(PATH) as response:
            etags.append(response.headers["ETag"])

    assert etags[0] == etags[1]


async def test_a_gateway_that_was_told_nothing_says_so_in_the_shape_of_an_error(mute: Router) -> None:
    async with mute.client.get(PATH) as response:
        error = (await response.json())["error"]

    assert (response.status, error["code"]) == (404, "not_found")
    assert "CLIENT_CONFIG" in error["message"]


async def test_only_reading_is_public(router: Router) -> None:
    for method in ("POST", "PUT", "DELETE"):
        async with router.client.request(method, PATH) as response:
            assert (response.status, response.headers["Allow"]) == (405, "GET")


async def test_nothing_else_that_the_gateway_was_told_is_in_it(router: Router, settings: Mapping[str, Any]) -> None:
    own, text = router.gateway.settings, json.dumps(settings)

    assert settings.keys() == {"auth", "config", "gateway"}
    assert own.bedrock_runtime_url is not None
    for secret in (own.keys_table, own.usage_table, own.bedrock_runtime_url, "anthropic.claude"):
        assert secret not in text


FAULTS: Mapping[str, tuple[Mapping[str, Any], str]] = {
    "a member that is missing": ({"token_endpoint": None}, "token_endpoint"),
    "a port beyond all ports": ({"callback_ports": [70000]}, "callback_ports"),
    "ports that are text": ({"callback_ports": "8080"}, "callback_ports"),
    "scopes in one text": ({"scopes": "openid"}, "scopes"),
    "an address anyone can listen to": ({"token_endpoint": "http://login.example.com/token"}, "https"),
    "an optional address that is none": ({"revocation_endpoint": "login.example.com"}, "https"),
    "a gateway without encryption": ({"api_url": "http://ai.example.com"}, "https"),
    "releases without encryption": ({"downloads_url": "http://downloads.example.com"}, "https"),
    "a share host without encryption": ({"sharing_url": "http://share.example.com"}, "https"),
    "a release key that is too short": ({"release_keys": [RELEASE_KEY[4:]]}, "release_keys"),
    "a release key of another alphabet": ({"release_keys": [RELEASE_KEY.replace("+", "-")]}, "release_keys"),
    "a release key with white space": ({"release_keys": [f"{RELEASE_KEY}\n"]}, "release_keys"),
    "a release key written in another way": ({"release_keys": [RELEASE_KEY.replace("8=", "9=")]}, "release_keys"),
    "release keys in one text": ({"release_keys": RELEASE_KEY}, "release_keys"),
}


@pytest.mark.parametrize(("changes", "named"), FAULTS.values(), ids=FAULTS)
def test_settings_for_clients_that_cannot_be_stop_the_start(changes: Mapping[str, Any], named: str) -> None:
    with pytest.raises(SettingError, match=rf"CLIENT_CONFIG=.*: .*{named}.*; for example CLIENT_CONFIG="):
        Settings.load({**NEEDED, "CLIENT_CONFIG": json.dumps({**CONFIG, **changes})})


@pytest.mark.parametrize("text", ["{", "[]", "null", "ai.example.com"])
def test_settings_for_clients_that_are_no_json_object_stop_the_start(text: str) -> None:
    with pytest.raises(SettingError, match="CLIENT_CONFIG="):
        Settings.load({**NEEDED, "CLIENT_CONFIG": text})
