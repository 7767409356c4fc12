"""What OpenCode shares goes by the local proxy: as the person, in an order of its own, and not lost on the way."""

import asyncio
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from yarl import URL

from opencode_auth.proxy.sharing import LONGEST_PAUSE_S, PAUSES_S
from opencode_auth.proxy.upstream import Limits
from tests.client.proxied import KEY, local_proxy, played_gateway
from tests.client.share_host import (
    GATEWAY,
    ID,
    SHARE_SECRET,
    SYNC,
    TAKEN,
    Time,
    answering,
    part,
    received,
    sharing,
    synced,
    taken,
)

pytestmark = pytest.mark.usefixtures("key")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/share"),
        ("GET", f"/api/share/{ID}/data"),
        ("DELETE", f"/api/share/{ID}"),
        ("GET", "/api/shares?cursor=a%2Fb"),
        ("PATCH", f"/api/shares/{ID}"),
    ],
)
async def test_a_request_below_the_secret_reaches_the_share_host_as_the_person(
    tmp_path: Path, method: str, path: str
) -> None:
    async with played_gateway(taken) as host, local_proxy(tmp_path, GATEWAY, sharing_url=host.url) as proxy:
        headers, body = {"Authorization": "Bearer theirs"}, b'{"sessionID": "ses_1"}'
        async with proxy.tool.request(method, sharing(proxy, path), headers=headers, data=body) as response:
            assert (response.status, await response.json()) == (200, TAKEN)

    (seen,) = host.seen
    assert (seen.method, seen.raw_path) == (method, path)
    assert seen.headers.getall("Authorization") == [f"Bearer {KEY}"]
    assert host.bodies == [body]
    assert proxy.secret not in f"{seen.raw_path} {seen.headers}"


async def test_an_address_elsewhere_is_passed_on_and_not_followed(tmp_path: Path) -> None:
    async def moved(_request: web.Request) -> web.StreamResponse:
        return web.Response(status=302, headers={"Location": "https://bucket.example/state?X-Amz-Signature=1"})

    async with played_gateway(moved) as host, local_proxy(tmp_path, GATEWAY, sharing_url=host.url) as proxy:
        url = sharing(proxy, f"/api/share/{ID}/data")
        async with proxy.tool.get(url, allow_redirects=False) as response:
            assert response.status == 302
            assert response.headers["Location"].startswith("https://bucket.example/")


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/sharing/wrong/api/share", {}, 401),
        ("/sharing//api/share", {}, 401),
        ("/sharing/", {}, 401),
        ("/sharing/{secret}", {}, 404),
        ("/sharing/{secret}/api/keys", {}, 404),
        ("/sharing/{secret}/api/share/../keys", {}, 404),
        ("/sharing/{secret}/api/share/%2e%2e/keys", {}, 404),
        ("/sharing/{secret}/api/share//sync", {}, 404),
        ("/sharing/{secret}/v1/models", {}, 404),
        ("/sharing/{secret}/api/share", {"Host": "attacker.example"}, 403),
        ("/sharing/{secret}/api/share", {"Origin": "https://attacker.example"}, 403),
        ("/v1/sharing/{secret}/api/share", {}, 401),
    ],
)
async def test_nobody_else_and_nothing_else_gets_through(
    tmp_path: Path, path: str, headers: Mapping[str, str], status: int
) -> None:
    async with played_gateway(taken) as host, local_proxy(tmp_path, host.url, sharing_url=host.url) as proxy:
        url = URL(proxy.url + path.replace("{secret}", proxy.secret), encoded=True)
        async with proxy.tool.post(url, headers=headers, data=b"{}") as response:
            assert response.status == status
            assert (await response.json())["error"]["message"]
    assert not host.seen


async def test_a_gateway_without_sharing_says_so(tmp_path: Path) -> None:
    async with (
        local_proxy(tmp_path, GATEWAY) as proxy,
        proxy.tool.post(sharing(proxy, "/api/share"), json={"sessionID": "ses_1"}) as response,
    ):
        assert response.status == 404
        assert (await response.json())["error"]["code"] == "no_sharing"


async def test_a_batch_is_sent_again_with_its_version_until_it_is_taken(tmp_path: Path) -> None:
    time = Time()
    failures = answering(503, 429, 0, 500, 200, **{"Retry-After": "9"})
    async with (
        played_gateway(failures) as host,
        local_proxy(tmp_path, GATEWAY, sharing_url=host.url, pace=time.pace) as proxy,
    ):
        assert await synced(proxy, [part(1)]) == (200, TAKEN)

    assert len(host.bodies) == 5
    assert len(set(host.bodies)) == 1, "the version among them"
    assert time.pauses_s == [9.0, 9.0, PAUSES_S[2], 9.0], "the host's own wish, where it has one"


async def test_a_batch_is_given_up_with_the_last_answer_and_creating_is_not_repeated(tmp_path: Path) -> None:
    time = Time()
    async with (
        played_gateway(answering(503, **{"Retry-After": "86400"})) as host,
        local_proxy(tmp_path, GATEWAY, sharing_url=host.url, pace=time.pace) as proxy,
    ):
        assert await synced(proxy, [part(1)]) == (503, {"error": {"message": "a 503"}})
        tries = len(host.seen)
        async with proxy.tool.post(sharing(proxy, "/api/share"), json={}) as response:
            assert response.status == 503, "a second share would be nobody's"

    assert tries == len(PAUSES_S) + 1 == len(host.seen) - 1
    assert set(time.pauses_s) == {LONGEST_PAUSE_S}


async def test_a_large_batch_is_cut_and_one_item_too_large_is_refused_by_name(tmp_path: Path) -> None:
    few_large = [part(number, "é" * 150_000) for number in range(1, 4)]
    many_small = [{"type": "message", "data": {"id": f"msg_{number}"}} for number in range(1_500)]
    async with played_gateway(taken) as host, local_proxy(tmp_path, GATEWAY, sharing_url=host.url) as proxy:
        status, said = await synced(proxy, [*few_large, part(9, "x" * 700_000), *many_small])

    assert status == 413
    assert "part/msg_1/prt_9 (700" in said["error"]["message"]
    parts = received(host)
    assert [item for each in parts for item in each["data"]] == [*few_large, *many_small], "all else is there"
    assert len({each["version"] for each in parts}) == 1
    assert {each["secret"] for each in parts} == {SHARE_SECRET}
    assert all(len(body) <= 710_000 for body in host.bodies)
    assert [len(each["data"]) for each in parts] == [2, 1_000, 501], "by size, then by number"


async def test_items_that_the_service_skips_are_logged_by_their_place_and_why(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    told: list[Any] = [{"item": "data[1]", "why": "data[1].type has to be one of session,\n" + "x" * 1_000}, {}, 7]

    async def answer(_request: web.Request) -> web.StreamResponse:
        return web.json_response({**TAKEN, "skipped": told if len(host.seen) == 1 else "none"})

    async with played_gateway(answer) as host, local_proxy(tmp_path, GATEWAY, sharing_url=host.url) as proxy:
        assert await synced(proxy, [part(1), {"type": "hologram"}]) == (200, {**TAKEN, "skipped": told})
        assert (await synced(proxy, [part(2)]))[0] == 200

    [line] = [record.getMessage() for record in caplog.records if "not taken" in record.getMessage()]
    assert line.startswith("an item of a share was not taken: data[1].type has to be one of session,?xxx")
    assert len(line) < 400


@pytest.mark.parametrize(("status", "sent"), [(413, 3), (410, 1), (403, 1)])
async def test_a_part_that_is_refused_stops_the_others_only_where_they_would_be_too(
    tmp_path: Path, status: int, sent: int
) -> None:
    async with (
        played_gateway(answering(status, 200)) as host,
        local_proxy(tmp_path, GATEWAY, sharing_url=host.url) as proxy,
    ):
        assert (await synced(proxy, [part(number, "x" * 500_000) for number in range(3)]))[0] == status
    assert len(host.seen) == sent


async def test_an_item_that_a_batch_names_twice_counts_as_it_came_last(tmp_path: Path) -> None:
    strange = {"type": "strange"}
    async with played_gateway(taken) as host, local_proxy(tmp_path, GATEWAY, sharing_url=host.url) as proxy:
        await synced(proxy, [part(1, "zzz"), strange, part(2), strange, part(1, "aaa")])
    assert received(host)[0]["data"] == [part(1, "aaa"), strange, part(2), strange]


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"data": 1}', b"[" * 100_000, b"\xff"], ids=range(6))
async def test_what_is_no_batch_is_left_to_the_service_to_judge(tmp_path: Path, body: bytes) -> None:
    async with (
        played_gateway(answering(400)) as host,
        local_proxy(tmp_path, GATEWAY, sharing_url=host.url) as proxy,
        proxy.tool.post(sharing(proxy, SYNC), data=body) as response,
    ):
        assert (response.status, await response.json()) == (400, {"error": {"message": "a 400"}})
    assert host.bodies == [body]


async def test_half_a_surrogate_pair_gets_through(tmp_path: Path) -> None:
    async with played_gateway(taken) as host, local_proxy(tmp_path, GATEWAY, sharing_url=host.url) as proxy:
        assert (await synced(proxy, [part(1, "\ud83d"), part(2, "é")]))[0] == 200
    assert received(host)[0]["data"] == [part(1, "\ud83d"), part(2, "é")]


async def test_what_opencode_hands_over_is_delivered_when_it_has_ended(tmp_path: Path) -> None:
    is_gone = asyncio.Event()

    async def answer(_request: web.Request) -> web.StreamResponse:
        await is_gone.wait()
        return web.json_response(TAKEN, status=503 if len(host.seen) == 1 else 200)

    async with (
        played_gateway(answer) as host,
        local_proxy(tmp_path, GATEWAY, sharing_url=host.url, pace=Time().pace) as proxy,
    ):
        async with aiohttp.ClientSession() as opencode:
            asked = asyncio.create_task(opencode.post(sharing(proxy, SYNC), json={"data": [part(1)]}))
            await host.arrivals.acquire()
            asked.cancel()
            await asyncio.wait([asked])
        while proxy.inside.server.door.open_requests:
            await proxy.inside.server.door.is_empty.wait()
        is_gone.set()
        await host.arrivals.acquire()

    assert [body["data"] for body in received(host)] == [[part(1)], [part(1)]]


async def test_a_proxy_that_stops_waits_for_deliveries_no_longer_than_for_answers(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    limits = Limits(drain_s=0.05)
    for_ever = asyncio.Event()

    async def answer(_request: web.Request) -> web.StreamResponse:
        await for_ever.wait()
        return web.json_response(TAKEN)

    with caplog.at_level(logging.WARNING):
        async with played_gateway(answer) as host:
            async with local_proxy(tmp_path, GATEWAY, sharing_url=host.url, limits=limits) as proxy:
                asked = asyncio.create_task(proxy.tool.post(sharing(proxy, SYNC), json={"data": [part(1)]}))
                await host.arrivals.acquire()
            await asyncio.wait([asked])
            assert isinstance(asked.exception(), aiohttp.ClientError)
            for_ever.set()
    assert "a batch of a share was not delivered before the end" in caplog.text


async def test_the_log_has_neither_secrets_nor_ids_nor_contents(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        async with (
            played_gateway(answering(503, 410)) as host,
            local_proxy(tmp_path, GATEWAY, sharing_url=host.url, pace=Time().pace) as proxy,
        ):
            await synced(proxy, [part(1, "x" * 700_000), part(2, "of-nobody-else")])
            await proxy.tool.get(sharing(proxy, f"/api/share/{ID}/data"))
            await proxy.tool.get(sharing(proxy, f"/api/share/{ID}/data", "a-guess"))
            secret = proxy.secret

    assert "POST /sharing/... 410" in caplog.text
    assert "the share host answered 503" in caplog.text
    for needle in (secret, "a-guess", ID, SHARE_SECRET, "of-nobody-else", "prt_1", KEY):
        assert needle not in caplog.text
