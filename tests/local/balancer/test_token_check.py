"""`jwt-validation`: which bearer tokens a load balancer lets through."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from joserfc.jwk import RSAKey

from opencode_local.balancer.key_sets import FRESH_S, RETRY_S
from opencode_local.balancer.tempo import Tempo
from tests.local.balancer.key_server import CLIENT_ID, ISSUER, JWKS, KeyServer, key_server
from tests.local.balancer.running import GUIDE, Balanced, Declared, Rule, Ticks, balanced, forward, served
from tests.local.browser import Clock

VERIFY = f"{GUIDE}: Verify JWTs using an Application Load Balancer"
CLAIM = "Elastic Load Balancing API reference: JwtValidationActionAdditionalClaim"
OUTSIDER = RSAKey.generate_key(2048, {"kid": "one"})


def claim(name: str, format: str, *values: str) -> dict[str, Any]:
    return {"name": name, "format": format, "values": list(values)}


def checked(path: str, *claims: dict[str, Any]) -> Rule:
    demanded = {"issuer": ISSUER, "jwks_endpoint": JWKS, "additional_claims": list(claims)}
    check = {"type": "jwt-validation", "order": 1, "jwt_validation": demanded}
    return Rule([{"path_pattern": {"values": [path]}}], [check, {**forward("web"), "order": 2}])


DECLARED = Declared(
    rules=[
        checked("/any"),
        checked("/client", claim("client_id", "single-string", CLIENT_ID, "browser")),
        checked("/groups", claim("groups", "string-array", "admins", "developers")),
        checked("/scope", claim("scope", "space-separated-values", "read", "write")),
        checked("/both", claim("client_id", "single-string", CLIENT_ID), claim("use", "single-string", "access")),
    ]
)


@pytest_asyncio.fixture(scope="module")
async def issuer() -> AsyncIterator[KeyServer]:
    async with key_server(Clock()) as keys:
        yield keys


@pytest_asyncio.fixture(scope="module")
async def shared(issuer: KeyServer) -> AsyncIterator[Balanced]:
    """A second is a twentieth of one: a provider's ten are over soon."""
    tempo = Tempo(pulse=Ticks(), epoch=issuer.clock, second_s=0.05)
    async with balanced(DECLARED, tempo=tempo) as running, served() as (_, target):
        await running.add("web", target)
        running.addresses.stand(ISSUER, issuer.origin)
        yield running


@pytest.fixture
def running(shared: Balanced, issuer: KeyServer) -> Balanced:
    """Knows no keys that it would not ask for again."""
    issuer.clear()
    issuer.clock.now_s += FRESH_S + RETRY_S
    return shared


async def status(running: Balanced, token: str, path: str = "/any") -> int:
    return (await running.get(path, headers={"Authorization": f"Bearer {token}"})).status


def good(issuer: KeyServer, **changes: Any) -> str:
    return issuer.token(**{"iss": issuer.origin, **changes})


@pytest.mark.parametrize("source", [VERIFY])
async def test_a_good_token_reaches_the_target_as_it_is(running: Balanced, issuer: KeyServer, source: str) -> None:
    token = good(issuer)

    answer = await running.get("/any", headers={"Authorization": f"Bearer {token}"})

    assert answer.status == 200
    assert ["Authorization", f"Bearer {token}"] in json.loads(answer.body)["headers"]


@pytest.mark.parametrize("source", [f"{GUIDE}: Troubleshoot your Application Load Balancers, HTTP 401"])
async def test_a_refusal_is_the_load_balancer_s_own_page(running: Balanced, source: str) -> None:
    answer = await running.get("/any")

    assert (answer.status, answer.reason, answer.headers["Server"]) == (401, "Authorization Required", "awselb/2.0")
    assert "<h1>401 Authorization Required</h1>" in answer.text


@pytest.mark.parametrize("source", [VERIFY])
@pytest.mark.parametrize(
    "sent",
    [
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer "},
        {"Authorization": "Basic {token}"},
        {"Authorization": "{token}"},
        {"Authorization": "Bearer {token} more"},
        {"Authorization": "Bearer {token},Bearer {token}"},
        {"Authorization": "Bearer é"},
        {"Authorization": "Bearer W10.W10.W10"},
        {"X-Access-Token": "{token}", "Cookie": "token={token}"},
    ],
)
async def test_a_token_that_is_not_the_one_bearer_token_counts_for_nothing(
    running: Balanced, issuer: KeyServer, sent: dict[str, str], source: str
) -> None:
    headers = {name: value.format(token=good(issuer)) for name, value in sent.items()}

    assert (await running.get("/any", headers=headers)).status == 401


async def test_two_authorization_headers_are_one_too_many(running: Balanced, issuer: KeyServer) -> None:
    headers = [("Authorization", f"Bearer {good(issuer)}")] * 2

    assert (await running.ask("GET", "/any", headers=headers)).status == 401


@pytest.mark.parametrize("source", [VERIFY])
@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"exp": 1}, 200),
        ({"exp": 0}, 401),
        ({"exp": None}, 401),
        ({"exp": "soon"}, 401),
        ({"exp": True}, 401),
        ({"nbf": 0}, 200),
        ({"nbf": 1}, 401),
        ({"nbf": None, "iat": None}, 200),
        ({"iat": 1}, 401),
        ({"iat": "now"}, 401),
        ({"iss": None}, 401),
        ({"iss": "https://elsewhere.example"}, 401),
        ({"iss": ISSUER}, 401),
    ],
)
async def test_the_issuer_and_the_times_are_checked(
    running: Balanced, issuer: KeyServer, changes: dict[str, Any], expected: int, source: str
) -> None:
    """Whole numbers are seconds from now."""
    now_s = int(issuer.clock())
    moved = {name: now_s + value if type(value) is int else value for name, value in changes.items()}

    assert await status(running, good(issuer, **moved)) == expected


@pytest.mark.parametrize("source", [VERIFY])
@pytest.mark.parametrize(
    "header",
    [{"alg": "RS512"}, {"kid": "two"}, {"kid": None}, {"kid": 1}, {"crit": ["exp"]}, {"alg": "none"}, {"alg": "HS256"}],
)
async def test_only_rs256_by_a_named_key_counts(
    running: Balanced, issuer: KeyServer, header: dict[str, Any], source: str
) -> None:
    """HS256 is signed with the public key, which a verifier that trusts `alg` would take."""
    assert await status(running, good(issuer, header=header)) == 401


async def test_another_s_signature_a_changed_payload_and_a_cut_signature_are_refused(
    running: Balanced, issuer: KeyServer
) -> None:
    head, payload, signature = good(issuer).split(".")
    other = good(issuer, client_id="other").split(".")[1]

    assert await status(running, good(issuer, key=OUTSIDER)) == 401
    assert await status(running, f"{head}.{other}.{signature}") == 401
    assert await status(running, f"{head}.{payload}.{signature[:-8]}") == 401
    assert await status(running, f"{head}.{payload}.") == 401


@pytest.mark.parametrize("source", [CLAIM])
@pytest.mark.parametrize(
    ("path", "claims", "expected"),
    [
        ("/client", {"client_id": "browser"}, 200),
        ("/client", {"client_id": "other"}, 401),
        ("/client", {"client_id": [CLIENT_ID]}, 401),
        ("/client", {"client_id": None}, 401),
        ("/groups", {"groups": ["guests", "developers"]}, 200),
        ("/groups", {"groups": ["guests"]}, 401),
        ("/groups", {"groups": []}, 401),
        ("/groups", {"groups": "developers"}, 401),
        ("/groups", {"groups": [["developers"]]}, 401),
        ("/scope", {"scope": "openid write"}, 200),
        ("/scope", {"scope": "readwrite"}, 401),
        ("/scope", {"scope": ["write"]}, 401),
        ("/both", {"use": "access"}, 200),
        ("/both", {"use": "id"}, 401),
        ("/both", {"use": "access", "client_id": "other"}, 401),
    ],
)
async def test_additional_claims_are_read_in_their_format(
    running: Balanced, issuer: KeyServer, path: str, claims: dict[str, Any], expected: int, source: str
) -> None:
    assert await status(running, good(issuer, **claims), path) == expected


async def test_keys_are_asked_for_once_and_again_when_they_are_old(running: Balanced, issuer: KeyServer) -> None:
    await asyncio.gather(*(status(running, good(issuer)) for _ in range(5)))
    assert issuer.asked == 1

    issuer.clock.now_s += FRESH_S
    await status(running, good(issuer))

    assert issuer.asked == 2


async def test_a_new_key_is_fetched_when_a_token_names_it_but_not_for_every_stranger(
    running: Balanced, issuer: KeyServer
) -> None:
    assert await status(running, good(issuer)) == 200
    new = RSAKey.generate_key(2048, {"kid": "two"})
    issuer.document = {"keys": [new.as_dict(private=False)]}
    signed = good(issuer, header={"kid": "two"}, key=new)
    assert await status(running, signed) == 401, "it was asked a moment ago"

    issuer.clock.now_s += RETRY_S

    assert await status(running, good(issuer, header={"kid": "two"}, key=new)) == 200
    assert await status(running, good(issuer)) == 401, "the old one is no longer published"
    assert issuer.asked == 2


@pytest.mark.parametrize("source", [f"{GUIDE}: Access logs, error reason JWKSRequestTimeout; Troubleshoot, HTTP 500"])
@pytest.mark.parametrize("fault", ["status", "silence", "no JSON object", "no list", "too large", "too many keys"])
async def test_an_issuer_out_of_order_is_the_load_balancer_s_error_until_it_has_keys(
    issuer: KeyServer, fault: str, source: str
) -> None:
    issuer.clear()
    tempo = Tempo(pulse=Ticks(), epoch=issuer.clock, second_s=0.02)
    async with balanced(DECLARED, tempo=tempo) as running, served() as (_, target):
        await running.add("web", target)
        running.addresses.stand(ISSUER, issuer.origin)
        break_down(issuer, fault)
        assert await status(running, good(issuer)) == 500
        issuer.clear()
        assert await status(running, good(issuer)) == 500, "it is not asked again at once"

        issuer.clock.now_s += RETRY_S
        assert await status(running, good(issuer)) == 200

        break_down(issuer, fault)
        issuer.clock.now_s += FRESH_S
        assert await status(running, good(issuer)) == 200, "keys that it has go on to be used"


def break_down(issuer: KeyServer, fault: str) -> None:
    key = issuer.key.as_dict(private=False)
    documents: dict[str, Any] = {
        "no JSON object": [],
        "no list": {"keys": {}},
        "too large": {"keys": [key], "more": "x" * 150 * 1024},
        "too many keys": {"keys": [{**key, "kid": f"{number}"} for number in range(11)]},
    }
    issuer.document = documents.get(fault, issuer.document)
    issuer.status = 503 if fault == "status" else 200
    if fault == "silence":
        issuer.may_answer.clear()


async def test_keys_of_another_kind_or_purpose_do_not_verify(running: Balanced, issuer: KeyServer) -> None:
    key = issuer.key.as_dict(private=False)
    odd = [
        {**key, "use": "enc"},
        {**key, "alg": "RS512"},
        {**key, "kty": "EC"},
        {**key, "n": "?"},
        {"kty": "RSA", "kid": "one"},
        "one",
    ]
    issuer.document = {"keys": odd}

    assert await status(running, good(issuer)) == 401
