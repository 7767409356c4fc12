"""Sharing live: real WebSocket clients before the local API Gateway, and functions with no more than their roles."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from functools import partial
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from opencode_local.aws import EmbeddedAws
from tests.functions.sharing.live_site import NAMES, Json, Sharing, sharing
from tests.functions.sharing.reader import Reader

PATIENCE_S = 20


@pytest_asyncio.fixture(scope="module")
async def cloud(aws: EmbeddedAws) -> AsyncIterator[Sharing]:
    async with sharing(aws) as made:
        yield made


def message(number: int, **data: Any) -> Json:
    return {"type": "message", "data": {"id": f"msg_{number:04d}", "role": "user", **data}}


def entry(number: int, version: int) -> Json:
    return {"key": f"message/msg_{number:04d}", "version": version, "item": message(number)}


async def heard(socket: aiohttp.ClientWebSocketResponse) -> Any:
    """The next frame; None when the connection ends instead."""
    received = await socket.receive(PATIENCE_S)
    return json.loads(received.data) if received.type is aiohttp.WSMsgType.TEXT else None


async def refusal(cloud: Sharing, live: Mapping[str, str]) -> int:
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        async with cloud.socket(live):
            raise AssertionError("it was let in")
    return refused.value.status


async def test_watchers_are_told_of_each_batch_as_it_is_written(cloud: Sharing) -> None:
    share = await cloud.share(by="ada")
    live = (await cloud.state(share["id"], by="grace"))["live"]

    async with cloud.socket(live) as socket:
        for number in (1, 2):
            await cloud.sync(share, [message(number)], version=number * 10)
            assert await heard(socket) == {
                "sequence": number,
                "version": number * 10,
                "items": [entry(number, number * 10)],
            }


async def test_a_batch_that_no_frame_holds_is_told_of_and_can_be_asked_for(cloud: Sharing) -> None:
    share = await cloud.share(by="ada")
    reader = Reader(partial(cloud.state, share["id"], by="ada"))
    large = message(1, text="x" * 40_000)

    async with cloud.socket((await reader.catch_up())["live"]) as socket:
        await cloud.sync(share, [large], version=1)
        frame = await heard(socket)

    assert frame == {"sequence": 1, "version": 1}
    await reader.take(frame)
    assert reader.items == {"message/msg_0001": (1, large)}


async def test_a_reader_that_was_away_misses_nothing_and_gets_nothing_twice(cloud: Sharing) -> None:
    share = await cloud.share(by="ada")
    asked: list[str] = []

    async def ask(query: str) -> Json:
        asked.append(query)
        found: Json = await cloud.state(share["id"], query, by="ada")
        return found

    reader = Reader(ask)
    async with cloud.socket((await reader.catch_up())["live"]) as socket:
        await cloud.sync(share, [message(1)], version=1)
        await reader.take(await heard(socket))
    await cloud.sync(share, [message(1, text="later")], version=2)
    await cloud.sync(share, [message(2)], version=3)
    page = await reader.catch_up()
    assert [item["key"] for item in page["items"]] == ["message/msg_0001", "message/msg_0002"]
    async with cloud.socket(page["live"]) as socket:
        await cloud.sync(share, [message(3)], version=4)
        await reader.take(await heard(socket))

    assert reader.applied == [1, 4]
    assert asked == ["after=0", "after=1"]
    assert list(reader.items) == [f"message/msg_{number:04d}" for number in (1, 2, 3)]
    assert reader.items["message/msg_0001"] == (2, message(1, text="later"))


async def test_a_ticket_opens_one_connection_and_only_to_the_share_that_it_is_of(cloud: Sharing) -> None:
    ours, theirs = await cloud.share(by="ada"), await cloud.share(by="grace")
    live = (await cloud.state(ours["id"], by="ada"))["live"]
    secret = live["ticket"].partition(".")[2]

    for ticket in (f"{theirs['id']}.{secret}", secret, "", live["ticket"] + "a", live["ticket"].upper()):
        assert await refusal(cloud, {**live, "ticket": ticket}) == 403
    async with cloud.socket(live) as socket:
        assert await refusal(cloud, live) == 403
        await cloud.sync(theirs, [message(1)], version=1)
        await cloud.sync(ours, [message(2)], version=1)
        assert (await heard(socket))["items"] == [entry(2, 1)]


async def test_the_end_of_a_share_ends_all_watching_at_once(cloud: Sharing) -> None:
    share = await cloud.share(by="ada")
    await cloud.sync(share, [message(1)], version=1)
    states = [await cloud.state(share["id"], by="ada") for _ in range(3)]

    async with cloud.socket(states[0]["live"]) as one, cloud.socket(states[1]["live"]) as other:
        await cloud.api("DELETE", f"/api/share/{share['id']}", {"secret": share["secret"]})
        for socket in (one, other):
            assert [await heard(socket), await heard(socket)] == [{"ended": "deleted"}, None]

    assert await refusal(cloud, states[2]["live"]) == 403, "a ticket from before is gone with the share"
    assert (await cloud.viewer(f"/share/{share['id']}/state", by="ada"))["statusCode"] == 410
    assert cloud.entries(share["id"]) == ["share"]
    assert cloud.connections(share["id"]) == cloud.entries(f"tickets#{share['id']}") == []


async def test_whoever_may_not_see_a_share_any_more_does_not_watch_it_either(cloud: Sharing) -> None:
    share = await cloud.share(by="ada", visibility="link")
    watched, unused = [(await cloud.state(share["id"]))["live"] for _ in range(2)]

    async with cloud.socket(watched) as socket:
        await cloud.api("PATCH", f"/api/shares/{share['id']}", {"visibility": "people"}, by="ada")
        assert await heard(socket) is None
    await cloud.sync(share, [message(1)], version=1)

    assert await refusal(cloud, unused) == 403
    assert (await cloud.viewer(f"/share/{share['id']}/state"))["statusCode"] == 401


async def test_an_administrator_watches_what_is_shared_with_few_and_others_do_not(cloud: Sharing) -> None:
    share = await cloud.share(by="ada", visibility="people")
    assert (await cloud.viewer(f"/share/{share['id']}/state", by="grace"))["statusCode"] == 403

    async with cloud.socket((await cloud.state(share["id"], by="root"))["live"]) as socket:
        await cloud.sync(share, [message(1)], version=1)
        assert (await heard(socket))["items"] == [entry(1, 1)]


async def test_who_has_left_is_forgotten_whether_or_not_anybody_says_so(cloud: Sharing) -> None:
    share = await cloud.share(by="ada")
    async with cloud.socket((await cloud.state(share["id"], by="ada"))["live"]):
        [connected] = cloud.connections(share["id"])
        cloud.put_connection(share["id"], "long-gone=", made_s=1)
        cloud.put_connection(share["id"], "about-to-open=", made_s=2**40)
        await cloud.sync(share, [message(1)], version=1)
        there = {connected, "connection#about-to-open="}
        assert {*cloud.connections(share["id"])} == there, "one that is not open yet is as good as gone to AWS"
    async with asyncio.timeout(PATIENCE_S):
        await cloud.site.functions.until(lambda _: connected not in cloud.connections(share["id"]))

    assert cloud.entries(connected) == []


async def test_nothing_of_shares_is_in_any_log(cloud: Sharing) -> None:
    share = await cloud.share(by="ada", visibility="link")
    live = (await cloud.state(share["id"]))["live"]
    async with cloud.socket(live) as socket:
        await cloud.sync(share, [message(1, text="Wittgenstein")], version=1)
        await heard(socket)
    await refusal(cloud, live)
    lines = "".join([line for name in NAMES for line in await cloud.site.lines(f"/aws/lambda/{name}")])

    assert all(f'"route": "{route}"' in lines for route in ("$connect", "/share/{id}/state"))
    assert '"told": 1' in lines
    secrets = (share["id"], share["secret"], live["ticket"], "Wittgenstein", "msg_0001")
    assert not any(secret in lines for secret in secrets)
