"""The people of a declared user pool: how long they stay signed in, how they leave, who they are."""

from typing import Any
from urllib.parse import urlencode

import pytest

from opencode_local.aws import EmbeddedAws
from tests.local.balancer.visitor import Visitor
from tests.local.browser import Clock, Form
from tests.local.user_pool.site import WEB, PoolSite, declare_pool, started_pool
from tests.local.user_pool.visits import GUIDE, LOCAL_WEB, asked, picked, refreshed, signed_in, sub_of, verified


@pytest.mark.parametrize("source", ["Amazon Cognito API reference: RefreshTokenRotationType"])
async def test_a_replaced_refresh_token_works_for_its_grace_period_and_ends_no_session(
    here: PoolSite, ada: Visitor, clock: Clock, source: str
) -> None:
    first = (await signed_in(here, ada))["refresh_token"]
    status, second = await refreshed(here, ada, first)
    assert (status, second["refresh_token"] != first) == (200, True)

    clock.now_s += 59
    assert (await refreshed(here, ada, first))[0] == 200
    clock.now_s += 1

    assert await refreshed(here, ada, first) == (400, {"error": "invalid_grant"})
    assert (await refreshed(here, ada, second["refresh_token"]))[0] == 200


@pytest.mark.parametrize("source", [f"{GUIDE}: Refresh tokens"])
async def test_refresh_tokens_end_with_the_sign_in_s_validity_however_often_they_are_replaced(
    here: PoolSite, ada: Visitor, clock: Clock, source: str
) -> None:
    newest = (await signed_in(here, ada))["refresh_token"]
    clock.now_s += 11 * 3600
    newest = (await refreshed(here, ada, newest))[1]["refresh_token"]

    clock.now_s += 3600

    assert (await refreshed(here, ada, newest))[0] == 400


@pytest.mark.parametrize("source", [f"{GUIDE}: The token revocation endpoint"])
async def test_revoking_a_refresh_token_ends_its_session_and_an_access_token_cannot_be_revoked(
    here: PoolSite, ada: Visitor, source: str
) -> None:
    tokens = await signed_in(here, ada)
    client = {"client_id": here.client("cli").id}
    bearer = {"Authorization": f"Bearer {tokens['access_token']}"}

    async def revoked(text: str) -> int:
        async with ada.session.post(f"{here.origin}/oauth2/revoke", data={**client, "token": text}) as answer:
            return answer.status

    assert await revoked(tokens["access_token"]) == 400
    assert (await ada.get(f"{here.origin}/oauth2/userInfo", headers=bearer)).status == 200
    assert await revoked(tokens["refresh_token"]) == 200

    assert (await refreshed(here, ada, tokens["refresh_token"]))[0] == 400
    assert (await ada.get(f"{here.origin}/oauth2/userInfo", headers=bearer)).status == 401
    assert await revoked("made-up") == 200


@pytest.mark.parametrize("source", [f"{GUIDE}: The managed login sign-out endpoint: /logout"])
async def test_signing_out_goes_to_a_declared_address_or_to_signing_in_again(
    here: PoolSite, ada: Visitor, source: str
) -> None:
    await picked(here, ada)
    silent = f"{here.origin}/oauth2/authorize?{urlencode(asked(here, prompt='none'))}"
    assert "code" in (await ada.get(silent)).asked
    client = {"client_id": here.client("browser").id}

    gone = await ada.get(f"{here.origin}/logout?{urlencode({**client, 'logout_uri': f'{LOCAL_WEB}/goodbye'})}")

    assert (gone.status, gone.to) == (302, f"{LOCAL_WEB}/goodbye")
    assert (await ada.get(silent)).asked["error"] == "login_required"
    again = await ada.get(f"{here.origin}/logout?{urlencode(asked(here))}")
    assert again.to.startswith(f"{here.origin}/login?")
    assert "Ada Lovelace" in (await ada.get(again.to)).text
    for elsewhere in ("https://evil.example/", f"{LOCAL_WEB}/", f"{WEB}/goodbye"):
        page = await ada.get(f"{here.origin}/logout?{urlencode({**client, 'logout_uri': elsewhere})}")
        assert page.status == 400
    assert (await ada.get(f"{here.origin}/logout")).status == 400


async def test_whoever_an_administrator_makes_can_sign_in_until_disabled(here: PoolSite, ada: Visitor) -> None:
    person: dict[str, Any] = {"UserPoolId": here.pool.pool_id, "Username": "margaret@example.com"}
    here.cognito.admin_create_user(**person, UserAttributes=[{"Name": "name", "Value": "<b>Margaret</b>"}])
    here.cognito.admin_add_user_to_group(**person, GroupName="auditors")
    page = await ada.get(f"{here.origin}/login?{urlencode(asked(here))}")
    assert "&lt;b&gt;Margaret&lt;/b&gt;" in page.text
    tokens = await signed_in(here, ada, "margaret@example.com")
    assert (await verified(here, tokens["access_token"]))["cognito:groups"] == ["auditors"]
    here.cognito.admin_remove_user_from_group(**person, GroupName="auditors")
    tokens = (await refreshed(here, ada, tokens["refresh_token"]))[1]
    assert "cognito:groups" not in await verified(here, tokens["access_token"]), "a refresh sees the groups anew"

    here.cognito.admin_disable_user(**person)

    sub = sub_of(here, "margaret@example.com")
    page = await ada.get(f"{here.origin}/login?{urlencode(asked(here))}")
    assert sub not in Form(page.text).choices
    assert (await ada.pick(page, sub)).status == 400
    assert (await refreshed(here, ada, tokens["refresh_token"]))[0] == 400
    bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
    assert (await ada.get(f"{here.origin}/oauth2/userInfo", headers=bearer)).status == 401
    with pytest.raises(LookupError, match=r"margaret.*there are ada@example\.com, grace@example\.com"):
        here.pool.token("margaret")


async def test_a_token_can_be_had_without_a_browser(here: PoolSite, clock: Clock) -> None:
    claims = await verified(here, here.pool.token("ada"))

    assert claims["sub"] == sub_of(here, "ada@example.com") == (await verified(here, here.pool.token("ada")))["sub"]
    assert (claims["client_id"], claims["exp"]) == (here.client("cli").id, clock() + 3600)
    changed = await verified(here, here.pool.token(claims["sub"], use="id", life_s=5, email=None, extra="1"))
    assert (changed["exp"], changed["extra"], "email" in changed) == (clock() + 5, "1", False)


def test_the_same_people_have_the_same_subs_in_every_run(aws: EmbeddedAws, here: PoolSite, clock: Clock) -> None:
    another = started_pool(aws, clock, lambda: declare_pool(named_by_email=False))
    try:
        assert sub_of(another, "ada") == sub_of(here, "ada@example.com")
        another.pool.stop()
        another.pool.start()
        users = another.cognito.list_users(UserPoolId=another.pool.pool_id)["Users"]
        assert sorted(user["Username"] for user in users) == ["ada", "grace", "linus"], "they are invited once"
    finally:
        another.pool.stop()


def test_it_tells_who_can_sign_in(here: PoolSite) -> None:
    assert here.pool.people() == ("ada", "grace", "linus")
