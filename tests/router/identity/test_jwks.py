"""The issuer's keys: fetched seldom, kept through outages, never taken from the wrong place."""

import asyncio
import json
from typing import Any

import pytest
from aiohttp import ClientSession, web
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from opencode_router.identity.issuer import Issuer
from tests.router.identity.stage import (
    EC_KEY,
    OTHER_RSA_KEY,
    RSA_KEY,
    Stage,
    StagedRouter,
    ec_jwk,
    rsa_jwk,
)

DAY_S = 24 * 3600
UNAVAILABLE = (503, "service_unavailable")
INVALID = (401, "invalid_token")
BROKEN = web.Response(status=500)


def fresh_token(stage: Stage, **claims: Any) -> str:
    """Valid at the stage's own time, and not seen before."""
    now_s = int(stage.clock())
    return stage.issuer.token(iat=now_s, exp=now_s + 3600, **claims)


def successor_token(stage: Stage) -> str:
    now_s = int(stage.clock())
    return stage.issuer.token(header={"kid": "rsa-2"}, key=OTHER_RSA_KEY, iat=now_s, exp=now_s + 3600)


async def test_a_hundred_first_requests_ask_the_issuer_once(stage: Stage, router: StagedRouter) -> None:
    responses = await asyncio.gather(*(router.whoami(stage.issuer.token(sub=f"user-{n}")) for n in range(100)))

    assert {response.status for response in responses} == {200}
    assert (stage.issuer.discoveries, stage.issuer.fetches) == (1, 1)


async def test_keys_are_not_asked_for_again_within_ten_minutes(stage: Stage, router: StagedRouter) -> None:
    await router.whoami(fresh_token(stage))

    stage.clock.advance(599)
    assert (await router.whoami(fresh_token(stage))).status == 200
    assert stage.issuer.fetches == 1


async def test_older_keys_serve_while_a_refresh_is_under_way(stage: Stage, router: StagedRouter) -> None:
    await router.whoami(fresh_token(stage))
    stage.clock.advance(601)
    stage.issuer.jwks = {"keys": [rsa_jwk(OTHER_RSA_KEY, "rsa-2")]}
    stage.issuer.gate.clear()

    assert (await router.whoami(fresh_token(stage))).status == 200, "no request waits for the issuer"

    stage.issuer.gate.set()
    assert (await router.whoami(successor_token(stage))).status == 200
    assert (stage.issuer.discoveries, stage.issuer.fetches) == (1, 2)


async def test_known_keys_serve_for_a_day_without_the_issuer(stage: Stage, router: StagedRouter) -> None:
    await router.whoami(fresh_token(stage))
    stage.issuer.fault = BROKEN

    stage.clock.advance(DAY_S - 1)
    assert (await router.whoami(fresh_token(stage))).status == 200

    stage.clock.advance(1)
    assert await router.refusal(fresh_token(stage)) == UNAVAILABLE

    stage.issuer.fault = None
    stage.clock.advance(5)
    assert (await router.whoami(fresh_token(stage))).status == 200, "it heals by itself"


async def test_a_rotated_key_is_picked_up_at_first_sight(stage: Stage, router: StagedRouter) -> None:
    await router.whoami(fresh_token(stage))
    stage.issuer.jwks = {"keys": [*stage.issuer.jwks["keys"], rsa_jwk(OTHER_RSA_KEY, "rsa-2")]}

    assert (await router.whoami(successor_token(stage))).status == 200
    assert (await router.whoami(fresh_token(stage, sub="grace"))).status == 200


async def test_a_flood_of_unknown_key_ids_asks_the_issuer_once_a_minute(stage: Stage, router: StagedRouter) -> None:
    await router.whoami(fresh_token(stage))

    async def flood() -> None:
        forged = (stage.issuer.token(header={"kid": f"stranger-{n}"}, sub=f"{n}") for n in range(100))
        refusals = await asyncio.gather(*(router.refusal(token) for token in forged))
        assert set(refusals) == {INVALID}

    await flood()
    stage.clock.advance(59)
    await flood()
    assert stage.issuer.fetches == 2

    stage.clock.advance(1)
    await flood()
    assert stage.issuer.fetches == 3


async def test_an_unknown_key_id_is_refused_while_the_issuer_is_down(stage: Stage, router: StagedRouter) -> None:
    await router.whoami(fresh_token(stage))
    stage.issuer.fault = BROKEN

    assert await router.refusal(successor_token(stage)) == INVALID
    assert (await router.whoami(fresh_token(stage, sub="grace"))).status == 200


@pytest.mark.parametrize(
    "fault",
    [
        web.Response(status=500),
        web.Response(status=302, headers={"Location": "/moved"}),
        web.Response(body=b"<html>Maintenance</html>"),
        web.Response(body=b"[]"),
        web.Response(body=b'{"keys": {}}'),
        web.Response(body=b'{"keys": []}'),
        web.Response(body=b'{"keys": [{"kty": "oct", "k": "c2VjcmV0", "kid": "rsa-1"}]}'),
        web.Response(body=b'{"keys": [' + b"{}," * 50 + b"{}]}"),
        web.Response(body=b"[" * 9000),
    ],
    ids=["500", "redirect", "html", "list", "keys-object", "no-keys", "symmetric", "51-keys", "deep"],
)
async def test_an_answer_that_is_no_key_set_makes_tokens_unverifiable_not_acceptable(
    stage: Stage, router: StagedRouter, fault: web.Response
) -> None:
    stage.issuer.fault = fault

    assert await router.refusal(fresh_token(stage)) == UNAVAILABLE


async def test_a_key_set_may_have_256_kib_and_no_more(stage: Stage, router: StagedRouter) -> None:
    key_set = json.dumps(stage.issuer.jwks).encode()

    stage.issuer.fault = web.Response(body=key_set.ljust(256 * 1024 + 1))
    assert await router.refusal(fresh_token(stage)) == UNAVAILABLE

    stage.issuer.fault = web.Response(body=key_set.ljust(256 * 1024))
    stage.clock.advance(5)
    assert (await router.whoami(fresh_token(stage))).status == 200


async def test_a_failure_is_remembered_for_a_few_seconds(stage: Stage, router: StagedRouter) -> None:
    stage.issuer.fault = BROKEN
    for n in range(20):
        assert await router.refusal(fresh_token(stage, sub=f"{n}")) == UNAVAILABLE
    assert stage.issuer.fetches == 1

    stage.issuer.fault = None
    stage.clock.advance(5)
    assert (await router.whoami(fresh_token(stage))).status == 200


async def test_a_broken_refresh_keeps_the_old_keys(stage: Stage, router: StagedRouter) -> None:
    await router.whoami(fresh_token(stage))
    stage.issuer.fault = web.Response(body=b'{"keys": []}')
    stage.clock.advance(601)

    for n in range(5):
        assert (await router.whoami(fresh_token(stage, sub=f"{n}"))).status == 200


async def test_a_discovery_document_of_another_issuer_is_not_believed(stage: Stage, router: StagedRouter) -> None:
    stage.issuer.named_issuer = f"{stage.issuer.url}/"

    assert await router.refusal(fresh_token(stage)) == UNAVAILABLE
    assert stage.issuer.fetches == 0


async def test_keys_are_not_fetched_over_plain_http_from_elsewhere(stage: Stage, router: StagedRouter) -> None:
    stage.issuer.named_jwks_url = "http://keys.example.com/jwks"

    assert await router.refusal(fresh_token(stage)) == UNAVAILABLE


@pytest.mark.parametrize("url", ["http://login.example.com", "ftp://127.0.0.1", "login.example.com", "https://"])
async def test_an_issuer_must_be_https_or_on_loopback(url: str) -> None:
    async with ClientSession() as session:
        with pytest.raises(ValueError, match="https"):
            Issuer(session, issuer=url)
        with pytest.raises(ValueError, match="https"):
            Issuer(session, issuer="https://login.example.com", jwks_url=url)


async def test_a_given_key_set_url_makes_discovery_needless(stage: Stage) -> None:
    issuer = Issuer(stage.session, issuer="https://login.example.com/", jwks_url=f"{stage.issuer.url}/jwks")

    assert {key.kid for key in await issuer.keys()} == {"rsa-1", "ec-1"}
    assert stage.issuer.discoveries == 0


async def test_only_signing_keys_of_the_two_algorithms_are_read(stage: Stage) -> None:
    weak = rsa.generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505  it must be refused
    stage.issuer.jwks = {
        "keys": [
            rsa_jwk(RSA_KEY, "good"),
            ec_jwk(EC_KEY, "good-too"),
            {**rsa_jwk(RSA_KEY, "for-encryption"), "use": "enc"},
            {**rsa_jwk(RSA_KEY, "for-pss"), "alg": "PS256"},
            rsa_jwk(weak, "weak"),
            ec_jwk(ec.generate_private_key(ec.SECP384R1()), "other-curve"),
            {**ec_jwk(EC_KEY, "not-on-the-curve"), "x": "AAAA"},
            {"kty": "oct", "k": "c2VjcmV0", "kid": "symmetric"},
            {"kty": "OKP", "crv": "Ed25519", "x": "AAAA", "kid": "edwards"},
            {"kid": 7},
            "no key at all",
        ]
    }
    issuer = Issuer(stage.session, issuer=stage.issuer.url)

    assert {key.kid: key.algorithm for key in await issuer.keys()} == {"good": "RS256", "good-too": "ES256"}


async def test_readiness_needs_keys_but_not_fresh_ones(stage: Stage, router: StagedRouter) -> None:
    await router.identity.check_jwks()
    stage.issuer.fault = BROKEN

    stage.clock.advance(DAY_S - 1)
    await router.identity.check_jwks()
