"""The identity provider's pages in a browser: picking a user, refusing, devices, signing out."""

import re
from urllib.parse import urlencode

import pytest

from opencode_local.issuer import CLI_CLIENT_ID, DEFAULT_CLIENTS, WEB_CLIENT_ID, Issuer, User
from tests.local.browser import CALLBACK, Answer, Browser, Clock, Form, asked, opened

WEB = next(client for client in DEFAULT_CLIENTS if client.client_id == WEB_CLIENT_ID)
DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
HOSTILE = "\"'><script>alert(1)</script>"


async def test_the_page_offers_every_user_and_a_refusal(browser: Browser) -> None:
    page = await browser.get("/authorize", params=asked())

    assert Form(page.text).choices == ["ada", "linus", "grace", ""]
    assert "opencode-cli" in page.text
    assert "127.0.0.1:49152" in page.text, "the person sees where the answer goes"


async def test_the_page_stands_alone_and_runs_no_script(browser: Browser) -> None:
    page = await browser.get("/authorize", params=asked())

    assert page.headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'self'")
    assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]
    assert not re.search(r"<script|<style|style=|\son\w+=|https?://", Form(page.text).without_action)
    sheet = await browser.get("/static/pages.css")
    assert (sheet.status, "prefers-color-scheme: dark" in sheet.text, "url(" in sheet.text) == (200, True, False)
    assert 'name="viewport"' in page.text
    assert 'lang="en"' in page.text


@pytest.mark.parametrize("name", ["state", "nonce", "login_hint", "ui_locales", HOSTILE])
async def test_a_hostile_parameter_is_shown_as_text_and_comes_back_unchanged(browser: Browser, name: str) -> None:
    page = await browser.get("/authorize", params=asked(**{name: HOSTILE}))
    assert "<script>" not in page.text

    answer = await browser.picked("ada", **{name: HOSTILE})

    assert answer.said["state"] == (HOSTILE if name == "state" else "state-1")
    assert answer.to == CALLBACK


@pytest.mark.parametrize(
    "path",
    [
        f"/authorize?{urlencode({'client_id': HOSTILE, 'response_type': HOSTILE})}",
        f"/authorize?{urlencode({'client_id': CLI_CLIENT_ID, 'response_type': HOSTILE})}",
        f"/authorize?{urlencode({**asked(), 'redirect_uri': HOSTILE})}",
        f"/authorize?{urlencode({**asked(), 'redirect_uri': 'http://ж.example'})}",
        f"/authorize?{urlencode(asked())}&client_id=other",
        f"/logout?{urlencode({'id_token_hint': HOSTILE})}",
        f"/device?{urlencode({'user_code': HOSTILE})}",
        f"/{HOSTILE}",
    ],
)
async def test_a_malformed_request_gets_a_page_that_says_so(browser: Browser, path: str) -> None:
    answer = await browser.get(path, headers={"Accept": "text/html,*/*;q=0.8"})

    assert answer.status in {400, 404}
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "<script>" not in answer.text


async def test_malformed_credentials_of_a_client_are_a_clear_refusal(browser: Browser) -> None:
    answer = await browser.post("/token", {"grant_type": "refresh_token"}, headers={"Authorization": "Basic /////w=="})

    assert (answer.status, answer.said["error"]) == (400, "invalid_request")


async def test_who_refuses_is_sent_back_with_access_denied(browser: Browser) -> None:
    answer = await browser.picked("")

    assert (answer.to, answer.said["error"], answer.said["state"]) == (CALLBACK, "access_denied", "state-1")


async def test_a_form_that_no_page_of_ours_gave_out_is_refused(browser: Browser) -> None:
    page = Form((await browser.get("/authorize", params=asked())).text)

    for form in ({"sub": "ada"}, {"sub": "ada", "csrf": "made-up"}, {"sub": "ada", "csrf": "ж"}):
        assert (await browser.post(page.action, form)).status == 400
    assert (await browser.post(page.action, {**page.hidden, "sub": "nobody"})).status == 400
    assert (await browser.post("/device", {"user_code": "AAAA-AAAA", "sub": "ada"})).status == 400


async def test_without_the_browsers_cookie_a_form_is_worth_nothing(browser: Browser, issuer: Issuer) -> None:
    page = Form((await browser.get("/authorize", params=asked())).text)

    async with opened(issuer) as another:
        assert (await another.post(page.action, {**page.hidden, "sub": "ada"})).status == 400


async def test_a_request_under_a_foreign_host_name_is_refused(browser: Browser) -> None:
    answer = await browser.get("/authorize", params=asked(), headers={"Host": "rebound.example"})

    assert answer.status == 400


async def test_silent_sign_in_works_only_for_who_was_picked_before(browser: Browser, clock: Clock) -> None:
    silent = asked(prompt="none")
    assert (await browser.get("/authorize", params=silent)).said["error"] == "login_required"

    await browser.picked("linus")

    assert "code" in (await browser.get("/authorize", params=silent)).said
    clock.now_s += 61
    assert "code" in (await browser.get("/authorize", params=silent)).said
    assert (await browser.get("/authorize", params={**silent, "max_age": "60"})).said["error"] == "login_required"
    assert "code" in (await browser.picked("linus", max_age="0")).said


async def test_user_names_are_escaped() -> None:
    issuer = Issuer(users=[User(sub=HOSTILE, email=HOSTILE, name=HOSTILE, groups=(HOSTILE,))])
    issuer.start()
    async with opened(issuer) as browser:
        page = await browser.get("/authorize", params=asked())
    issuer.stop()

    assert "<script>" not in page.text
    assert Form(page.text).choices == [HOSTILE, ""]


async def test_a_device_waits_until_a_person_answers_for_it(browser: Browser, clock: Clock) -> None:
    device = (await browser.post("/device_authorization", {"client_id": CLI_CLIENT_ID, "scope": "openid"})).said
    assert (device["expires_in"], device["interval"]) == (600, 5)
    assert (await polled(browser, device["device_code"])).said["error"] == "authorization_pending"
    assert (await polled(browser, device["device_code"])).said["error"] == "slow_down"
    clock.now_s += 5
    assert (await polled(browser, device["device_code"])).said["error"] == "authorization_pending"

    answered = await answer_device(browser, device["verification_uri_complete"], "grace")

    assert answered.status == 200
    tokens = (await polled(browser, device["device_code"])).said
    assert tokens.keys() >= {"access_token", "id_token", "refresh_token"}
    assert (await polled(browser, device["device_code"])).said["error"] == "invalid_grant", "the code is good for once"


async def test_a_person_can_type_the_code_as_it_comes_and_answer_once(browser: Browser) -> None:
    device = (await browser.post("/device_authorization", {"client_id": CLI_CLIENT_ID})).said
    typed = f"/device?user_code={device['user_code'].lower().replace('-', '')}"

    await answer_device(browser, typed, "")

    assert (await browser.get(typed)).status == 404
    assert (await polled(browser, device["device_code"])).said["error"] == "access_denied"


async def test_a_device_code_expires_and_an_unknown_one_is_said_to_be(browser: Browser, clock: Clock) -> None:
    device = (await browser.post("/device_authorization", {"client_id": CLI_CLIENT_ID})).said

    clock.now_s += 600

    assert (await browser.get(device["verification_uri_complete"])).status == 404
    assert (await polled(browser, device["device_code"])).said["error"] == "expired_token"
    assert (await polled(browser, "made-up")).said["error"] == "invalid_request"
    assert (await browser.get("/device")).status == 200


async def test_signing_out_with_the_id_token_forgets_the_person_and_goes_back(browser: Browser) -> None:
    await browser.picked("ada")
    hint = (await browser.signed_in())["id_token"]
    back = {"id_token_hint": hint, "post_logout_redirect_uri": "http://elsewhere.example/", "state": "s"}

    answer = await browser.get("/logout", params=back)

    assert (answer.status, answer.to) == (303, "/logged-out"), "an address that is not registered is not gone to"
    assert (await browser.get("/logged-out")).status == 200
    assert (await browser.get("/authorize", params=asked(prompt="none"))).said["error"] == "login_required"


async def test_the_web_client_gets_the_browser_back_after_signing_out(browser: Browser, issuer: Issuer) -> None:
    hint = issuer.token("ada", aud=WEB.client_id, life_s=-1)
    back = {"id_token_hint": hint, "post_logout_redirect_uri": WEB.post_logout_redirect_uris[0], "state": "s"}

    answer = await browser.get("/logout", params=back)

    assert (answer.status, answer.to, answer.said) == (303, WEB.post_logout_redirect_uris[0], {"state": "s"})


@pytest.mark.parametrize(
    "changes", [{"client_id": WEB_CLIENT_ID}, {"id_token_hint": "made-up"}, {"id_token_hint": "an access token"}]
)
async def test_an_id_token_that_proves_nothing_signs_nobody_out(
    browser: Browser, issuer: Issuer, changes: dict[str, str]
) -> None:
    await browser.picked("ada")
    tokens = {"an id token": issuer.token("ada"), "an access token": issuer.token("ada", use="access")}
    asked_for = {"id_token_hint": "an id token", **changes}

    answer = await browser.get("/logout", params={name: tokens.get(value, value) for name, value in asked_for.items()})

    assert answer.status == 400
    assert "code" in (await browser.get("/authorize", params=asked(prompt="none"))).said


async def test_signing_out_without_proof_asks_the_person_first(browser: Browser) -> None:
    await browser.picked("ada")
    page = await browser.get("/logout")
    assert "code" in (await browser.get("/authorize", params=asked(prompt="none"))).said

    assert (await browser.post("/logout", {})).status == 400
    answer = await browser.post("/logout", Form(page.text).hidden)

    assert (answer.status, answer.to) == (303, "/logged-out")
    assert (await browser.get("/authorize", params=asked(prompt="none"))).said["error"] == "login_required"


async def polled(browser: Browser, device_code: str) -> Answer:
    form = {"grant_type": DEVICE_GRANT, "device_code": device_code, "client_id": CLI_CLIENT_ID}
    return await browser.post("/token", form)


async def answer_device(browser: Browser, path: str, sub: str) -> Answer:
    page = Form((await browser.get(path)).text)
    return await browser.post(page.action, {**page.hidden, "sub": sub})
