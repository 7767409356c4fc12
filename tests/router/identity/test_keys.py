"""API keys in use: recognised, remembered, refused, and their last use written down."""

import asyncio
import hashlib
import re
import socket
from datetime import UTC, datetime, timedelta

import pytest

from opencode_router.errors import Unauthenticated, Unavailable
from opencode_router.identity.api_keys import ApiKeys
from opencode_router.identity.caller import Caller
from opencode_router.identity.key_record import KeyRecord
from opencode_router.identity.key_table import KeyTable
from tests.router.identity.key_owner import DAY_S, UNKNOWN_KEY, Person, iso, stored
from tests.router.identity.stage import START_S, Stage, StagedRouter

LOOK_UP, USE = "GetItem", "UpdateItem"


@pytest.fixture
def ada(stage: Stage, router: StagedRouter) -> Person:
    return Person(stage, router)


async def test_a_key_is_accepted_in_every_header(ada: Person) -> None:
    key = await ada.key()

    for headers in (
        {"X-API-Key": key},
        {"x-api-key": key},
        {"Authorization": f"Bearer {key}"},
        {"Authorization": f"bearer {key}"},
        {"Authorization": f"Bearer {key}", "x-api-key": key},
    ):
        response = await ada.router.whoami(headers=headers)
        expected = {"id": "ada", "email": "ada@example.com", "groups": [], "key_prefix": key[:10]}
        assert await response.json() == expected


@pytest.mark.parametrize(
    "key",
    ["oc_", "oc_short", UNKNOWN_KEY + "A", UNKNOWN_KEY[:-1], UNKNOWN_KEY[:-1] + "!", UNKNOWN_KEY[:-1] + "é", "sk-abc"],
)
@pytest.mark.parametrize("header", ["X-API-Key", "Authorization"])
async def test_an_ill_formed_key_never_reaches_the_table(
    stage: Stage, router: StagedRouter, key: str, header: str
) -> None:
    calls_before = len(stage.dynamodb.calls)

    status, code = await router.refusal(headers={header: f"Bearer {key}" if header == "Authorization" else key})

    assert status == 401
    assert code == ("invalid_api_key" if header == "X-API-Key" or key.startswith("oc_") else "invalid_token")
    assert len(stage.dynamodb.calls) == calls_before


async def test_a_stored_key_in_use_is_looked_up_once_a_minute(stage: Stage, ada: Person) -> None:
    headers, router = {"X-API-Key": await ada.key()}, await stage.router()
    stage.dynamodb.calls.clear()

    await asyncio.gather(*(router.whoami(headers=headers) for _ in range(50)))
    stage.clock.advance(59)
    await asyncio.gather(*(router.whoami(headers=headers) for _ in range(50)))
    assert stage.dynamodb.calls.count(LOOK_UP) == 1

    stage.clock.advance(1)
    await asyncio.gather(*(router.whoami(headers=headers) for _ in range(50)))
    assert stage.dynamodb.calls.count(LOOK_UP) == 2


async def test_a_flood_with_an_unknown_key_is_one_look_up_in_ten_seconds(stage: Stage, router: StagedRouter) -> None:
    stage.dynamodb.calls.clear()

    async def flood() -> None:
        refusals = await asyncio.gather(*(router.refusal(headers={"X-API-Key": UNKNOWN_KEY}) for _ in range(100)))
        assert set(refusals) == {(401, "invalid_api_key")}

    await flood()
    stage.clock.advance(9)
    await flood()
    assert stage.dynamodb.calls == [LOOK_UP]

    stage.clock.advance(1)
    await flood()
    assert stage.dynamodb.calls == [LOOK_UP, LOOK_UP]


async def test_a_key_ends_with_its_last_second_although_it_is_remembered(stage: Stage, ada: Person) -> None:
    headers = {"X-API-Key": await ada.key(expires_in_days=1)}
    stage.clock.advance(DAY_S - 1)
    assert (await ada.router.whoami(headers=headers)).status == 200

    stage.clock.advance(1)
    assert await ada.router.refusal(headers=headers) == (401, "expired_api_key")


async def test_the_item_that_counts_a_callers_keys_is_no_key(stage: Stage, ada: Person) -> None:
    await ada.key()
    items = stage.dynamodb.client.scan(TableName=stage.table)["Items"]
    (counter,) = [item for item in items if "user_sub" not in item]

    assert not re.fullmatch("[0-9a-f]{64}", counter["key_hash"]["S"])
    assert len(await ada.list()) == 1


async def test_an_item_without_an_owner_lets_nobody_in(stage: Stage, ada: Person) -> None:
    key = await ada.key()
    stage.dynamodb.client.update_item(
        TableName=stage.table, Key={"key_hash": stored(stage, key)["key_hash"]}, UpdateExpression="REMOVE user_sub"
    )

    assert await ada.router.refusal(headers={"X-API-Key": key}) == (401, "invalid_api_key")


async def test_an_outage_of_the_table_is_a_503_with_a_time_to_retry(stage: Stage) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        router = await stage.router(dynamodb_url=f"http://127.0.0.1:{unused.getsockname()[1]}")
        ada = Person(stage, router)

        assert await router.refusal(headers={"X-API-Key": UNKNOWN_KEY}) == (503, "service_unavailable")
        assert (await ada.create()).status == 503
        assert (await router.http.get("/v1/api-keys", headers=ada.headers)).status == 503
        assert (await ada.revoke("oc_AAAAAAA")).status == 503
        with pytest.raises(Unavailable) as outage:
            await router.identity.check_key_table()
        assert outage.value.retry_after_s


async def test_a_missing_table_is_found_by_the_readiness_check(stage: Stage, router: StagedRouter) -> None:
    await router.identity.check_key_table()

    stage.dynamodb.client.delete_table(TableName=stage.table)
    with pytest.raises(Unavailable):
        await router.identity.check_key_table()


class SlowTable(KeyTable):
    """Holds one key, and is slow to say so."""

    def __init__(self, record: KeyRecord) -> None:
        self.record = record
        self.asked, self.gate = asyncio.Event(), asyncio.Event()

    async def find(self, key_hash: str) -> KeyRecord | None:
        self.asked.set()
        await self.gate.wait()
        return self.record

    async def of_caller(self, caller_id: str) -> list[KeyRecord]:
        return [self.record]

    async def revoke(self, record: KeyRecord, *, at: datetime) -> None:
        """The look-up under way has read the key before this."""


async def test_a_look_up_under_way_does_not_bring_a_revoked_key_back() -> None:
    text, born = UNKNOWN_KEY, datetime.fromtimestamp(START_S, UTC)
    record = KeyRecord(
        key_hash=hashlib.sha256(text.encode()).hexdigest(),
        key_prefix=text[:10],
        caller_id="ada",
        caller_email=None,
        description="",
        is_revoked=False,
        created_at=born,
        expires_at=born + timedelta(days=1),
    )
    table = SlowTable(record)
    keys = ApiKeys(table, now=lambda: START_S)

    use = asyncio.create_task(keys.caller(text))
    await table.asked.wait()
    await keys.revoke(Caller(id="ada"), text[:10])
    table.gate.set()

    with pytest.raises(Unauthenticated, match="revoked"):
        await use
    with pytest.raises(Unauthenticated, match="revoked"):
        await keys.caller(text)


async def test_use_is_written_once_a_minute_and_the_rest_at_the_end(stage: Stage, ada: Person) -> None:
    key, router = await ada.key(), await stage.router()
    headers = {"X-API-Key": key}
    stage.dynamodb.calls.clear()

    for _ in range(20):
        await router.whoami(headers=headers)
        stage.clock.advance(2)
    await router.identity.close()

    assert stage.dynamodb.calls.count(USE) == 2
    assert stored(stage, key)["last_used_at"] == {"S": iso(START_S + 38)}
    assert (await ada.list())[0]["last_used_at"] == iso(START_S + 38)


async def test_a_later_minute_is_a_later_write(stage: Stage, ada: Person) -> None:
    key, router = await ada.key(), await stage.router()

    for _ in range(3):
        await router.whoami(headers={"X-API-Key": key})
        stage.clock.advance(60)
    await router.identity.close()

    assert stored(stage, key)["last_used_at"] == {"S": iso(START_S + 120)}


async def test_a_use_that_cannot_be_written_disturbs_nobody(
    stage: Stage, ada: Person, caplog: pytest.LogCaptureFixture
) -> None:
    key, router = await ada.key(), await stage.router()
    assert (await router.whoami(headers={"X-API-Key": key})).status == 200
    stage.clock.advance(30)
    assert (await router.whoami(headers={"X-API-Key": key})).status == 200

    stage.dynamodb.client.delete_table(TableName=stage.table)
    await router.identity.close()

    assert "a key's last use was not recorded" in caplog.text


async def test_a_key_that_has_left_the_table_is_not_brought_back_by_its_last_use(stage: Stage, ada: Person) -> None:
    key, router = await ada.key(), await stage.router()
    await router.whoami(headers={"X-API-Key": key})
    stage.clock.advance(30)
    await router.whoami(headers={"X-API-Key": key})

    stage.dynamodb.client.delete_item(TableName=stage.table, Key={"key_hash": stored(stage, key)["key_hash"]})
    await router.identity.close()

    items = stage.dynamodb.client.scan(TableName=stage.table)["Items"]
    assert [item for item in items if "last_used_at" in item] == []
