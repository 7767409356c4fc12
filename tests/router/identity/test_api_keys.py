"""API keys over HTTP: made, listed and revoked by their owners."""

import hashlib
import re
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from opencode_router.endpoints.api_keys import order_of
from opencode_router.errors import BadRequest, Conflict
from tests.router.identity.key_owner import DAY_S, UNKNOWN_KEY, Person, iso, stored
from tests.router.identity.stage import START_S, Stage, StagedRouter


@pytest.fixture
def ada(stage: Stage, router: StagedRouter) -> Person:
    return Person(stage, router)


async def test_a_new_key_is_told_once_and_stored_as_a_hash(stage: Stage, ada: Person) -> None:
    response = await ada.create({"description": "laptop", "expires_in_days": 7})
    body = await response.json()
    key = body.pop("key")

    assert response.status == 201
    assert response.headers["Cache-Control"] == "no-store"
    assert re.fullmatch(r"oc_[A-Za-z0-9_-]{43}", key)
    assert body == {
        "key_prefix": key[:10],
        "description": "laptop",
        "status": "active",
        "created_at": iso(START_S),
        "expires_at": iso(START_S + 7 * DAY_S),
    }
    assert stored(stage, key) == {
        "key_hash": {"S": hashlib.sha256(key.encode()).hexdigest()},
        "key_prefix": {"S": key[:10]},
        "user_sub": {"S": "ada"},
        "user_email": {"S": "ada@example.com"},
        "description": {"S": "laptop"},
        "status": {"S": "active"},
        "created_at": {"S": iso(START_S)},
        "expires_at": {"S": iso(START_S + 7 * DAY_S)},
        "ttl": {"N": str(int(START_S) + 37 * DAY_S)},
    }
    everything = str(stage.dynamodb.client.scan(TableName=stage.table)["Items"])
    assert key not in everything
    assert key[10:] not in everything


@pytest.mark.parametrize("body", [None, b"", b"  ", b"{}", b'{"description": null, "expires_in_days": null}'])
async def test_an_order_may_be_empty(ada: Person, body: bytes | None) -> None:
    response = await ada.create(body=body)
    new = await response.json()

    assert response.status == 201
    assert (new["description"], new["expires_at"]) == ("", iso(START_S + 90 * DAY_S))


@pytest.mark.parametrize("days", [1, 365])
async def test_a_key_lives_one_to_365_days(ada: Person, days: int) -> None:
    new = await (await ada.create({"expires_in_days": days})).json()

    assert new["expires_at"] == iso(START_S + days * DAY_S)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b'{"expires_in_days": 0}', "expires_in_days"),
        (b'{"expires_in_days": 366}', "expires_in_days"),
        (b'{"expires_in_days": -1}', "expires_in_days"),
        (b'{"expires_in_days": 1e999}', "expires_in_days"),
        (b'{"expires_in_days": true}', "expires_in_days"),
        (b'{"expires_in_days": 7.0}', "expires_in_days"),
        (b'{"expires_in_days": "7"}', "expires_in_days"),
        (b'{"description": 1.5}', "description"),
        (b'{"description": ["a"]}', "description"),
        (b'{"description": "' + b"a" * 257 + b'"}', "description"),
        (b'{"description": "a\\n"}', "description"),
        (b'{"description": "\\u001b[2J"}', "description"),
        (b'{"expires_in_day": 1}', "expires_in_day"),
    ],
    ids=repr,
)
async def test_a_wrong_order_is_refused_by_the_name_of_the_field(ada: Person, body: bytes, field: str) -> None:
    response = await ada.create(body=body)
    error = (await response.json())["error"]

    assert response.status == 400
    assert error["param"] == field
    assert error["type"] == "invalid_request_error"


@pytest.mark.parametrize(
    "body",
    [b"[]", b"null", b'"text"', b"{", b"\xff\xfe", b'{"description": "\xff"}', pytest.param(b"[" * 100_000, id="deep")],
)
async def test_a_body_that_is_no_order_at_all_is_refused_as_a_whole(ada: Person, body: bytes) -> None:
    response = await ada.create(body=body)
    error = (await response.json())["error"]

    assert response.status == 400
    assert error["param"] is None
    assert error["message"].startswith("the request body is ")


@settings(max_examples=300, suppress_health_check=[HealthCheck.differing_executors])
@given(st.binary(max_size=80) | st.text(max_size=80).map(str.encode))
def test_whatever_the_body_the_answer_is_an_order_or_a_400(body: bytes) -> None:
    fault = None
    try:
        order_of(body)
    except BadRequest as error:
        fault = error
    assert fault is None or fault.param or str(fault).startswith("the request body is ")


async def test_a_description_may_be_in_any_script(ada: Person) -> None:
    description = "Añas Laptop 💻 " + "字" * 240

    assert (await (await ada.create({"description": description})).json())["description"] == description


async def test_keys_cannot_manage_keys(ada: Person) -> None:
    key, http = await ada.key(), ada.router.http

    for headers in ({"X-API-Key": key}, {"Authorization": f"Bearer {key}"}):
        for response in (
            await http.post("/v1/api-keys", headers=headers),
            await http.get("/v1/api-keys", headers=headers),
            await http.delete(f"/v1/api-keys/{key[:10]}", headers=headers),
        ):
            assert response.status == 403
            assert (await response.json())["error"]["code"] == "jwt_required"


async def test_a_stranger_cannot_make_a_key(router: StagedRouter) -> None:
    assert (await router.http.post("/v1/api-keys")).status == 401
    assert (await router.http.post("/v1/api-keys", headers={"Authorization": "Bearer a.b.c"})).status == 401


async def test_a_list_is_newest_first_across_all_pages_and_without_hashes(stage: Stage) -> None:
    ada = Person(stage, await stage.router(page_size=3))
    for n in range(10):
        await ada.key(description=f"key {n}", expires_in_days=1 + n)
        stage.clock.advance(1)
    stage.clock.advance(DAY_S)
    listed = await ada.list()
    await ada.revoke(listed[0]["key_prefix"])

    listed = await ada.list()

    assert [key["description"] for key in listed] == [f"key {n}" for n in reversed(range(10))]
    assert [key["status"] for key in listed] == ["revoked", *["active"] * 8, "expired"]
    assert set(listed[0]) == {"key_prefix", "description", "status", "created_at", "expires_at", "last_used_at"}


async def test_a_list_shows_only_ones_own_keys(stage: Stage, router: StagedRouter, ada: Person) -> None:
    await ada.key()

    assert await Person(stage, router, "grace").list() == []


async def test_a_revoked_key_is_refused_at_once_by_the_process_that_revoked_it(ada: Person) -> None:
    key = await ada.key()
    assert (await ada.router.whoami(headers={"X-API-Key": key})).status == 200

    response = await ada.revoke(key[:10])

    assert response.status == 200
    assert await response.json() == {"key_prefix": key[:10], "status": "revoked"}
    assert await ada.router.refusal(headers={"X-API-Key": key}) == (401, "revoked_api_key")


async def test_a_revoked_key_is_refused_within_a_minute_by_every_other_process(stage: Stage, ada: Person) -> None:
    headers, other = {"X-API-Key": await ada.key()}, await stage.router()
    assert (await other.whoami(headers=headers)).status == 200

    await ada.revoke(headers["X-API-Key"][:10])
    stage.clock.advance(60)

    assert await other.refusal(headers=headers) == (401, "revoked_api_key")


async def test_a_key_is_revoked_once(stage: Stage, ada: Person) -> None:
    key = await ada.key()

    assert (await ada.revoke(key[:10])).status == 200
    stage.clock.advance(1)
    again = await ada.revoke(key[:10])

    assert again.status == 409
    assert (await again.json())["error"]["code"] == "already_revoked"
    assert stored(stage, key)["revoked_at"] == {"S": iso(START_S)}


async def test_of_two_who_revoke_a_key_at_once_one_is_told_that_it_was_late(stage: Stage, ada: Person) -> None:
    key, table = await ada.key(), ada.router.table
    (as_both_have_read_it,) = await table.of_caller("ada")

    await table.revoke(as_both_have_read_it, at=datetime.fromtimestamp(START_S, UTC))
    with pytest.raises(Conflict, match="already revoked"):
        await table.revoke(as_both_have_read_it, at=datetime.fromtimestamp(START_S + 1, UTC))

    assert stored(stage, key)["revoked_at"] == {"S": iso(START_S)}


async def test_only_the_owner_can_revoke_a_key(stage: Stage, router: StagedRouter, ada: Person) -> None:
    key = await ada.key()

    response = await Person(stage, router, "grace").revoke(key[:10])

    assert response.status == 404
    assert (await response.json())["error"]["code"] == "api_key_not_found"
    assert (await router.whoami(headers={"X-API-Key": key})).status == 200


@pytest.mark.parametrize("key_prefix", ["oc_AAAAAAA", "x", "%00", "oc_", UNKNOWN_KEY])
async def test_a_key_that_is_not_there_cannot_be_revoked(ada: Person, key_prefix: str) -> None:
    assert (await ada.revoke(key_prefix)).status == 404
