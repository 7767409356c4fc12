"""What the local proxy keeps of shared sessions from one start to the next: their order, and warnings of secrets."""

import json
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from tests.client.proxied import local_proxy, played_gateway
from tests.client.share_host import GATEWAY, ID, NOW_S, SHARE_SECRET, TAKEN, Time, part, received, synced, taken

pytestmark = pytest.mark.usefixtures("key")


async def test_every_batch_gets_a_version_that_rises_whatever_the_clock_does(tmp_path: Path) -> None:
    time = Time()
    async with (
        played_gateway(taken) as host,
        local_proxy(tmp_path, GATEWAY, sharing_url=host.url, pace=time.pace) as proxy,
    ):
        for now_s in (NOW_S, NOW_S, NOW_S - 3600, NOW_S + 1):
            time.now_s = now_s
            assert await synced(proxy, [part(1)]) == (200, TAKEN)

    first = int(NOW_S * 1000)
    assert [body["version"] for body in received(host)] == [first, first + 1, first + 2, first + 1000]
    assert received(host)[0] == {"secret": SHARE_SECRET, "version": first, "data": [part(1)]}


@pytest.mark.parametrize("hours_back", [-1, 1, 23])
async def test_versions_rise_from_one_proxy_to_the_next_although_the_clock_is_set_back(
    tmp_path: Path, hours_back: int
) -> None:
    versions: list[int] = []
    for now_s in (NOW_S, NOW_S + 60, NOW_S + 60 - hours_back * 3600):
        async with (
            played_gateway(taken) as host,
            local_proxy(tmp_path, GATEWAY, sharing_url=host.url, pace=Time(now_s).pace) as proxy,
        ):
            for _ in range(2):
                await synced(proxy, [part(1)])
            versions += [body["version"] for body in received(host)]

    assert versions == sorted({*versions})
    file = tmp_path / "state/share-versions.json"
    assert file.stat().st_mode & 0o777 == 0o600
    assert json.loads(file.read_text())["reserved"] >= versions[-1]


@pytest.mark.parametrize(
    "kept",
    [
        "",
        "[1]",
        '{"reserved": "soon"}',
        '{"reserved": -1}',
        json.dumps({"reserved": int((NOW_S + 25 * 3600) * 1000)}),
    ],
    ids=["empty", "a list", "a word", "negative", "of a clock that the service did not believe"],
)
async def test_a_last_version_that_cannot_be_one_does_not_count(tmp_path: Path, kept: str) -> None:
    file = tmp_path / "state/share-versions.json"
    file.parent.mkdir()
    file.write_text(kept)
    async with (
        played_gateway(taken) as host,
        local_proxy(tmp_path, GATEWAY, sharing_url=host.url, pace=Time().pace) as proxy,
    ):
        await synced(proxy, [part(1)])

    assert [body["version"] for body in received(host)] == [int(NOW_S * 1000)]


async def test_a_folder_that_cannot_be_written_costs_no_batch(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def answer(_request: web.Request) -> web.StreamResponse:
        return web.json_response({**TAKEN, "secrets": {"github-token": 1}, "redaction": "warn"})

    async with played_gateway(answer) as host, local_proxy(tmp_path, GATEWAY, sharing_url=host.url) as proxy:
        for name in ("versions", "warnings"):
            (tmp_path / f"state/share-{name}.json").mkdir()
        assert (await synced(proxy, [part(1)]))[0] == 200

    assert "the order of shared batches will not outlast this process" in caplog.text
    assert "`opencode-auth shares` cannot tell of it" in caplog.text


@pytest.mark.parametrize(
    ("redaction", "said", "kept"),
    [
        ("warn", "what is shared looks like it contains 2 github-token", {ID: {"github-token": 2, "private-key": 1}}),
        ("mask", "taken out of what is shared: 2 github-token", None),
    ],
)
async def test_what_looks_like_a_secret_is_logged_and_kept_for_the_person_where_others_can_read_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, redaction: str, said: str, kept: Any
) -> None:
    found: list[Any] = [{"github-token": 2}, {"github-token": 1, "private-key": 1}, "all", {"a b\n": 1, "x": -1}]

    async def answer(_request: web.Request) -> web.StreamResponse:
        return web.json_response({**TAKEN, "secrets": found[len(host.seen) - 1], "redaction": redaction})

    async with played_gateway(answer) as host, local_proxy(tmp_path, GATEWAY, sharing_url=host.url) as proxy:
        for _ in found:
            assert (await synced(proxy, [part(1)]))[0] == 200

    lines = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert (lines[0], len(lines)) == (said, 2)
    file = tmp_path / "state/share-warnings.json"
    assert (json.loads(file.read_text()) if file.exists() else None) == kept
