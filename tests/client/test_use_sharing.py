"""`use` and `run` lead OpenCode's own way to share to the local proxy, and leave a person's own alone."""

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from opencode_auth.proxy import ProxyAddress
from opencode_auth.tools import config_file, connection, opencode
from tests.client.laptop import OPENCODE, Laptop, settings
from tests.router.running import Router

PROXY = "http://127.0.0.1:18080"
SHARE_HOST = "https://share.example.com"


@pytest.fixture
def by_proxy(laptop: Laptop, router: Router, monkeypatch: pytest.MonkeyPatch) -> Laptop:
    """A machine whose proxy listens already, of a gateway with a share host."""
    laptop.point_at(router.url, sharing_url=SHARE_HOST)
    monkeypatch.setattr("opencode_auth.proxy.ensure", lambda: ProxyAddress(url=PROXY, secret="oap_secret"))
    return laptop


async def moved_proxy(laptop: Laptop, monkeypatch: pytest.MonkeyPatch) -> None:
    """It listens at another port, and says so."""
    for name, value in laptop.environment.items():
        monkeypatch.setenv(name, value)
    await asyncio.to_thread(config_file.follow_proxy, "http://127.0.0.1:18081")


async def test_opencode_shares_by_the_proxy_with_a_secret_that_stays_in_its_file(by_proxy: Laptop) -> None:
    before = by_proxy.write(OPENCODE, '{"theme": "dark"}').read_text()

    said = await by_proxy.say("use", "opencode", "--yes")
    written = settings(by_proxy, OPENCODE)["enterprise"]
    undone = await by_proxy.say("use", "opencode", "--undo", "--yes")

    key_file = by_proxy.own_folder / "config/proxy-secret"
    assert written == {"url": f"{PROXY}/sharing/{{file:{key_file.as_posix()}}}"}
    assert "oap_secret" not in said.stdout + said.stderr
    assert undone.exit_code == 0, undone
    assert (by_proxy.home / OPENCODE).read_text() == before


async def test_a_share_host_of_the_persons_own_stays_and_is_said(by_proxy: Laptop) -> None:
    by_proxy.write(OPENCODE, '{"enterprise": {"url": "https://opencode.example"}}')

    said = await by_proxy.say("use", "opencode", "--yes")

    assert settings(by_proxy, OPENCODE)["enterprise"] == {"url": "https://opencode.example"}
    assert "note: enterprise.url is your own and stays; sessions are shared there" in said.stderr


async def test_one_that_the_person_sets_later_survives_a_move_of_the_proxy_and_the_undoing(
    by_proxy: Laptop, monkeypatch: pytest.MonkeyPatch
) -> None:
    await by_proxy.say("use", "opencode", "--yes")
    file = by_proxy.home / OPENCODE
    file.write_text(file.read_text().replace(f"{PROXY}/sharing/", "https://opencode.example/"))
    theirs = settings(by_proxy, OPENCODE)["enterprise"]

    await moved_proxy(by_proxy, monkeypatch)
    moved = settings(by_proxy, OPENCODE)
    await by_proxy.say("use", "opencode", "--undo", "--yes")

    assert moved["provider"]["bedrock"]["options"]["baseURL"] == "http://127.0.0.1:18081/v1"
    assert moved["enterprise"] == theirs
    assert json.loads(file.read_text()) == {"enterprise": theirs}


async def test_a_proxy_that_moves_takes_the_share_host_with_it(
    by_proxy: Laptop, monkeypatch: pytest.MonkeyPatch
) -> None:
    await by_proxy.say("use", "opencode", "--yes")

    await moved_proxy(by_proxy, monkeypatch)

    assert settings(by_proxy, OPENCODE)["enterprise"]["url"].startswith("http://127.0.0.1:18081/sharing/{file:")


@pytest.mark.parametrize(("options", "sharing_url"), [(("--direct",), SHARE_HOST), (("--proxy",), None)])
async def test_opencode_is_told_of_no_share_host_without_the_proxy_or_without_one(
    by_proxy: Laptop, router: Router, options: tuple[str, ...], sharing_url: str | None
) -> None:
    by_proxy.point_at(router.url, sharing_url=sharing_url)

    said = await by_proxy.say("use", "opencode", *options, "--yes")

    assert said.exit_code == 0, said
    assert "enterprise" not in settings(by_proxy, OPENCODE)


@pytest.mark.parametrize(
    ("in_file", "in_variable", "expected"),
    [
        ("{}", {}, f"{PROXY}/sharing/{{env:OPENCODE_GATEWAY_TOKEN}}"),
        ('{"enterprise": {"url": "https://mine.example"}}', {}, None),
        ("{}", {"enterprise": {"url": "https://mine.example"}}, "https://mine.example"),
        ("{", {}, f"{PROXY}/sharing/{{env:OPENCODE_GATEWAY_TOKEN}}"),
    ],
)
def test_for_one_run_opencode_shares_by_the_proxy_unless_the_person_has_a_host(
    tmp_path: Path, in_file: str, in_variable: Mapping[str, Any], expected: str | None
) -> None:
    way = connection.proxied(ProxyAddress(url=PROXY, secret="oap_secret"), has_sharing=True)
    (tmp_path / "opencode").mkdir()
    (tmp_path / "opencode/opencode.json").write_text(in_file)
    environment = {"XDG_CONFIG_HOME": str(tmp_path), opencode.INLINE_CONFIG: json.dumps(in_variable)}

    content = json.loads(str(opencode.start(way, [], environment).variables[opencode.INLINE_CONFIG]))

    assert content.get("enterprise", {}).get("url") == expected
    assert "oap_secret" not in str(content)
