"""GET /v1/caller: services beside the gateway ask it whose credential they were shown."""

from collections.abc import Mapping
from typing import Any

import pytest

from opencode_local.issuer import Issuer
from opencode_router.settings import Settings
from tests.router.running import Router, World, running_router
from tests.router.test_settings import NEEDED

PATH = "/v1/caller"


async def told(router: Router, headers: Mapping[str, str]) -> tuple[int, Any]:
    async with router.client.get(PATH, headers=headers) as response:
        if response.status == 200:
            assert response.headers["Cache-Control"] == "no-store"
        return response.status, await response.json()


def bearer(token: str) -> Mapping[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def test_a_token_is_told_with_its_persons_name_and_groups(router: Router, issuer: Issuer) -> None:
    assert await told(router, bearer(issuer.token("ada"))) == (
        200,
        {
            "id": "ada",
            "email": "ada@example.com",
            "name": "Ada Lovelace",
            "groups": ["developers", "admins"],
            "kind": "token",
        },
    )


@pytest.mark.parametrize("shown", ["Authorization", "X-API-Key"])
async def test_a_key_is_told_as_its_owner_without_what_it_does_not_know(
    router: Router, api_key: str, jwt: str, shown: str
) -> None:
    _, owner = await told(router, bearer(jwt))

    status, said = await told(router, bearer(api_key) if shown == "Authorization" else {shown: api_key})

    assert (status, said) == (200, {**owner, "name": None, "groups": [], "kind": "key"})


@pytest.mark.parametrize("name", ["", "Ada\u202eecalevoL", "Ada\n", "x" * 257, ["Ada"], 1, None], ids=range(7))
async def test_a_name_that_is_none_is_left_out_and_the_token_holds(router: Router, issuer: Issuer, name: Any) -> None:
    status, said = await told(router, bearer(issuer.token("ada", name=name)))
    assert (status, said["name"]) == (200, None)


async def test_an_outdated_client_is_told_too(world: World, jwt: str) -> None:
    minimum = Settings.load({**NEEDED, "MINIMUM_CLIENT": "9.0.0"}).minimum_client
    async with running_router(world, minimum_client=minimum) as router:
        status, _ = await told(router, {**bearer(jwt), "User-Agent": "opencode-auth/1.0.0"})
    assert status == 200


@pytest.mark.parametrize("headers", [{}, bearer("oc_" + "x" * 43), bearer("not.a.jwt")], ids=range(3))
async def test_without_a_credential_that_holds_nothing_is_told(router: Router, headers: Mapping[str, str]) -> None:
    status, said = await told(router, headers)
    assert (status, said.keys()) == (401, {"error", "request_id"})
