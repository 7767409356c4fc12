"""The identity provider as the local run holds it: documents, minted tokens, keys, outages, its command."""

import asyncio
import signal
import stat
import sys
from pathlib import Path
from typing import Any

import aiohttp
import jwt
import pytest

from opencode_local.issuer import CLI_CLIENT_ID, DEFAULT_USERS, Issuer
from tests.local.browser import Browser, Clock, opened

NOW_UNCHECKED: Any = {"verify_exp": False, "verify_iat": False, "verify_nbf": False}


async def verified(browser: Browser, token: str) -> dict[str, Any]:
    """Raises InvalidTokenError or KeyError for a token whose key is not published."""
    keys = {key["kid"]: key for key in (await browser.get("/jwks.json")).said["keys"]}
    key = jwt.PyJWK(keys[jwt.get_unverified_header(token)["kid"]])
    return jwt.decode(token, key, ["RS256"], NOW_UNCHECKED, audience=CLI_CLIENT_ID)


async def test_the_discovery_document_names_what_is_there(browser: Browser, issuer: Issuer) -> None:
    document = (await browser.get("/.well-known/openid-configuration")).said

    assert document["issuer"] == issuer.url
    assert document["code_challenge_methods_supported"] == ["S256"]
    assert document["response_types_supported"] == ["code"]
    assert document["subject_types_supported"] == ["public"]
    assert document["id_token_signing_alg_values_supported"] == ["RS256"]
    assert {"authorization_code", "refresh_token"} < set(document["grant_types_supported"])
    assert {"none", "client_secret_basic"} < set(document["token_endpoint_auth_methods_supported"])
    endpoints = [url for name, url in document.items() if name.endswith(("_endpoint", "_uri"))]
    assert len(endpoints) == 7
    for url in endpoints:
        assert url.startswith(f"{issuer.url}/")
        assert (await browser.get(url)).status != 404


async def test_no_private_part_of_a_key_is_published(browser: Browser) -> None:
    (key,) = (await browser.get("/jwks.json")).said["keys"]

    assert key.keys() == {"kty", "n", "e", "kid", "use", "alg"}


async def test_a_token_can_be_had_without_a_browser(browser: Browser, issuer: Issuer, clock: Clock) -> None:
    ada = DEFAULT_USERS[0].sub
    usual = await verified(browser, issuer.token(ada))
    other = await verified(browser, issuer.token(ada, use="access", life_s=5, client_id="x", email=None, nbf=1))

    assert usual.items() >= {"iss": issuer.url, "sub": ada, "aud": CLI_CLIENT_ID, "token_use": "id"}.items()
    assert usual["exp"] == clock.now_s + 3600
    assert other.items() >= {"token_use": "access", "exp": clock.now_s + 5, "client_id": "x", "nbf": 1}.items()
    assert "email" not in other
    with pytest.raises(LookupError, match="ada, linus, grace"):
        issuer.token("nobody")


def test_before_its_start_an_issuer_has_no_tokens_to_give() -> None:
    with pytest.raises(RuntimeError, match="has not been started"):
        Issuer().token("ada")


async def test_after_a_rotation_old_tokens_hold_until_the_key_is_forgotten() -> None:
    issuer = Issuer()
    issuer.start()
    async with opened(issuer) as browser:
        old = issuer.token("ada")
        issuer.rotate_keys()
        new = issuer.token("ada")
        assert jwt.get_unverified_header(old)["kid"] != jwt.get_unverified_header(new)["kid"]
        assert (await verified(browser, old))["sub"] == (await verified(browser, new))["sub"]

        issuer.rotate_keys(forget=True)

        for token in (old, new):
            with pytest.raises(KeyError):
                await verified(browser, token)
        assert (await verified(browser, issuer.token("ada")))["sub"] == "ada"
    issuer.stop()


async def test_the_documents_can_be_made_to_fail_and_count_who_asks() -> None:
    issuer = Issuer()
    issuer.start()
    async with opened(issuer) as browser:
        for status, expected in ((None, 200), (503, 503), (404, 404), (None, 200)):
            issuer.fail(status)
            assert (await browser.get("/jwks.json")).status == expected
            assert (await browser.get("/.well-known/openid-configuration")).status == expected
        await browser.get("/jwks.json")
    issuer.stop()

    assert (issuer.discovery_requests, issuer.jwks_requests) == (4, 5)


def test_kept_keys_outlive_the_issuer_and_are_for_their_owner_alone(tmp_path: Path) -> None:
    kids = []
    for _ in range(2):
        issuer = Issuer(state_dir=tmp_path / "state")
        issuer.start()
        kids.append(jwt.get_unverified_header(issuer.token("ada"))["kid"])
        issuer.stop()

    assert kids[0] == kids[1]
    (file,) = (tmp_path / "state").iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_taken_port_is_an_error_and_a_stopped_issuer_frees_its_own() -> None:
    first = Issuer()
    port = int(first.start().rpartition(":")[2])
    second = Issuer()
    with pytest.raises(OSError, match="in use"):
        second.start(port)

    first.stop()

    assert second.start(port) == f"http://127.0.0.1:{port}"
    second.stop()
    second.stop()


async def test_the_command_serves_until_it_is_told_to_stop() -> None:
    command = (sys.executable, "-m", "opencode_local.issuer", "--port", "0")
    running = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    assert running.stdout is not None
    url = (await running.stdout.readline()).decode().strip()

    async with aiohttp.ClientSession() as session, session.get(url) as response:
        assert url.startswith((await response.json())["issuer"])

    running.send_signal(signal.SIGTERM)
    rest, _ = await running.communicate()
    assert b"opencode-cli" in rest
    assert running.returncode == 0
