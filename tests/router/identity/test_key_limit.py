"""At most ten active keys per caller, whoever asks and how often."""

import asyncio

import pytest

from tests.router.identity.key_owner import DAY_S, Person, iso, stored
from tests.router.identity.stage import START_S, Stage, StagedRouter


@pytest.fixture
def ada(stage: Stage, router: StagedRouter) -> Person:
    return Person(stage, router)


async def test_the_eleventh_key_is_refused_until_one_is_revoked(ada: Person) -> None:
    keys = [await ada.key() for _ in range(10)]

    refused = await ada.create()
    assert refused.status == 409
    assert (await refused.json())["error"]["code"] == "too_many_api_keys"

    assert (await ada.revoke(keys[3][:10])).status == 200
    assert (await ada.create()).status == 201
    assert (await ada.create()).status == 409


async def test_expired_keys_do_not_count(stage: Stage, ada: Person) -> None:
    for _ in range(10):
        await ada.key(expires_in_days=1)
    assert (await ada.create()).status == 409

    stage.clock.advance(DAY_S)
    for _ in range(10):
        await ada.key()
    assert (await ada.create()).status == 409


async def test_of_ten_creates_at_once_beside_nine_keys_exactly_one_succeeds(stage: Stage, ada: Person) -> None:
    for _ in range(9):
        await ada.key()
    routers = [ada.router, *[await stage.router() for _ in range(4)]]
    people = [Person(stage, router) for router in routers] * 2

    statuses = [response.status for response in await asyncio.gather(*(person.create() for person in people))]

    assert sorted(statuses) == [201] + [409] * 9
    assert len(await ada.list()) == 10


async def test_creates_at_once_in_several_processes_lose_no_key(stage: Stage) -> None:
    people = [Person(stage, await stage.router()) for _ in range(5)] * 3

    statuses = [response.status for response in await asyncio.gather(*(person.create() for person in people))]

    assert sorted(statuses) == [201] * 10 + [409] * 5
    assert len(await people[0].list()) == 10


async def test_one_callers_keys_do_not_count_for_another(stage: Stage, router: StagedRouter, ada: Person) -> None:
    for _ in range(10):
        await ada.key()

    assert (await Person(stage, router, "grace").create()).status == 201


async def test_keys_that_were_in_the_table_before_count(stage: Stage, router: StagedRouter, ada: Person) -> None:
    for n in range(12):
        is_active = n < 9
        text = {
            "key_hash": f"{n:064x}",
            "key_prefix": f"oc_older{n:02}",
            "user_sub": "ada",
            "status": "active" if is_active or n == 9 else "revoked",
            "created_at": iso(START_S - 1000 + n),
            "expires_at": iso(START_S + (DAY_S if is_active else -1)),
        }
        item = {name: {"S": value} for name, value in text.items()}
        stage.dynamodb.client.put_item(TableName=stage.table, Item=item)

    assert (await ada.create()).status == 201
    assert (await ada.create()).status == 409


async def test_a_key_revoked_in_the_table_by_an_operator_makes_room(stage: Stage, ada: Person) -> None:
    keys = [await ada.key() for _ in range(10)]

    stage.dynamodb.client.update_item(
        TableName=stage.table,
        Key={"key_hash": stored(stage, keys[0])["key_hash"]},
        UpdateExpression="SET #status = :revoked",
        ExpressionAttributeNames={"#status": "status"},
        ExpressionAttributeValues={":revoked": {"S": "revoked"}},
    )

    assert (await ada.create()).status == 201
