"""OpenCode itself shares a session by the local proxy, and imports it by its link."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import aiohttp
import pytest

from opencode_auth import shares
from opencode_local.aws import EmbeddedAws
from tests.client.laptop import Laptop
from tests.client.proxied import local_proxy
from tests.clients.agents import PROOF, Desk, Outcome, needs_agents, task
from tests.clients.share_host import share_host
from tests.clients.test_opencode import QUIET
from tests.router.running import Router

pytestmark = needs_agents


async def opencode(desk: Desk, *arguments: str, said: str = "") -> Outcome:
    outcome = await desk.run("opencode", *arguments, said=said, variables=QUIET)
    assert outcome.exit_code == 0, outcome
    return outcome


def parts(desk: Desk) -> str:
    """All parts of messages that OpenCode has at this desk."""
    (file,) = desk.home.glob(".local/share/opencode/*.db")
    with closing(sqlite3.connect(file)) as database:
        return "\n".join(text for (text,) in database.execute("select data from part"))


async def test_a_session_is_shared_by_the_proxy_and_imported_by_its_link(
    tmp_path: Path, router: Router, api_key: str, aws: EmbeddedAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What `shares` does is called here, not typed: the service in this process prints its log to the same place."""
    (tmp_path / "home").mkdir()
    laptop, writer, reader = Laptop(tmp_path / "home", api_key), Desk(tmp_path), Desk(tmp_path / "of-a-colleague")
    reader.place.mkdir()
    monkeypatch.setenv("OPENCODE_API_KEY", api_key)

    async with (
        share_host(aws, router.url) as host,
        local_proxy(laptop.own_folder, router.url, sharing_url=host.url),
        aiohttp.ClientSession() as stranger,
    ):
        said = await laptop.say("use", "opencode", "--yes", "--model", "claude-sonnet-5")
        assert said.exit_code == 0, said

        await opencode(writer, "run", "--share", "--format=json", said=task("bash"))
        [share] = await asyncio.to_thread(shares.listed, is_everyones=False)
        data = f"{host.url}/api/share/{share.id}/data"
        assert (await stranger.get(data)).status == 401, "for whoever can sign in, unless its owner says otherwise"

        changed = await asyncio.to_thread(shares.change, share.id, {"visibility": "link"})
        assert (share.visibility, changed.visibility) == ("organisation", "link")
        imported = await opencode(reader, "import", share.url)
        assert imported.output == f"Imported session: {share.session_id}\n"
        assert PROOF in parts(reader), "what was asked; OpenCode may end before it has sent its last second"

        await asyncio.to_thread(shares.delete, share.id)
        assert (await stranger.get(data)).status == 410

    assert host.answered[0] == ("POST", "share", 200)
    assert {answer for answer in host.answered if answer[1] == "sync"} == {("POST", "sync", 200)}
